/** The running day: its facts, its clock, its log, and when its loops wake. One object per run. */

import { defineSearchAttributeKey } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  isCancellation,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { LogLevel } from '../../src/contract/journal.ts';
import type { NoticeInput } from '../../src/contract/notices.ts';
import type { Warning, WarningCode } from '../../src/contract/views.ts';
import { type ClockSegments, istTime, marketAt, realAt, shownAt } from '../../src/domain/clock.ts';
import type { Due } from '../../src/domain/control/action.ts';
import type { Now, Position } from '../../src/domain/control/facts.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';
import { lostSession, reads } from '../activity-proxies.ts';
import type { DayFacts } from './facts.ts';
import { describeDay } from './ui-details.ts';
import { stateOf } from './view.ts';

/** A call that failed with an older session is made again, but not in a tight circle. */
const STALE_SESSION_MS = 1_000;
const DAY_STATE = defineSearchAttributeKey('DayState', 'KEYWORD');
const TRADING_SIGNAL = defineSearchAttributeKey('TradingSignal', 'KEYWORD');

/** When its newest segment began. */
const lastOf = (clock: ClockSegments): number => clock.at(-1)?.real ?? 0;

/** The day's market is over for what was asked, or this run is: a catcher leaves things as they are. */
export class DayOver extends Error {
  override readonly name = 'DayOver';
}

export class Day {
  readonly facts: DayFacts;
  /** Grows with each change of the facts: what a loop has not seen wakes it. */
  version = 0;
  /** This run is about to continue as new: loops end where their facts stand. */
  ending = false;
  /** Until it is known what a lost run has written, commands wait: what that run was told would undo them. */
  isOpening: boolean;
  readonly onceOpen: (() => void)[] = [];
  private shownState = '';
  private readonly dues = new Map<string, WallMs>();
  private readonly running = new Set<string>();

  constructor(facts: DayFacts) {
    this.facts = facts;
    this.isOpening = facts.step === 'opening';
  }

  get identity() {
    return this.facts.identity;
  }

  // ---- loops ------------------------------------------------------------------------------------------------------

  /** Something has become different: loops look again. */
  changed(): void {
    this.version += 1;
  }

  /** Waits until `holds`, or until the run ends. `due` is the wall instant at which it may hold by the clock alone. */
  async until(key: string, holds: () => boolean, due: () => WallMs | null = () => null): Promise<void> {
    while (!this.ending && !holds()) await this.changedOrDue(key, this.version, due());
  }

  /** Waits for a change that a loop has not seen, or for its next due instant. */
  async changedOrDue(key: string, seen: number, due: WallMs | null): Promise<void> {
    // An instant that has passed and was not enough is not waited for in a tight circle.
    const at = due === null ? null : Math.max(due, Date.now() + 1);
    if (at !== null) this.dues.set(key, at);
    await condition(() => this.ending || this.version !== seen || (at !== null && Date.now() >= at));
    this.dues.delete(key);
  }

  /** Waits so long, or until something else holds. */
  pause(key: string, ms: number, holds: () => boolean = () => false): Promise<void> {
    const at = Date.now() + ms;
    return this.until(
      key,
      () => Date.now() >= at || holds(),
      () => at,
    );
  }

  /** One timer for all loops: for the earliest instant that any of them waits for, kept while that is the same. */
  async keepTimer(): Promise<void> {
    const earliest = () => (this.dues.size === 0 ? null : Math.min(...this.dues.values()));
    while (!this.ending) {
      await condition(() => this.ending || (earliest() ?? Number.POSITIVE_INFINITY) > Date.now());
      await condition(() => this.ending || earliest() !== null);
      const at = earliest();
      if (this.ending || at === null) return;
      const scope = new CancellationScope();
      const wait = Math.max(1, at - Date.now());
      let fired = false;
      const timer = scope
        .run(() => sleep(wait, { summary: `${istTime(marketAt(this.facts.clock, at))} ${this.keyOf(at)}` }))
        .then(
          () => {
            fired = true;
          },
          (error: unknown) => {
            if (!isCancellation(error)) throw error;
          },
        );
      await condition(() => fired || this.ending || earliest() !== at);
      if (!fired) scope.cancel();
      await timer;
    }
  }

