/**
 * A scenario: days in the simulation with the real guard and the real watch, at the brokers' true limits and times, cut as soon as its
 * point is made. What is right is read from the exchange's own book, from what reached the owner, and from the report.
 */
import { createDayActivities } from '../../activities/index.ts';
import type { Plan } from '../../src/contract/commands.ts';
import { type DayIdentity, dayTaskQueue, dayWorkflowId } from '../../src/contract/identity.ts';
import type { DayReport, DayView } from '../../src/contract/views.ts';
import { addDays, istAt } from '../../src/domain/clock.ts';
import type { IsoDate, Side } from '../../src/domain/types.ts';
import { type Market, openMarket } from '../../src/exchange-simulator/core/market/market.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import { createLiveClock } from '../../src/market/clock-source.ts';
import type { Execution } from '../../src/simulation/temporal/execution.ts';
import { loadWorkflowCode, type WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { after, resetTime, runTime, virtualNow } from '../../src/simulation/virtual-time.ts';
import type { Product, ProductSettings } from '../../src/simulation/world/product.ts';
import { enterVirtualTime, type Page, World } from '../../src/simulation/world/world.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import { TRADING_DAY } from '../../src/temporal/start-day.ts';
import { PLAN } from '../workflows/plan.ts';
import { shortOf } from './book.ts';
import { CASH, COARSE, COARSE_MS, LATENCIES, MAIN, MONDAY, type ScenarioOptions } from './scenario-options.ts';
import { toldOf } from './told.ts';

export { FORTY_LOTS, HEDGE, MAIN } from './scenario-options.ts';

// One to three seconds of a processor each: many times that where others want it too.

/** Looks at the day cost a query: between two of them. Virtual milliseconds. */
const LOOK_EVERY_MS = 100;

let code: WorkflowCode | null = null;
const markets = new Map<string, Market>();

/** Plays it once, however many tests ask; virtual time is in force only meanwhile. */
export function played<T>(options: ScenarioOptions, play: (scenario: Scenario) => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= playOnce(options, play);
    return result;
  };
}

async function playOnce<T>(options: ScenarioOptions, play: (scenario: Scenario) => Promise<T>): Promise<T> {
  const { codePath } = await workflowBundle();
  code ??= loadWorkflowCode(codePath, Object.keys(createDayActivities({} as never)));
  const leave = enterVirtualTime();
  try {
    const scenario = await Scenario.open(options, code);
    try {
      return await play(scenario);
    } finally {
      await scenario.close();
    }
  } finally {
    leave();
  }
}

async function marketOf(options: ExchangeOptions, at: number, seed: number): Promise<Market> {
  const key = JSON.stringify([options.candles, at, seed]);
  const market = markets.get(key) ?? (await openMarket({ ...options, at, seed }));
  markets.set(key, market);
  return market;
}

export class Scenario {
  readonly world: World;
  readonly exchange: Exchange;
  readonly settings: ProductSettings;
  execution: Execution;
  date: IsoDate = MONDAY;
  product: Product;
  private readonly plan: Plan;
  private logins = 0;

  static async open(options: ScenarioOptions, loaded: WorkflowCode): Promise<Scenario> {
    const { seed = 1, from = '11:10', coarse = false, suggestNewRunAt, onCommands } = options;
    const begin = istAt(MONDAY, from);
    const market = await marketOf(options.exchange ?? {}, begin, seed);
    resetTime(begin);
    const tickMs = options.tickMs ?? (coarse ? COARSE_MS : 1_000);
    const world = await World.open({
      seed,
      exchange: { seed, cash: CASH, latency: { minMs: 30, maxMs: 300 }, ...options.exchange, at: begin, market },
      latencies: LATENCIES,
      tickPace: { fastMs: tickMs, slowMs: 2_000 },
      ...(suggestNewRunAt === undefined ? {} : { suggestNewRunAt }),
      ...(onCommands ? { onCommands } : {}),
    });
    const scenario = new Scenario(world, loaded, options);
    await runTime(() => false, begin + 1_000);
    return scenario;
  }

