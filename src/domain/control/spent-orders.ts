/** Ended orders without fills: a day of refused exits has thousands, and no more is needed of them than a line each. */
import { parseTag } from '../tags.ts';
import type { WallMs } from '../types.ts';
import type { Order } from './facts.ts';

/** What is left of them: the final rows that the book may show, the broker's calls that they took, the highest attempt among their tags. */
export type Spent = { rows: { orderId: string; status: string }[]; calls: number; attempt: number };

/** As many of a position's newest are kept: what is decided of refusals looks at no more. */
const KEPT = 30;

/** An order that nobody answered and no book has shown for so long is hardly expected: one that comes all the same is adopted by its tag. */
const ABSENT_FOR_MS = 600_000;

/** Those beyond the newest of each kind; `orders` in the order in which they were intended. */
export function spentOrders(orders: readonly Order[], now: WallMs): Order[] {
  const counts = new Map<string, number>();
  return orders.toReversed().filter((order) => {
    if (!isSpent(order, now)) return false;
    const key = `${order.positionId}:${order.role}:${order.purpose}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count > KEPT;
  });
}

function isSpent(order: Order, now: WallMs): boolean {
  const isGone = order.phase === 'absent' && now - order.since > ABSENT_FOR_MS;
  const over = order.phase === 'ended' || order.phase === 'not_sent' || isGone;
  return (
    over &&
    order.filledQuantity === 0 &&
    order.purpose !== 'entry' &&
    order.takenFrom === undefined &&
    order.repeats !== order.tag
  );
}

export function sumOf(orders: readonly Order[]): Spent {
  return {
    rows: orders.flatMap(({ orderId, status }) => (orderId === null ? [] : [{ orderId, status }])),
    calls: orders.reduce((sum, order) => sum + callsOf(order), 0),
    attempt: Math.max(0, ...orders.map(({ tag }) => parseTag(tag)?.attempt ?? 0)),
  };
}

/** Calls that the broker has counted for an order, as far as the journal knows. */
function callsOf({ sentAt, orderId, modifications, cancelAsked }: Order): number {
  return (sentAt !== null || orderId !== null ? 1 : 0) + modifications + (cancelAsked?.times ?? 0);
}
