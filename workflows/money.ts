/** What fills are worth, by the dated tables of charges. */
import { orderCharges, sumCharges } from '../src/domain/charges.ts';
import type { IsoDate, Paise } from '../src/domain/types.ts';
import type { DayReport, OrderView } from './messages.ts';

export type Money = { realised: Paise; charges: Paise };

/** Cash of all fills; for a closed position that is its gross result. */
export function cashOf(orders: readonly OrderView[]): Paise {
  let cash = 0;
  for (const order of orders) {
    const sign = order.side === 'SELL' ? 1 : -1;
    for (const fill of order.fills) cash += sign * fill.quantity * fill.price;
  }
  return cash;
}

export function chargesOf(orders: readonly OrderView[], date: IsoDate): DayReport['charges'] {
  return sumCharges(
    orders
      .filter((order) => order.filledQuantity > 0)
      .map((order) =>
        orderCharges({
          date,
          side: order.side,
          turnover: order.fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0),
        }),
      ),
  );
}

/** Realised result of what was both opened and closed, leg by leg at average prices, and the charges of all fills. */
export function positionMoney(orders: readonly OrderView[], date: IsoDate): Money {
  const symbols = new Set(orders.map((order) => order.tradingsymbol));
  let realised = 0;
  for (const symbol of symbols) {
    const fills = orders
      .filter((o) => o.tradingsymbol === symbol)
      .flatMap((o) => o.fills.map((f) => ({ ...f, side: o.side })));
    const sum = (side: 'BUY' | 'SELL') => {
      const of = fills.filter((fill) => fill.side === side);
      return {
        quantity: of.reduce((total, fill) => total + fill.quantity, 0),
        value: of.reduce((total, fill) => total + fill.quantity * fill.price, 0),
      };
    };
    const bought = sum('BUY');
    const sold = sum('SELL');
    const matched = Math.min(bought.quantity, sold.quantity);
    if (matched === 0) continue;
    // Exact when a leg is flat, which is when it is reported; an average while it is not.
    realised += Math.round((sold.value * matched) / sold.quantity - (bought.value * matched) / bought.quantity);
  }
  return { realised, charges: chargesOf(orders, date).total };
}
