import { addDays, isIsoDate } from '../clock.ts';
import type { IsoDate } from '../types.ts';

/** First and last date that the tables of this folder cover. Beyond them nothing is guessed. */
export const COVERED_FROM: IsoDate = '2021-04-01';
export const COVERED_TO: IsoDate = '2026-12-31';

/** The tables cannot answer for a date. The message says what to enter, and where. */
export class CalendarError extends Error {
  override readonly name = 'CalendarError';
  readonly date: IsoDate;

  constructor(date: IsoDate, message: string) {
    super(message);
    this.date = date;
  }
}

/** Time enough to enter the next year's circulars. */
const HORIZON_DAYS = 14;

/** What to do when the tables end within fourteen days of a date; null before. */
export function horizonWarning(date: IsoDate): string | null {
  if (addDays(date, HORIZON_DAYS) <= COVERED_TO) return null;
  return `The market calendar ends on ${COVERED_TO}: enter NSE's holidays, sessions, expiries and charges of the next year (src/domain/calendar), or days after it are refused.`;
}

/** Throws CalendarError for anything but a real `YYYY-MM-DD` inside the tables. */
export function assertCovered(date: IsoDate): void {
  if (!isIsoDate(date)) {
    throw new CalendarError(date, `"${date}" is not a calendar date: write it as YYYY-MM-DD.`);
  }
  if (date < COVERED_FROM || date > COVERED_TO) {
    throw new CalendarError(
      date,
      `${date} is outside the market calendar, which covers ${COVERED_FROM} to ${COVERED_TO}. Enter NSE's circulars for that year into src/domain/calendar (holidays, sessions, lots) and src/domain/charges.ts, and widen the range in coverage.ts.`,
    );
  }
}
