import { KiteConnect } from 'kiteconnect';
import { z } from 'zod';
import { istDate, istTime } from '../domain/clock.ts';
import type { Bar, MarketMs, Paise } from '../domain/types.ts';
import { noLongerWanted } from './kite-errors.ts';
import { createPace, type Pace, type Priority } from './kite-pace.ts';
import { createReader, type Reader, understand } from './kite-rows.ts';
import * as schemas from './kite-schemas.ts';
import { readAnswersHere, readInstruments } from './kite-transport.ts';
import type { Kite, KiteSession, MarginOrder, NewOrder, OrderChange, StillWanted } from './types.ts';

export type KiteOptions = {
  apiKey: string;
  apiSecret: string;
  /** HTTP root, `https://api.kite.trade` by default. */
  root?: string;
  /** The broker's login page, `https://kite.zerodha.com/connect/login` by default. */
  loginUrl?: string;
  /** Wall clock; the instruments CSV has a minute. */
  timeoutMs?: number;
  /** How fast it may ask; below Kite's limits by default, shared by all sessions. */
  pace?: Pace;
  /** Hears of rows that were left out; each is told of once. */
  warn?: (data: object, text: string) => void;
};

const KITE_ROOT = 'https://api.kite.trade';
const KITE_LOGIN = 'https://kite.zerodha.com/connect/login';
const DAY_MS = 86_400_000;
/** Kite's limit of instruments in one /quote call. */
const MAX_QUOTES = 500;

/** Days that one historical call may span, by interval (Kite forum 3105). */
const CANDLE_SPAN_DAYS = { minute: 60, '30minute': 200, '60minute': 400, day: 2000 } as const;

/**
 * Zerodha's Kite Connect v3 by its official client. Prices go in and out as paise, times as epoch ms, whatever zone the process runs in.
 * Every method rejects with BrokerError only; its `kind` says what the failure means for an order.
 */
export function createKite(options: KiteOptions): Kite {
  const { apiKey, apiSecret, root = KITE_ROOT, loginUrl = KITE_LOGIN, timeoutMs = 5000, pace = createPace() } = options;
  const reader = createReader(options.warn ?? (() => {}));

  function client(accessToken?: string, priority: Priority = 'routine'): InstanceType<typeof KiteConnect> {
    const kite = new KiteConnect({ api_key: apiKey, root, timeout: timeoutMs });
    if (accessToken) kite.setAccessToken(accessToken);
    readAnswersHere(kite, root, timeoutMs, pace, priority);
    return kite;
  }

  function sessionAt(accessToken: string, priority: Priority, views: Views = new Map()): KiteSession {
    const known = views.get(priority);
    if (known) return known;
    const inTurn = async <T>(isStillWanted: StillWanted | undefined, send: () => Promise<T>): Promise<T> => {
      await pace('order', priority);
      if (isStillWanted && !isStillWanted()) throw noLongerWanted();
      return send();
    };
    const session: KiteSession = {
      ...createSession(client(accessToken, priority), reader, inTurn),
      withPriority: (other) => sessionAt(accessToken, other, views),
    };
    views.set(priority, session);
    return session;
  }

  return {
    loginUrl(state) {
      const kite = client();
      // The constructor's `login_uri` is ignored; the field is what getLoginURL reads.
      Reflect.set(kite, 'default_login_uri', loginUrl);
      const redirectParams = new URLSearchParams({ state }).toString();
      return `${kite.getLoginURL()}&redirect_params=${encodeURIComponent(redirectParams)}`;
    },
    exchange(requestToken) {
      return understand(schemas.sessionSchema, client().generateSession(requestToken, apiSecret));
    },
    session: (accessToken) => sessionAt(accessToken, 'routine'),
  };
}

/** One session's clients, by the priority of their calls. */
type Views = Map<Priority, KiteSession>;

/** Waits for an order call's turn, asks whether it is still wanted, and sends it then. */
type InTurn = <T>(isStillWanted: StillWanted | undefined, send: () => Promise<T>) => Promise<T>;

