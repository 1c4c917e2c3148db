/** Plays a case: the world, the product in it, the people and the accidents. */
import { createHash } from 'node:crypto';
import type { Plan } from '../contract/commands.ts';
import { type DayIdentity, dayTaskQueue, dayWorkflowId } from '../contract/identity.ts';
import type { DayReport } from '../contract/views.ts';
import { hourlyBars, timetable } from '../domain/calendar/index.ts';
import { addDays, istAt, istDate, istTime } from '../domain/clock.ts';
import type { IsoDate, MarketMs } from '../domain/types.ts';
import { createLiveClock } from '../market/clock-source.ts';
import type { Actor } from './actor.ts';
import type { Case, Command, When } from './case.ts';
import { carryOut } from './deeds.ts';
import { marketOf } from './markets.ts';
import { Moments } from './moments.ts';
import { PACES } from './paces.ts';
import { planOf } from './plan-of.ts';
import { eventsOf, type PlayedDay } from './played-day.ts';
import type { Execution } from './temporal/execution.ts';
import type { WorkflowCode } from './temporal/workflow-vm.ts';
import { after, resetTime, runTime, virtualNow } from './virtual-time.ts';
import type { ProductSettings } from './world/product.ts';
import { World } from './world/world.ts';

/** Hears of everything that is to be judged, from the world's beginning on. */
export type Watch = {
  /** Before a case's first event. */
  begin(play: Play): void;
  /** After a day has ended, or should have. */
  dayEnded(day: PlayedDay): void;
};

const RUN = 1;
/** Enough for forty lots of three positions: limits refuse, not the account. */
const CASH = 50_000_000_00;
const LATENCIES = {
  temporal: { dispatch: [1, 6], task: [2, 9], report: [1, 4] },
  kite: [5, 30],
  breeze: [60, 250],
  journal: [1, 8],
} as const;
const EXCHANGE_LATENCY = { minMs: 30, maxMs: 300 };
const BOOT_MS = 3_000;
const MOST_TASK_FAILURES = 5;
/** Beyond what is judged as too many. */
const BROKEN_OFF_AT = 12_000;
const LOOKS_FOR_JOURNAL_MS = 1_000;
/** After the close a day has its last looks; a broker that is away takes ten minutes of them. */
const ENDS_AFTER_CLOSE_MS = 45 * 60_000;

/** A run of the day's workflow was terminated; the next one has begun. */
export type RunListener = { lost(): void; resumed(): void };

export class Play implements Actor {
  readonly of: Case;
  readonly world: World;
  readonly moments = new Moments();
  readonly days: PlayedDay[] = [];
  readonly settings: ProductSettings;
  /** Each deed that was carried out, and when. */
  readonly diary: { at: number; text: string }[] = [];
  accidentAt: number | null = null;
  private logins = 0;
  private readonly commandListeners = new Set<(command: Command, position: string | null) => void>();
  private readonly runListeners = new Set<RunListener>();

  private constructor(of: Case, world: World, code: WorkflowCode) {
    this.of = of;
    this.world = world;
    const account = { mode: 'paper' as const, account: 'sim', run: RUN };
    this.settings = {
      account,
      taskQueue: dayTaskQueue(account),
      code,
      clock: createLiveClock(),
      sealer: world.sealer,
      userId: null,
      paced: true,
      guardPace: PACES[of.pace].guard,
      bookPace: PACES[of.pace].book,
      feedPace: PACES[of.pace].feed,
    };
  }

  static async open(of: Case, code: WorkflowCode): Promise<Play> {
    const [first = ''] = of.dates;
    const at = istAt(first, of.from);
    resetTime(at);
    const world = await World.open({
      seed: of.seed,
      exchange: {
        at,
        market: marketOf(of),
        seed: of.seed,
        latency: EXCHANGE_LATENCY,
        typeChange: of.typeChange,
        cash: of.cash ?? CASH,
      },
      latencies: LATENCIES,
      tickPace: PACES[of.pace].ticks,
    });
    return new Play(of, world, code);
  }

  /** Plays to the end of the last day. */
  async run(watch: Watch): Promise<void> {
    watch.begin(this);
    this.moments.watch(this.world);
    for (const { when, deed } of this.of.events) this.whenever(when, () => carryOut(this, deed));
    for (const [index, date] of this.of.dates.entries()) watch.dayEnded(await this.day(date, index));
    for (const { execution, lost } of this.days) for (const one of [...lost, execution]) await one.dispose();
    await this.world.exchange.close();
  }

  /** Hears of each command that reached the day, with the position that it named. */
  onCommand(listener: (command: Command, position: string | null) => void): void {
    this.commandListeners.add(listener);
  }

  commanded(command: Command, position: string | null): void {
    for (const listener of this.commandListeners) listener(command, position);
  }

  onRun(listener: RunListener): void {
    this.runListeners.add(listener);
  }

  note(text: string): void {
    this.diary.push({ at: virtualNow(), text });
  }

  get day0(): IsoDate {
    return this.of.dates[0] ?? '';
  }

  get date(): IsoDate {
    return this.days.at(-1)?.date ?? this.day0;
  }

  get plan(): Plan {
    return planOf(this.of, this.date);
  }

  get execution(): Execution | null {
    return this.days.at(-1)?.execution ?? null;
  }

  /** Of the day's history, over all that was lost of it. */
  get events(): number {
    return eventsOf(this.days.at(-1));
  }

