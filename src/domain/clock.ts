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

function segmentAt(clock: ClockSegments, real: WallMs): ClockSegment | undefined {
  let found = clock[0];
  for (const segment of clock) if (segment.real <= real) found = segment;
  return found;
}

/** The market date (Asia/Kolkata) of an instant. */
export function istDate(ms: MarketMs): IsoDate {
  return new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 10);
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
  const ms = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}+05:30`);
  if (Number.isNaN(ms)) throw new RangeError(`not a date and time: ${date} ${time}`);
  return ms;
}

export function addDays(date: IsoDate, days: number): IsoDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** 0 is Sunday, as in `Date.getUTCDay`. */
export function weekday(date: IsoDate): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay();
}

/** Whether a text is a real calendar date written as `YYYY-MM-DD`. */
export function isIsoDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(day) && new Date(day).toISOString().slice(0, 10) === text;
}
