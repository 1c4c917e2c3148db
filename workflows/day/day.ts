/** The running day: its facts, its clock, its log, and when its loops wake. One object per run. */

import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { LogLevel } from '../../src/contract/journal.ts';
import type { NoticeInput } from '../../src/contract/notices.ts';
import type { Warning, WarningCode } from '../../src/contract/views.ts';
import { type ClockSegments, istTime, marketAt, realAt, shownAt } from '../../src/domain/clock.ts';
import type { Due } from '../../src/domain/control/action.ts';
import type { Now, Position } from '../../src/domain/control/facts.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';
import { lostSession, reads } from '../activity-proxies.ts';
import type { DayFacts } from './facts.ts';
import { DayOver, Loops } from './loops.ts';
import { describeDay } from './ui-details.ts';
import { stateOf } from './view.ts';

/** A call that failed with an older session is made again, but not in a tight circle. */
const STALE_SESSION_MS = 1_000;
const DAY_STATE = defineSearchAttributeKey('DayState', 'KEYWORD');
const TRADING_SIGNAL = defineSearchAttributeKey('TradingSignal', 'KEYWORD');

/** When its newest segment began. */
const lastOf = (clock: ClockSegments): number => clock.at(-1)?.real ?? 0;

export class Day extends Loops {
  readonly facts: DayFacts;
  /** Until it is known what a lost run has written, commands wait: what that run was told would undo them. */
  isOpening: boolean;
  readonly onceOpen: (() => void)[] = [];
  /** Manual orders that are being checked and priced. */
  ordersChecked = 0;
  private shownState = '';

  constructor(facts: DayFacts) {
    super();
    this.facts = facts;
    this.isOpening = facts.step === 'opening';
  }

  get identity() {
    return this.facts.identity;
  }

  /** Told until `mended`; one that happens once is told to the day's end. */
  defect(where: string, error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    const isNew = this.facts.defects[where] !== words;
    this.facts.defects[where] = words;
    this.warn(`defect:${where}`, 'defect', `${where}: ${words}`, true);
    // The one that would have raised its page.
    if (where === 'deadlines' && isNew)
      this.page('defect', where, `${where}: ${words}. No page comes of what lasts too long; look at Kite.`);
  }

  mended(where: string): void {
    if (this.facts.defects[where] === undefined) return;
    delete this.facts.defects[where];
    this.clearWarning(`defect:${where}`);
  }

  protected timeOf(at: WallMs): string {
    return istTime(marketAt(this.facts.clock, at));
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

  /** Logs and remembers. The same id again only updates the words; where it holds up entries, other words are to be acknowledged anew. */
  warn(id: string, code: WarningCode, message: string, blocksEntries: boolean): void {
    const { warnings } = this.facts;
    const known = warnings.find((warning) => warning.id === id);
    if (known) {
      const isOther = !known.blocksEntries || known.message !== message;
      known.message = message;
      if (!blocksEntries || !isOther) return;
      // What was acknowledged before was something else.
      const wasSettled = !known.blocksEntries || this.isAcknowledged(id);
      known.blocksEntries = true;
      this.forgetAcknowledged(id);
      if (!wasSettled) return;
    } else warnings.push({ id, code, message, since: this.now(), blocksEntries });
    this.log('alert', code, message);
  }

  clearWarning(id: string): void {
    const before = this.facts.warnings.length;
    this.facts.warnings = this.facts.warnings.filter((warning) => warning.id !== id);
    if (this.facts.warnings.length === before) return;
    this.forgetAcknowledged(id);
    this.changed();
  }

  /** What is warned of again is another thing than what a person has seen. */
  private forgetAcknowledged(id: string): void {
    this.facts.acknowledged = this.facts.acknowledged.filter((other) => other !== id);
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
    const id = `${cause}:${subject}:${since}`;
    // An id is delivered once: what is told in the same instant is another message.
    const others = this.facts.notices.filter((known) => known.id.startsWith(id)).length;
    this.notify({ id: others === 0 ? id : `${id}:${others}`, kind: 'told', cause, subject, text, since });
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
