/** What of a short nothing at the broker buys back, and since when. */
import type { MarketMs, WallMs } from '../types.ts';
import type { Leg, Order } from './facts.ts';
import { heldOf, isOver, ordersOfLeg } from './intervals.ts';

/** Of a leg's short, what nothing of ours in the book buys back. Units. */
export function unprotected(orders: readonly Order[], leg: Leg): number {
  const short = heldOf(orders, leg).hi;
  const sold = ordersOfLeg(orders, leg).reduce((sum, order) => {
    if (order.side === 'SELL') return sum + order.filledQuantity;
    // One that was only taken may hang on its way for ever.
    const buying = order.phase === 'working' || order.phase === 'resting';
    return sum - (buying ? order.quantity : order.filledQuantity);
  }, 0);
  return Math.max(0, Math.min(short, sold));
}

type Step = { at: WallMs; units: number };

/**
 * Since when something of it is unprotected: from a sale on, as the exchange dates it (that it is heard of late gives nobody more time), or
 * from the end of an order that bought it back; never before the market opened.
 */
export function unprotectedSince(
  orders: readonly Order[],
  shorts: readonly Leg[],
  open: MarketMs,
  wallOf: (at: MarketMs) => WallMs,
): WallMs {
  const steps = shorts.flatMap((leg) => ordersOfLeg(orders, leg)).flatMap((order) => stepsOf(order, wallOf));
  let bare = 0;
  let since = wallOf(open);
  for (const { at, units } of steps.sort((one, other) => one.at - other.at)) {
    if (bare <= 0 && bare + units > 0) since = at;
    bare += units;
  }
  return Math.max(since, wallOf(open));
}

/** What an order has made of the units that nothing buys back, and when. */
function stepsOf(order: Order, wallOf: (at: MarketMs) => WallMs): Step[] {
  const { side, quantity, filledQuantity, sentAt, seenAt, since } = order;
  const fills = order.fills.map(({ at, quantity: units }) => ({ at: wallOf(at), units }));
  const traded = fills.reduce((sum, { units }) => sum + units, 0);
  const all = [...fills, { at: seenAt, units: filledQuantity - traded }];
  if (side === 'SELL') return all;
  // One that rests, or has, buys all of it back from the beginning.
  if (order.orderId === null || sentAt === null || order.phase === 'accepted')
    return all.map(({ at, units }) => ({ at, units: -units }));
  return [
    { at: sentAt, units: -quantity },
    { at: since, units: isOver(order) ? quantity - filledQuantity : 0 },
  ];
}
