/**
 * Whole days in the simulation: the product's own workflows and activities on virtual time, the exchange's core behind the brokers'
 * interfaces. A day takes milliseconds, and each run of it is the same.
 */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { type DayIdentity, dayWorkflowId } from '../../src/contract/identity.ts';
import type { DayReport, DayView } from '../../src/contract/views.ts';
import { type ClockSegment, istAt, marketAt, realAt } from '../../src/domain/clock.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import type { Execution } from '../../src/simulation/temporal/execution.ts';
import type { WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { after, later, resetTime, virtualNow } from '../../src/simulation/virtual-time.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import type { ProductSettings } from '../../src/simulation/world/product.ts';
import { enterVirtualTime, type World } from '../../src/simulation/world/world.ts';
import { TRADING_DAY } from '../../src/temporal/start-day.ts';
import { AFTER_THE_INSTANT_MS, lookAhead } from './look-ahead.ts';
import { createBookDouble } from './look-at-book.ts';
import { ONE_LOT, PLAN } from './plan.ts';
import {
  isWithinActivity,
  marketOf,
  openWorld,
  pass,
  SELDOM_LOOKS,
  SELDOM_TICKS,
  workflowCode,
} from './simulated-world.ts';
import type { DayOptions, SimulatedDay, SimulatedStage } from './stage.ts';
import { fixedClock, keepTime, told } from './surroundings.ts';

const QUEUE = 'days';
/** As often as an exchange of its own process looks at its book; the world steps one whose clock runs. */
const STEP_MS = 100;
/** A look at the day costs a query: between two of them, while something is waited for. Virtual milliseconds. */
const LOOK_EVERY_MS = 50;
const LOOKS = 1_200;
const MINUTE_MS = 60_000;

let runs = 0;

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

function executionOf(world: World, workflowId: string): Execution {
  const execution = world.temporal.executions.get(workflowId);
  if (!execution) throw new Error('the day was not started');
  return execution;
}

/** The clock goes from minute to minute, a moment before anything of the minute happens. */
function standStill(exchange: Exchange, segments: readonly ClockSegment[]): void {
  const nextMinute = () =>
    after(MINUTE_MS - ((virtualNow() + 1) % MINUTE_MS), () => {
      keepTime(exchange, marketAt(segments, virtualNow() + 1), true);
      nextMinute();
    });
  nextMinute();
  exchange.onOrder(() => after(STEP_MS, exchange.step));
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
    speed: options.stillMinutes ? 0 : 1,
    latency: { minMs: 1, maxMs: 5 },
    ...options.exchange,
  };
  const market = await marketOf(exchangeOptions);
  resetTime(begin);
  const world = await openWorld({ ...exchangeOptions, market }, { journal, seed: runs, ...options });
  const { exchange } = world;
  // A folder may hold the evening of the day before.
  if (exchange.clock.now() < begin) exchange.clock.set({ market: begin });
  const segments: ClockSegment[] = [{ real: begin, market: begin, speed: 1 }];
  if (options.stillMinutes) standStill(exchange, segments);
  const lateMs = options.stillMinutes ? AFTER_THE_INSTANT_MS : 0;
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
    ...(options.realGuard ? {} : { feedPace: SELDOM_TICKS, bookPace: SELDOM_LOOKS }),
    replaced: ({ activities: { book } }) => ({
      guards: {
        ...(options.realGuard
          ? {}
          : {
              guardPosition: async (input) => {
                const answer = await options.guard?.(input);
                const seen = answer ?? (await lookAhead(input, { ...exchangeOptions, market }, exchange, lateMs));
                return { epoch: input.epoch, ...seen };
              },
            }),
        ...(options.stillMinutes
          ? {
              watchBook: createBookDouble(book, () => ({
                wall: virtualNow(),
                market: marketAt(segments, virtualNow()),
              })),
            }
          : {}),
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
  const execution = executionOf(world, workflowId);

  let attempt = 0;
  let closed = false;
  const lines = () => world.lines.map(({ level, data, text }) => JSON.stringify({ level, ...data, text }));
  /** Lets everything happen that happens at this instant. */
  async function settled(): Promise<void> {
    if (!isWithinActivity()) await pass(() => false, virtualNow());
  }
  async function until(at: number): Promise<void> {
    if (isWithinActivity()) await later(at - virtualNow());
    else await pass(() => false, at);
  }
  async function command<T>(name: string, asked: object): Promise<T> {
    const refused = (cause: Error) => Promise.reject(new WorkflowUpdateFailedError('the command was refused', cause));
    return answered(execution.update(name, [asked]).catch(refused));
  }
  async function answered<T>(asked: Promise<unknown>): Promise<T> {
    if (isWithinActivity()) return (await asked) as T;
    let state: { value: unknown } | { error: unknown } | null = null;
    asked.then(
      (value) => {
        state = { value };
      },
      (error: unknown) => {
        state = { error };
      },
    );
    await pass(() => state !== null, virtualNow() + 600_000);
    const ended = state as { value: unknown } | { error: unknown } | null;
    if (!ended) throw new Error('nothing answered within ten minutes');
    await settled();
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
    async settle(order) {
      execution.signal('settleOrder', [{ ...order, by: 'test' }]);
      await settled();
    },
    async handsOff(on, confirm = identity.account) {
      execution.signal('handsOff', [{ on, confirm, by: 'test' }]);
      await settled();
    },
    async cancelWorkflow() {
      execution.cancel();
      await settled();
    },
    update: command,
    closePosition: (asked) => command('closePosition', { id: 'P1', expiresAt: expiresAt(), by: 'test', ...asked }),
    placeOrder: (order = {}, asked = {}) =>
      command('placeOrder', {
        order: { ...ONE_LOT, ...order },
        ...{ key: null, checkOnly: false, plan: PLAN, expiresAt: expiresAt(), by: 'test', ...asked },
      }),
    cancelOrder: (orderId) => command('cancelOrder', { orderId, expiresAt: expiresAt(), by: 'test' }),
    view: () => answered<DayView>(execution.query('day')),
    async at(time) {
      const target = realAt(segments, istAt(date, time), virtualNow());
      if (target !== null && target > virtualNow()) await until(target);
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
        await until(virtualNow() + LOOK_EVERY_MS);
      }
      throw new Error(`never seen: ${what}. ${told(lines())}`);
    },
    async opened() {
      await day.at('11:15');
      return day.seen('an open position', ({ positions }) => positions[0]?.state === 'open');
    },
    async result() {
      const ended = await pass(() => execution.state !== 'running', istAt(date, '23:59'));
      if (!ended || execution.state !== 'completed')
        throw new Error(
          `the day is ${execution.state}: ${execution.failure?.message ?? 'it never ended'} ${world.taskFailures.join('; ')} ${told(lines())}`,
        );
      return execution.result as DayReport;
    },
    book: () => exchange.allOrders(),
    marketNow: () => marketAt(segments, virtualNow()),
    async close() {
      if (closed) return;
      closed = true;
      world.kill(product.process);
      await execution.dispose();
      await exchange.close();
    },
  };
  await settled();
  return day;
}
