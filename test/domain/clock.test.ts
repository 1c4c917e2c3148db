import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  IST_OFFSET_MS,
  isIsoDate,
  istAt,
  istDate,
  marketAt,
  shownAt,
  weekday,
} from '../../src/domain/clock.ts';

const DAY_MS = 86_400_000;
const instants = fc.double({ min: -1e12, max: 4e12, noNaN: true });
const days = fc.integer({ min: -20_000, max: 60_000 });
const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);

describe('market dates', () => {
  it('are those of Asia/Kolkata, for any instant however often it is asked for', () => {
    const india = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Kolkata' });
    fc.assert(
      fc.property(instants, (ms) => {
        // Before 1970 Kolkata's clocks were not always at +05:30.
        fc.pre(ms > 0);
        expect(istDate(ms)).toBe(india.format(ms));
        expect(istDate(ms)).toBe(india.format(ms));
      }),
    );
  });

  it('change at midnight, to the millisecond', () => {
    fc.assert(
      fc.property(days, (day) => {
        const midnight = day * DAY_MS - IST_OFFSET_MS;
        expect([istDate(midnight - 1), istDate(midnight)]).toEqual([dateOf(day - 1), dateOf(day)]);
        expect(istAt(dateOf(day), '00:00')).toBe(midnight);
        expect(istAt(dateOf(day), '15:30:05')).toBe(midnight + (15 * 60 + 30) * 60_000 + 5_000);
      }),
    );
  });

  it('are counted and have weekdays as in the calendar', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: -800, max: 800 }), (day, more) => {
        expect(addDays(dateOf(day), more)).toBe(dateOf(day + more));
        expect(weekday(dateOf(day))).toBe(new Date(day * DAY_MS).getUTCDay());
      }),
    );
  });

  it('that do not exist stay wrong when they are asked for again', () => {
    for (let asked = 0; asked < 2; asked++) {
      for (const text of ['2025-02-30', '2025-13-01', '2025-7-1', '', 'today', '2025-07-14T09:15'])
        expect(isIsoDate(text)).toBe(false);
      expect(isIsoDate('2024-02-29')).toBe(true);
      expect(() => istAt('2025-07-14', '25:00')).toThrow(RangeError);
      expect(() => istAt('no date', '09:15')).toThrow(RangeError);
      expect(() => istDate(Number.NaN)).toThrow(RangeError);
    }
  });

  it('are right after more of them than are remembered', () => {
    for (let day = 0; day < 25_000; day++) expect(istDate(day * DAY_MS)).toBe(dateOf(day));
    for (let second = 0; second < 2_000; second++) {
      const time = new Date(second * 1000).toISOString().slice(11, 19);
      expect(istAt('2025-07-14', time)).toBe(istAt('2025-07-14', '00:00') + second * 1000);
    }
  });
});

describe('when the market showed an instant', () => {
  it('is the instant itself where the market has no clock of its own, and never lies ahead', () => {
    expect(shownAt([], 500, 1_000)).toBe(500);
    expect(shownAt([], 2_000, 1_000)).toBe(1_000);
  });

  it('is found in the piece of its clock that showed it: at 60x, standing still, at 1x', () => {
    const clock = [
      { real: 1_000, market: 0, speed: 60 },
      { real: 2_000, market: 60_000, speed: 0 },
      { real: 5_000, market: 60_000, speed: 1 },
    ];
    expect([30_000, 62_000].map((market) => shownAt(clock, market, 9_000))).toEqual([1_500, 7_000]);
    for (const real of [1_000, 1_250, 6_500, 8_999]) expect(shownAt(clock, marketAt(clock, real), 9_000)).toBe(real);
  });
});
