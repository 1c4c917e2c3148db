/** One exchange seen twice: by the real adapters over loopback, and by the simulation's doubles in virtual time. The same script runs at both. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createBreeze } from '../../src/brokers/breeze.ts';
import { createKite } from '../../src/brokers/kite.ts';
import type { Breeze, Kite, KiteSession } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import { type Market, openMarket } from '../../src/exchange-simulator/core/market/market.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import { createExchange } from '../../src/exchange-simulator/replay/exchange.ts';
import { type ExchangeServer, startExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import { createRateLimiter, type RateLimits, REAL_LIMITS } from '../../src/exchange-simulator/wire/rate-limits.ts';
import { createFeed, type FeedPace } from '../../src/market/feed.ts';
import type { createTicker } from '../../src/market/ticker.ts';
import type { Feed } from '../../src/market/types.ts';
import { SimProcess } from '../../src/simulation/process.ts';
import { resetTime, runTime, virtualNow } from '../../src/simulation/virtual-time.ts';
import { createSimulatedBreeze } from '../../src/simulation/world/breeze.ts';
import { CallFaults } from '../../src/simulation/world/call-faults.ts';
import { createSimulatedKite } from '../../src/simulation/world/kite.ts';
import { TickerServer } from '../../src/simulation/world/ticker.ts';
import { enterVirtualTime } from '../../src/simulation/world/world.ts';

export type Side = {
  exchange: Exchange;
  kite: Kite;
  breeze: Breeze;
  /** A client that gives up after `timeoutMs` of wall time. */
  kiteWithin(timeoutMs: number): Kite;
  breezeWithin(timeoutMs: number): Breeze;
  /** Listens with a session's token, by the product's feed. */
  openFeed(accessToken: string, pace?: FeedPace): Feed;
  /** The ticker's misbehaviour, which each side calls otherwise: it lasts `ms` of wall time, or happens once. */
  ticker: { cut(): void; mute(ms: number): void; freeze(ms: number): void; refuseOnce(): void };
  /** Moves the market there; whatever was on its way to the exchange arrives before. */
  moveTo(market: MarketMs): void;
};

export type BothOptions = { at?: MarketMs; limits?: Partial<RateLimits> };

const DAY = '2025-07-14';
/** No limits but those that a test asks for. */
const WIDE: RateLimits = {
  ...{ quote: 10_000, historical: 10_000, orders: 10_000, other: 10_000, ordersPerMinute: 10_000 },
  ...{ ordersPerDay: 10_000, breezePerMinute: 10_000, breezePerDay: 10_000 },
};
/** Longer than a test: orders arrive when the market is moved, at the same instant on both sides. */
const NEVER_BY_ITSELF = { minMs: 3_600_000, maxMs: 3_600_000 };
const PATIENT_MS = 60_000;
const LONGEST_MS = 600_000;

let market: Promise<Market> | undefined;

/** An exchange that stands still until it is moved. Its tokens are numbered. */
async function stillExchange(at: MarketMs = istAt(DAY, '09:30')): Promise<Exchange> {
  market ??= openMarket({ seed: 1 });
  let tokens = 0;
  return createExchange({
    market: await market,
    ...{ at, speed: 0, steps: 'manual', latency: NEVER_BY_ITSELF },
    randomToken: () => `token${String(++tokens).padStart(11, '0')}`,
  });
}

/** Runs a script in virtual time, which ends with it. */
async function inVirtualTime<T>(work: () => Promise<T>): Promise<T> {
  resetTime(Date.now());
  const leave = enterVirtualTime();
  try {
    let ended = false;
    const result = work().finally(() => {
      ended = true;
    });
    result.catch(() => {});
    if (!(await runTime(() => ended, virtualNow() + LONGEST_MS))) throw new Error('the script has not ended');
    return await result;
  } finally {
    leave();
  }
}

/** What the script sees over HTTP, and what it sees at the doubles. */
export async function seenBothWays<T>(
  script: (side: Side) => Promise<T>,
  options: BothOptions = {},
): Promise<{ real: T; double: T }> {
  return { real: await seenOverHttp(script, options), double: await seenAtDoubles(script, options) };
}

async function seenOverHttp<T>(script: (side: Side) => Promise<T>, { at, limits }: BothOptions): Promise<T> {
  const exchange = await stillExchange(at);
  const server = await startExchangeServer({
    ...{ exchange, port: 0, redirectUrl: 'http://127.0.0.1:8000/', keys: DEFAULT_KEYS },
    limits: { ...WIDE, ...limits },
  });
  try {
    const kiteWithin = (timeoutMs: number) => realKite(server, timeoutMs);
    const breezeWithin = (timeoutMs: number) => realBreeze(server, timeoutMs);
    return await script({
      ...{ exchange, kiteWithin, breezeWithin, kite: kiteWithin(PATIENT_MS), breeze: breezeWithin(PATIENT_MS) },
      ...{ openFeed: feedsOf(exchange, server.addresses), ticker: realFaults(exchange) },
      moveTo: (to) => exchange.clock.set({ market: to }),
    });
  } finally {
    await server.close();
    await exchange.close();
  }
}