  private keyOf(at: WallMs): string {
    for (const [key, due] of this.dues) if (due === at) return key;
    return '';
  }

  /** Work beside the day, once under its name; its failure is told, and never ends the day. */
  run(name: string, work: () => Promise<void>): void {
    if (this.running.has(name)) return;
    this.running.add(name);
    // Also what a command begins goes on when the day's workflow is cancelled: a cancellation is an emergency, and ends nothing.
    void CancellationScope.nonCancellable(work)
      .catch((error: unknown) => {
        if (error instanceof DayOver) return;
        this.defect(name, error);
      })
      .finally(() => {
        this.running.delete(name);
        this.changed();
      });
  }

  isRunning(name: string): boolean {
    return this.running.has(name);
  }

  anyRunning(prefix: string): boolean {
    return [...this.running].some((name) => name.startsWith(prefix));
  }

  /** Told until `mended`; one that happens once is told to the day's end. */
  defect(where: string, error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.facts.defects[where] = words;
    this.warn(`defect:${where}`, 'defect', `${where}: ${words}`, true);
  }

  mended(where: string): void {
    if (this.facts.defects[where] === undefined) return;
    delete this.facts.defects[where];
    this.clearWarning(`defect:${where}`);
  }

  /** Calls to the world whose answer a loop waits for, orders, guards and the watcher aside. */
  pendingCalls = 0;
  async calls<T>(work: () => Promise<T>): Promise<T> {
    this.pendingCalls += 1;
    try {
      return await work();
    } finally {
      this.pendingCalls -= 1;
      this.changed();
    }
  }

  private turn: Promise<unknown> = Promise.resolve();
  /** One after the other: what one plan reserves, the next one sees. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  // ---- time -------------------------------------------------------------------------------------------------------

  now(): MarketMs {
    return marketAt(this.facts.clock, Date.now());
  }

  instant(): Now {
    const wall = Date.now();
    return { wall, market: marketAt(this.facts.clock, wall) };
  }

  setClock(clock: ClockSegments): void {
    if (JSON.stringify(clock) === JSON.stringify(this.facts.clock)) return;
    // An answer of before a change may come after the signal that told of it: a clock only gets new segments, never fewer.
    if (lastOf(clock) < lastOf(this.facts.clock)) return;
    this.facts.clock = clock;
    this.changed();
  }

  /** The wall instant of a market one; null while the clock stands still before it. */
  wallOf(market: MarketMs): WallMs | null {
    return realAt(this.facts.clock, market, Date.now());
  }

  /** When the market showed an instant that has passed. */
  wallSince(market: MarketMs): WallMs {
    return shownAt(this.facts.clock, market, Date.now());
  }

  dueOf({ wall, market }: Due): WallMs | null {
    const other = market === null ? null : this.wallOf(market);
    if (wall === null) return other;
    return other === null ? wall : Math.min(wall, other);
  }

  /**
   * Waits until the market shows `target`. In a replay the clock may have changed while this day could not hear of it, so it looks
   * again before it believes its own timer. Comes back early when `interrupted` becomes true, or when the run ends.
   */
  async untilMarket(target: MarketMs, key: string, interrupted: () => boolean = () => false): Promise<void> {
    while (!this.ending && !interrupted()) {
      await this.until(
        key,
        () => interrupted() || this.now() >= target,
        () => this.wallOf(target),
      );
      if (this.facts.clock.length === 0 || this.ending || interrupted()) return;
      this.setClock(
        await this.calls(() =>
          reads.readClock.executeWithOptions({ summary: `Is it ${istTime(target)} at the market?` }, []),
        ),
      );
      if (this.now() >= target) return;
    }
  }

  // ---- the broker's session ---------------------------------------------------------------------------------------

  /** Runs a read that needs a session. A dead session asks for a login and goes on after it. Throws DayOver without one at the close. */
  async withSession<T>(key: string, call: () => Promise<T>): Promise<T> {
    const { facts } = this;
    for (;;) {
      await this.until(`${key}: login`, () => facts.sessionLives || facts.over || facts.step === 'done');
      const { session } = facts;
      if (!facts.sessionLives || !session) throw new DayOver('nobody is logged in');
      try {
        return await this.calls(call);
      } catch (error) {
        const lost = lostSession(error);
        if (lost === null) throw error;
        if (session.number > lost || facts.session?.number !== session.number)
          await this.pause(`${key}: the new login`, STALE_SESSION_MS);
        else this.loseSession(lost);
      }
    }
  }

