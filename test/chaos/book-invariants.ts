/** What must be true of the exchange's own book, however often the program died: told in the book's words alone. */
import { expect } from 'vitest';
import type { ReportBody } from '../../src/api/report-schema.ts';
import { orderCharges, sumCharges } from '../../src/domain/charges.ts';
import type { BookOrder, SimulatorBook } from './program.ts';

export const MAIN = 'NIFTY2571725000PE';
export const HEDGE = 'NIFTY2571724800PE';
const FINAL = ['COMPLETE', 'CANCELLED', 'REJECTED'];

type Fill = { order: BookOrder; quantity: number; price: number; at: string };

function fillsOf(orders: readonly BookOrder[]): Fill[] {
  return orders.flatMap((order) => order.fills.map((fill) => ({ order, ...fill })));
}

function paise(rupees: number): number {
  return Math.round(rupees * 100);
}

export function expectNoTagTwice({ orders }: SimulatorBook): void {
  const tags = orders.map((order) => order.tag);
  expect(tags).not.toContain(null);
  expect(tags).toEqual([...new Set(tags)]);
}

/** Walks the fills in time: at no instant is more sold than hedged, nor more bought back than was sold. */
export function expectNeverNaked({ orders }: SimulatorBook): void {
  const fills = fillsOf(orders);
  const instants = [...new Set(fills.map((fill) => fill.at))].sort();
  const held: Record<string, number> = { [MAIN]: 0, [HEDGE]: 0 };
  for (const at of instants) {
    for (const { order, quantity } of fills.filter((fill) => fill.at === at)) {
      held[order.tradingsymbol] =
        (held[order.tradingsymbol] ?? 0) + (order.transaction_type === 'BUY' ? quantity : -quantity);
    }
    const [main = 0, hedge = 0] = [held[MAIN], held[HEDGE]];
    expect(main, `bought back more than was sold at ${at}`).toBeLessThanOrEqual(0);
    expect(hedge, `sold more of the hedge than was bought at ${at}`).toBeGreaterThanOrEqual(0);
    expect(-main, `naked at ${at}`).toBeLessThanOrEqual(hedge);
  }
  expect(Object.keys(held).sort()).toEqual([HEDGE, MAIN]);
}

export function expectFlat({ orders, positions }: SimulatorBook): void {
  expect(orders.filter((order) => !FINAL.includes(order.status))).toEqual([]);
  expect(positions.filter((position) => position.quantity !== 0)).toEqual([]);
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
export function expectReportEqualsBook(report: ReportBody, { orders }: SimulatorBook): void {
  const rows = (trades: readonly { id: string; quantity: number; price: number }[]) =>
    trades.map(({ id, quantity, price }) => `${id} ${quantity} at ${paise(price)}`).sort();
  expect(rows(report.trades.map((trade) => ({ ...trade, id: trade.order_id })))).toEqual(
    rows(fillsOf(orders).map((fill) => ({ ...fill, id: fill.order.order_id }))),
  );
  const turnover = (order: BookOrder) => order.fills.reduce((sum, fill) => sum + fill.quantity * paise(fill.price), 0);
  const gross = orders.reduce((sum, order) => sum + (order.transaction_type === 'SELL' ? 1 : -1) * turnover(order), 0);
  const executed = orders.filter((order) => order.fills.length > 0);
  const charges = sumCharges(
    executed.map((order) =>
      orderCharges({ date: report.date, side: order.transaction_type, turnover: turnover(order) }),
    ),
  ).total;
  expect({ gross: paise(report.pnl.gross), charges: paise(report.pnl.charges), net: paise(report.pnl.net) }).toEqual({
    gross,
    charges,
    net: gross - charges,
  });
}
