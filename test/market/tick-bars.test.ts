import { describe, expect, test } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { createTickBars } from '../../src/market/tick-bars.ts';

const time = (clock: string) => istAt('2025-07-14', clock);
const start = time('10:15');
const end = time('11:15');

/** A tick every 20 seconds at 25,000 points, from one time to another. */
function steady(from = start, to = end, bars = createTickBars()) {
  for (let at = from; at < to; at += 20_000) bars.add(at, 2_500_000);
  return bars;
}

describe('our own bar from ticks', () => {
  test('opens at the first tick of its span, closes at the last, and knows the extremes between', () => {
    const bars = steady();
    bars.add(end - 5_000, 2_510_000);
    bars.add(end - 4_000, 2_490_000);
    bars.add(end - 3_000, 2_501_000);
    bars.add(end, 2_600_000);
    expect(bars.bar(start, end)).toEqual({
      start,
      open: 2_500_000,
      high: 2_510_000,
      low: 2_490_000,
      close: 2_501_000,
      volume: 0,
    });
  });

  test.each<[string, () => ReturnType<typeof createTickBars>, boolean]>([
    ['ticks from before the bar to after it', () => steady(start - 60_000, end + 60_000), true],
    ['the first tick 60 s into the bar', () => steady(start + 60_000), true],
    ['the first tick later than that', () => steady(start + 61_000), false],
    ['the last tick 60 s before the end', () => steady(start, end - 40_000), true],
    ['the last tick earlier than that', () => steady(start, end - 60_000), false],
    ['a hole of 60 s', () => steady(time('10:40:40'), end, steady(start, time('10:40'))), true],
    ['a longer hole between minutes', () => steady(time('10:40:41'), end, steady(start, time('10:40'))), false],
    ['no tick at all', () => createTickBars(), false],
  ])('%s', (_what, ticks, covered) => {
    expect(ticks().bar(start, end) !== undefined).toBe(covered);
  });

  test('a packet that comes late changes nothing', () => {
    const bars = steady();
    bars.add(time('10:30'), 9_999_900);
    expect(bars.bar(start, end)?.high).toBe(2_500_000);
  });

  test('the short last bar of a day is a bar as well', () => {
    const last = steady(time('15:15'), time('15:30'));
    expect(last.bar(time('15:15'), time('15:30'))?.close).toBe(2_500_000);
  });
});
