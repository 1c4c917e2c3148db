import type { IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { createAccount } from './account.ts';
import { createAdmission } from './admission.ts';
import { type Book, viewOf } from './book.ts';
import type { ConsumedDepth } from './consumed-depth.ts';
import { createDayEvents } from './day-events.ts';
import type { Delays } from './delays.ts';
import type { Faults } from './faults.ts';
import { createMatchingLoop } from './matching-loop.ts';
import { createOrderEntry, type Latency } from './order-entry.ts';
import { brokerDate, positionRow, positionsOf } from './positions.ts';
import type { Prices } from './prices.ts';
import { type Brokerage, type SimOrder, SimRefusal } from './types.ts';

export type BrokerageOptions = {
  book: Book;
  prices: Prices;
  consumedDepth: ConsumedDepth;
  faults: Faults;
  delays: Delays;
  latency: Latency;
  seed: number;
  typeChange: 'allow' | 'refuse';
  /** Cash but for what is in the book. */
  cash(): Paise;
  index(at: MarketMs): Paise;
  settlement(contract: OptionContract): Paise | null;
  /** A contract that can be traded now. */
  listed(tradingsymbol: string): OptionContract | undefined;
  /** The market's time, once everything has happened that lies before it. */
  now(): MarketMs;
};

/** The parts of Brokerage that are the same whatever the prices are. */
type Trading = Pick<
  Brokerage,
  'place' | 'modify' | 'cancel' | 'orders' | 'allOrders' | 'order' | 'positions' | 'cash' | 'onOrder' | 'foreignTrade'
>;

const ordersByDate = viewOf((book): ReadonlyMap<IsoDate, readonly SimOrder[]> => {
  const byDate = new Map<IsoDate, SimOrder[]>();
  for (const { order } of book.all()) {
    const date = brokerDate(order.placedAt);
    const orders = byDate.get(date);
    if (orders) orders.push(order);
    else byDate.set(date, [order]);
  }
  return byDate;
});

/** Broker and exchange over one book: account, order entry and matching loop, and what happens by itself in a day. Its maker lets its market pass. */
export function createBrokerage(options: BrokerageOptions) {
  const { book, prices, consumedDepth, faults, delays, latency, seed, typeChange, cash, index, now } = options;
  const listeners = new Set<(order: SimOrder) => void>();
  const account = createAccount({ book, cash, index, last: prices.last });
  const admission = createAdmission({ account, prices, faults, index });
  const matchingLoop = createMatchingLoop({
    ...{ book, prices, consumedDepth, admission, faults },
    changed: (order) => {
      for (const listener of listeners) listener(order);
    },
  });
  const orderEntry = createOrderEntry({
    ...{ book, matchingLoop, admission, faults, delays, latency, seed, typeChange, now },
    last: prices.last,
  });
  const events = createDayEvents({ book, orderEntry, matchingLoop, prices, settlement: options.settlement });

  function contractOf(exchange: string, tradingsymbol: string): OptionContract {
    const found = exchange === 'NFO' ? options.listed(tradingsymbol) : undefined;
    if (!found)
      throw new SimRefusal(
        400,
        'InputException',
        'The instrument you are placing an order for has either expired or does not exist.',
      );
    return found;
  }

  const trading: Trading = {
    place: (request) => orderEntry.place(request, contractOf(request.exchange, request.tradingsymbol)),
    modify: (orderId, change) => orderEntry.modify(orderId, change),
    cancel: (orderId) => orderEntry.cancel(orderId),
    orders() {
      return ordersByDate(book).get(brokerDate(now()))?.slice() ?? [];
    },
    allOrders() {
      now();
      return book.all().map(({ order }) => order);
    },
    order(orderId) {
      now();
      return book.get(orderId)?.order;
    },
    positions() {
      const at = now();
      return positionsOf(book, brokerDate(at)).map((position) =>
        positionRow(position, prices.last(position.contract, at), prices.closeBefore(position.contract, at)),
      );
    },
    cash: () => account.cash(now()),
    onOrder(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    foreignTrade({ tradingsymbol, product, side, quantity, price }) {
      const contract = contractOf('NFO', tradingsymbol);
      const at = price ?? prices.last(contract, now());
      const request = {
        ...{ variety: 'regular', exchange: 'NFO', tradingsymbol, side, orderType: 'LIMIT', product, validity: 'DAY' },
        ...{ quantity, price: at, triggerPrice: 0, disclosedQuantity: 0, marketProtection: null, tag: null },
      };
      return orderEntry.trade(request, contract, at);
    },
  };

  return { account, matchingLoop, orderEntry, events, contractOf, trading };
}