  logIn(): void {
    const { world, execution } = this;
    if (world.logins.nobodyOn === this.date) {
      this.note('nobody logs in');
      return;
    }
    this.logins += 1;
    const sealedRequestToken = world.sealer.seal(world.requestToken());
    if (execution?.state === 'running') world.logins.givenAt = virtualNow();
    execution?.signal('authCompleted', [{ attempt: `login-${this.logins}`, sealedRequestToken }]);
  }

  start(): void {
    const { execution } = this;
    if (execution?.state !== 'running') return;
    this.commanded({ command: 'start' }, null);
    execution.signal('startTrading', [{ plan: planOf(this.of, this.date), by: 'a person' }]);
  }

  loseRun(forMs: number): void {
    const { world } = this;
    const day = this.days.at(-1);
    if (day?.execution.state !== 'running') return;
    this.note(`the day's workflow is terminated, and opened again after ${forMs} ms`);
    world.used('workflow.lost');
    day.execution.terminate();
    world.runLost = true;
    for (const { lost } of this.runListeners) lost();
    after(forMs, () => {
      day.lost.push(day.execution);
      day.execution = this.begin(day.identity);
      this.resume();
    });
  }

  /** What the journal does not tell it a new run cannot know: it begins with it. */
  private resume(): void {
    const { world } = this;
    if (world.journalAway) {
      after(LOOKS_FOR_JOURNAL_MS, () => this.resume());
      return;
    }
    world.runLost = false;
    for (const { resumed } of this.runListeners) resumed();
  }

  private begin(identity: DayIdentity): Execution {
    const { temporal } = this.world;
    const workflowId = dayWorkflowId(identity);
    temporal.start({
      workflowId,
      workflowType: 'tradingDay',
      taskQueue: this.settings.taskQueue,
      args: [{ identity, clock: [] }],
    });
    const execution = temporal.executions.get(workflowId);
    if (!execution) throw new Error(`${workflowId} was not started`);
    return execution;
  }

  private async day(date: IsoDate, index: number): Promise<PlayedDay> {
    const { world } = this;
    const from = istAt(date, index === 0 ? this.of.from : '08:45');
    if (virtualNow() < from) await runTime(() => false, from);
    for (let worker = 0; worker < this.of.workers; worker++) world.boot(this.settings);
    const identity: DayIdentity = { ...this.settings.account, date };
    const times = timetable(date);
    const day: PlayedDay = {
      date,
      identity,
      execution: this.begin(identity),
      lost: [],
      report: null,
      brokenOff: false,
      close: times.close,
      tradingFrom: 0,
    };
    this.days.push(day);
    const login = Math.max(from + 60_000, istAt(date, '08:50'));
    day.tradingFrom = login + 60_000;
    this.at(login, () => this.logIn());
    this.at(login + 60_000, () => this.start());
    for (const { end } of hourlyBars(date)) if (end > from) this.at(end, () => this.moments.reach('signal'));
    // A workflow task that goes on failing is shown the whole history each time: it is known by then.
    const isOver = () =>
      (day.execution.state !== 'running' && !world.runLost) ||
      world.taskFailures.length >= MOST_TASK_FAILURES ||
      eventsOf(day) > BROKEN_OFF_AT;
    await runTime(isOver, times.close + ENDS_AFTER_CLOSE_MS);
    const { execution } = day;
    day.brokenOff = execution.state === 'running' && eventsOf(day) > BROKEN_OFF_AT;
    day.report = execution.state === 'completed' ? (execution.result as DayReport) : null;
    for (const { process } of world.products) world.kill(process);
    return day;
  }

  private whenever(when: When, then: () => void): void {
    if ('at' in when) {
      const date = this.of.dates[when.day ?? 0] ?? addDays(this.day0, when.day ?? 0);
      this.at(istAt(date, when.at), then);
    } else this.moments.on(when.after, () => after(when.ms, then));
  }

  private at(market: MarketMs, then: () => void): void {
    after(Math.max(0, market - virtualNow()), then);
  }

  boot(downMs: number): void {
    this.world.boot(this.settings, downMs + BOOT_MS);
  }

  /** All that has happened, without anything of the machine's: the same case gives the same, byte for byte. */
  digest(): string {
    const hash = createHash('sha256');
    for (const line of this.told()) hash.update(`${line}\n`);
    return hash.digest('hex').slice(0, 16);
  }

  told(): string[] {
    const { world } = this;
    const lines = [
      ...world.lines.map(({ at, process, level, text }) => ({ at, text: `${process} ${level} ${text}` })),
      ...this.diary.map(({ at, text }) => ({ at, text: `** ${text}` })),
      ...world.pages.map(({ at, text }) => ({ at, text: `PAGE ${text}` })),
      ...world.exchange.allOrders().flatMap(({ tag, side, quantity, tradingsymbol, history, source }) =>
        history.map(({ at, status, filledQuantity, price, averagePrice }) => ({
          at,
          text: `book ${tag ?? source ?? 'foreign'} ${side} ${filledQuantity}/${quantity} ${tradingsymbol} ${status} at ${Number(averagePrice) || price}`,
        })),
      ),
    ];
    lines.sort((a, b) => a.at - b.at);
    return lines.map(
      ({ at, text }) =>
        `${istDate(at)} ${istTime(at)}.${String(at % 1_000)
          .padStart(3, '0')
          .slice(0, 3)} ${text}`,
    );
  }
}
