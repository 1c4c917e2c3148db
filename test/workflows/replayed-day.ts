/**
 * Whole days on the time-skipping server, against the simulated exchange through the real clients. Before each activity the
 * simulator's clock is set to the server's time; the guard's double looks along the deterministic path of prices.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  type ActivityInterceptorsFactory,
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
} from '@temporalio/worker';
import type { BookInput, GuardActivities, GuardInput } from '../../src/contract/activities.ts';
import {
  acknowledgeSignal,
  authCompletedSignal,
  clockChangedSignal,
  closeAllSignal,
  closePositionUpdate,
  startTradingSignal,
  stopTradingSignal,
} from '../../src/contract/commands.ts';
import { type DayIdentity, dayWorkflowId, guardTaskQueue } from '../../src/contract/identity.ts';
import { type DayReport, dayQuery } from '../../src/contract/views.ts';
import { type ClockSegment, istAt, marketAt } from '../../src/domain/clock.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import { startExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/types.ts';
import { createSealer } from '../../src/platform/secrets.ts';
import { createComposition } from '../../src/runtime/composition.ts';
import { WORKFLOWS, workflowBundle } from '../../src/temporal/bundle.ts';
import { TRADING_DAY } from '../../src/temporal/start-day.ts';
import { sharedJournal } from '../shared-journal.ts';
import { createTimeSkipping } from '../temporal-environments.ts';
import { AFTER_THE_INSTANT_MS, lookAhead } from './look-ahead.ts';
import { createBookDouble } from './look-at-book.ts';
import { PLAN } from './plan.ts';
import type { DayOptions, ReplayedDay, ReplayedStage } from './stage.ts';
import { addressesOf, fixedClock, handedOn, keepTime, logTo, passed, told } from './surroundings.ts';

/** The broker's clients give up so soon, so that tests of silence are short. */
const KITE_TIMEOUT_MS = 600;

/** A worker of a server that stands still is not waited for. */
const LONGEST_DISMISSAL_MS = 5_000;
/** Wall time; a day takes a second or two, and more on a machine that has other work. */
const LONGEST_DAY_MS = 120_000;

let runs = 0;

export type StageOptions = {
  /** Keeps the journal on disk. */
  dataDir?: string;
  /** Absent is a time-skipping server, on which nothing is called off (nothing-called-off.ts). */
  create?: () => Promise<TestWorkflowEnvironment>;
  /** What the workflow calls off is called off, also on a time-skipping server. */
  asInProduction?: boolean;
};

/** Opens a stage. One day at a time plays on it: skipping time is the whole server's, unless `create` makes another one. */
export async function openStage(options: StageOptions = {}): Promise<ReplayedStage> {
  const { dataDir, create = createTimeSkipping, asInProduction = options.create !== undefined } = options;
  installQuietRuntime();
  const [first, journal] = await Promise.all([
    create(),
    dataDir === undefined ? sharedJournal() : openJournal({ dataDir }),
  ]);
  let env = first;
  /** One worker serves the days of all accounts of this stage. */
  const taskQueue = `days-${randomBytes(4).toString('hex')}`;
  /** A day was cut off before its end: this server may not skip time properly after that. */
  let spoilt = false;
  let playing: Playing | null = null;
  let crew: { workers: Worker[]; running: Promise<unknown> } | null = null;

  async function hire(first: Playing): Promise<{ workers: Worker[]; running: Promise<unknown> }> {
    const inTime: ActivityInterceptorsFactory = () => ({
      inbound: {
        async execute(input, next) {
          await playing?.keepTime();
          return next(input);
        },
      },
    });
    const now = () => {
      if (!playing) throw new Error('no day is playing');
      return playing;
    };
    const shared = { connection: env.nativeConnection, interceptors: { activity: [inTime] } };
    const bundle = asInProduction ? await workflowBundle() : await bundleCallingNothingOff();
    const workers = await Promise.all([
      Worker.create({
        ...shared,
        taskQueue,
        workflowBundle: bundle,
        activities: handedOn(first.parts.day, now),
      }),
      Worker.create({
        ...shared,
        taskQueue: guardTaskQueue(taskQueue),
        activities: {
          guardPosition: (input: GuardInput) => now().guards.guardPosition(input),
          watchBook: (input: BookInput) => now().guards.watchBook(input),
        },
      }),
    ]);
    return { workers, running: Promise.all(workers.map((worker) => worker.run())) };
  }

  async function dismiss(): Promise<void> {
    for (const worker of crew?.workers ?? []) worker.shutdown();
    await Promise.race([crew?.running, passed(LONGEST_DISMISSAL_MS)]);
    crew = null;
    await env.teardown();
  }

  return {
    get env() {
      return env;
    },
    journal,
    async startDay(options = {}) {
      if (spoilt) {
        await dismiss();
        env = await create();
        spoilt = false;
      }
      const day = await play(env, taskQueue, journal, options, {
        nowPlaying(next) {
          playing = next;
        },
        cutOff() {
          spoilt = true;
        },
      });
      crew ??= await hire(day);
      await day.open();
      return day;
    },
    async close() {
      await dismiss();
      if (dataDir !== undefined) await journal.close();
    },
  };
}

