import { istAt } from '../clock.ts';
import type { IsoDate, MarketMs } from '../types.ts';
import { CalendarError } from './coverage.ts';
import { hourlyBars, sessionOf } from './sessions.ts';

/** When things happen on a trading day, market time. */
export type Timetable = {
  open: MarketMs;
  close: MarketMs;
  /** The ends of the hourly bars that are checked on this day. */
  checks: MarketMs[];
  /** No intraday entry is decided after it. */
  lastEntry: MarketMs;
  squareOff: MarketMs;
  /** Under MIS nothing new is placed from here on. */
  lastPlacement: MarketMs;
  /** The last hourly bar, which ends after the square-off; null in a short session. */
  lastBar: { start: MarketMs; end: MarketMs } | null;
};

const LAST_INTRADAY_ENTRY = '14:15';
const SQUARE_OFF = '15:15';

/** Zerodha's own square-off of MIS derivatives (its support page; assumed on all dates). */
export const BROKER_SQUARE_OFF = '15:25';
/** Nothing new is placed from two minutes before the broker's square-off. */
const PLACEMENT_MARGIN_MS = 2 * 60_000;
/** In a short session the way out begins this long before its close. */
const SHORT_SESSION_EXIT_MS = 15 * 60_000;

/**
 * A trading date's timetable. In a short session nothing is checked and nothing entered (`lastEntry` lies before the
 * open); it exists for what is already open. Throws CalendarError on a date without a session or outside the tables.
 */
export function timetable(date: IsoDate): Timetable {
  const session = sessionOf(date);
  if (session.kind === 'holiday') {
    throw new CalendarError(
      date,
      `Nothing trades on ${date} (${session.reason}); the next session is ${session.next}.`,
    );
  }
  const { open, close } = session;
  if (session.special === 'short') {
    return {
      open,
      close,
      checks: [],
      lastEntry: open - 60_000,
      squareOff: close - SHORT_SESSION_EXIT_MS,
      lastPlacement: close - PLACEMENT_MARGIN_MS,
      lastBar: null,
    };
  }
  const squareOff = istAt(date, SQUARE_OFF);
  const bars = hourlyBars(date);
  return {
    open,
    close,
    checks: bars.map((bar) => bar.end).filter((end) => end <= squareOff),
    lastEntry: istAt(date, LAST_INTRADAY_ENTRY),
    squareOff,
    lastPlacement: istAt(date, BROKER_SQUARE_OFF) - PLACEMENT_MARGIN_MS,
    lastBar: bars.at(-1) ?? null,
  };
}
