/** Ended orders without fills become a line each: a day of refused exits has thousands, and the facts stay under their 512 KB. */
import type { KnownOrder } from '../../src/domain/book/cursor.ts';
import type { Order } from '../../src/domain/control/facts.ts';
import type { DayFacts } from '../day/facts.ts';

/** As many of a position's newest are kept: what is decided of refusals looks at no more. */
const KEPT = 30;

/** An order that nobody answered and no book has shown for so long is hardly expected: one that comes all the same is adopted by its tag. */
const ABSENT_FOR_MS = 600_000;

/** Only those that the journal has already. */
export function dropEnded(facts: DayFacts): void {
  const counts = new Map<string, number>();
  for (const order of Object.values(facts.orders).reverse()) {
    if (!isSpent(order, Date.now()) || facts.journal.orders.includes(order.tag)) continue;
    const key = `${order.positionId}:${order.role}:${order.purpose}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count <= KEPT) continue;
    if (order.orderId !== null) facts.dropped.push({ orderId: order.orderId, status: order.status });
    delete facts.orders[order.tag];
  }
}

function isSpent(order: Order, now: number): boolean {
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

export function asKnown({ orderId, status }: DayFacts['dropped'][number]): KnownOrder {
  return {
    ...{ tag: '', orderId, status, purpose: 'exit', phase: 'ended', filledQuantity: 0, fills: [], since: 0 },
    ...{ orderType: 'LIMIT', price: 0, triggerPrice: 0 },
  };
}
