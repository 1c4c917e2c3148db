import { addDays, istAt, weekday } from '../clock.ts';
import type { IsoDate, MarketMs } from '../types.ts';
import { assertCovered, CalendarError } from './coverage.ts';
import { HOLIDAYS } from './holidays.ts';

/** Seven hourly bars of the index: the strategy's hours end at 15:30 whatever the segment's closing time. */
export type HourlyBar = { start: MarketMs; end: MarketMs };

export type Session =
  | { kind: 'holiday'; reason: string; next: IsoDate }
  | { kind: 'session'; open: MarketMs; close: MarketMs; special: null | 'full' | 'short' };

type Special = { kind: 'full' | 'short'; reason: string; hours: readonly [string, string] | null };

/**
 * Sessions that the weekday does not tell. 2025 and 2026: NSE/FAOP/72352 (Sunday 1 February 2026), NSE/FAOP/71777,
 * the exchange calendars of 2025. Earlier days: sessions that the daily files hold; their hours are remembered, and no
 * candles of them are used. `hours: null` stands where the exchange's announcement is not at hand.
 */
const SPECIAL: ReadonlyMap<IsoDate, Special> = new Map<IsoDate, Special>([
  ['2021-11-04', { kind: 'short', reason: 'Muhurat trading', hours: ['18:15', '19:15'] }],
  ['2022-10-24', { kind: 'short', reason: 'Muhurat trading', hours: ['18:15', '19:15'] }],
  ['2023-11-12', { kind: 'short', reason: 'Muhurat trading', hours: ['18:15', '19:15'] }],
  ['2024-01-20', { kind: 'full', reason: 'Saturday session', hours: ['09:15', '15:30'] }],
  ['2024-03-02', { kind: 'short', reason: 'disaster recovery session', hours: ['09:15', '12:30'] }],
  ['2024-05-18', { kind: 'short', reason: 'disaster recovery session', hours: ['09:15', '12:30'] }],
  ['2024-11-01', { kind: 'short', reason: 'Muhurat trading', hours: ['18:00', '19:00'] }],
  ['2025-02-01', { kind: 'full', reason: 'Budget session', hours: ['09:15', '15:30'] }],
  ['2025-10-21', { kind: 'short', reason: 'Muhurat trading', hours: ['13:45', '14:45'] }],
  ['2026-02-01', { kind: 'full', reason: 'Budget session', hours: ['09:15', '15:30'] }],
  ['2026-11-08', { kind: 'short', reason: 'Muhurat trading', hours: null }],
]);

/**
 * Closing time of the equity derivatives segment, from the date on. 15:40: NSE/FAOP/74467. 15:45: NSE/CMTR/76963,
 * known from one source only, to be looked at again before 7 December 2026.
 */
const CLOSES: readonly (readonly [from: IsoDate, close: string])[] = [
  ['2026-12-07', '15:45'],
  ['2026-08-03', '15:40'],
  ['2021-04-01', '15:30'],
];

/** From this date expiring index contracts stop at 15:30 on their last day (SEBI's circular of 15 October 2026). */
const EXPIRING_STOP_EARLY_FROM: IsoDate = '2026-12-07';

const SESSION_OPEN = '09:15';

type DayKind = { kind: 'full' | 'short'; special: Special | null } | { kind: 'closed'; reason: string };

function dayKind(date: IsoDate): DayKind {
  assertCovered(date);
  const special = SPECIAL.get(date);
  if (special) return { kind: special.kind, special };
  const holiday = HOLIDAYS.get(date);
  if (holiday) return { kind: 'closed', reason: holiday };
  const day = weekday(date);
  if (day === 0 || day === 6) return { kind: 'closed', reason: day === 0 ? 'Sunday' : 'Saturday' };
  return { kind: 'full', special: null };
}

/**
 * Whether and when NSE's equity derivatives trade on a market date. `short` sessions (Muhurat, disaster recovery) are
 * sessions for what is already open; nothing is entered in them.
 * Throws CalendarError outside the tables, and for a special session whose hours are not in them.
 */
export function sessionOf(date: IsoDate): Session {
  const day = dayKind(date);
  if (day.kind === 'closed') return { kind: 'holiday', reason: day.reason, next: nextTradingDay(date) };
  if (!day.special) {
    return { kind: 'session', open: istAt(date, SESSION_OPEN), close: istAt(date, closeOf(date)), special: null };
  }
  if (!day.special.hours) {
    throw new CalendarError(
      date,
      `The hours of the special session on ${date} (${day.special.reason}) are not in the calendar: enter them from NSE's circular in src/domain/calendar/sessions.ts.`,
    );
  }
  const [open, close] = day.special.hours;
  return { kind: 'session', open: istAt(date, open), close: istAt(date, close), special: day.kind };
}

function closeOf(date: IsoDate): string {
  const row = CLOSES.find(([from]) => from <= date);
  if (!row) throw new CalendarError(date, `No closing time is known for ${date}: enter it in CLOSES of sessions.ts.`);
  return row[1];
}

/** True for any session, also a short one or one on a weekend. Throws CalendarError outside the tables. */
export function isTradingDay(date: IsoDate): boolean {
  return dayKind(date).kind !== 'closed';
}

/** True for a session of the usual hours: the days that carry expiries and hourly bars. */
export function isFullTradingDay(date: IsoDate): boolean {
  return dayKind(date).kind === 'full';
}

/** The next date after `date` with a session. Throws CalendarError when the tables end before it. */
export function nextTradingDay(date: IsoDate): IsoDate {
  let day = addDays(date, 1);
  while (!isTradingDay(day)) day = addDays(day, 1);
  return day;
}

/** The last date before `date` with a session. Throws CalendarError when the tables begin after it. */
export function previousTradingDay(date: IsoDate): IsoDate {
  let day = addDays(date, -1);
  while (!isTradingDay(day)) day = addDays(day, -1);
  return day;
}

/** Starts and ends of the index's hourly bars, 09:15 to 15:30; none on holidays and short sessions. */
export function hourlyBars(date: IsoDate): HourlyBar[] {
  if (!isFullTradingDay(date)) return [];
  const hours = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15', '15:30'].map((at) => istAt(date, at));
  return hours.slice(0, -1).map((start, index) => ({ start, end: hours[index + 1] ?? start }));
}

/**
 * The instant at which a contract's trading ends on a date: the segment's close, but 15:30 on its own expiry day from
 * 7 December 2026. Throws CalendarError on a date without a session.
 */
export function contractLastMinute(expiry: IsoDate, date: IsoDate): MarketMs {
  const session = sessionOf(date);
  if (session.kind === 'holiday') {
    throw new CalendarError(
      date,
      `Nothing trades on ${date} (${session.reason}); the next session is ${session.next}.`,
    );
  }
  if (expiry !== date || date < EXPIRING_STOP_EARLY_FROM) return session.close;
  return Math.min(session.close, istAt(date, '15:30'));
}
