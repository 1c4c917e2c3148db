/**
 * Orders whose end nobody of ours has heard: sent when power, network or login went away, and dead with their day by now. An opening order
 * may have been filled all the same. What the broker holds beyond the ledger is then ours, not a stranger's: a hedge must never be sold
 * from over it.
 */
import { readByHand } from './by-hand.ts';
import type { Day } from './day.ts';
import type { OrderView } from './messages.ts';
import { unitsAhead } from './order-state.ts';
import type { Position } from './position.ts';
import { signalPositions } from './signal-positions.ts';

export type Unheard = { order: OrderView; units: number };

/** Of a ledger as it was handed over, and as it is carried: there its orders are dead. */
export function unheardOf(handed: readonly OrderView[], carried: readonly OrderView[]): Unheard[] {
  const open = handed.filter((order) => order.purpose === 'entry' && unitsAhead(order) > 0);
  return open.flatMap((was) => {
    const order = carried.find(({ tag }) => tag === was.tag);
    return order ? [{ order, units: unitsAhead(was) }] : [];
  });
}

/** At the first login, before ledger and broker are compared: what they have filled is booked at their limits, and said. */
export async function adoptUnheard(day: Day): Promise<void> {
  for (const position of signalPositions(day)) {
    if (position.unheard.length === 0) continue;
    const { main, hedge, product } = position.plan;
    const seen = await readByHand(day, product, hedge ? [main, hedge] : [main], true);
    if (!seen) continue;
    const moved = { ...seen.moved };
    for (const { order, units } of position.unheard) {
      const more = moved[order.tradingsymbol] ?? 0;
      const filled = Math.max(0, Math.min(units, order.side === 'BUY' ? more : -more));
      moved[order.tradingsymbol] = more - (order.side === 'BUY' ? filled : -filled);
      if (filled > 0) adopt(position, order, filled);
    }
  }
}

function adopt(position: Position, order: OrderView, filled: number): void {
  const { day } = position;
  order.fills.push({ tradeId: `UNHEARD-${order.tag}`, quantity: filled, price: order.price, at: order.intendedAt });
  order.filledQuantity += filled;
  const value = order.fills.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  order.averagePrice = Math.round(value / order.filledQuantity);
  if (position.short() > 0) position.state = 'open';
  day.warn(
    `unpriced:${order.tag}`,
    'unpriced',
    `${position.id}: ${order.side} ${filled} ${order.tradingsymbol} was filled after nobody of ours listened any more. It is booked at its limit ${(order.price / 100).toFixed(2)}: look up the price in Kite. The position is left.`,
    true,
  );
  position.requestExit('leftover');
  day.touchPosition(position);
}