  /** The broker does not take this session, or an older one. A late word about an older one counts for nothing. */
  loseSession(number: number): void {
    const { facts } = this;
    if (!facts.session || number < facts.session.number || !facts.sessionLives) return;
    facts.sessionLives = false;
    facts.session = null;
    const open = facts.positions.filter(({ closedAt }) => closedAt === null).length;
    const text = `The Zerodha login was lost. ${open} position(s) open. Log in again: the day goes on by itself after it.`;
    this.warn('login_lost', 'login_lost', text, false);
    this.changed();
  }

  // ---- what people see --------------------------------------------------------------------------------------------

  log(level: LogLevel, kind: string, text: string, data?: Record<string, unknown>): void {
    const { journal } = this.facts;
    journal.logged += 1;
    journal.urgent = true;
    journal.events.push({ seq: journal.logged, at: this.now(), level, kind, text, ...(data ? { data } : {}) });
    this.changed();
  }

  /** Logs and remembers; the same id again only updates the words, unless it holds up entries only from now on. */
  warn(id: string, code: WarningCode, message: string, blocksEntries: boolean): void {
    const { warnings } = this.facts;
    const known = warnings.find((warning) => warning.id === id);
    if (known) {
      known.message = message;
      if (known.blocksEntries || !blocksEntries) return;
      known.blocksEntries = true;
      // What was acknowledged before was harmless.
      this.facts.acknowledged = this.facts.acknowledged.filter((other) => other !== id);
    } else warnings.push({ id, code, message, since: this.now(), blocksEntries });
    this.log('alert', code, message);
  }

  clearWarning(id: string): void {
    const before = this.facts.warnings.length;
    this.facts.warnings = this.facts.warnings.filter((warning) => warning.id !== id);
    if (this.facts.warnings.length !== before) this.changed();
  }

  isAcknowledged(id: string): boolean {
    return this.facts.acknowledged.includes(id);
  }

  entriesBlockedBy(): Warning | undefined {
    return this.facts.warnings.find(({ id, blocksEntries }) => blocksEntries && !this.isAcknowledged(id));
  }

  /** Tells the owner at once, beside the log: what is not a lasting condition, or is over before it could be one. */
  page(cause: string, subject: string, text: string): void {
    const since = Date.now();
    this.notify({ id: `${cause}:${subject}:${since}`, kind: 'told', cause, subject, text, since });
    this.log('alert', cause, text);
  }

  notify(notice: NoticeInput): void {
    this.facts.notices.push(notice);
    this.changed();
  }

  touchOrder(tag: string): void {
    const { journal, orders, positions } = this.facts;
    if (!journal.orders.includes(tag)) journal.orders.push(tag);
    const order = orders[tag];
    if (order) order.updatedAt = this.now();
    // What the next day is told of a position is never older than its orders.
    const position = positions.find(({ id }) => id === order?.positionId);
    if (position && !journal.positions.includes(position.id)) journal.positions.push(position.id);
    this.changed();
  }

  touchPosition({ id }: Pick<Position, 'id'>): void {
    const { journal } = this.facts;
    if (!journal.positions.includes(id)) journal.positions.push(id);
    journal.urgent = true;
    this.changed();
  }

  /** Current details and the state's search attribute, kept in step with the facts. */
  show(): void {
    setCurrentDetails(describeDay(this.facts));
    const state = stateOf(this.facts);
    if (state === this.shownState) return;
    this.shownState = state;
    upsertSearchAttributes([{ key: DAY_STATE, value: state }]);
  }

  recordSignal(signal: string): void {
    upsertSearchAttributes([{ key: TRADING_SIGNAL, value: signal }]);
  }

  /** How much later than the timetable something happened, in market milliseconds. */
  noteLateness(what: string, due: MarketMs): void {
    this.facts.lateness.push({ what, ms: Math.max(0, this.now() - due) });
  }
}