async function seenAtDoubles<T>(script: (side: Side) => Promise<T>, { at, limits }: BothOptions): Promise<T> {
  const exchange = await stillExchange(at);
  return inVirtualTime(async () => {
    const limiter = createRateLimiter({ ...REAL_LIMITS, ...WIDE, ...limits }, virtualNow);
    const world = { exchange, limiter, faults: new CallFaults(() => {}), latencyMs: () => 1 };
    const process = new SimProcess('the product');
    const kiteWithin = (timeoutMs: number) =>
      createSimulatedKite({ ...world, timeoutMs, onPoint: () => {} }, process, async () => {});
    const breezeWithin = (timeoutMs: number) =>
      createSimulatedBreeze({ ...world, timeoutMs, contradicts: () => 0 }, process);
    const tickers = new TickerServer({
      ...{ exchange, latencyMs: () => 1, atStake: () => true, onUse: () => {} },
      pace: () => ({ fastMs: 100, slowMs: 100 }),
    });
    const openTicker = tickers.createTicker(process);
    const seen = await script({
      ...{ exchange, kiteWithin, breezeWithin, kite: kiteWithin(PATIENT_MS), breeze: breezeWithin(PATIENT_MS) },
      ...{ openFeed: feedsOf(exchange, NOWHERE, openTicker), ticker: doubleFaults(tickers) },
      moveTo: (to) => exchange.clock.set({ market: to }),
    });
    await exchange.close();
    return seen;
  });
}

function realKite({ addresses }: ExchangeServer, timeoutMs: number): Kite {
  const { api_key, api_secret, kite_root, login_url } = addresses;
  const pace = async () => {};
  return createKite({ apiKey: api_key, apiSecret: api_secret, root: kite_root, loginUrl: login_url, timeoutMs, pace });
}

function realBreeze({ addresses }: ExchangeServer, timeoutMs: number): Breeze {
  const { breeze_api_key, breeze_api_secret, breeze_session, breeze_root } = addresses;
  const keys = { apiKey: breeze_api_key, apiSecret: breeze_api_secret, session: breeze_session };
  return createBreeze({ ...keys, root: breeze_root, timeoutMs });
}

const NOWHERE = { api_key: 'simulated', ticker_root: 'ws://simulated' };

function feedsOf(exchange: Exchange, to: typeof NOWHERE, openTicker?: typeof createTicker) {
  return (accessToken: string, pace?: FeedPace): Feed => {
    const feed = createFeed({
      ...{ apiKey: to.api_key, tickerRoot: to.ticker_root, now: Date.now, clock: exchange.clock },
      ...(openTicker ? { createTicker: openTicker } : {}),
      ...(pace ? { pace } : {}),
    });
    feed.use(accessToken);
    return feed;
  };
}

function realFaults(exchange: Exchange): Side['ticker'] {
  const add = (kind: string, more: object = {}) => exchange.addFault({ kind, count: 1, ...more });
  return {
    cut: () => add('drop_ticker'),
    mute: (ms) => add('mute_ticker', { ms }),
    freeze: (ms) => add('freeze_ticks', { ms }),
    refuseOnce: () => add('refuse_ticker'),
  };
}

function doubleFaults(tickers: TickerServer): Side['ticker'] {
  return {
    cut: () => tickers.addFault({ kind: 'cut', effect: { do: 'cut' }, forMs: 1 }),
    mute: (forMs) => tickers.addFault({ kind: 'silent', effect: { do: 'silent' }, forMs }),
    freeze: (forMs) => tickers.addFault({ kind: 'no_prices', effect: { do: 'no_prices' }, forMs }),
    refuseOnce: () => tickers.addFault({ kind: 'away', effect: { do: 'unavailable' }, forMs: 600_000, count: 1 }),
  };
}

export async function logIn({ exchange, kite }: Side, client = kite): Promise<KiteSession> {
  const { accessToken } = await kite.exchange(exchange.newRequestToken());
  return client.session(accessToken);
}

/** What a call came to: its value, or what its failure means. */
export async function outcomeOf<T>(call: Promise<T>): Promise<{ value: T } | { failed: string; status: unknown }> {
  try {
    return { value: await call };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { failed: error.kind, status: error.details?.status };
  }
}

/** Until it holds, at most ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await sleep(25);
  }
  throw new Error(`waited 10 s in vain for ${holds}`);
}
