/** The running day: its facts, its clock, its log, and how it speaks to the broker. One object per workflow execution. */

import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  setCurrentDetails,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { type Holding, SESSION_LOST } from '../activities/contract.ts';
import { type ClockSegments, istTime, marketAt, realAt } from '../src/domain/clock.ts';
import type { MarketMs } from '../src/domain/types.ts';
import type { LogLevel } from '../src/journal/types.ts';
import { Books } from './books.ts';
import { describeDay } from './details.ts';
import type {
  AuthAttempt,
  DayIdentity,
  DayInput,
  DayReport,
  DecisionView,
  ExitReason,
  HandedOver,
  OrderView,
  Plan,
  PositionState,
  PositionView,
  SessionView,
  Timetable,
  Warning,
  WarningCode,
} from './messages.ts';
import type { Held } from './outside.ts';
import { world } from './proxies.ts';
import { limitsOf, stateOf } from './view.ts';

/** A call that failed with an older session is made again, but not in a tight circle. */
const STALE_SESSION_MS = 1_000;

const DAY_STATE = defineSearchAttributeKey('DayState', 'KEYWORD');
const TRADING_SIGNAL = defineSearchAttributeKey('TradingSignal', 'KEYWORD');

/** When its newest segment began. */
const lastOf = (clock: ClockSegments): number => clock.at(-1)?.real ?? 0;

/** The day's market is over for what was asked; whoever catches it leaves things as they are and says so. */
export class MarketOver extends Error {
  override readonly name = 'MarketOver';
}

/** What the day asks of a position, whoever opened it: a signal, or a person by hand. */
export interface DayPosition extends Held {
  readonly openedAt: MarketMs;
  readonly state: PositionState;
  isOpen(): boolean;
  requestExit(reason: ExitReason): void;
  /** Whether its own exit time is this day's square-off. */
  leavesToday(): boolean;
  /** Open over the night on purpose, under its exit policy. */
  staysOvernight(): boolean;
  /** Open against its policy: a person has to look at it. */
  isLeftOpen(): boolean;
  /** After an order came late that had been given up. */
  undoLate(): Promise<void>;
  view(): PositionView;
  /** What the next day needs to go on with it; null where nobody goes on with such a position. */
  handOver(): HandedOver | null;
}

export class Day {
  readonly identity: DayIdentity;
  clock: ClockSegments;
  timetable: Timetable | null = null;
  entriesAllowedToday = true;
  holiday: string | null = null;
  session: SessionView | null = null;
  authAttempts: AuthAttempt[] = [];
  enabled = false;
  started = false;
  /** Set by an emergency or by the day's loss limit: no new entries today, whatever is started again. */
  entriesOff: string | null = null;
  /** Everything is to be left, also what is taken over from the day before only afterwards. */
  closing: 'emergency' | 'stopped' | null = null;
  plan: Plan | null = null;
  squaringOff = false;
  /** The market has closed: whatever is left is reported, nothing is sent any more. */
  over = false;
  readonly positions: DayPosition[] = [];
  readonly orders = new Map<string, OrderView>();
  /** What somebody else held at the broker when the day began. */
  readonly foreign: Holding[] = [];
  /** Our fills of the days before, of positions that were carried. */
  readonly carriedOrders: OrderView[] = [];
  /** Ledger and broker were compared after the login: before that nothing new is opened. */
  compared = false;
  /** The first pre-flight has ended, however; a replay has none. */
  preflighted: boolean;
  readonly decisions: DecisionView[] = [];
  readonly warnings: Warning[] = [];
  readonly acknowledged = new Set<string>();
  readonly lateness: { what: string; ms: number }[] = [];
  nextCheckAt: MarketMs | null = null;
  report: DayReport | null = null;
  /** Tags whose answer never came and that are watched to the close. */
  doubts = 0;

  private clockVersion = 0;
  readonly books = new Books(this);
  private shownState = '';

  constructor(input: DayInput) {
    this.identity = input.identity;
    this.preflighted = input.identity.mode === 'replay';
    this.clock = input.clock;
  }

  /** Work that goes on beside the day; its failure is said, and never ends the day. */
  readonly besides: Promise<void>[] = [];
  beside(work: Promise<void>): void {
    this.besides.push(
      work.catch((error: unknown) => {
        if (!(error instanceof MarketOver))
          this.log('alert', 'defect', error instanceof Error ? error.message : String(error));
      }),
    );
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
    return marketAt(this.clock, Date.now());
  }

  setClock(clock: ClockSegments): void {
    if (JSON.stringify(clock) === JSON.stringify(this.clock)) return;
    // An answer of before a change may come after the signal that told of it: a clock only gets new segments, never fewer.
    if (lastOf(clock) < lastOf(this.clock)) return;
    this.clock = clock;
    this.clockVersion += 1;
  }

  /**
   * Sleeps until the market shows `target`. In a replay the clock may have changed while this day could not hear of it, so it looks
   * again before it believes its own timer. Returns early when `interrupted` becomes true.
   */
  async until(target: MarketMs, summary: string, interrupted: () => boolean = () => false): Promise<void> {
    while (!interrupted()) {
      const version = this.clockVersion;
      const changed = () => this.clockVersion !== version || interrupted();
      const real = realAt(this.clock, target, Date.now());
      if (real === null) {
        await condition(changed);
        continue;
      }
      const wait = real - Date.now();
      if (wait > 0) {
        await condition(changed, wait, { summary: `${istTime(target)} ${summary}` });
        continue;
      }
      if (this.clock.length === 0) return;
      this.setClock(
        await world.readClock.executeWithOptions({ summary: `Is it ${istTime(target)} at the market?` }, []),
      );
      if (this.now() >= target) return;
    }
  }

