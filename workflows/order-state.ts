/** What an order's word means for those who wait for it. */
import type { OrderView } from './messages.ts';

const FINAL = new Set(['COMPLETE', 'CANCELLED', 'REJECTED']);
/** Never sent, or refused at once: nothing of it is in the book. */
const UNSENT = new Set(['NOT SENT', 'REFUSED']);

/** The broker's last word, once its trades are listed. */
const SETTLING = 'SETTLING';

/** The broker says that it is over before it lists all its trades: until then it is not. */
export function wordOf({ status, state }: { status: string; state: string }): string {
  return state === 'live' && FINAL.has(status) ? SETTLING : status;
}

/** What is somebody else's, or the exchange's own booking, is nothing that could be followed or cancelled. */
export function isFinal(order: OrderView): boolean {
  return FINAL.has(order.status) || order.takenFrom !== undefined || order.purpose === 'settlement';
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
