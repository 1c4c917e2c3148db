import type { IsoDate, MarketMs, WallMs } from './types.ts';

/**
 * The market's clock as data. From `real` (wall clock) on, market time starts at `market` and runs at `speed`
 * market milliseconds per wall millisecond; 0 stands still. An empty list is the identity: live and paper.
 */
export type ClockSegment = { real: WallMs; market: MarketMs; speed: number };
export type ClockSegments = readonly ClockSegment[];

/** IST is UTC+05:30 all year: India has no daylight saving. */
export const IST_OFFSET_MS = 330 * 60_000;

const DAY_MS = 86_400_000;

/** A replayed day asks the same about a handful of dates many times a second, and each answer is a pure function of its question. */
const KEPT_ANSWERS = 10_000;
const KEPT_TIMES_A_DATE = 1_000;

function remembered<Key, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = make(key);
      if (known.size >= KEPT_ANSWERS) known.clear();
      known.set(key, value);
    }
    return value;
  };
}

/** Days are counted from 1 January 1970; NaN for what is no date. */
const dayOf = remembered((date: IsoDate): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS);
const dateOf = remembered((day: number): IsoDate => new Date(day * DAY_MS).toISOString().slice(0, 10));
const instantsOf = remembered((_date: IsoDate) => new Map<string, MarketMs>());

export function marketAt(clock: ClockSegments, real: WallMs): MarketMs {
  const segment = segmentAt(clock, real);
  if (!segment) return real;
  return Math.round(segment.market + Math.max(0, real - segment.real) * segment.speed);
}

/** The wall time at which the market will show `market`, or null while the clock stands still before it. */
export function realAt(clock: ClockSegments, market: MarketMs, now: WallMs): WallMs | null {
  const segment = segmentAt(clock, now);
  if (!segment) return market;
  const current = marketAt(clock, now);
  if (market <= current) return now;
  if (segment.speed === 0) return null;
  return Math.ceil(segment.real + (market - segment.market) / segment.speed);
}

/** The wall time at which the market first showed `market`; `now` where that is still to come. */
export function shownAt(clock: ClockSegments, market: MarketMs, now: WallMs): WallMs {
  const segment = clock.find((_, index) => market < (clock[index + 1]?.market ?? Number.POSITIVE_INFINITY));
  if (!segment) return Math.min(now, market);
  const since = segment.speed === 0 ? 0 : Math.max(0, market - segment.market) / segment.speed;
  return Math.min(now, Math.ceil(segment.real + since));
}

function segmentAt(clock: ClockSegments, real: WallMs): ClockSegment | undefined {
  let found = clock[0];
  for (const segment of clock) if (segment.real <= real) found = segment;
  return found;
}

/** Almost every question is about the day of the one before. */
let asked = { day: Number.NaN, date: '' };

/** The market date (Asia/Kolkata) of an instant. */
export function istDate(ms: MarketMs): IsoDate {
  const day = Math.floor(Math.trunc(ms + IST_OFFSET_MS) / DAY_MS);
  if (day !== asked.day) asked = { day, date: dateOf(day) };
  return asked.date;
}

/** `HH:MM:SS` in Asia/Kolkata. */
export function istTime(ms: MarketMs): string {
  return new Date(ms + IST_OFFSET_MS).toISOString().slice(11, 19);
}

/** ISO 8601 with +05:30, to the second: `2025-07-14T11:15:00+05:30`. */
export function istIso(ms: MarketMs): string {
  return `${new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 19)}+05:30`;
}

/** The instant of a wall-clock time in India, e.g. `istAt('2025-07-14', '15:15')`. Seconds are optional. */
export function istAt(date: IsoDate, time: string): MarketMs {
  const instants = instantsOf(date);
  const known = instants.get(time);
  if (known !== undefined) return known;
  const ms = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}+05:30`);
  if (Number.isNaN(ms)) throw new RangeError(`not a date and time: ${date} ${time}`);
  if (instants.size < KEPT_TIMES_A_DATE) instants.set(time, ms);
  return ms;
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return dateOf(dayOf(date) + days);
}

/** 0 is Sunday, as in `Date.getUTCDay`. */
export function weekday(date: IsoDate): number {
  // 1 January 1970 was a Thursday; days before it are negative.
  return ((dayOf(date) % 7) + 11) % 7;
}

/** Whether a text is a real calendar date written as `YYYY-MM-DD`. */
export function isIsoDate(text: string): boolean {
  // What anybody sends is asked about here: nothing long is remembered.
  return text.length === 10 && isDateOfTen(text);
}

const isDateOfTen = remembered((text: string): boolean => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = dayOf(text);
  return !Number.isNaN(day) && dateOf(day) === text;
});