  async hold(key: string, on: boolean): Promise<void> {
    if (this.clock.length === 0) return;
    const summary = on ? `Market at 1x for ${key}` : `Market may run on after ${key}`;
    this.setClock(await world.holdClock.executeWithOptions({ summary }, [{ key, on }]));
  }

  // ---- the broker's session ---------------------------------------------------------------------------------------

  /** Runs a call that needs a session. A dead session asks for a login and goes on after it; nothing was done by then. */
  async withSession<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      // A later day's login is not this one's, though the account has it: what would be asked with it is another day's book.
      if (this.session && this.now() >= this.session.expiresAt) this.loseSession();
      await condition(() => this.session !== null || this.over);
      const session = this.session;
      if (!session) throw new MarketOver('the market closed before anybody logged in');
      try {
        return await call();
      } catch (error) {
        const lost = lostSession(error);
        if (lost === null) throw error;
        if (session.number > lost || this.session?.number !== session.number)
          await sleep(STALE_SESSION_MS, { summary: 'a worker has not heard of the new login' });
        else this.loseSession();
      }
    }
  }

  /** Asks the broker whether the session lives, so that a login is asked for before it is needed. */
  async lookAtSession(): Promise<void> {
    const { session } = this;
    if (!session) return;
    try {
      await world.checkSession.executeWithOptions({ summary: 'Is the login still good?' }, [this.identity]);
    } catch (error) {
      const lost = lostSession(error);
      if (lost === null) throw error;
      if (this.session?.number === lost) this.loseSession();
    }
  }

  private loseSession(): void {
    if (!this.session) return;
    this.session = null;
    const open = this.positions.filter((p) => p.isOpen()).length;
    this.warn(
      'login_lost',
      'login_lost',
      `The Zerodha login was lost. ${open} position(s) open. Log in again: the day goes on by itself after it.`,
      false,
    );
  }

  // ---- what people see --------------------------------------------------------------------------------------------

  log(level: LogLevel, kind: string, text: string, data?: Record<string, unknown>): void {
    this.books.log({ at: this.now(), level, kind, text, ...(data ? { data } : {}) });
    this.show();
  }

  /** Logs and remembers; the same id again only updates the words, unless it holds up entries only from now on. */
  warn(id: string, code: WarningCode, message: string, blocksEntries: boolean): void {
    const known = this.warnings.find((w) => w.id === id);
    if (known) {
      known.message = message;
      if (known.blocksEntries || !blocksEntries) return;
      known.blocksEntries = true;
      // What was acknowledged before was harmless.
      this.acknowledged.delete(id);
      this.log('alert', code, message);
      return;
    }
    this.warnings.push({ id, code, message, since: this.now(), blocksEntries });
    this.log('alert', code, message);
  }

  clearWarning(id: string): void {
    const index = this.warnings.findIndex((w) => w.id === id);
    if (index >= 0) this.warnings.splice(index, 1);
  }

  entriesBlockedBy(): Warning | undefined {
    return this.warnings.find((w) => w.blocksEntries && !this.acknowledged.has(w.id));
  }

  touchOrder(order: OrderView): void {
    order.updatedAt = this.now();
    this.books.order(order.tag);
    // What the next day is told of a position is never older than its orders.
    const position = this.positions.find(({ id }) => id === order.positionId);
    if (position) this.books.position(position);
  }

  touchPosition(position: DayPosition): void {
    this.books.position(position);
    this.show();
  }

  /** Current details and the state's search attribute, kept in step with the facts. */
  show(): void {
    setCurrentDetails(describeDay(this));
    const state = stateOf(this);
    if (state === this.shownState) return;
    this.shownState = state;
    upsertSearchAttributes([{ key: DAY_STATE, value: state }]);
  }

  recordSignal(signal: string): void {
    upsertSearchAttributes([{ key: TRADING_SIGNAL, value: signal }]);
  }

  /** How much later than the timetable something happened, in market milliseconds. */
  noteLateness(what: string, due: MarketMs): void {
    this.lateness.push({ what, ms: Math.max(0, this.now() - due) });
  }

  /** Fills against the touch that was seen when the order was sent; positive is worse. */
  slippageOfFills(): { tag: string; expected: number; got: number; quantity: number }[] {
    return [...this.orders.values()].flatMap((order) =>
      order.touch !== null && order.filledQuantity > 0
        ? [{ tag: order.tag, expected: order.touch, got: order.averagePrice, quantity: order.filledQuantity }]
        : [],
    );
  }

  /** Realised loss at the day's limit: entries are off for the day and everything is closed. */
  checkDayLoss(): void {
    const { lostToday, maxLossPerDay } = limitsOf(this);
    if (this.plan === null || this.entriesOff !== null || lostToday < maxLossPerDay) return;
    this.entriesOff = 'day loss limit';
    this.log('alert', 'day_loss_limit', `Lost ${lostToday / 100} rupees today: no new entries, everything is closed.`);
    for (const position of this.positions) position.requestExit('day_loss_limit');
  }
}

function lostSession(error: unknown): number | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || cause.type !== SESSION_LOST) return null;
  const number = cause.details?.[0];
  return typeof number === 'number' ? number : Number.MAX_SAFE_INTEGER;
}
