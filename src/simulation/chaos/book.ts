/** What must be true of the exchange's own book, however often processes died: told in the book's words alone. */

import type { ReportBody } from '../../api/report-schema.ts';
import { orderCharges, sumCharges } from '../../domain/charges.ts';
import { istAt } from '../../domain/clock.ts';
import { parseTag } from '../../domain/tags.ts';
import { isFinal } from '../../exchange-simulator/core/types.ts';
import type { BookOrder, SimulatorBook } from './outside.ts';

const CLOSE = '15:30';

type Fill = { order: BookOrder; quantity: number; price: number; at: string };

/** By the market's time: two fills of the same millisecond count together. */
export type Exposure = {
  /** Market seconds in which more was sold than a hedge covers, to the close. */
  nakedSeconds: number;
  /** One sentence each. */
  overBought: string[];
  overSold: string[];
  naked: string[];
};

function fillsOf(orders: readonly BookOrder[]): Fill[] {
  return orders.flatMap((order) => order.fills.map((fill) => ({ order, ...fill })));
}

/** Tags that more than one order has. The broker's own square-off has none. */
export function duplicateTags({ orders }: SimulatorBook): string[] {
  const tags = orders.map(({ tag }) => tag).filter((tag) => tag !== null);
  return [...new Set(tags.filter((tag, at) => tags.indexOf(tag) !== at))];
}

export function isFlat({ orders, positions }: SimulatorBook): boolean {
  return orders.every(({ status }) => isFinal(status)) && positions.every(({ quantity }) => quantity === 0);
}

/** Walks the fills in time. A contract is sold (main) or bought (hedge) first: which, the tags of its orders say. */
export function exposureOf({ orders }: SimulatorBook): Exposure {
  const fills = fillsOf(orders);
  const instants = [...new Set(fills.map(({ at }) => at))].sort((one, other) => Date.parse(one) - Date.parse(other));
  const mains = new Set(orders.filter(isMain).map(({ tradingsymbol }) => tradingsymbol));
  const held = new Map<string, number>();
  const exposure: Exposure = { nakedSeconds: 0, overBought: [], overSold: [], naked: [] };
  instants.forEach((at, index) => {
    for (const { order, quantity } of fills.filter((fill) => fill.at === at)) {
      const signed = order.transaction_type === 'BUY' ? quantity : -quantity;
      held.set(order.tradingsymbol, (held.get(order.tradingsymbol) ?? 0) + signed);
    }
    for (const [symbol, net] of held) {
      if (mains.has(symbol) && net > 0)
        exposure.overBought.push(`${net} more of ${symbol} bought back than sold at ${at}`);
      if (!mains.has(symbol) && net < 0) exposure.overSold.push(`${-net} more of ${symbol} sold than held at ${at}`);
    }
    const naked = nakedUnits(held);
    if (naked === 0) return;
    exposure.naked.push(`${naked} units sold without a hedge at ${at}`);
    const until = Date.parse(instants[index + 1] ?? '') || Math.max(Date.parse(at), istAt(at.slice(0, 10), CLOSE));
    exposure.nakedSeconds += (until - Date.parse(at)) / 1_000;
  });
  return exposure;
}

function isMain({ tag }: BookOrder): boolean {
  return tag !== null && parseTag(tag)?.role === 'main';
}

/** Short units of all contracts less long ones of the same type, calls and puts apart. */
function nakedUnits(held: ReadonlyMap<string, number>): number {
  return ['CE', 'PE'].reduce((sum, type) => {
    const nets = [...held].filter(([symbol]) => symbol.endsWith(type)).map(([, net]) => net);
    return sum + Math.max(0, -nets.reduce((total, net) => total + net, 0));
  }, 0);
}

/** What the report says, and what it should say by the book: every trade, and the day's money, in paise. */
export function reportAgainstBook(report: ReportBody, { orders }: SimulatorBook): { reported: Told; booked: Told } {
  const { gross, charges, net } = report.pnl;
  return {
    reported: {
      trades: rows(report.trades.map((trade) => ({ ...trade, id: trade.order_id }))),
      ...{ gross: paise(gross), charges: paise(charges), net: paise(net) },
    },
    booked: {
      trades: rows(fillsOf(orders).map((fill) => ({ ...fill, id: fill.order.order_id }))),
      ...money(report, orders),
    },
  };
}

type Told = { trades: string[]; gross: number; charges: number; net: number };

function rows(trades: readonly { id: string; quantity: number; price: number }[]): string[] {
  return trades.map(({ id, quantity, price }) => `${id} ${quantity} at ${paise(price)}`).sort();
}

function money({ date }: ReportBody, orders: readonly BookOrder[]): Omit<Told, 'trades'> {
  const turnover = (order: BookOrder) => order.fills.reduce((sum, fill) => sum + fill.quantity * paise(fill.price), 0);
  const gross = orders.reduce((sum, order) => sum + (order.transaction_type === 'SELL' ? 1 : -1) * turnover(order), 0);
  const executed = orders.filter((order) => order.fills.length > 0);
  const charges = sumCharges(
    executed.map((order) =>
      // Without a tag it is the broker's own square-off, which costs more: nobody else trades on these days.
      orderCharges({ date, side: order.transaction_type, turnover: turnover(order), squareOff: order.tag === null }),
    ),
  ).total;
  return { gross, charges, net: gross - charges };
}

function paise(rupees: number): number {
  return Math.round(rupees * 100);
}
