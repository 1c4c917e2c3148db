import type { Breeze, KiteSession } from '../../src/brokers/types.ts';
import { hourlyBars } from '../../src/domain/calendar/index.ts';
import { addDays, istAt, istDate } from '../../src/domain/clock.ts';
import type { Bar, MarketMs } from '../../src/domain/types.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import type { OwnBars } from '../../src/market/cross-check.ts';

// The two brokers are played here: what matters is which answer comes when, which no server can be asked for.
export const HALF_HOUR = 30 * 60_000;
export const barStart = istAt('2025-07-16', '10:15');
export const barEnd = istAt('2025-07-16', '11:15');

export const bar = (start: MarketMs, close = 2_500_000): Bar => ({
  start,
  open: close,
  high: close,
  low: close,
  close,
  volume: 0,
});

/** Half hours of a span as Breeze knows them when the last one that has begun starts at `newest`. */
export function halves(from: MarketMs, to: MarketMs, newest: MarketMs): Bar[] {
  const bars: Bar[] = [];
  for (let date = istDate(from); date <= istDate(to); date = addDays(date, 1)) {
    for (const hour of hourlyBars(date)) {
      for (let start = hour.start; start < hour.end; start += HALF_HOUR) {
        if (start >= from && start <= to && start <= newest) bars.push(bar(start));
      }
    }
  }
  return bars;
}

export type Answer = (from: MarketMs, to: MarketMs) => Bar[];
/** Kite agrees with a Breeze that shows everything, unless a test says otherwise. */
export const agreeing: Answer = (from, to) => halves(from, to, to);
export function brokers(answer: Answer, kites: Answer = agreeing) {
  const asked = { breeze: [] as string[], kite: [] as string[] };
  const breeze = {
    indexCandles: async (from: MarketMs, to: MarketMs) => {
      asked.breeze.push(istDate(from));
      return answer(from, to);
    },
  } as unknown as Breeze;
  const kite = {
    historical: async (_token: number, _interval: string, from: MarketMs, to: MarketMs) => {
      asked.kite.push(istDate(from));
      return kites(from, to);
    },
  } as unknown as KiteSession;
  return { asked, kite, candles: createHourlyCandles({ breeze }) };
}

export const request = (more: { signal?: AbortSignal; own?: OwnBars } = {}) => ({
  barStart,
  barEnd,
  signal: new AbortController().signal,
  own: () => undefined,
  ...more,
});
/** Bars that show where they came from, and are near enough to Breeze's. */
export const fromKite: Answer = (from, to) => halves(from, to, to).map((each) => bar(each.start, 2_500_300));