  private constructor(world: World, loaded: WorkflowCode, { plan, coarse = false }: ScenarioOptions) {
    this.world = world;
    this.exchange = world.exchange;
    this.plan = { ...PLAN, ...plan };
    const account = { mode: 'paper' as const, account: 'scenario', run: 1 };
    this.settings = {
      account,
      taskQueue: dayTaskQueue(account),
      code: loaded,
      clock: createLiveClock(),
      sealer: world.sealer,
      userId: null,
      paced: true,
      ...(coarse ? COARSE : {}),
    };
    this.product = world.boot(this.settings);
    this.execution = this.begin();
    this.logIn();
    this.start();
  }

  private begin(): Execution {
    const { account, taskQueue } = this.settings;
    const identity: DayIdentity = { ...account, date: this.date };
    const workflowId = dayWorkflowId(identity);
    this.world.temporal.start({
      ...{ workflowId, workflowType: TRADING_DAY, taskQueue },
      args: [{ identity, clock: [] }],
    });
    const execution = this.world.temporal.executions.get(workflowId);
    if (!execution) throw new Error(`${workflowId} was not started`);
    return execution;
  }

  /** Somebody terminates the day's workflow in the Temporal UI; after a while it is opened again. */
  async loseRun(forMs: number): Promise<void> {
    this.execution.terminate();
    await this.pass(forMs);
    this.execution = this.begin();
  }

  /** Ends the day before, and begins the next one in a new process, from 08:45 on. Somebody logs in and starts at 08:50, unless nobody does. */
  async nextDay(login = true): Promise<void> {
    await this.ended();
    this.world.kill(this.product.process);
    this.date = addDays(this.date, 1);
    await this.at('08:45');
    this.product = this.world.boot(this.settings);
    this.execution = this.begin();
    if (!login) return;
    await this.at('08:50');
    this.logIn();
    this.start();
  }

  // ---- people ---------------------------------------------------------------------------------------------------------

  logIn(): void {
    this.logins += 1;
    const sealedRequestToken = this.world.sealer.seal(this.world.requestToken());
    this.execution.signal('authCompleted', [{ attempt: `login-${this.logins}`, sealedRequestToken }]);
  }

  start(): void {
    this.execution.signal('startTrading', [{ plan: this.plan, by: 'test' }]);
  }

  emergency(): void {
    this.execution.signal('closeAll', [{ by: 'test' }]);
  }

  acknowledge(): void {
    this.execution.signal('acknowledge', [{ ids: 'all', by: 'test' }]);
  }

  handsOff(on: boolean): void {
    this.execution.signal('handsOff', [{ on, confirm: this.settings.account.account, by: 'test' }]);
  }

  /** An update, until it is answered or refused. */
  async ask(name: string, command: object): Promise<unknown> {
    return this.answered(this.execution.update(name, [{ ...command, by: 'test', expiresAt: virtualNow() + 8_000 }]));
  }

  /** MARKET, one lot, of a contract. */
  placeOrder(symbol: string, side: 'BUY' | 'SELL' = 'BUY'): Promise<unknown> {
    const order = { symbol, side, quantity: 75, orderType: 'MARKET', price: null, triggerPrice: null, product: null };
    return this.ask('placeOrder', { order, key: null, checkOnly: false, plan: this.plan });
  }

  // ---- time -----------------------------------------------------------------------------------------------------------

  now(): number {
    return virtualNow();
  }

  /** An instant of the day, `HH:MM` or `HH:MM:SS`. */
  time(time: string): number {
    return istAt(this.date, time);
  }

  async at(time: string): Promise<void> {
    const target = this.time(time);
    if (target > virtualNow()) await runTime(() => false, target);
  }

  async pass(ms: number): Promise<void> {
    await runTime(() => false, virtualNow() + ms);
  }

