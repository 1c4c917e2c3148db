import { describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import {
  DEFAULT_PARAMS,
  evaluateWeek,
  indexStopHit,
  type StrategyParams,
  strikeOf,
} from '../../../src/domain/strategy/index.ts';
import {
  BEARISH,
  BULLISH,
  bar,
  decide,
  END,
  NEUTRAL,
  PREVIOUS,
  type Prices,
  previousWeek,
  THIS,
  thisWeek,
  whyNot,
} from './weeks.ts';

describe("the week's levels", () => {
  it('are the extremes, the last hourly close and the 4-hour bodies of the week before', () => {
    const { levels, zones, margins, distances } = decide(BULLISH, []);
    expect(levels).toEqual({
      high: 2_010_000,
      low: 1_940_000,
      close: 1_960_000,
      max4hBody: 2_000_000,
      min4hBody: 1_950_000,
    });
    expect(zones).toEqual({
      upperTop: 2_010_000,
      upperBottom: 2_000_000,
      lowerTop: 1_950_000,
      lowerBottom: 1_940_000,
    });
    expect(margins).toEqual({ high: 30_000, low: 30_000 });
    expect(distances).toEqual({ resistance: 40_000, support: 10_000 });
  });

  it('have margins of at least a quarter of a point', () => {
    expect(decide({ high: 20_000, max: 20_000, min: 19_500, low: 19_499.95, close: 19_600 }, []).margins).toEqual({
      high: 25,
      low: 25,
    });
  });

  it('lean to the nearer zone, and to none when both are as near', () => {
    expect(decide(BULLISH, []).bias).toBe('BULLISH');
    expect(decide(BEARISH, []).bias).toBe('BEARISH');
    expect(decide(NEUTRAL, []).bias).toBe('NEUTRAL');
  });

  it('come from blocks of the clock: 09 to 11 and 12 to 15 o’clock', () => {
    const week = previousWeek(NEUTRAL);
    // A close of 20050 at 12:15 ends the clock's first block, and lies inside a block of the session or of four bars.
    week[2] = bar(PREVIOUS, 1, 2, [19_750, 20_050, 19_750, 20_050]);
    const max = (fourHourBlocks: StrategyParams['fourHourBlocks']) =>
      evaluateWeek(week, END, { ...DEFAULT_PARAMS, fourHourBlocks }).levels?.max4hBody;
    expect(max('clock')).toBe(2_005_000);
    expect(max('session')).toBe(1_975_000);
    expect(max('sequence')).toBe(1_975_000);
  });

  it('leave a frozen last bar of the closing-auction months out and say so', () => {
    const august = previousWeek(BULLISH, '2026-08-09');
    const upTo = istAt('2026-08-17', '10:15');
    const decision = evaluateWeek(august, upTo);
    // Every bar of this made-up week that stands still at 15:15 is left out; Tuesday's, which moved, is believed.
    expect(decision.unconfirmed).toEqual(
      ['2026-08-10', '2026-08-12', '2026-08-13', '2026-08-14'].map((date) => istAt(date, '15:15')),
    );
    expect(decision.previousBars).toBe(31);
    expect(evaluateWeek(previousWeek(BULLISH), END).unconfirmed).toEqual([]);
  });
});

describe('a week', () => {
  const trap: Prices[] = [
    [19_450, 19_460, 19_350, 19_390],
    [19_390, 19_395, 19_355, 19_360],
  ];

  it('is not evaluated after a week of fewer than twenty bars', () => {
    const bars = thisWeek(trap);
    const nineteen = evaluateWeek([...previousWeek(NEUTRAL).slice(-19), ...bars], END);
    expect(nineteen).toMatchObject({
      reason: 'previous calendar week has 19 hourly bars (<20)',
      signal: null,
      levels: null,
      bias: null,
    });
    expect(evaluateWeek([...previousWeek(NEUTRAL).slice(-20), ...bars], END).reason).toBeNull();
  });

  it('knows a bar only at its end', () => {
    const bars = [...previousWeek(NEUTRAL), ...thisWeek(trap)];
    const before = evaluateWeek(bars, istAt('2025-07-14', '11:14:59'));
    expect(before).toMatchObject({ bars: 1, signal: null, checkedAt: istAt('2025-07-14', '10:15') });
    const at = evaluateWeek(bars, istAt('2025-07-14', '11:15'));
    expect(at).toMatchObject({ bars: 2, signal: 'S1', firedAt: istAt('2025-07-14', '11:15'), barNumber: 2 });
  });

  it('has one signal: what comes later changes nothing', () => {
    const later: Prices[] = [...trap, [19_360, 20_500, 19_360, 20_500]];
    expect(decide(NEUTRAL, thisWeek(later, [[20_500, 20_900, 20_500, 20_900]]))).toMatchObject({
      signal: 'S1',
      barNumber: 2,
      firedAt: istAt('2025-07-14', '11:15'),
    });
  });

  it('begins with the first trading day when Monday is closed', () => {
    const decision = decide(NEUTRAL, thisWeek([], trap));
    expect(decision).toMatchObject({ signal: 'S1', firedAt: istAt('2025-07-15', '11:15'), barNumber: 2 });
  });

  it('does not count a Sunday session unless asked to', () => {
    const sunday = [
      bar(THIS, 0, 0, [19_450, 19_460, 19_350, 19_390]),
      bar(THIS, 0, 1, [19_390, 19_395, 19_355, 19_360]),
    ];
    expect(decide(NEUTRAL, sunday)).toMatchObject({ bars: 0, signal: null });
    expect(decide(NEUTRAL, sunday, { weekendSessions: true })).toMatchObject({ bars: 2, signal: 'S1' });
  });

  it('says of each of the eight signals why it did not fire', () => {
    const { checks } = decide(NEUTRAL, thisWeek(trap));
    expect(checks.map((check) => check.signal)).toEqual(['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8']);
    expect(checks.filter((check) => check.fired).map((check) => check.signal)).toEqual(['S1']);
    expect(checks.find((check) => check.signal === 'S4')?.why).toBe("the week's bias is NEUTRAL");
  });

  it('with a neutral bias can only give S1, S7 and S8', () => {
    for (const signal of ['S2', 'S3', 'S4', 'S5', 'S6'] as const) {
      expect(whyNot(NEUTRAL, signal, [[19_750, 19_760, 19_740, 19_750]])).toMatch(/bias is NEUTRAL|second bar/);
    }
    expect(
      whyNot(NEUTRAL, 'S2', [
        [19_750, 19_760, 19_740, 19_750],
        [19_750, 19_760, 19_740, 19_750],
      ]),
    ).toBe("the week's bias is NEUTRAL");
  });
});

describe('strike and index stop', () => {
  it('rounds a put down and a call up to the strike step', () => {
    expect(strikeOf('PE', 2_501_220)).toBe(2_500_000);
    expect(strikeOf('PE', 2_500_000)).toBe(2_500_000);
    expect(strikeOf('CE', 2_500_005)).toBe(2_505_000);
    expect(strikeOf('CE', 2_500_000)).toBe(2_500_000);
  });
  it('can repeat the origin, which leaves a call below a stop of 24350.05', () => {
    expect(strikeOf('CE', 2_435_005, { ...DEFAULT_PARAMS, callStrike: 'origin' })).toBe(2_435_000);
    expect(strikeOf('CE', 2_435_100, { ...DEFAULT_PARAMS, callStrike: 'origin' })).toBe(2_440_000);
    expect(strikeOf('CE', 2_435_005)).toBe(2_440_000);
  });
  it('stops on an hourly close at the strike or beyond it', () => {
    expect(indexStopHit('PE', 2_500_000, 2_500_000)).toBe(true);
    expect(indexStopHit('PE', 2_500_000, 2_500_005)).toBe(false);
    expect(indexStopHit('CE', 2_500_000, 2_500_000)).toBe(true);
    expect(indexStopHit('CE', 2_500_000, 2_499_995)).toBe(false);
  });
});
