import { type Charges, exerciseCharges, NO_CHARGES, orderCharges, sumCharges } from './charges.ts';
import type { IsoDate, MarketMs, Paise, Side } from './types.ts';

/** An order with its fills; those without a fill count for nothing. Quantities in units, prices in paise. */
export type FilledOrder = {
  tradingsymbol: string;
  side: Side;
  /** `settlement`: the exchange's, in cash, which is no order and costs no brokerage. */
  purpose?: string;
  /** `broker`: its own square-off, which has a fee. */
  takenFrom?: 'broker' | 'person' | 'transfer';
  /** False until it is settled that an external trade closed ours: it counts for nothing. */
  booked?: boolean;
  orderId?: string | null;
  fills: readonly { quantity: number; price: Paise; at: MarketMs }[];
};

export type Pnl = { gross: Paise; charges: Charges; net: Paise };

/**
 * Realised result and charges of some orders of one trading date: of a position, or of the whole day; exact, to the
 * paisa. `gross` is what was both opened and closed, contract by contract, first in first out. All charges are in
 * `net`, also those of what is still open. `earlier` are orders of the dates before, which opened what was carried:
 * their own result and charges belong to their days. Throws CalendarError outside the dated tables.
 */
export function pnlOf(orders: readonly FilledOrder[], date: IsoDate, earlier: readonly FilledOrder[] = []): Pnl {
  const gross = realisedOf([...earlier, ...orders]) - realisedOf(earlier);
  const charges = chargesOf(orders, date);
  return { gross, charges, net: gross - charges.total };
}

/** Modelled charges of every order that has a fill, line by line. */
export function chargesOf(orders: readonly FilledOrder[], date: IsoDate): Charges {
  const executed = orders.filter((order) => order.fills.length > 0 && order.booked !== false);
  return sumCharges(withWholeOrders(executed).map((order) => chargesOfOne(order, date)));
}

/** Shares of one external order are charged as that one order. */
function withWholeOrders(orders: readonly FilledOrder[]): FilledOrder[] {
  const whole = new Map<string, FilledOrder>();
  for (const [index, order] of orders.entries()) {
    const key = order.takenFrom !== undefined && order.orderId ? `order ${order.orderId}` : `${index}`;
    const known = whole.get(key);
    whole.set(key, known ? { ...known, fills: [...known.fills, ...order.fills] } : order);
  }
  return [...whole.values()];
}

function chargesOfOne(order: FilledOrder, date: IsoDate): Charges {
  const turnover = turnoverOf(order);
  // Booked from one position to another: no order at all.
  if (order.takenFrom === 'transfer') return NO_CHARGES;
  if (order.purpose !== 'settlement') {
    return orderCharges({ date, side: order.side, turnover, squareOff: order.takenFrom === 'broker' });
  }
  // Exercising costs the buyer; who has sold is assigned without a charge.
  return order.side === 'SELL' ? exerciseCharges(date, turnover) : NO_CHARGES;
}

function turnoverOf(order: FilledOrder): Paise {
  return order.fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0);
}

function realisedOf(orders: readonly FilledOrder[]): Paise {
  const symbols = [...new Set(orders.map((order) => order.tradingsymbol))];
  return symbols
    .map((symbol) => realisedOfContract(orders.filter((order) => order.tradingsymbol === symbol)))
    .reduce((sum, gross) => sum + gross, 0);
}

/** One contract, first in first out, sold first or bought first alike. */
function realisedOfContract(orders: readonly FilledOrder[]): Paise {
  const counted = orders.filter(({ booked }) => booked !== false);
  const fills = counted.flatMap((order) => order.fills.map((fill) => ({ ...fill, side: order.side })));
  fills.sort((a, b) => a.at - b.at);
  const open: { side: Side; quantity: number; price: Paise }[] = [];
  let realised = 0;
  for (const fill of fills) {
    let { quantity } = fill;
    while (quantity > 0) {
      const oldest = open[0];
      if (!oldest || oldest.side === fill.side) {
        open.push({ side: fill.side, quantity, price: fill.price });
        break;
      }
      const closed = Math.min(quantity, oldest.quantity);
      realised += closed * (fill.side === 'SELL' ? fill.price - oldest.price : oldest.price - fill.price);
      quantity -= closed;
      oldest.quantity -= closed;
      if (oldest.quantity === 0) open.shift();
    }
  }
  return realised;
}
