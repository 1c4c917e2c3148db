import type { Paise, Side } from '../../domain/types.ts';
import type { SimLevel } from './types.ts';

export type Fill = { price: Paise; quantity: number };

export type Match = {
  side: Side;
  limit: Paise;
  remaining: number;
  /** It came in marketable and the touch has not left its limit since: it takes what is quoted, at the quoted prices. */
  taking: boolean;
  /** The other side's touch as quoted, null where nobody quotes, and what of its levels we have not taken already. */
  touch: Paise | null;
  levels: readonly SimLevel[];
};

/**
 * One look of a limit order at the book. A taking order fills against the depth level by level. A resting one that the market has gone
 * through (`isThrough`) fills at its limit, by at most the other side's first level: nobody is first in the queue.
 */
export function match(order: Match): { fills: Fill[]; taking: boolean } {
  if (!order.taking) {
    const quantity = Math.min(order.remaining, order.levels[0]?.quantity ?? 0);
    return { fills: quantity > 0 ? [{ price: order.limit, quantity }] : [], taking: false };
  }
  const fills: Fill[] = [];
  let remaining = order.remaining;
  for (const level of order.levels) {
    if (remaining === 0 || !reaches(order.side, order.limit, level.price)) break;
    const quantity = Math.min(remaining, level.quantity);
    fills.push({ price: level.price, quantity });
    remaining -= quantity;
  }
  return { fills, taking: order.touch === null || reaches(order.side, order.limit, order.touch) };
}

/** Whether the last price has gone beyond a resting limit: merely touching it fills nobody. */
export function isThrough(side: Side, limit: Paise, last: Paise): boolean {
  return side === 'BUY' ? last < limit : last > limit;
}

/** Whether a limit is at or beyond the other side's price. */
export function reaches(side: Side, limit: Paise, price: Paise): boolean {
  return side === 'BUY' ? limit >= price : limit <= price;
}

/** A stop-loss order is triggered by the last price. */
export function isTriggered(side: Side, trigger: Paise, last: Paise): boolean {
  return side === 'BUY' ? last >= trigger : last <= trigger;
}
