/** The phases of an order that its own calls and settlements say; what the book shows of it is in `ledger.ts`. */
import type { Order, OrderPhase } from '../../src/domain/control/facts.ts';
import { isOnlyTaken, TAKEN } from '../../src/domain/control/intervals.ts';
import type { Day } from '../day/day.ts';

/** What shows in the book is beyond what we said of it, and its final word beyond all. */
export const RANK: Record<OrderPhase, number> = {
  intended: 0,
  in_flight: 1,
  doubt: 2,
  not_sent: 3,
  absent: 3,
  accepted: 4,
  resting: 5,
  working: 6,
  ended: 7,
};

/** Nothing of it was sent, or the broker refused it before it was in the book. */
export function markNotSent(day: Day, order: Order, status: string, message: string): void {
  if (RANK[order.phase] > RANK.not_sent) return;
  setPhase(order, 'not_sent');
  order.status = status;
  order.statusMessage = message;
  delete order.intent;
  day.touchOrder(order.tag);
}

export function markInFlight(day: Day, order: Order): void {
  setPhase(order, 'in_flight');
  order.sentAt = Date.now();
  day.touchOrder(order.tag);
}

export function markDoubt(day: Day, order: Order, message: string, since = Date.now()): void {
  if (RANK[order.phase] > RANK.doubt) return;
  setPhase(order, 'doubt');
  order.since = since;
  order.status = 'IN DOUBT';
  order.statusMessage = message;
  day.log('warn', 'order_in_doubt', `No clear answer for ${order.tag}: ${message}. Looking for it in the book.`);
  day.touchOrder(order.tag);
}

/** What two good looks have said. */
export const NOWHERE = 'neither orders, trades nor positions show it';

/** Two good looks, or a person, say that the book does not have it. It is watched to the close all the same. */
export function settleAbsent(day: Day, order: Order, by: string): void {
  if (order.phase !== 'doubt' && !isOnlyTaken(order)) return;
  setPhase(order, 'absent');
  order.status = 'ABSENT';
  day.log(
    'warn',
    'order_absent',
    `${order.tag} is not in the book (${by}): it is treated as not placed, and watched to the close.`,
  );
  day.touchOrder(order.tag);
}

/** The broker has given it an id. */
export function markAccepted(
  day: Day,
  order: Order,
  orderId: string,
  price: number,
  triggerPrice: number,
  touch: number | null,
): void {
  order.orderId = orderId;
  if (order.price === 0 || order.phase === 'in_flight') {
    order.price = price;
    order.triggerPrice = triggerPrice;
  }
  if (touch !== null) order.touch = touch;
  if (RANK[order.phase] < RANK.accepted) {
    setPhase(order, 'accepted');
    order.status = TAKEN;
  }
  delete order.intent;
  day.touchOrder(order.tag);
}

/** It may be in the book all the same: nothing was heard of it. */
export function doubtReserved(day: Day, order: Order, message: string): void {
  if (order.phase !== 'not_sent' || order.status !== 'RESERVED') return;
  setPhase(order, 'in_flight');
  markDoubt(day, order, message);
}

/** Nothing was heard of it either, and two good looks have not shown it. */
export function settleReserved(day: Day, order: Order, message: string): void {
  doubtReserved(day, order, message);
  settleAbsent(day, order, NOWHERE);
}

export function setPhase(order: Order, phase: OrderPhase): void {
  order.phase = phase;
  order.since = Date.now();
}