function createSession(
  kite: InstanceType<typeof KiteConnect>,
  reader: Reader,
  inTurn: InTurn,
): Omit<KiteSession, 'withPriority'> {
  return {
    profile: () => understand(schemas.profileSchema, kite.getProfile()),
    placeOrder: (order, isStillWanted) =>
      inTurn(isStillWanted, () => understand(schemas.orderIdSchema, kite.placeOrder('regular', orderParams(order)))),
    async modifyOrder(orderId, change, isStillWanted) {
      await inTurn(isStillWanted, () =>
        understand(schemas.orderIdSchema, kite.modifyOrder('regular', orderId, changeParams(change))),
      );
    },
    async cancelOrder(orderId, isStillWanted) {
      await inTurn(isStillWanted, () => understand(schemas.orderIdSchema, kite.cancelOrder('regular', orderId)));
    },
    orders: () => reader.orders(kite.getOrders()),
    orderHistory: (orderId) => understand(z.array(schemas.orderSchema), kite.getOrderHistory(orderId)),
    trades: () => reader.rows('trade', schemas.tradeSchema, kite.getTrades()),
    orderTrades: (orderId) => understand(z.array(schemas.tradeSchema), kite.getOrderTrades(orderId)),
    async positions() {
      const { net, day } = await understand(schemas.positionsSchema, kite.getPositions());
      const read = (rows: unknown[]) => reader.rows('position', schemas.positionSchema, rows);
      return { net: await read(net), day: await read(day) };
    },
    funds: () => understand(schemas.fundsSchema, kite.getMargins('equity')),
    basketMargin(orders) {
      return understand(schemas.basketMarginSchema, kite.orderBasketMargins(orders.map(marginParams), true));
    },
    async quotes(keys) {
      if (keys.length === 0) return new Map();
      if (keys.length > MAX_QUOTES)
        throw new RangeError(`at most ${MAX_QUOTES} quotes in one call, not ${keys.length}`);
      return reader.entries('quote', schemas.quoteSchema, kite.getQuote(keys));
    },
    async optionContracts(name) {
      const csv = await understand(z.string(), kite.getInstruments('NFO'));
      // Reading all of its rows would hold the event loop, and the guards with it, for half a second.
      const [header = '', ...lines] = csv.split('\n');
      const wanted = [header, ...lines.filter((line) => line.includes(name))].join('\n');
      const rows = await understand(z.array(z.record(z.string(), z.unknown())), readInstruments(kite, wanted));
      // The name column has been empty in some of Kite's files; the symbol then begins with the name and a year.
      const spelled = new RegExp(`^${name}\\d\\d`);
      const options = rows.filter(
        (row) => row.segment === 'NFO-OPT' && (row.name ? row.name === name : spelled.test(String(row.tradingsymbol))),
      );
      const contracts = await reader.rows('listed contract', schemas.instrumentRowSchema, options);
      return contracts.map((row) => schemas.optionContract(row, name));
    },
    async historical(instrumentToken, interval, from, to) {
      const bars: Bar[] = [];
      const span = CANDLE_SPAN_DAYS[interval] * DAY_MS;
      for (let start = from; start <= to; start += span) {
        const end = Math.min(start + span - 1000, to);
        const answer = kite.getHistoricalData(instrumentToken, interval, kiteTime(start), kiteTime(end));
        bars.push(...(await understand(schemas.candlesSchema, answer)));
      }
      return bars;
    },
  };
}

/** Kite's `YYYY-MM-DD HH:MM:SS` in India. As text, because the client writes Date objects in the process's own zone. */
function kiteTime(ms: MarketMs): string {
  return `${istDate(ms)} ${istTime(ms)}`;
}

function rupees(paise: Paise): number {
  return paise / 100;
}

function orderParams(order: NewOrder) {
  // MARKET and SL-M are refused without market protection since April 2026; -1 leaves the band to the broker.
  const unpriced = order.orderType === 'MARKET' || order.orderType === 'SL-M';
  return {
    exchange: order.exchange,
    tradingsymbol: order.tradingsymbol,
    transaction_type: order.side,
    quantity: order.quantity,
    product: order.product,
    order_type: order.orderType,
    validity: 'DAY' as const,
    tag: order.tag,
    ...(order.price === undefined ? {} : { price: rupees(order.price) }),
    ...(order.triggerPrice === undefined ? {} : { trigger_price: rupees(order.triggerPrice) }),
    ...(unpriced ? { market_protection: -1 } : {}),
  };
}

function changeParams(change: OrderChange) {
  return {
    ...(change.orderType === undefined ? {} : { order_type: change.orderType }),
    ...(change.quantity === undefined ? {} : { quantity: change.quantity }),
    ...(change.price === undefined ? {} : { price: rupees(change.price) }),
    ...(change.triggerPrice === undefined ? {} : { trigger_price: rupees(change.triggerPrice) }),
  };
}

function marginParams(order: MarginOrder) {
  return {
    exchange: order.exchange,
    tradingsymbol: order.tradingsymbol,
    transaction_type: order.side,
    variety: 'regular' as const,
    product: order.product,
    order_type: order.orderType,
    quantity: order.quantity,
    price: rupees(order.price ?? 0),
    trigger_price: rupees(order.triggerPrice ?? 0),
  };
}
