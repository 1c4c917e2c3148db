import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import type { Bar } from '../../../src/domain/types.ts';
import { walkBar } from '../../../src/exchange-simulator/core/market/path.ts';

const start = istAt('2025-07-14', '09:15');

/** Any bar on the index's tick, however flat. */
const bars = fc
  .record({
    low: fc.integer({ min: 200_000, max: 600_000 }),
    range: fc.integer({ min: 0, max: 10_000 }),
    open: fc.double({ min: 0, max: 1, noNaN: true }),
    close: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ low, range, open, close }): Bar => {
    const at = (share: number) => (low + Math.round(range * share)) * 5;
    return { start, open: at(open), high: at(1), low: at(0), close: at(close), volume: 0 };
  });
const lengths = fc.constantFrom(4, 60, 300, 900, 1_800, 3_600);

describe('the index inside a recorded candle', () => {
  it('starts at the open, ends at the close, and touches exactly the high and the low', () => {
    fc.assert(
      fc.property(bars, lengths, fc.nat(), (bar, seconds, seed) => {
        const path = walkBar(seed, bar, seconds);
        expect(path.length).toBe(seconds);
        expect(path[0]).toBe(bar.open);
        expect(path.at(-1)).toBe(bar.close);
        expect(path.reduce((a, b) => Math.max(a, b))).toBe(bar.high);
        expect(path.reduce((a, b) => Math.min(a, b))).toBe(bar.low);
      }),
    );
  });

  it('moves in steps of 0.05', () => {
    fc.assert(
      fc.property(bars, lengths, fc.nat(), (bar, seconds, seed) => {
        expect(walkBar(seed, bar, seconds).every((price) => price % 5 === 0)).toBe(true);
      }),
    );
  });

  it('is the same for the same seed and another for another one', () => {
    const bar: Bar = { start, open: 2_514_950, high: 2_515_110, low: 2_504_190, close: 2_511_980, volume: 0 };
    expect(walkBar(7, bar, 3_600)).toEqual(walkBar(7, bar, 3_600));
    expect(walkBar(7, bar, 3_600)).not.toEqual(walkBar(8, bar, 3_600));
  });
});
