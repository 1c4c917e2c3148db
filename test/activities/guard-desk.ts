/** A guard outside a workflow: the real client, feed and guard at the simulated exchange, in the market's own time. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { createGuardActivities } from '../../activities/guard.ts';
import type { GuardBook } from '../../activities/guard-exit.ts';
import { createKite } from '../../src/brokers/kite.ts';
import type { KiteSession } from '../../src/brokers/types.ts';
import type { GuardInput, GuardResult } from '../../src/contract/activities.ts';
import type { ContractRef } from '../../src/contract/ledger.ts';
import type { BookRow } from '../../src/domain/book/book.ts';
import { istAt } from '../../src/domain/clock.ts';
import { restingStop } from '../../src/domain/stops.ts';
import type { Paise } from '../../src/domain/types.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import { startExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import { createSimulatorClock } from '../../src/market/clock-source.ts';
import { createFeed } from '../../src/market/feed.ts';
import { type Feed, NIFTY_TOKEN, type Tick } from '../../src/market/types.ts';
import { PATIENCE_MS } from '../patience.ts';

const DATE = '2025-07-14';
export const MAIN = 'NIFTY2571725000PE';
export const HEDGE = 'NIFTY2571724800PE';
const IDENTITY = { mode: 'replay', account: 'desk', run: 1, date: DATE } as const;

/** The real feed, through which a test keeps packets back, alters them and sends some of its own. */
type BentFeed = Feed & {
  /** Null keeps a packet back. */
  bend(how: (tick: Tick) => Tick | null): void;
  send(tick: Tick): void;
  connections: string[];
};

export type GuardDesk = {
  exchange: Exchange;
  kite: KiteSession;
  feed: BentFeed;
  /** What the guard is told of the book; the exchange's own unless a test says otherwise. */
  book: GuardBook;
  warnings: string[];
  contract(tradingsymbol: string): ContractRef;
  open(of?: { main?: string; hedge?: string | null; lots?: number }): Promise<{ stop: SimOrder; input: GuardInput }>;
  guard(input: GuardInput, environment?: MockActivityEnvironment): Promise<GuardResult>;
  shift(points: number, tradingsymbol?: string): void;
  order(orderId: string): SimOrder;
  tick(tradingsymbol: string): Promise<Tick>;
  eventually<T>(what: string, look: () => T | undefined | false): Promise<T>;
  close(): Promise<void>;
};

