/** When a cancellation that is refused is asked for again. */
import { expect, it } from 'vitest';
import { nextCancelAt } from '../../../src/domain/control/action.ts';
import type { Order } from '../../../src/domain/control/facts.ts';
import { CLOSE, exiting, NOON, OPEN } from './builder.ts';

const SECOND = 1_000;

const asked = (tag: string, last: number, times: number, of: Partial<Order> = {}) =>
  exiting(tag, { cancelAsked: { first: OPEN, last, times }, ...of });

/** How often the orders of a position are asked for in a day that refuses each cancellation. */
function askedInVain(count: number): number {
  const orders = Array.from({ length: count }, (_, index) => asked(`S${index}`, OPEN, 1));
  for (let now = OPEN; now < CLOSE; ) {
    const due = orders.map((order) => nextCancelAt(order, orders));
    now = Math.max(now, Math.min(...due));
    const of = orders[due.indexOf(Math.min(...due))];
    if (of?.cancelAsked) of.cancelAsked = { ...of.cancelAsked, last: now, times: of.cancelAsked.times + 1 };
  }
  return orders.reduce((sum, { cancelAsked }) => sum + (cancelAsked?.times ?? 0), 0);
}

it.each([1, 2, 7])('some hundred times in a day that refuses each cancellation, of %i orders together', (orders) => {
  expect(askedInVain(orders)).toBeGreaterThan(200);
  expect(askedInVain(orders)).toBeLessThan(350);
});

it('each second at first, each for itself', () => {
  const orders = [asked('A', NOON, 3), asked('B', NOON + 500, 4)];
  expect(orders.map((order) => nextCancelAt(order, orders))).toEqual([NOON + SECOND, NOON + 500 + SECOND]);
});

it('in turns, where several were refused often: the one that has waited longest first', () => {
  const orders = [asked('A', NOON + 5 * SECOND, 20), asked('B', NOON, 20)];
  const last = NOON + 5 * SECOND;
  expect(orders.map((order) => nextCancelAt(order, orders))).toEqual([last + 20 * SECOND, last + 10 * SECOND]);
});

it('of one moment, never both at once', () => {
  const orders = [asked('A', NOON, 20), asked('B', NOON, 20)];
  expect(orders.map((order) => nextCancelAt(order, orders))).toEqual([NOON + 10 * SECOND, NOON + 20 * SECOND]);
});

it('at once, where another one was cancelled since', () => {
  const done = asked('A', NOON, 30, { phase: 'ended', status: 'CANCELLED', since: NOON + 6 * SECOND });
  const waiting = asked('B', NOON + 5 * SECOND, 30);
  expect(nextCancelAt(waiting, [done, waiting])).toBe(NOON + 6 * SECOND);
  const refusedSince = asked('B', NOON + 7 * SECOND, 31);
  expect(nextCancelAt(refusedSince, [done, refusedSince])).toBe(NOON + 17 * SECOND);
});
