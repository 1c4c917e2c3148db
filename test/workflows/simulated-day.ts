/**
 * Whole days in the simulation: the product's own workflows and activities on virtual time, the exchange's core behind the brokers'
 * interfaces. A day takes milliseconds, and each run of it is the same.
 */
import { createDayActivities } from '../../activities/index.ts';
import { type ClockSegment, istAt, marketAt, realAt } from '../../src/domain/clock.ts';
import type { ManualOrder } from '../../src/domain/manual-orders.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/exchange.ts';
import { type Market, openMarket } from '../../src/exchange-simulator/market/market.ts';
import { loadWorkflowCode, type WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { resetTime, runTime, virtualNow } from '../../src/simulation/virtual-time.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import type { ProductSettings } from '../../src/simulation/world/product.ts';
import { enterVirtualTime, World } from '../../src/simulation/world/world.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { TRADING_DAY } from '../../src/temporal/open-day.ts';
import {
  type DayIdentity,
  type DayReport,
  type DayView,
  dayWorkflowId,
  type OrderView,
  type PlacedOrder,
  type PositionView,
} from '../../workflows/messages.ts';
import { lookAhead, lookOnce } from './look-ahead.ts';
import { PLAN } from './plan.ts';
import type { DayOptions, SimulatedDay, SimulatedStage } from './stage.ts';
import { fixedClock, told } from './surroundings.ts';

/** What S1 sells and buys on 14 July 2025. */
export const MAIN = 'NIFTY2571725000PE';
export const HEDGE = 'NIFTY2571724800PE';

export const ONE_LOT: ManualOrder = {
  symbol: MAIN,
  side: 'BUY',
  quantity: 75,
  orderType: 'MARKET',
  price: null,
  triggerPrice: null,
  product: null,
};

/** The broker's clients give up so soon, as in the days on the time-skipping server. */
const KITE_TIMEOUT_MS = 600;
const QUEUE = 'days';
/** A look at the day costs a query: between two of them, while something is waited for. Virtual milliseconds. */
const LOOK_EVERY_MS = 50;
const LOOKS = 1_200;

let code: WorkflowCode | null = null;
const markets = new Map<string, Market>();
let runs = 0;

async function workflowCode(): Promise<WorkflowCode> {
  const { codePath } = await workflowBundle();
  code ??= loadWorkflowCode(codePath, Object.keys(createDayActivities({} as never)));
  return code;
}

async function marketOf(options: ExchangeOptions, at: number): Promise<Market> {
  const key = JSON.stringify([options.candles, options.from, options.to, options.seed, at]);
  const known = markets.get(key);
  if (known) return known;
  const market = await openMarket({ ...options, at, seed: options.seed ?? 1 });
  markets.set(key, market);
  return market;
}

/** Opens a stage; its days share a journal. One day at a time plays on it. */
export async function openStage(): Promise<SimulatedStage> {
  const loaded = await workflowCode();
  const journal = createMemoryJournal();
  const leave = enterVirtualTime();
  return {
    journal,
    startDay: (options = {}) => startDay(loaded, journal, options),
    async close() {
      leave();
    },
  };
}

async function startDay(
  loaded: WorkflowCode,
  journal: ReturnType<typeof createMemoryJournal>,
  options: DayOptions,
): Promise<SimulatedDay> {
  const { date = '2025-07-14', from = '08:45' } = options;
  runs += 1;
  const who = options.account === undefined ? { account: 'test', run: runs } : { account: options.account, run: 1 };
  const identity: DayIdentity = { mode: options.mode ?? 'replay', ...who, date };
  const begin = istAt(date, from);
  const exchangeOptions: ExchangeOptions & { at: number } = {
    at: begin,
    speed: 1,
    latency: { minMs: 1, maxMs: 5 },
    ...options.exchange,
  };
  const market = await marketOf(exchangeOptions, begin);
  resetTime(begin);
  const none = [0, 0] as const;
  const world = await World.open({
    seed: 1,
    exchange: { ...exchangeOptions, market },
    latencies: { temporal: { dispatch: none, task: none, report: none }, kite: [1, 1], breeze: [1, 1], journal: none },
    limits: {
      quote: 1_000,
      historical: 1_000,
      orders: 1_000,
      other: 1_000,
      ordersPerMinute: 100_000,
      ordersPerDay: 100_000,
      breezePerMinute: 10_000,
      breezePerDay: 100_000,
    },
    journal,
    kiteTimeoutMs: KITE_TIMEOUT_MS,
    tickPace: { fastMs: 20_000, slowMs: 20_000 },
  });
  const { exchange } = world;
  // A folder may hold the evening of the day before.
  if (exchange.clock.now() < begin) exchange.clock.set({ market: begin });
  const segments: ClockSegment[] = [{ real: begin, market: begin, speed: 1 }];
  const settings: ProductSettings = {
    account: identity,
    taskQueue: QUEUE,
    code: loaded,
    clock: fixedClock(segments, exchange),
    sealer: world.sealer,
    userId: options.userId ?? null,
    patience: { pollMs: 50, ...options.patience },
    stopBarWithinMs: 500,
    paced: false,
    replaced: () => ({
      guards: {
        guardPosition: async (input) =>
          (await options.guard?.(input)) ?? lookAhead(input, { ...exchangeOptions, market }, exchange),
        watchManual: async (input) => lookOnce(input, exchange),
      },
    }),
  };
  const product = world.boot(settings);
  const workflowId = dayWorkflowId(identity);
  world.temporal.start({
    workflowId,
    workflowType: TRADING_DAY,
    taskQueue: QUEUE,
    args: [{ identity, clock: segments }],
  });
  const execution = world.temporal.executions.get(workflowId);
  if (!execution) throw new Error('the day was not started');

  let attempt = 0;
  const lines = () => world.lines.map(({ level, data, text }) => JSON.stringify({ level, ...data, text }));
  /** Lets everything happen that happens at this instant. */
  const settled = () => runTime(() => false, virtualNow());
  async function answered<T>(asked: Promise<unknown>): Promise<T> {
    let state: { value: unknown } | { error: unknown } | null = null;
    asked.then(
      (value) => {
        state = { value };
      },
      (error: unknown) => {
        state = { error };
      },
    );
    await runTime(() => state !== null, virtualNow() + 600_000);
    const ended = state as { value: unknown } | { error: unknown } | null;
    if (!ended) throw new Error('nothing answered within ten minutes');
    if ('error' in ended) throw ended.error;
    return ended.value as T;
  }
  const expiresAt = () => virtualNow() + 8_000;

  const day: SimulatedDay = {
    ...{
      world,
      exchange,
      journal,
      sealer: world.sealer,
      parts: product.parts,
      product,
      settings,
      identity,
      workflowId,
      execution,
    },
    get lines() {
      return lines();
    },
    now: virtualNow,
    async logIn(requestToken = world.requestToken()) {
      attempt += 1;
      execution.signal('authCompleted', [
        { attempt: `login-${attempt}`, sealedRequestToken: world.sealer.seal(requestToken) },
      ]);
      await settled();
    },
    async start(plan = {}) {
      execution.signal('startTrading', [{ plan: { ...PLAN, ...plan }, by: 'test' }]);
      await settled();
    },
    async stop(closePositions = false) {
      execution.signal('stopTrading', [{ closePositions, by: 'test' }]);
      await settled();
    },
    async closeAll() {
      execution.signal('closeAll', [{ by: 'test' }]);
      await settled();
    },
    async acknowledge(ids) {
      execution.signal('acknowledge', [{ ids, by: 'test' }]);
      await settled();
    },
    update: (name, command) => answered(execution.update(name, [command])),
    closePosition: (command) =>
      answered<PositionView>(
        execution.update('closePosition', [{ id: 'P1', expiresAt: expiresAt(), by: 'test', ...command }]),
      ),
    placeOrder: (order = {}, command = {}) =>
      answered<PlacedOrder>(
        execution.update('placeOrder', [
          {
            order: { ...ONE_LOT, ...order },
            key: null,
            checkOnly: false,
            plan: PLAN,
            expiresAt: expiresAt(),
            by: 'test',
            ...command,
          },
        ]),
      ),
    cancelOrder: (orderId) =>
      answered<OrderView>(execution.update('cancelOrder', [{ orderId, expiresAt: expiresAt(), by: 'test' }])),
    view: () => answered<DayView>(execution.query('day')),
    async at(time) {
      const target = realAt(segments, istAt(date, time), virtualNow());
      if (target !== null && target > virtualNow()) await runTime(() => false, target);
      else await settled();
    },
    async missUntil(time) {
      // Nobody of ours is there: the market alone goes on.
      segments.push({ real: virtualNow(), market: istAt(date, time), speed: 1 });
      exchange.clock.set({ market: istAt(date, time) });
      execution.signal('clockChanged', [{ clock: [...segments] }]);
      await settled();
    },
    async seen(what, holds) {
      for (let look = 0; look < LOOKS; look += 1) {
        const now = await day.view();
        if (holds(now)) return now;
        await runTime(() => false, virtualNow() + LOOK_EVERY_MS);
      }
      throw new Error(`never seen: ${what}. ${told(lines())}`);
    },
    async opened() {
      await day.at('11:15');
      return day.seen('an open position', ({ positions }) => positions[0]?.state === 'open');
    },
    async result() {
      const ended = await runTime(() => execution.state !== 'running', istAt(date, '23:59'));
      if (!ended || execution.state !== 'completed')
        throw new Error(
          `the day is ${execution.state}: ${execution.failure?.message ?? 'it never ended'} ${world.taskFailures.join('; ')} ${told(lines())}`,
        );
      return execution.result as DayReport;
    },
    book: () => exchange.allOrders(),
    marketNow: () => marketAt(segments, virtualNow()),
    async close() {
      world.kill(product.process);
      await execution.dispose();
      await exchange.close();
    },
  };
  await settled();
  return day;
}
