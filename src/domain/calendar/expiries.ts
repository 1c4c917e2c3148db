import { addDays, weekday } from '../clock.ts';
import type { IsoDate } from '../types.ts';
import { assertCovered, CalendarError, COVERED_FROM, COVERED_TO } from './coverage.ts';
import { isFullTradingDay } from './sessions.ts';

type Expiry = { date: IsoDate; monthly: boolean };

const TUESDAY = 2;
const THURSDAY = 4;

/** The last Thursday expiry; from 1 September 2025 on it is Tuesday (NSE/FAOP/68747 of 25 June 2025). */
const LAST_THURSDAY_EXPIRY: IsoDate = '2025-08-28';

/** NSE lists four weeklies besides the monthlies, three monthlies, and the quarter months beyond them. */
const LISTED_WEEKLIES = 4;
const LISTED_MONTHLIES = 3;
const LISTED_QUARTERLIES = 3;

const EXPIRIES: readonly Expiry[] = allExpiries();

function allExpiries(): Expiry[] {
  const expiries: Expiry[] = [];
  let day = COVERED_FROM;
  while (weekday(day) !== THURSDAY) day = addDays(day, 1);
  while (day <= COVERED_TO) {
    // The month is the scheduled day's: Thursday 1 May 2025, a holiday, expired on 30 April and was no monthly of April.
    const monthly = addDays(day, 7).slice(0, 7) !== day.slice(0, 7);
    expiries.push({ date: movedBeforeHoliday(day), monthly });
    day = addDays(day, day === LAST_THURSDAY_EXPIRY ? 7 + TUESDAY - THURSDAY : 7);
  }
  return expiries;
}

/** "If the expiry day is a trading holiday, the previous trading day" (NSE's contract specification). */
function movedBeforeHoliday(scheduled: IsoDate): IsoDate {
  let day = scheduled;
  while (!isFullTradingDay(day)) day = addDays(day, -1);
  return day;
}

/** The first NIFTY expiry on or after a date, weekly or monthly. Throws CalendarError outside the tables. */
export function weeklyExpiry(onOrAfter: IsoDate): IsoDate {
  assertCovered(onOrAfter);
  const found = EXPIRIES.find((expiry) => expiry.date >= onOrAfter);
  if (!found) {
    throw new CalendarError(
      onOrAfter,
      `The expiry after ${onOrAfter} lies beyond ${COVERED_TO}, where the market calendar ends: enter NSE's list of the next year in src/domain/calendar.`,
    );
  }
  return found.date;
}

/** Whether an expiry is its month's last one, which NSE spells with the month's name. False for other dates. */
export function isMonthlyExpiry(expiry: IsoDate): boolean {
  assertCovered(expiry);
  return EXPIRIES.some((known) => known.date === expiry && known.monthly);
}

/**
 * Expiries that NSE lists on a date, sorted (contract specification): four weeklies, three monthlies, three
 * quarterlies. Half-yearlies are left out, and whatever would expire beyond the tables. Throws CalendarError outside them.
 */
export function listedExpiries(date: IsoDate): IsoDate[] {
  assertCovered(date);
  const ahead = EXPIRIES.filter((expiry) => expiry.date >= date);
  const monthlies = ahead.filter((expiry) => expiry.monthly);
  const quarterlies = monthlies.filter((expiry) => Number(expiry.date.slice(5, 7)) % 3 === 0);
  const listed = [
    ...ahead.filter((expiry) => !expiry.monthly).slice(0, LISTED_WEEKLIES),
    ...monthlies.slice(0, LISTED_MONTHLIES),
    ...quarterlies.slice(0, LISTED_QUARTERLIES),
  ];
  return [...new Set(listed.map((expiry) => expiry.date))].sort();
}

/**
 * The day on which a position held under `weekly` is left at 15:15: expiry day, or the next `exitWeekday` (0 is
 * Sunday, null means none) strictly after the entry where that is earlier. A weekday without a session gives the
 * trading day before it, and where that is not after the entry, expiry day.
 */
export function weeklyExitDate(entry: IsoDate, expiry: IsoDate, exitWeekday: number | null): IsoDate {
  if (exitWeekday === null) return expiry;
  let day = addDays(entry, 1);
  while (weekday(day) !== exitWeekday) day = addDays(day, 1);
  if (day >= expiry) return expiry;
  const exit = movedBeforeHoliday(day);
  return exit > entry ? exit : expiry;
}
