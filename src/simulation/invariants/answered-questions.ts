/**
 * A person has said that it was them who closed something of ours (CONTROL, external trades). Where an order of ours has filled meanwhile, and
 * nobody knew of it yet, both have closed it: by the question that was asked, theirs counts all the same.
 */
import type { World } from '../world/world.ts';
import { contractKey, type Leg, type Legs, positionOf, signed, tagOf } from './legs.ts';

export function followAnswers(world: World, legs: Legs): void {
  /** What others have traded against a leg of ours while it was open, and since when. */
  const asked = new Map<Leg, { units: number; since: number }>();
  const seen = new Map<string, number>();

  /** Units that our own closing orders of a leg have filled since then. */
  function closedByOurs({ position, contract }: Leg, since: number): number {
    const fills = world.exchange.allOrders().flatMap((order) => {
      const tag = order.source === undefined ? tagOf(order.tag) : null;
      const isOfLeg = tag !== null && positionOf(tag) === position && contractKey(order) === contract;
      return isOfLeg && tag.purpose !== 'entry' ? order.fills : [];
    });
    return fills.reduce((sum, { at, quantity }) => (at >= since ? sum + quantity : sum), 0);
  }

  world.exchange.onOrder((order) => {
    if (order.source === undefined && tagOf(order.tag)) return;
    const filled = order.filledQuantity - (seen.get(order.orderId) ?? 0);
    seen.set(order.orderId, order.filledQuantity);
    const traded = signed(order.side, filled);
    for (const leg of legs.legs.values())
      if (leg.contract === contractKey(order) && leg.net * traded < 0) {
        const { units = 0, since = order.fills.at(-1)?.at ?? 0 } = asked.get(leg) ?? {};
        asked.set(leg, { units: units + Math.min(Math.abs(leg.net), filled), since });
      }
  });

  world.onLine(({ data, text }) => {
    if (!('kind' in data) || data.kind !== 'external_booked') return;
    const position = /^([PM]\d+): booked as closed in Kite/.exec(text)?.[1];
    for (const [leg, { units, since }] of asked) {
      if (leg.position !== position) continue;
      asked.delete(leg);
      // Of what an order of ours was seen to have closed first nobody was asked.
      if (!text.includes(leg.contract.split(' ')[1] ?? '')) continue;
      const twice = Math.min(units, closedByOurs(leg, since));
      // What ours has left open of it counts as theirs already.
      legs.bookAnswered(leg, (leg.role === 'main' ? 1 : -1) * Math.max(0, twice - Math.abs(leg.net)));
    }
  });
}
