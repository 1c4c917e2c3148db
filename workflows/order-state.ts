/** What an order's word means for those who wait for it. */
import type { OrderView } from './messages.ts';

const FINAL = new Set(['COMPLETE', 'CANCELLED', 'REJECTED']);
/** Never sent, or refused at once: nothing of it is in the book. */
const UNSENT = new Set(['NOT SENT', 'REFUSED']);

export function isFinal(order: OrderView): boolean {
  return FINAL.has(order.status);
}

/** In the book, and not final: it can be followed and cancelled. */
export function isLive(order: OrderView): boolean {
  return order.orderId !== null && !isFinal(order);
}

/** On its way, or in doubt. */
export function isUnderWay(order: OrderView): boolean {
  return order.orderId === null && (order.status === 'INTENDED' || order.status === 'IN DOUBT');
}

/** Units that may still trade, also of an order that was given up as absent: it may come late. */
export function unitsAhead(order: OrderView): number {
  return isFinal(order) || UNSENT.has(order.status) ? 0 : order.quantity - order.filledQuantity;
}