  /** Does something at an instant to come. */
  later(time: string, run: () => void): void {
    after(Math.max(0, this.time(time) - virtualNow()), run);
  }

  /** Until something holds of the world. Throws when it does not come in time. */
  async until(what: string, holds: () => boolean, withinMs = 600_000): Promise<void> {
    for (const end = virtualNow() + withinMs; virtualNow() < end; await this.pass(LOOK_EVERY_MS)) if (holds()) return;
    throw new Error(`never seen: ${what}. ${await this.told()}`);
  }

  /** Until the day's view shows something. */
  async seen(what: string, holds: (view: DayView) => boolean, withinMs = 120_000): Promise<DayView> {
    for (const end = virtualNow() + withinMs; virtualNow() < end; await this.pass(LOOK_EVERY_MS)) {
      const view = await this.view();
      if (holds(view)) return view;
    }
    throw new Error(`never seen: ${what}. ${await this.told()}`);
  }

  /** Until S1's position is open and guarded: its stops rest for all that is sold. */
  async opened(units = 750): Promise<void> {
    await this.at('11:15');
    await this.until('the main leg is sold', () => shortOf(this.exchange, MAIN) === units);
    await this.seen('an open position', ({ positions }) => positions[0]?.state === 'open');
    await this.pass(2_000);
  }

  /** Until the day has written its report. */
  async ended(): Promise<DayReport> {
    await runTime(() => this.execution.state !== 'running', this.time('23:00'));
    if (this.execution.state !== 'completed')
      throw new Error(
        `the day is ${this.execution.state}: ${this.execution.failure?.message ?? ''} ${await this.told()}`,
      );
    return this.execution.result as DayReport;
  }

  /** An order of a leg is never answered, and reaches the book at a time; so many of them get through before. */
  loseOrder(tradingsymbol: string, side: Side, at: string, before = 0): void {
    let left = before;
    this.world.hooks.add((point) => {
      if (point.kind !== 'call' || point.point !== 'leaves') return;
      const { name, order } = point.call;
      if (name !== 'placeOrder' || order?.tradingsymbol !== tradingsymbol || order.side !== side) return;
      left -= 1;
      if (left !== -1) return;
      const effect = { do: 'late', ms: this.time(at) - virtualNow() } as const;
      this.world.faults.add({ kind: `lost until ${at}`, calls: ['placeOrder'], effect, order, count: 1 });
    });
  }

  // ---- what is seen ---------------------------------------------------------------------------------------------------

  view(): Promise<DayView> {
    return this.answered(this.execution.query('day'));
  }

  /** What reached the owner of the position between two instants: it is named, or a contract of it. */
  pages(from: number, to: number): Page[] {
    return this.world.pages.filter(({ at, text }) => at >= from && at <= to && /P1|25000PE|24800PE/.test(text));
  }

  /** All of the exchange's own book, ours or not. */
  orders(): SimOrder[] {
    return this.exchange.allOrders();
  }

  used(kind: string): number {
    return this.world.uses.get(kind)?.all ?? 0;
  }

  /** Pages, log and book in their order, for the message of a scenario that went astray. */
  async told(): Promise<string> {
    const { world, date, settings } = this;
    return toldOf(world, await world.journal.events({ ...settings.account, date }, 10_000));
  }

  async close(): Promise<void> {
    for (const { process } of this.world.products) this.world.kill(process);
    for (const execution of this.world.temporal.executions.values()) await execution.dispose();
    await this.exchange.close();
  }

  private async answered<T>(asked: Promise<unknown>): Promise<T> {
    let ended: { value: unknown } | { error: unknown } | null = null;
    asked.then(
      (value) => {
        ended = { value };
      },
      (error: unknown) => {
        ended = { error };
      },
    );
    await runTime(() => ended !== null, virtualNow() + 600_000);
    const answer = ended as { value: unknown } | { error: unknown } | null;
    if (!answer) throw new Error('nothing answered within ten minutes');
    if ('error' in answer) throw answer.error;
    return answer.value as T;
  }
}
