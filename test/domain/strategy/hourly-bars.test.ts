import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istAt, istIso } from '../../../src/domain/clock.ts';
import { isUnconfirmed } from '../../../src/domain/strategy/bars.ts';
import { aggregateHourly, hourlyBarEnd } from '../../../src/domain/strategy/index.ts';
import type { Bar } from '../../../src/domain/types.ts';

const MINUTE = 60_000;

function day(minutes: number, price: (index: number) => number = () => 100): Bar[] {
  const bars: Bar[] = [];
  for (let start = istAt('2025-07-14', '09:15'); start < istAt('2025-07-14', '15:30'); start += minutes * MINUTE) {
    const at = price(bars.length);
    bars.push({ start, open: at, high: at + 5, low: at - 5, close: at + 1, volume: 2 });
  }
  return bars;
}

describe('hours out of finer bars', () => {
  it.each([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60])(
    'seven a day from %i-minute bars, anchored at 09:15',
    (minutes) => {
      const hours = aggregateHourly(day(minutes), minutes);
      expect(hours.map((bar) => istIso(bar.start).slice(11, 16))).toEqual([
        '09:15',
        '10:15',
        '11:15',
        '12:15',
        '13:15',
        '14:15',
        '15:15',
      ]);
    },
  );

  it('open with the first bar, close with the last, and span high and low', () => {
    const [first] = aggregateHourly(
      day(15, (index) => [500, 700, 300, 400][index] ?? 100),
      15,
    );
    expect(first).toEqual({
      start: istAt('2025-07-14', '09:15'),
      open: 500,
      high: 705,
      low: 295,
      close: 401,
      volume: 8,
    });
  });

  it('the last one lasts fifteen minutes', () => {
    expect(hourlyBarEnd(istAt('2025-07-14', '15:15'))).toBe(istAt('2025-07-14', '15:30'));
    expect(hourlyBarEnd(istAt('2025-07-14', '14:15'))).toBe(istAt('2025-07-14', '15:15'));
  });

  it('what trades before 09:15 or after 15:30 is in none', () => {
    const early = { ...day(15)[0], start: istAt('2025-07-14', '09:00') } as Bar;
    const late = { ...early, start: istAt('2025-07-14', '15:30') };
    expect(aggregateHourly([early, ...day(15), late], 15)).toEqual(aggregateHourly(day(15), 15));
  });

  it('refuses an interval that does not divide an hour', () => {
    expect(() => aggregateHourly([], 25)).toThrow(/divide 60/);
    expect(() => aggregateHourly([], 0)).toThrow(RangeError);
    expect(() => aggregateHourly([], 7.5)).toThrow(RangeError);
  });

  it('an hour with any bar missing is no bar, and the others stay as they are', () => {
    const whole = aggregateHourly(day(5), 5);
    fc.assert(
      fc.property(fc.nat(74), (missing) => {
        const hole = Math.floor(missing / 12);
        const hours = aggregateHourly(day(5).toSpliced(missing, 1), 5);
        expect(hours).toEqual(whole.toSpliced(hole, 1));
      }),
    );
  });
});

describe('a frozen index', () => {
  const frozen = (date: string, at: string, high = 100): Bar => ({
    start: istAt(date, at),
    open: 100,
    high,
    low: 100,
    close: 100,
    volume: 0,
  });
  it.each([
    ['2026-07-31', false],
    ['2026-08-03', true],
    ['2026-12-04', true],
    ['2026-12-07', false],
  ])('in the last bar of %s is not believed: %s', (date, unconfirmed) => {
    expect(isUnconfirmed(frozen(date, '15:15'))).toBe(unconfirmed);
  });
  it('is a price like any other at another hour, and when it moved', () => {
    expect(isUnconfirmed(frozen('2026-08-03', '14:15'))).toBe(false);
    expect(isUnconfirmed(frozen('2026-08-03', '15:15', 101))).toBe(false);
  });
});
