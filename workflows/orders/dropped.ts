/** Ended orders without fills become a line each: the facts stay under their 512 KB. */
import type { KnownOrder } from '../../src/domain/book/cursor.ts';
import { spentOrders } from '../../src/domain/control/spent-orders.ts';
import type { DayFacts } from '../day/facts.ts';

/** Only those that the journal has already. */
export function dropEnded(facts: DayFacts): void {
  const written = Object.values(facts.orders).filter(({ tag }) => !facts.journal.orders.includes(tag));
  for (const { tag, orderId, status } of spentOrders(written, Date.now())) {
    if (orderId !== null) facts.dropped.push({ orderId, status });
    delete facts.orders[tag];
  }
}

export function asKnown({ orderId, status }: DayFacts['dropped'][number]): KnownOrder {
  return {
    ...{
      tag: '',
      orderId,
      status,
      purpose: 'exit',
      phase: 'ended',
      quantity: 0,
      filledQuantity: 0,
      fills: [],
      since: 0,
    },
    ...{ orderType: 'LIMIT', price: 0, triggerPrice: 0 },
  };
}
