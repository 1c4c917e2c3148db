import { istAt, istDate } from '../../../domain/clock.ts';
import type { Bar, MarketMs, Paise } from '../../../domain/types.ts';
import type { IndexMinute } from './index-history.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** A price at an instant, given the index then; monotone in the index within a minute, as an option's is. */
export type PriceOf = (at: MarketMs, index: Paise) => Paise;

/**
 * Candles of any instrument, cut from the minutes of the index path that every tick comes from. `minutes` long, anchored at each day's
 * 09:15; a day's candle starts at midnight, as Kite's does. The last one is cut where the minutes end.
 */
export function cutCandles(
  minutes: readonly IndexMinute[],
  length: number,
  priceOf: PriceOf,
  volumeOf: (start: MarketMs, end: MarketMs) => number,
): Bar[] {
  const bars: Bar[] = [];
  let ends = Number.NEGATIVE_INFINITY;
  for (const minute of minutes) {
    const prices = [
      priceOf(minute.start, minute.open),
      priceOf(minute.highAt, minute.high),
      priceOf(minute.lowAt, minute.low),
      priceOf(minute.end, minute.close),
    ] as const;
    const volume = volumeOf(minute.start, minute.end + 1000);
    const high = Math.max(...prices);
    const low = Math.min(...prices);
    const bar = bars.at(-1);
    if (bar && minute.start < ends) {
      bar.high = Math.max(bar.high, high);
      bar.low = Math.min(bar.low, low);
      bar.close = prices[3];
      bar.volume += volume;
      continue;
    }
    const start = candleStart(minute.start, length);
    ends = length === DAY_MINUTES ? start + DAY_MINUTES * MINUTE_MS : start + length * MINUTE_MS;
    bars.push({ start, open: prices[0], high, low, close: prices[3], volume });
  }
  return bars;
}

/** The start of the candle that an instant falls into. */
function candleStart(at: MarketMs, length: number): MarketMs {
  const date = istDate(at);
  if (length === DAY_MINUTES) return istAt(date, '00:00');
  const open = istAt(date, '09:15');
  return open + Math.floor((at - open) / (length * MINUTE_MS)) * length * MINUTE_MS;
}
