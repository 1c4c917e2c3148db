/**
 * A whole day on the time-skipping server, against the simulated exchange through the real clients. Before each activity the
 * simulator's clock is set to the server's time; the guard's double looks along the deterministic path of prices.
 */
import { randomBytes } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { type ActivityInterceptorsFactory, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { GuardActivities } from '../../activities/contract.ts';
import { type ClockSegments, istAt, marketAt } from '../../src/domain/clock.ts';
import type { IsoDate } from '../../src/domain/types.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/exchange.ts';
import { type ExchangeServer, startExchangeServer } from '../../src/exchange-simulator/server.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/types.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/types.ts';
import type { ClockSource } from '../../src/market/types.ts';
import { createParts, type Parts } from '../../src/parts.ts';
import { createSealer, type Sealer } from '../../src/secrets.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { TRADING_DAY } from '../../src/temporal/open-day.ts';
import {
  authCompletedSignal,
  type DayIdentity,
  type DayReport,
  type DayView,
  dayQuery,
  dayWorkflowId,
  GUARD_TASK_QUEUE,
  type Plan,
  startTradingSignal,
  TASK_QUEUE,
} from '../../workflows/messages.ts';
import { createTimeSkipping } from '../temporal-environments.ts';
import { lookAhead } from './look-ahead.ts';

export const PLAN: Plan = {
  lotSize: 75,
  numLots: 10,
  useHedging: true,
  maxPositions: 3,
  exitPolicy: 'intraday',
  weeklyExitDay: null,
  maxLossPerTrade: 25_000_00,
  maxLossPerDay: 50_000_00,
  maxCapitalAtRisk: 500_000_00,
  target: null,
  allowUnhedged: false,
  hedgeDistance: 200_00,
  signals: ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'],
};

export type ReplayedDay = {
  env: TestWorkflowEnvironment;
  exchange: Exchange;
  journal: Journal;
  sealer: Sealer;
  parts: Parts;
  identity: DayIdentity;
  /** Logs lines of the activities, as the product would write them. */
  lines: string[];
  logIn(requestToken?: string): Promise<void>;
  start(plan?: Partial<Plan>): Promise<void>;
  view(): Promise<DayView>;
  /** Looks until it holds; time does not skip meanwhile. */
  seen(what: string, holds: (view: DayView) => boolean): Promise<DayView>;
  result(): Promise<DayReport>;
  /** Orders of ours in the simulator's own book. */
  book(): SimOrder[];
  close(): Promise<void>;
};

type Options = { date?: IsoDate; from?: string; exchange?: ExchangeOptions };

let run = 0;

/** Starts the day's workflow at `from` (08:45) of `date`. One day at a time: skipping time is the whole server's. */
export async function startDay(options: Options = {}): Promise<ReplayedDay> {
  const date = options.date ?? '2025-07-14';
  run += 1;
  const identity: DayIdentity = { mode: 'replay', account: 'test', run, date };
  installQuietRuntime();
  const env = await createTimeSkipping();
  const exchangeOptions: ExchangeOptions = {
    at: istAt(date, options.from ?? '08:45'),
    speed: 1,
    latency: { minMs: 1, maxMs: 5 },
    ...options.exchange,
  };
  const exchange = await createExchange(exchangeOptions);
  const limits = { quote: 1_000, historical: 1_000, orders: 1_000, other: 1_000, breezePerMinute: 1_000 };
  const server = await startExchangeServer({
    exchange,
    port: 0,
    redirectUrl: 'http://127.0.0.1:1/',
    keys: DEFAULT_KEYS,
    limits,
  });
  const journal = await openJournal({ dataDir: null });
  const sealer = createSealer(randomBytes(32));
  const segments: ClockSegments = [
    { real: await env.currentTimeMs(), market: istAt(date, options.from ?? '08:45'), speed: 1 },
  ];
  const lines: string[] = [];
  const parts = createParts({
    addresses: addressesOf(server),
    account: identity,
    journal,
    sealer,
    clock: fixedClock(segments, exchange),
    log: {
      info: (_, text) => lines.push(text),
      warn: (_, text) => lines.push(text),
      error: (_, text) => lines.push(text),
    },
    onSecret: () => {},
  });
  const guards: GuardActivities = { guardPosition: (input) => lookAhead(input, exchangeOptions, exchange) };
  const { codePath } = await workflowBundle();
  const keepTime = async () => exchange.clock.set({ market: marketAt(segments, await env.currentTimeMs()), speed: 1 });
  const inTime: ActivityInterceptorsFactory = () => ({
    inbound: {
      async execute(input, next) {
        await keepTime();
        return next(input);
      },
    },
  });
  const shared = { connection: env.nativeConnection, interceptors: { activity: [inTime] } };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: TASK_QUEUE, workflowBundle: { codePath }, activities: parts.day }),
    Worker.create({ ...shared, taskQueue: GUARD_TASK_QUEUE, activities: guards }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const handle = await env.client.workflow.start(TRADING_DAY, {
    workflowId: dayWorkflowId(identity),
    taskQueue: TASK_QUEUE,
    args: [{ identity, clock: segments }],
    // The time-skipping server jumps ten years without one; production sets none.
    workflowExecutionTimeout: '12h',
  });

  let attempt = 0;
  const view = () => handle.query(dayQuery);
  return {
    env,
    exchange,
    journal,
    sealer,
    parts,
    identity,
    lines,
    async logIn(requestToken = exchange.newRequestToken()) {
      attempt += 1;
      await handle.signal(authCompletedSignal, {
        attempt: `login-${attempt}`,
        sealedRequestToken: sealer.seal(requestToken),
      });
    },
    start: (plan = {}) => handle.signal(startTradingSignal, { plan: { ...PLAN, ...plan }, by: 'test' }),
    view,
    async seen(what, holds) {
      for (let look = 0; look < 400; look += 1) {
        const now = await view();
        if (holds(now)) return now;
        await new Promise((done) => setTimeout(done, 25));
      }
      throw new Error(`never seen: ${what}`);
    },
    result: () => handle.result() as Promise<DayReport>,
    book: () => exchange.allOrders(),
    async close() {
      for (const worker of workers) worker.shutdown();
      await running;
      await parts.close();
      await server.close();
      await exchange.close();
      await journal.close();
      await env.teardown();
    },
  };
}

/** The test's clock: the day's own segments, which the simulator is made to follow. */
function fixedClock(segments: ClockSegments, exchange: Exchange): ClockSource {
  return {
    read: async () => segments,
    current: () => segments,
    now: () => exchange.clock.now(),
    hold: async () => segments,
  };
}

function addressesOf({ addresses }: ExchangeServer) {
  return {
    kite: {
      apiKey: addresses.api_key,
      apiSecret: addresses.api_secret,
      root: addresses.kite_root,
      tickerRoot: addresses.ticker_root,
      loginUrl: addresses.login_url,
    },
    breeze: {
      apiKey: addresses.breeze_api_key,
      apiSecret: addresses.breeze_api_secret,
      session: addresses.breeze_session,
      root: addresses.breeze_root,
    },
    userId: null,
  };
}

let installed = false;
function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
