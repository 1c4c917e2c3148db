/** What must be true of every day, whatever happened on it (DESIGN section 9). Read from the simulator's own book. */
import { expect } from 'vitest';
import type { ExitReason } from '../../src/contract/ledger.ts';
import type { DayReport } from '../../src/contract/views.ts';
import { istTime } from '../../src/domain/clock.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { HEDGE, MAIN } from './plan.ts';
import type { SharedDay } from './stage.ts';

const FINAL = ['COMPLETE', 'CANCELLED', 'REJECTED'];

export const filledOf = (orders: readonly SimOrder[], symbol: string, side: 'BUY' | 'SELL') =>
  orders
    .filter((order) => order.tradingsymbol === symbol && order.side === side)
    .reduce((sum, order) => sum + order.filledQuantity, 0);

/** Orders that the product sent, told from those of a person and of the broker. */
export const ours = (orders: readonly SimOrder[]) => orders.filter((order) => order.source === undefined);

/** Holds at every instant of the book, however the day ended. */
export function expectNeverNaked(orders: readonly SimOrder[], hedge = HEDGE): void {
  const tags = ours(orders).map((order) => order.tag);
  expect(new Set(tags).size, 'no tag twice on the book').toBe(tags.length);
  const fills = ours(orders)
    .flatMap(({ tradingsymbol, side, fills }) => fills.map((fill) => ({ ...fill, tradingsymbol, side })))
    // Trade ids grow in the order in which the exchange traded.
    .sort((a, b) => Number(a.tradeId) - Number(b.tradeId));
  const held = new Map([
    [MAIN, 0],
    [hedge, 0],
  ]);
  for (const { tradingsymbol, side, quantity } of fills) {
    held.set(tradingsymbol, (held.get(tradingsymbol) ?? 0) + (side === 'BUY' ? quantity : -quantity));
    const short = -(held.get(MAIN) ?? 0);
    expect(short, 'never more bought back than sold').toBeGreaterThanOrEqual(0);
    expect(short, 'never sold above the hedge').toBeLessThanOrEqual(held.get(hedge) ?? 0);
  }
}

/** Nothing that could still buy rests beside another order that could: what is sold is bought back once, whatever fills. */
export function expectOneExitAtATime(orders: readonly SimOrder[]): void {
  const buys = ours(orders).filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
  for (const [index, { placedAt }] of buys.entries()) {
    const before = buys[index - 1];
    if (before) expect(before.updatedAt, 'one buy order after the other').toBeLessThanOrEqual(placedAt);
  }
}

/** The report says what the book says, to the paisa. */
export function expectLedgerIsBook(report: DayReport, orders: readonly SimOrder[]): void {
  const fills = ours(orders).flatMap(({ side, fills }) => fills.map((fill) => ({ ...fill, side })));
  const gross = fills.reduce(
    (sum, { side, quantity, price }) => sum + (side === 'SELL' ? 1 : -1) * quantity * price,
    0,
  );
  expect(report.trades.map(({ tradeId }) => tradeId).sort()).toEqual(fills.map(({ tradeId }) => tradeId).sort());
  expect(report.pnl.gross).toBe(gross);
  expect(report.pnl.net).toBe(gross - report.charges.total);
}

/** A day that ended as it should: flat, by the book and by its own word. */
export function expectSound(report: DayReport, exchange: Exchange): void {
  const book = exchange.allOrders();
  expectNeverNaked(book);
  expectOneExitAtATime(book);
  expectLedgerIsBook(report, book);
  expect(book.map(({ status }) => status).filter((status) => !FINAL.includes(status))).toEqual([]);
  expect(exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
}

/** The day ended flat, left once for that reason, and the main leg was bought back at or after `since`. */
export async function expectExit(today: SharedDay, reason: ExitReason, since: string): Promise<void> {
  const report = await today.result();
  expectSound(report, today.exchange);
  expect(report.positions).toMatchObject([{ state: 'closed', exitReason: reason }]);
  expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
  const out = ours(today.book()).filter((order) => order.tradingsymbol === MAIN && order.side === 'BUY');
  for (const { at } of out.flatMap(({ fills }) => fills)) expect(istTime(at) >= since, istTime(at)).toBe(true);
  const hedgeSold = ours(today.book()).filter((order) => order.tradingsymbol === HEDGE && order.side === 'SELL');
  const lastBuy = Math.max(...out.flatMap(({ fills }) => fills.map(({ at }) => at)));
  for (const { placedAt } of hedgeSold) expect(placedAt).toBeGreaterThanOrEqual(lastBuy);
}
