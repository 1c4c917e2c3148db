import { istAt } from '../../../domain/clock.ts';
import type { Bar, IsoDate, Paise } from '../../../domain/types.ts';
import { bell, chance } from '../random.ts';

const HOURS = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];
const TICK: Paise = 5;

/** Standard deviation of an hour's move, and of the gap overnight, as shares of the price: about 12 % a year together. */
const HOURLY = 0.0024;
const OVERNIGHT = 0.004;

/**
 * Hourly index bars of the dates from a seed alone: a market that never was, for dates without recorded candles.
 * Whatever shows it says so.
 */
export function generateBars(dates: readonly IsoDate[], start: Paise, seed: number): Bar[] {
  const bars: Bar[] = [];
  let price = start;
  for (const date of dates) {
    const day = Number(date.replaceAll('-', ''));
    price = onTick(price * (1 + OVERNIGHT * bell(seed, day, 31)));
    HOURS.forEach((time, hour) => {
      const length = time === '15:15' ? 0.5 : 1;
      const open = price;
      const close = onTick(open * (1 + HOURLY * length * bell(seed, day, hour, 32)));
      const beyond = open * HOURLY * length;
      const high = onTick(Math.max(open, close) + beyond * chance(seed, day, hour, 33));
      const low = onTick(Math.min(open, close) - beyond * chance(seed, day, hour, 34));
      bars.push({ start: istAt(date, time), open, high, low, close, volume: 0 });
      price = close;
    });
  }
  return bars;
}

function onTick(price: number): Paise {
  return Math.round(price / TICK) * TICK;
}
