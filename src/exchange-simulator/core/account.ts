import { exerciseCharges, orderCharges, sumCharges } from '../../domain/charges.ts';
import type { IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { type Book, isLive, type OrderRecord } from './book.ts';
import { type Holding, portfolioMargin } from './margin.ts';
import { brokerDate, movements, netQuantity, positionsOf } from './positions.ts';
import type { SimCash, SimMargin, SimOrderRequest } from './types.ts';

export type AccountOptions = {
  book: Book;
  /** Cash but for what is in the book: a replay's when it began, on paper the broker's of now. */
  cash(): Paise;
  index(at: MarketMs): Paise;
  last(contract: OptionContract, at: MarketMs): Paise;
};

export type BasketOrder = { contract: OptionContract; request: SimOrderRequest };

/** Cash, margin and what a new order needs of them. All derived from the book: nothing else could disagree with it. */
export function createAccount({ book, cash, index, last }: AccountOptions) {
  function holdings(at: MarketMs): Holding[] {
    return positionsOf(book, brokerDate(at)).map((position) => ({
      contract: position.contract,
      quantity: netQuantity(position),
    }));
  }

  /** Cash at 06:00: what came in and went out on earlier days, their charges paid. */
  function opening(at: MarketMs): Paise {
    const today = brokerDate(at);
    const byDay = new Map<IsoDate, OrderRecord[]>();
    for (const record of book.all()) {
      const day = brokerDate(record.order.placedAt);
      if (day < today && record.order.filledQuantity > 0) byDay.set(day, [...(byDay.get(day) ?? []), record]);
    }
    let paid = 0;
    for (const [day, records] of byDay) paid += charges(records, day);
    return cash() + flow((day) => day < today) - paid;
  }

  /** Charges of a whole day's orders, and of what was exercised on it. */
  function charges(records: readonly OrderRecord[], date: IsoDate): Paise {
    const orders = records.map(({ order }) => {
      const turnover = order.fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0);
      return orderCharges({ date, side: order.side, turnover });
    });
    const exercised = book
      .settlements()
      .filter((settlement) => brokerDate(settlement.at) === date && settlement.quantity > 0)
      .map((settlement) => exerciseCharges(date, settlement.quantity * settlement.price));
    return sumCharges([...orders, ...exercised]).total;
  }

  function flow(counts: (day: IsoDate) => boolean): Paise {
    let sum = 0;
    for (const move of movements(book))
      if (counts(brokerDate(move.at))) sum += (move.side === 'SELL' ? 1 : -1) * move.quantity * move.price;
    return sum;
  }

  /** What live orders would open: sells as shorts to come, buys as premium to pay. */
  function reserved(at: MarketMs, held: readonly Holding[], except?: string): { shorts: Holding[]; premium: Paise } {
    const left = new Map(held.map(({ contract, quantity }) => [contract.tradingsymbol, quantity]));
    const shorts: Holding[] = [];
    let premium = 0;
    for (const { order, contract } of book.all().filter(isLive)) {
      if (order.orderId === except) continue;
      const { opening: opened, net } = split(left.get(contract.tradingsymbol) ?? 0, order.side, order.pendingQuantity);
      left.set(contract.tradingsymbol, net);
      if (order.side === 'SELL') shorts.push({ contract, quantity: -opened });
      else premium += opened * (order.price || last(contract, at));
    }
    return { shorts, premium };
  }

  function margin(portfolio: readonly Holding[], at: MarketMs): Paise {
    const { span, exposure } = portfolioMargin(portfolio, index(at));
    return span + exposure;
  }

  return {
    holdings,

    /**
     * What an order lacks: null when it can be paid for. Closing a short is always allowed; selling a long that covers a short needs the
     * margin of the uncovered short.
     */
    shortfall(record: OrderRecord, at: MarketMs): { required: Paise; available: Paise } | null {
      const held = holdings(at);
      const { order, contract } = record;
      const others = reserved(at, held, order.orderId);
      const before = [...held, ...others.shorts];
      const funds = opening(at) + flow((day) => day === brokerDate(at)) - others.premium - margin(before, at);
      const own = held.find((holding) => holding.contract.tradingsymbol === contract.tradingsymbol)?.quantity ?? 0;
      const quantity = order.pendingQuantity;
      const required =
        order.side === 'BUY'
          ? split(own, 'BUY', quantity).opening * (order.price || last(contract, at))
          : margin([...before, { contract, quantity: -quantity }], at) - margin(before, at);
      return required > 0 && required > funds ? { required, available: Math.max(0, funds) } : null;
    },

    /** Whether a long of the contract would cover a short that is held: same type and expiry. */
    covers(contract: OptionContract, at: MarketMs): boolean {
      return holdings(at).some(
        (held) =>
          held.quantity < 0 &&
          held.contract.expiry === contract.expiry &&
          held.contract.optionType === contract.optionType,
      );
    },

    cash(at: MarketMs): SimCash {
      const held = holdings(at);
      const orders = reserved(at, held);
      const { span, exposure } = portfolioMargin([...held, ...orders.shorts], index(at));
      const openingCash = opening(at);
      const premium = orders.premium - flow((day) => day === brokerDate(at));
      const used = span + exposure + premium;
      return { opening: openingCash, available: openingCash - used, used, premium, span, exposure };
    },

    /** Margins of orders as a basket executed in the given order: `initial` is the peak on the way, `final` the end. */
    basket(orders: readonly BasketOrder[], withPositions: boolean, at: MarketMs) {
      const start = withPositions ? holdings(at) : [];
      const price = ({ contract, request }: BasketOrder) => request.price || last(contract, at);
      const after = (count: number): SimMargin => {
        const done = orders.slice(0, count);
        const portfolio = [
          ...start,
          ...done.map(({ contract, request }) => ({
            contract,
            quantity: request.side === 'BUY' ? request.quantity : -request.quantity,
          })),
        ];
        const premium = done.reduce((sum, order) => sum + premiumOf(order, start, price(order)), 0);
        return less(portfolioMargin(portfolio, index(at)), portfolioMargin(start, index(at)), premium);
      };
      const steps = orders.map((_, count) => after(count + 1));
      const final = steps.at(-1) ?? after(0);
      const initial = steps.reduce((peak, step) => (step.total > peak.total ? step : peak), final);
      const each = orders.map((order) => {
        const quantity = order.request.side === 'BUY' ? order.request.quantity : -order.request.quantity;
        const alone = portfolioMargin([{ contract: order.contract, quantity }], index(at));
        return less(alone, { span: 0, exposure: 0 }, premiumOf(order, [], price(order)));
      });
      return { initial, final, each };
    },
  };
}

export type Account = ReturnType<typeof createAccount>;

/** How much of a trade opens, after it has closed what is held the other way round. */
function split(held: number, side: 'BUY' | 'SELL', quantity: number): { opening: number; net: number } {
  const closable = side === 'BUY' ? Math.max(0, -held) : Math.max(0, held);
  return { opening: Math.max(0, quantity - closable), net: held + (side === 'BUY' ? quantity : -quantity) };
}

function premiumOf({ contract, request }: BasketOrder, held: readonly Holding[], price: Paise): Paise {
  if (request.side === 'SELL') return 0;
  const own = held.find((holding) => holding.contract.tradingsymbol === contract.tradingsymbol)?.quantity ?? 0;
  return split(own, 'BUY', request.quantity).opening * price;
}

function less(
  after: { span: Paise; exposure: Paise },
  before: { span: Paise; exposure: Paise },
  optionPremium: Paise,
): SimMargin {
  // An order that frees margin needs none: Kite never quotes a negative one.
  const span = Math.max(0, after.span - before.span);
  const exposure = Math.max(0, after.exposure - before.exposure);
  return { span, exposure, optionPremium, total: span + exposure + optionPremium };
}