export async function openGuardDesk(options: ExchangeOptions = {}): Promise<GuardDesk> {
  const exchange = await createExchange({
    ...{ at: istAt(DATE, '11:20'), speed: 1, latency: { minMs: 1, maxMs: 5 }, cash: 5_000_000_000 },
    ...options,
  });
  const limits = { quote: 1_000, orders: 1_000, other: 1_000 };
  const redirectUrl = 'http://127.0.0.1:1/';
  const server = await startExchangeServer({ exchange, port: 0, redirectUrl, keys: DEFAULT_KEYS, limits });
  const { api_key: apiKey, api_secret: apiSecret, kite_root: root, ticker_root: tickerRoot } = server.addresses;
  const kites = createKite({ apiKey, apiSecret, root, timeoutMs: 600, pace: async () => {} });
  const { accessToken } = await kites.exchange(exchange.newRequestToken());
  const kite = kites.session(accessToken);
  const clock = await createSimulatorClock({ root });
  const feed = bent(createFeed({ apiKey, tickerRoot, now: Date.now, clock }));
  feed.use(accessToken);
  feed.subscribe([NIFTY_TOKEN]);

  const asItIs = () => ({ ageMs: 0, rows: exchange.orders().map(rowOf) });
  const book: GuardBook = { newest: asItIs, look: async () => asItIs() };
  const warnings: string[] = [];
  const { guardPosition } = createGuardActivities({
    ...{ feed, clock, account: IDENTITY },
    sessions: {
      use: (_account, call) => call(kite),
      current: async () => kite,
      renew: async () => {},
      forget: () => {},
    },
    log: { info: () => {}, warn: (_data, text) => warnings.push(text), error: () => {} },
    book: { newest: () => book.newest(), look: () => book.look() },
  });

  async function placed(tradingsymbol: string, side: 'BUY' | 'SELL', quantity: number, tag: string, trigger?: Paise) {
    const touch = exchange.touch(exchange.find('NFO', tradingsymbol) as never);
    const far = (side === 'BUY' ? touch?.depth.asks.at(-1) : touch?.depth.bids.at(-1))?.price ?? 0;
    const stop = trigger === undefined ? null : restingStop(trigger, 5);
    const { orderId } = await kite.placeOrder({
      ...{ tradingsymbol, exchange: 'NFO', side, quantity, product: 'MIS', tag },
      orderType: stop ? 'SL' : 'LIMIT',
      price: stop?.limitPrice ?? (side === 'BUY' ? Math.ceil((far * 1.2) / 5) * 5 : Math.floor((far * 0.8) / 5) * 5),
      ...(stop ? { triggerPrice: stop.triggerPrice } : {}),
    });
    return await desk.eventually(`${tag} at its end`, () => {
      const order = desk.order(orderId);
      return order.status === (stop ? 'TRIGGER PENDING' : 'COMPLETE') && order;
    });
  }

  const desk: GuardDesk = {
    ...{ exchange, kite, feed, book, warnings },
    contract(tradingsymbol) {
      const found = exchange.find('NFO', tradingsymbol);
      if (found?.kind !== 'option') throw new Error(`${tradingsymbol} is not listed`);
      const { instrumentToken, expiry, strike, optionType, lotSize, tickSize } = found;
      return {
        ...{ tradingsymbol, instrumentToken, expiry, strike, optionType, lotSize, tickSize },
        ...{ maxOrderQuantity: 1800, tradesUntil: istAt(DATE, '15:30') },
      };
    },
    async open({ main = MAIN, hedge = null, lots = 1 } = {}) {
      const quantity = 75 * lots;
      feed.subscribe([main, ...(hedge ? [hedge] : [])].map((symbol) => desk.contract(symbol).instrumentToken));
      const bought = hedge ? await placed(hedge, 'BUY', quantity, 'R001D25071401HE01001') : null;
      const sold = await placed(main, 'SELL', quantity, 'R001D25071401ME01001');
      const entryPrice = Math.round(sold.averagePrice);
      const tag = 'R001D25071401MS01001';
      const stop = await placed(main, 'BUY', quantity, tag, entryPrice);
      const input: GuardInput = {
        ...{ identity: IDENTITY, positionId: 'P1', epoch: 7, product: 'MIS' },
        main: { contract: desk.contract(main), quantity, entryPrice },
        hedge: bought && {
          contract: desk.contract(bought.tradingsymbol),
          quantity,
          entryPrice: Math.round(bought.averagePrice),
        },
        stop: { orderId: stop.orderId, tag, quantity, modifications: 0 },
        ...{ maxLoss: 20_00 * quantity, target: null, charges: 0, exitAt: null, blind: false },
        until: exchange.clock.now() + 3_600_000,
      };
      return { stop, input };
    },
    guard: (input, environment = new MockActivityEnvironment()) => environment.run(() => guardPosition(input)),
    shift: (points, tradingsymbol = MAIN) =>
      exchange.addFault({ kind: 'price_shift', count: 1, points, tradingsymbol }),
    order(orderId) {
      const order = exchange.order(orderId);
      if (!order) throw new Error(`no order ${orderId}`);
      return order;
    },
    tick: (tradingsymbol) =>
      desk.eventually(`a tick of ${tradingsymbol}`, () => feed.last(desk.contract(tradingsymbol).instrumentToken)),
    async eventually(what, look) {
      for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
        const found = look();
        if (found) return found;
        await new Promise((done) => setTimeout(done, 10));
      }
      throw new Error(`never seen: ${what}`);
    },
    async close() {
      await feed.stop();
      await clock.stop();
      await server.close();
      await exchange.close();
    },
  };
  return desk;
}

function bent(feed: Feed): BentFeed {
  const listeners = new Set<(tick: Tick) => void>();
  const last = new Map<number, Tick>();
  const connections: string[] = [];
  let how: (tick: Tick) => Tick | null = (tick) => tick;
  const send = (tick: Tick) => {
    last.set(tick.instrumentToken, tick);
    for (const listener of listeners) listener(tick);
  };
  feed.onTick((tick) => {
    const passed = how(tick);
    if (passed) send(passed);
  });
  return {
    ...feed,
    ...{ connections, send },
    last: (token) => last.get(token),
    onTick: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reconnect: (why) => {
      connections.push(why);
      return feed.reconnect(why);
    },
    bend: (other) => {
      how = other;
    },
  };
}

/** A packet with other prices around a last price. */
export function priced(tick: Tick, bid: Paise, ask: Paise, lastPrice = ask): Tick {
  const side = (price: Paise) => [{ price, quantity: 75 }];
  return { ...tick, lastPrice, bids: side(bid), asks: side(ask), receivedAt: Date.now() };
}

const PHASES: Record<string, BookRow['phase']> = {
  ...{ COMPLETE: 'ended', CANCELLED: 'ended', REJECTED: 'ended' },
  ...{ OPEN: 'working', 'TRIGGER PENDING': 'resting' },
};

function rowOf(order: SimOrder): BookRow {
  const { orderId, tag, tradingsymbol, product, quantity, status, statusMessage } = order;
  const { side, orderType, price, triggerPrice, filledQuantity, fills, placedAt } = order;
  const phase = PHASES[status] ?? 'pending';
  return {
    ...{ orderId, tag, tradingsymbol, product, quantity, status, statusMessage, phase },
    ...{ side, orderType, price, triggerPrice, filledQuantity, fills, placedAt },
  };
}
