/** Weeks for the strategy's tests, in points: each test says only what matters to it. */
import { addDays, istAt } from '../../../src/domain/clock.ts';
import { DEFAULT_PARAMS, evaluateWeek, type StrategyParams } from '../../../src/domain/strategy/index.ts';
import type { Bar, SignalName } from '../../../src/domain/types.ts';

/** The Sundays of two weeks that follow each other, without holidays. */
export const PREVIOUS = '2025-07-06';
export const THIS = '2025-07-13';
const HOURS = ['09:15', '10:15', '11:15', '12:15', '13:15', '14:15', '15:15'];

export type Prices = readonly [open: number, high: number, low: number, close: number];

/** Monday is day 1; hour 0 starts at 09:15. */
export function bar(week: string, day: number, hour: number, prices: Prices): Bar {
  const [open, high, low, close] = prices.map((points) => Math.round(points * 100));
  if (open === undefined || high === undefined || low === undefined || close === undefined) throw new Error('prices');
  return { start: istAt(addDays(week, day), HOURS[hour] ?? ''), open, high, low, close, volume: 0 };
}

/** This week's bars in time order from Monday 09:15 on; `days` gives the bars of each day. */
export function thisWeek(...days: readonly Prices[][]): Bar[] {
  return days.flatMap((bars, day) => bars.map((prices, hour) => bar(THIS, day + 1, hour, prices)));
}

export type PreviousLevels = { high: number; low: number; close: number; max: number; min: number };

/** Resistance zone 20000 to 20100, support zone 19400 to 19500, margins 300. */
export const LEVELS = { high: 20_100, max: 20_000, min: 19_500, low: 19_400 };
export const BULLISH = { ...LEVELS, close: 19_600 };
export const BEARISH = { ...LEVELS, close: 19_900 };
export const NEUTRAL = { ...LEVELS, close: 19_750 };

/** 35 bars whose high, low, last close and extremes of 4-hour bodies are the given ones. */
export function previousWeek({ high, low, close, max, min }: PreviousLevels, week = PREVIOUS): Bar[] {
  const bars: Bar[] = [];
  for (let day = 1; day <= 5; day += 1) {
    for (let hour = 0; hour < 7; hour += 1) bars.push(bar(week, day, hour, [close, close, close, close]));
  }
  const set = (index: number, prices: Prices) => {
    bars[index] = bar(week, Math.floor(index / 7) + 1, index % 7, prices);
  };
  // Tuesday's blocks end at 12:15 and 15:30: their last bars close at the extremes of the bodies.
  set(9, [close, high, close, max]);
  set(13, [close, close, low, min]);
  return bars;
}

/** After everything in this week. */
export const END = istAt('2025-07-19', '12:00');

/** The whole week's decision. */
export function decide(levels: PreviousLevels, bars: Bar[], params: Partial<StrategyParams> = {}) {
  return evaluateWeek([...previousWeek(levels), ...bars], END, { ...DEFAULT_PARAMS, ...params });
}

export function signalOf(levels: PreviousLevels, ...days: readonly Prices[][]): SignalName | null {
  return decide(levels, thisWeek(...days)).signal;
}

export function whyNot(levels: PreviousLevels, signal: SignalName, ...days: readonly Prices[][]): string | undefined {
  return decide(levels, thisWeek(...days)).checks.find((check) => check.signal === signal)?.why;
}
