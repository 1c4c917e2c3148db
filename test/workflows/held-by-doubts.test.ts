import { expect, it } from 'vitest';
import type { Order } from '../../src/domain/control/facts.ts';
import type { DayFacts } from '../../workflows/day/facts.ts';
import { cursorOfDay } from '../../workflows/orders/book.ts';

const order = (tag: string, of: Partial<Order>): [string, Order] => [
  tag,
  {
    ...{ tag, orderId: tag, positionId: 'P1', product: 'MIS', quantity: 585, filledQuantity: 0, fills: [] },
    ...{ phase: 'ended', status: 'COMPLETE', since: 0, ...of },
  } as unknown as Order,
];
const held = (tradingsymbol: string, quantity: number) => ({ product: 'MIS', tradingsymbol, quantity });
const sell = order('SELL', { tradingsymbol: 'MAIN', side: 'SELL', phase: 'doubt', orderId: null });
const hedge = order('HEDGE', { tradingsymbol: 'HEDGE', side: 'BUY', filledQuantity: 585 });

/** Doubts that looks may settle, where the broker's positions are so far from what was held overnight and the trades that it lists. */
function waiting(orders: [string, Order][], now: ReturnType<typeof held>[], night: ReturnType<typeof held>[] = []) {
  const facts = {
    ...{ orders: Object.fromEntries(orders), dropped: [], external: [], seenIds: [] },
    ...{ overnight: now, overnightCompared: night, book: { readAt: 1, unreadableSince: null } },
  };
  return cursorOfDay(facts as unknown as DayFacts).doubts.flatMap(({ tag, held }) => (held ? [] : [tag]));
}

it('a doubt is for looks to settle where the positions say nothing of it', () => {
  expect(waiting([sell, hedge], [])).toEqual(['SELL']);
});

it('it is not where the positions show it: no list that stands still proves it absent', () => {
  expect(waiting([sell, hedge], [held('MAIN', -585)])).toEqual([]);
});

it('nor where the trades of what has filled beside it are not listed either, and others trade elsewhere', () => {
  expect(waiting([sell, hedge], [held('MAIN', -585), held('HEDGE', 260), held('OTHER', 130)])).toEqual([]);
});

it('a purchase is where the positions are wrong by themselves: more than all of ours explain, or nothing of what was held overnight', () => {
  const buy = order('BUY', { tradingsymbol: 'MAIN', side: 'BUY', phase: 'doubt', orderId: null });
  expect(waiting([buy, hedge], [held('MAIN', 585)])).toEqual([]);
  expect(waiting([buy, hedge], [held('MAIN', 650)])).toEqual(['BUY']);
  expect(waiting([buy, hedge], [held('MAIN', 585), held('HEDGE', -585)])).toEqual(['BUY']);
  expect(waiting([buy, hedge], [held('MAIN', 585)], [held('OTHER', 130)])).toEqual(['BUY']);
});

it('a sale is not: what was sold twice would be short', () => {
  expect(waiting([sell, hedge], [held('MAIN', -650)])).toEqual([]);
  expect(waiting([sell, hedge], [held('MAIN', -585), held('HEDGE', -585)])).toEqual([]);
  expect(waiting([sell, hedge], [held('MAIN', -585)], [held('OTHER', 130)])).toEqual([]);
  expect(waiting([sell, hedge], [held('HEDGE', -585)])).toEqual(['SELL']);
});
