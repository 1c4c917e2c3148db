/** Invariant 8: nothing spins, neither in the history nor within one activity. */
import { isFinal } from '../../exchange-simulator/core/types.ts';
import type { Play } from '../play.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Findings } from './findings.ts';
import { type Legs, positionOf, tagOf } from './legs.ts';

const MINUTE_MS = 60_000;
/** Events of the history in a minute beyond which something spins: with one position open, and for each one, or each order of ours that lives or is called, more. */
const MOST_EVENTS = 700;
const EVENTS_FOR_ANOTHER = 150;
/** Order calls of one leg: two slices at a price every two seconds are sixty, with refusals and cancellations between. */
const MOST_CALLS = 120;

export class Spinning {
  private readonly of: { play: Play; legs: Legs; findings: Findings };
  private minute = { at: 0, events: 0, live: 0 };
  private calls = new Map<string, number>();
  /** Orders that were sent, changed or cancelled in this minute. */
  private readonly called = new Set<string>();

  constructor(of: Spinning['of']) {
    this.of = of;
    of.play.world.hooks.add((point) => {
      if (point.kind !== 'call' || point.point !== 'leaves') return;
      const { name, order } = point.call;
      const tag = tagOf(order?.tag);
      if (!tag || (name !== 'placeOrder' && name !== 'modifyOrder' && name !== 'cancelOrder')) return;
      const leg = `the ${tag.role} of ${positionOf(tag)}`;
      this.calls.set(leg, (this.calls.get(leg) ?? 0) + 1);
      this.called.add(order?.tag ?? '');
    });
  }

  /** At each look. */
  pulse(): void {
    const { play, legs, findings } = this.of;
    const now = virtualNow();
    const events = play.events;
    const live = play.world.exchange.orders().filter(({ tag, status }) => tagOf(tag) && !isFinal(status)).length;
    this.minute.live = Math.max(this.minute.live, live);
    if (now - this.minute.at < MINUTE_MS) return;
    const open = new Set([...legs.legs.values()].map(({ position }) => position)).size;
    const most = MOST_EVENTS + Math.max(0, open - 1, this.minute.live - 1, this.called.size - 1) * EVENTS_FOR_ANOTHER;
    const added = events - this.minute.events;
    if (added > most && this.minute.at > 0) findings.add(8, 'something spins', `${added} events within a minute`);
    for (const [leg, calls] of this.calls)
      if (calls > MOST_CALLS) findings.add(8, 'something spins', `${calls} order calls for ${leg} within a minute`);
    this.minute = { at: now, events, live };
    this.calls.clear();
    this.called.clear();
  }
}
