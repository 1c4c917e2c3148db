/** When something happens for the first time in a case: what events wait for. */
import { parseTag } from '../domain/tags.ts';
import type { SimOrder } from '../exchange-simulator/core/types.ts';
import type { Moment } from './case.ts';
import type { SimProcess } from './process.ts';
import type { Point, World } from './world/world.ts';

export class Moments {
  private readonly seen = new Set<Moment>();
  private readonly waiting = new Map<Moment, (() => void)[]>();
  private readonly sending = new Set<SimProcess>();

  /** Calls once the moment has come: at once, if it has. */
  on(moment: Moment, then: () => void): void {
    if (this.seen.has(moment)) then();
    else this.waiting.set(moment, [...(this.waiting.get(moment) ?? []), then]);
  }

  reach(moment: Moment): void {
    if (this.seen.has(moment)) return;
    this.seen.add(moment);
    for (const then of this.waiting.get(moment) ?? []) then();
    this.waiting.delete(moment);
  }

  watch(world: World): void {
    world.hooks.add((point) => this.atPoint(point));
    world.exchange.onOrder((order) => this.atOrder(order));
    world.onLine((line) => {
      if ('kind' in line.data && line.data.kind === 'exit_requested') this.reach('exit_asked');
      if ('kind' in line.data && line.data.kind === 'order_in_doubt') this.reach('doubt');
    });
  }

  private atPoint(point: Point): void {
    if (point.kind === 'activity') {
      if (point.type !== 'sendOrder') return;
      if (point.point === 'started') this.sending.add(point.process);
      else this.sending.delete(point.process);
      return;
    }
    if (point.point !== 'leaves') return;
    const { name, order } = point.call;
    if (name === 'orders' && this.sending.has(point.process))
      this.reach(
        this.seen.has('exit_asked') ? 'exit_looks' : this.seen.has('hedge_filled') ? 'main_looks' : 'hedge_looks',
      );
    const tag = order?.tag ? parseTag(order.tag) : null;
    if (name === 'modifyOrder' && order?.orderType === 'SL') this.reach('exit_leaves');
    if (name !== 'placeOrder' || !tag) return;
    if (tag.purpose === 'stop') this.reach('stop_leaves');
    else if (tag.purpose === 'entry') this.reach(tag.role === 'hedge' ? 'hedge_leaves' : 'main_leaves');
    else this.reach(tag.role === 'hedge' ? 'hedge_exit_leaves' : 'exit_leaves');
  }

  private atOrder({ tag, status, filledQuantity, side }: SimOrder): void {
    const parsed = tag ? parseTag(tag) : null;
    if (!parsed) return;
    if (parsed.purpose === 'stop' && status === 'TRIGGER PENDING') this.reach('stop_rests');
    if (filledQuantity === 0) return;
    if (parsed.purpose === 'entry') this.reach(parsed.role === 'hedge' ? 'hedge_filled' : 'main_filled');
    else if (parsed.role === 'main' && side === 'BUY' && status === 'COMPLETE') this.reach('short_closed');
  }
}
