/** The invariants of the exchange's own book, as expectations of a test. */
import { expect } from 'vitest';
import type { ReportBody } from '../../src/api/report-schema.ts';
import { duplicateTags, exposureOf, isFlat, reportAgainstBook } from '../../src/simulation/chaos/book.ts';
import type { SimulatorBook } from './program.ts';

export const MAIN = 'NIFTY2571725000PE';
const HEDGE = 'NIFTY2571724800PE';

export function expectNoTagTwice(book: SimulatorBook): void {
  expect(book.orders.map((order) => order.tag)).not.toContain(null);
  expect(duplicateTags(book)).toEqual([]);
}

/** At no instant is more sold than hedged, nor more bought back than was sold. */
export function expectNeverNaked(book: SimulatorBook): void {
  expect(exposureOf(book)).toEqual({ nakedSeconds: 0, naked: [], overBought: [], overSold: [] });
  expect([...new Set(book.orders.map((order) => order.tradingsymbol))].sort()).toEqual([HEDGE, MAIN]);
}

export function expectFlat(book: SimulatorBook): void {
  expect(isFlat(book), JSON.stringify(book.positions)).toBe(true);
}

/** The intended size was traded once: ten lots in, ten lots out, of both legs. */
export function expectTradedOnce({ orders }: SimulatorBook): void {
  for (const symbol of [MAIN, HEDGE]) {
    for (const side of ['BUY', 'SELL']) {
      const filled = orders.filter((order) => order.tradingsymbol === symbol && order.transaction_type === side);
      expect(
        filled.reduce((sum, order) => sum + order.filled_quantity, 0),
        `${side} ${symbol}`,
      ).toBe(750);
    }
  }
}

/** Every trade, and the money of the day, to the paisa. */
export function expectReportEqualsBook(report: ReportBody, book: SimulatorBook): void {
  const { reported, booked } = reportAgainstBook(report, book);
  expect(reported).toEqual(booked);
}
