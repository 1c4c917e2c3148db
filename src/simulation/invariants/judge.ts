/** All invariants over one case: the world's book and pages, and the day's own report. */

import { contractLastMinute, sessionOf, timetable } from '../../domain/calendar/index.ts';
import { istDate } from '../../domain/clock.ts';
import type { Play, Watch } from '../play.ts';
import type { PlayedDay } from '../played-day.ts';
import { after, nothingToSettle, virtualNow } from '../virtual-time.ts';
import { Able } from './able.ts';
import { BookWatch } from './book.ts';
import { watchCommands } from './commands.ts';
import { Dues } from './dues.ts';
import { judgeEnd } from './endings.ts';
import { judgeSignal, watchEntries } from './entries.ts';
import { FailedStops } from './failed-stops.ts';
import { Findings } from './findings.ts';
import { PageDeadlines } from './pages.ts';
import { PositionsWatch } from './positions.ts';
import { Reasons } from './reasons.ts';
import { Spinning } from './spinning.ts';
import { Terms } from './terms.ts';
import { TruePages } from './true-pages.ts';
import { Unwritten } from './unwritten.ts';
import { Waits } from './waits.ts';

/** Between two looks while something is open, by the pace of a case. */
const PULSES = { true: 1_000, coarse: 2_000, slow: 4_000 };
/** While nothing is open. */
const QUIET_MS = 15_000;
/** How often the product looks at the book by itself while something is open, by the pace of a case. */
const READS = { true: 3_000, coarse: 5_000, slow: 9_000 };
/** Between two ticks, and two quotes of a guard without ticks, by the pace of a case. */
const TICKS = { true: 1_000, coarse: 3_000, slow: 4_000 };

export class Judge implements Watch {
  readonly findings = new Findings();
  private parts: {
    play: Play;
    able: Able;
    book: BookWatch;
    positions: PositionsWatch;
    dues: Dues;
    reasons: Reasons;
    waits: Waits;
    spinning: Spinning;
    stops: FailedStops;
    truePages: TruePages;
    unwritten: Unwritten;
  } | null = null;
  private isQuiet = false;
  /** Somebody was logged in at the last look before the close: what was filled by then can be told. */
  private couldRead = true;
  private readUntil = 0;
  private pulseMs = PULSES.true;
  private stopPulse: () => void = () => {};

  begin(play: Play): void {
    const { world } = play;
    const { findings } = this;
    this.pulseMs = PULSES[play.of.pace];
    const able = new Able(world);
    const book = new BookWatch(world, {
      findings,
      answersFor: () => able.answersFor(),
      pulseMs: this.pulseMs,
      unhedged: !play.plan.useHedging,
    });
    const positions = new PositionsWatch({
      world,
      able,
      book,
      findings,
      readEveryMs: READS[play.of.pace],
      pulseMs: this.pulseMs,
    });
    const deadlines = new PageDeadlines({ world, able, findings, pulseMs: this.pulseMs });
    const waits = new Waits({ world, able, book, deadlines, positions, tickMs: TICKS[play.of.pace] });
    const dues = new Dues({ play, able, book, positions, findings });
    play.onCommand(({ command }) => {
      if (command === 'acknowledge') positions.acknowledged();
    });
    play.onRun({
      lost: () => {
        waits.runLost();
        unwritten.runLost();
      },
      resumed: () => {
        positions.runResumed();
        waits.runResumed();
      },
    });
    watchEntries({ play, able, book, findings, dues });
    watchCommands(play, findings);
    new Terms(play, findings, book.legs);
    const reasons = new Reasons({ play, able, positions, dues, findings });
    const spinning = new Spinning({ play, legs: book.legs, findings });
    const stops = new FailedStops({ play, able, positions, findings });
    const unwritten = new Unwritten({ world, able, book });
    const truePages = new TruePages({ world, able, book, findings });
    this.parts = { play, able, book, positions, dues, reasons, waits, spinning, stops, truePages, unwritten };
    this.pulse();
    // What has just come on the book is looked at from its first second on.
    world.exchange.onOrder(() => this.soon());
  }

  get book(): BookWatch {
    return this.judging.book;
  }

  get lateExits(): readonly number[] {
    return this.judging.positions.lateExits;
  }

  private get judging() {
    if (!this.parts) throw new Error('nothing is judged yet');
    return this.parts;
  }

  private pulse(): void {
    const { play, able, book, positions, dues, reasons, waits, spinning, stops, truePages, unwritten } = this.judging;
    able.pulse();
    unwritten.pulse();
    const now = virtualNow();
    const date = istDate(now);
    // Over a weekend nothing trades, and nothing is judged.
    if (sessionOf(date).kind === 'holiday') {
      this.isQuiet = true;
      this.schedule(QUIET_MS);
      nothingToSettle();
      return;
    }
    const { open, close } = timetable(date);
    const busy = play.world.atStake() || positions.openPositions().length > 0 || positions.isLeaving();
    if (now < close) this.couldRead = able.couldHaveSession();
    if (now < close && this.couldRead) this.readUntil = now;
    const inDay = now > open - QUIET_MS && now < close + QUIET_MS;
    if (busy && inDay) {
      const isOpen = now >= open && now < contractLastMinute(date, date);
      dues.pulse();
      positions.pulse(isOpen);
      book.pulse();
      reasons.pulse();
      waits.pulse(isOpen);
      stops.pulse(isOpen);
    }
    spinning.pulse();
    truePages.pulse();
    this.isQuiet = !(busy && inDay);
    this.schedule(this.isQuiet ? QUIET_MS : this.pulseMs);
    nothingToSettle();
  }

  private schedule(pause: number): void {
    this.stopPulse = after(pause - (virtualNow() % pause), () => this.pulse());
  }

  private soon(): void {
    if (!this.isQuiet) return;
    this.isQuiet = false;
    this.stopPulse();
    this.schedule(this.pulseMs);
  }

  dayEnded(day: PlayedDay): void {
    const { play, book, positions, dues, waits, unwritten } = this.judging;
    book.measureNaked();
    dues.newDay();
    judgeEnd({
      world: play.world,
      book,
      findings: this.findings,
      day,
      accidentAt: play.accidentAt,
      closedAll: dues.closedAll,
      isUnwritten: unwritten.any,
      couldRead: this.couldRead,
      readUntil: this.readUntil,
    });
    judgeSignal(play, day.date, this.findings);
    positions.forgetExits();
    waits.forget();
    unwritten.newDay();
    book.legs.forgetClosed(!this.couldRead);
  }
}
