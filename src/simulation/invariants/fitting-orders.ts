/** Invariant 2: what may still fill is at most what is sold, and what is held. A stop beside an exit buys twice in a spike. */
import type { MarketMs } from '../../domain/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { Able } from './able.ts';
import { ADDRESS_PAUSE_MS } from './bare-shorts.ts';
import type { Findings } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';
import { buying, liveUnits } from './live-orders.ts';

/** From when it can be read, so long until what may fill fits what is open. */
const REPAIRED_WITHIN_MS = 20_000;
/** A cancellation that was refused for so long is asked for so rarely: a day of it has to fit into a history (docs/order-policy.md). */
const ASKED_RARELY = [
  { afterMs: 48 * 60_000, mendedWithinMs: 105_000 },
  { afterMs: 9 * 60_000, mendedWithinMs: 45_000 },
];

/** How much longer an end may take where its cancellation has been refused for so long. */
export function rarelyAfter(ms: number): number | undefined {
  return ASKED_RARELY.find(({ afterMs }) => ms > afterMs)?.mendedWithinMs;
}

export class FittingOrders {
  /** Since when more may fill than is open. */
  private readonly beyond = new Map<string, MarketMs>();
  /** Since when cancellations of a position's orders are asked for. */
  private readonly cancelledSince = new Map<string, MarketMs>();
  private readonly of: { world: World; able: Able; findings: Findings; readEveryMs: number };

  constructor(of: FittingOrders['of']) {
    this.of = of;
    of.world.hooks.add((point) => {
      if (point.kind !== 'call' || point.point !== 'leaves' || point.call.name !== 'cancelOrder') return;
      const tag = tagOf(point.call.order?.tag);
      if (tag && !this.cancelledSince.has(positionOf(tag))) this.cancelledSince.set(positionOf(tag), virtualNow());
    });
  }

  newDay(): void {
    this.beyond.clear();
    this.cancelledSince.clear();
  }

  /** Somebody asks for the end of an order of it. */
  isCancelling(position: string): boolean {
    return this.cancelledSince.has(position);
  }

  judge(position: string, short: number, long: number): void {
    const { world } = this.of;
    this.look(position, 'more may be bought back than is sold', buying(world, position), short);
    this.look(position, 'more may be sold than is held', liveUnits(world, position, 'SELL', 'hedge'), long);
  }

  private look(position: string, what: string, may: number, most: number): void {
    const { able, findings, readEveryMs, world } = this.of;
    const key = `${what} ${position}`;
    const now = virtualNow();
    if (may <= most) {
      this.beyond.delete(key);
      return;
    }
    const since = this.beyond.get(key) ?? now;
    this.beyond.set(key, since);
    const rarely = rarelyAfter(now - Math.min(since, this.cancelledSince.get(position) ?? since));
    const mendedWithin = rarely ?? REPAIRED_WITHIN_MS + readEveryMs;
    // A refused address is asked again after half a minute, and until then nothing can be taken back.
    if (now < world.metAt.address + ADDRESS_PAUSE_MS || Math.min(able.answersFor(), now - since) <= mendedWithin)
      return;
    findings.add(
      2,
      what,
      `${position}: ${may} may fill for ${Math.round(mendedWithin / 1_000)} s, and ${most} are open`,
    );
  }
}
