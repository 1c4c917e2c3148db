import { addDays, istAt, istDate, weekday } from '../clock.ts';
import type { Bar, IsoDate, MarketMs } from '../types.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const FIRST_HOUR = '09:15';
const LAST_CLOSE = '15:30';

/**
 * Months in which NIFTY's constituents stop trading at 15:15 for the closing auction (3 August to 4 December 2026):
 * the index may stand still in the day's last bar.
 */
const CLOSING_AUCTION: readonly [from: IsoDate, to: IsoDate] = ['2026-08-03', '2026-12-04'];

/** The Sunday that begins a date's calendar week. */
export function weekStartOf(date: IsoDate): IsoDate {
  return addDays(date, -weekday(date));
}

/** The end of an hourly bar, when it is known: an hour after its start, 15:30 for the day's last. */
export function hourlyBarEnd(start: MarketMs): MarketMs {
  return Math.min(start + HOUR_MS, istAt(istDate(start), LAST_CLOSE));
}

/** A last bar of the closing auction's months in which no price moved: not a price to be believed (TRADING section 8). */
export function isUnconfirmed(bar: Bar): boolean {
  const date = istDate(bar.start);
  if (date < CLOSING_AUCTION[0] || date > CLOSING_AUCTION[1]) return false;
  return hourlyBarEnd(bar.start) - bar.start < HOUR_MS && bar.high === bar.low;
}

/**
 * Hourly bars of the index out of finer ones, anchored at 09:15 IST, the last one from 15:15 to 15:30. An hour with a
 * bar missing is no bar. `bars` are sorted by start; what does not lie on the grid of `minutes` from 09:15 is left out.
 * Throws RangeError for an interval that does not divide an hour.
 */
export function aggregateHourly(bars: readonly Bar[], minutes: number): Bar[] {
  if (!Number.isInteger(minutes) || minutes < 1 || 60 % minutes !== 0) {
    throw new RangeError(`bars of ${minutes} minutes cannot be made into hours: the interval must divide 60`);
  }
  const hours = new Map<MarketMs, Bar[]>();
  for (const bar of bars) {
    const date = istDate(bar.start);
    const open = istAt(date, FIRST_HOUR);
    if (bar.start < open || bar.start >= istAt(date, LAST_CLOSE)) continue;
    if ((bar.start - open) % (minutes * MINUTE_MS) !== 0) continue;
    const hour = bar.start - ((bar.start - open) % HOUR_MS);
    const parts = hours.get(hour);
    if (parts) parts.push(bar);
    else hours.set(hour, [bar]);
  }
  return [...hours].flatMap(([start, parts]) => {
    const whole = Math.ceil((hourlyBarEnd(start) - start) / (minutes * MINUTE_MS));
    return parts.length === whole ? [joined(start, parts)] : [];
  });
}

function joined(start: MarketMs, parts: readonly Bar[]): Bar {
  return {
    start,
    open: parts[0]?.open ?? 0,
    high: Math.max(...parts.map((bar) => bar.high)),
    low: Math.min(...parts.map((bar) => bar.low)),
    close: parts.at(-1)?.close ?? 0,
    volume: parts.reduce((sum, bar) => sum + bar.volume, 0),
  };
}