let callingNothingOff: Promise<{ code: string }> | null = null;
function bundleCallingNothingOff(): Promise<{ code: string }> {
  callingNothingOff ??= bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    workflowInterceptorModules: [fileURLToPath(new URL('nothing-called-off.ts', import.meta.url))],
    logger: new DefaultLogger('WARN'),
  });
  return callingNothingOff;
}

type Playing = ReplayedDay & { guards: GuardActivities; keepTime(): Promise<void>; open(): Promise<void> };

async function play(
  env: TestWorkflowEnvironment,
  taskQueue: string,
  journal: Journal,
  options: DayOptions,
  { nowPlaying, cutOff }: { nowPlaying(day: Playing): void; cutOff(): void },
): Promise<Playing> {
  const { date = '2025-07-14', from = '08:45', keys = DEFAULT_KEYS } = options;
  runs += 1;
  const who = options.account === undefined ? { account: 'test', run: runs } : { account: options.account, run: 1 };
  const identity: DayIdentity = { mode: options.mode ?? 'replay', ...who, date };
  const exchangeOptions: ExchangeOptions = {
    at: istAt(date, from),
    speed: options.stillMinutes ? 0 : 1,
    latency: { minMs: 1, maxMs: 5 },
    ...options.exchange,
  };
  const exchange = await createExchange(exchangeOptions);
  // A folder may hold the evening of the day before.
  if (exchange.clock.now() < istAt(date, from)) exchange.clock.set({ market: istAt(date, from) });
  const limits = { quote: 1_000, historical: 1_000, orders: 1_000, other: 1_000, breezePerMinute: 10_000 };
  const server = await startExchangeServer({ exchange, port: 0, redirectUrl: 'http://127.0.0.1:1/', keys, limits });
  const sealer = createSealer(options.sealingKey ?? randomBytes(32));
  const segments: ClockSegment[] = [{ real: await env.currentTimeMs(), market: istAt(date, from), speed: 1 }];
  const lines: string[] = [];
  const parts = createComposition({
    addresses: addressesOf(server, options.userId),
    account: identity,
    journal,
    sealer,
    clock: fixedClock(segments, exchange),
    log: logTo(lines),
    onSecret: () => {},
    waits: {
      kiteTimeoutMs: options.kiteTimeoutMs ?? KITE_TIMEOUT_MS,
      kitePace: async () => {},
      candles: { pollMs: 50, ...options.patience },
      // Of wall time, which a busy machine needs where nothing else depends on it.
      stopBarWithinMs: options.stillMinutes ? 30_000 : 500,
    },
  });
  const doubles: GuardActivities = {
    guardPosition: async (input) => {
      const answer = await options.guard?.(input);
      return {
        epoch: input.epoch,
        ...(answer ?? (await lookAhead(input, exchangeOptions, exchange, AFTER_THE_INSTANT_MS))),
      };
    },
    watchBook: createBookDouble(parts.activities.book, async () => {
      const wall = await env.currentTimeMs();
      return { wall, market: marketAt(segments, wall) };
    }),
  };
  const workflowId = dayWorkflowId(identity);
  const handle = env.client.workflow.getHandle(workflowId);
  let attempt = 0;
  /** This server loses a workflow task that cancels an activity in the instant in which it ends: tests ask for nothing just then. */
  async function quiet(): Promise<void> {
    for (let looks = 0, still = 0; looks < 400 && still < 3; looks += 1) {
      const { raw } = await handle.describe();
      still = raw.pendingActivities?.length ? 0 : still + 1;
      await passed(10);
    }
  }
  const day: Playing = {
    ...{ env, exchange, journal, sealer, parts, identity, lines, workflowId },
    guards: options.realGuard ? parts.guards : doubles,
    async keepTime() {
      keepTime(exchange, marketAt(segments, await env.currentTimeMs()), options.stillMinutes);
    },
    async open() {
      nowPlaying(day);
      await env.client.workflow.start(TRADING_DAY, {
        workflowId,
        taskQueue,
        args: [{ identity, clock: segments }],
        // The time-skipping server jumps ten years without one; production sets none.
        workflowExecutionTimeout: '12h',
      });
    },
    async logIn(requestToken = exchange.newRequestToken()) {
      attempt += 1;
      await handle.signal(authCompletedSignal, {
        attempt: `login-${attempt}`,
        sealedRequestToken: sealer.seal(requestToken),
      });
    },
    start: (plan = {}) => handle.signal(startTradingSignal, { plan: { ...PLAN, ...plan }, by: 'test' }),
    stop: (closePositions = false) => handle.signal(stopTradingSignal, { closePositions, by: 'test' }),
    closeAll: () => handle.signal(closeAllSignal, { by: 'test' }),
    acknowledge: (ids) => handle.signal(acknowledgeSignal, { ids, by: 'test' }),
    async closePosition(command) {
      const expiresAt = (await env.currentTimeMs()) + 8_000;
      return handle.executeUpdate(closePositionUpdate, { args: [{ id: 'P1', expiresAt, by: 'test', ...command }] });
    },
    view: () => handle.query(dayQuery),
    async at(time) {
      const wait = istAt(date, time) - marketAt(segments, await env.currentTimeMs());
      if (wait > 0) await env.sleep(wait);
      await day.keepTime();
    },
    async missUntil(time) {
      segments.push({ real: await env.currentTimeMs(), market: istAt(date, time), speed: 1 });
      await day.keepTime();
      await handle.signal(clockChangedSignal, { clock: [...segments] });
    },
    async seen(what, holds) {
      for (let look = 0; look < 600; look += 1) {
        const now = await day.view();
        if (holds(now)) return now;
        await new Promise((done) => setTimeout(done, 25));
      }
      throw new Error(`never seen: ${what}. ${told(lines)}`);
    },
    async opened() {
      await day.at('11:15');
      const view = await day.seen('an open position', ({ positions }) => positions[0]?.state === 'open');
      await quiet();
      await day.keepTime();
      return view;
    },
    async result(withinMs = LONGEST_DAY_MS) {
      const report: DayReport | null = await Promise.race([handle.result(), passed(withinMs)]);
      if (!report) throw new Error(`the day never ended: ${await underWay(handle)}. ${told(lines)}`);
      return report;
    },
    book: () => exchange.allOrders(),
    async close() {
      const { status } = await handle.describe();
      if (status.name === 'RUNNING') {
        cutOff();
        await handle.terminate('the test is over');
      }
      await parts.close();
      await server.close();
      await exchange.close();
    },
  };
  return day;
}

async function underWay(handle: WorkflowHandle): Promise<string> {
  const { raw } = await handle.describe();
  const activities = raw.pendingActivities?.map(({ activityType, attempt, lastFailure }) =>
    [activityType?.name, `attempt ${attempt}`, lastFailure?.message].join(' '),
  );
  const { events } = await handle.fetchHistory();
  return JSON.stringify({ activities, task: raw.pendingWorkflowTask, events: events?.slice(-10) });
}

let installed = false;
/** The SDK tells errors only: once a process, before anything else of it. */
export function installQuietRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}
