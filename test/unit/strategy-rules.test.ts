import { describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import {
  DEFAULT_PARAMS,
  evaluateWeek,
  indexStopHit,
  type StrategyParams,
  strikeOf,
} from '../../src/domain/strategy/index.ts';
import type { Bar, SignalName } from '../../src/domain/types.ts';
import {
  BEARISH,
  BULLISH,
  bar,
  LEVELS,
  NEUTRAL,
  PREVIOUS,
  type PreviousLevels,
  type Prices,
  previousWeek,
  THIS,
  thisWeek,
} from './weeks.ts';

const END = istAt('2025-07-19', '12:00');

function decide(levels: PreviousLevels, bars: Bar[], params: Partial<StrategyParams> = {}) {
  return evaluateWeek([...previousWeek(levels), ...bars], END, { ...DEFAULT_PARAMS, ...params });
}

function signalOf(levels: PreviousLevels, ...days: readonly Prices[][]): SignalName | null {
  return decide(levels, thisWeek(...days)).signal;
}

function whyNot(levels: PreviousLevels, signal: SignalName, ...days: readonly Prices[][]): string | undefined {
  return decide(levels, thisWeek(...days)).checks.find((check) => check.signal === signal)?.why;
}

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
      skipped: 'previous calendar week has 19 hourly bars (<20)',
      signal: null,
      levels: null,
      bias: null,
    });
    expect(evaluateWeek([...previousWeek(NEUTRAL).slice(-20), ...bars], END).skipped).toBeNull();
  });

  it('knows a bar only at its end', () => {
    const bars = [...previousWeek(NEUTRAL), ...thisWeek(trap)];
    const before = evaluateWeek(bars, istAt('2025-07-14', '11:14:59'));
    expect(before).toMatchObject({ bars: 1, signal: null, checkedAt: istAt('2025-07-14', '10:15') });
    const at = evaluateWeek(bars, istAt('2025-07-14', '11:15'));
    expect(at).toMatchObject({ bars: 2, signal: 'S1', triggeredAt: istAt('2025-07-14', '11:15'), barNumber: 2 });
  });

  it('has one signal: what comes later changes nothing', () => {
    const later: Prices[] = [...trap, [19_360, 20_500, 19_360, 20_500]];
    expect(decide(NEUTRAL, thisWeek(later, [[20_500, 20_900, 20_500, 20_900]]))).toMatchObject({
      signal: 'S1',
      barNumber: 2,
      triggeredAt: istAt('2025-07-14', '11:15'),
    });
  });

  it('begins with the first trading day when Monday is closed', () => {
    const decision = decide(NEUTRAL, thisWeek([], trap));
    expect(decision).toMatchObject({ signal: 'S1', triggeredAt: istAt('2025-07-15', '11:15'), barNumber: 2 });
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

describe('S1 bear trap', () => {
  const second: Prices = [19_390, 19_395, 19_355, 19_360];
  it('passes when the first bar opens on the bottom of the support zone', () => {
    expect(signalOf(NEUTRAL, [[19_400, 19_460, 19_350, 19_390], second])).toBe('S1');
    expect(signalOf(NEUTRAL, [[19_399.95, 19_460, 19_350, 19_390], second])).toBeNull();
  });
  it('fails when the first bar closes on the bottom of the support zone', () => {
    expect(signalOf(NEUTRAL, [[19_450, 19_460, 19_350, 19_399.95], second])).toBe('S1');
    expect(signalOf(NEUTRAL, [[19_450, 19_460, 19_350, 19_400], second])).toBeNull();
  });
  it("fails when the second bar closes on the first bar's low", () => {
    expect(
      signalOf(NEUTRAL, [
        [19_450, 19_460, 19_350, 19_390],
        [19_390, 19_395, 19_340, 19_350],
      ]),
    ).toBeNull();
    expect(
      signalOf(NEUTRAL, [
        [19_450, 19_460, 19_350, 19_390],
        [19_390, 19_395, 19_340, 19_350.05],
      ]),
    ).toBe('S1');
  });
  it("stops below the first bar's low by its body", () => {
    expect(decide(NEUTRAL, thisWeek([[19_450, 19_460, 19_350, 19_390], second]))).toMatchObject({
      stop: 1_929_000,
      strike: 1_925_000,
      optionType: 'PE',
    });
  });
});

describe('S2 support hold', () => {
  const second: Prices = [19_620, 19_660, 19_610, 19_650];
  it('passes when the first bar touches the top of the support zone', () => {
    expect(signalOf(BULLISH, [[19_750, 19_760, 19_500, 19_620], second])).toBe('S2');
    expect(signalOf(BULLISH, [[19_750, 19_760, 19_500.05, 19_620], second])).toBeNull();
  });
  it("fails when the first bar opens on last week's low", () => {
    expect(signalOf(BULLISH, [[19_400, 19_760, 19_400, 19_620], second])).toBeNull();
    expect(signalOf(BULLISH, [[19_400.05, 19_760, 19_400, 19_620], second])).toBe('S2');
  });
  it("passes when the first bar closes on last week's close", () => {
    expect(signalOf(BULLISH, [[19_750, 19_760, 19_450, 19_600], second])).toBe('S2');
    expect(signalOf(BULLISH, [[19_750, 19_760, 19_450, 19_599.95], second])).toBeNull();
  });
  it("passes when the second bar closes on the first bar's low, near the zone without a touch", () => {
    const first: Prices = [19_650, 19_660, 19_630, 19_640];
    expect(signalOf(BULLISH, [first, [19_640, 19_640, 19_620, 19_630]])).toBe('S2');
    expect(signalOf(BULLISH, [first, [19_640, 19_640, 19_620, 19_629.95]])).toBeNull();
  });
  it("fails when the second bar closes on last week's close", () => {
    const first: Prices = [19_750, 19_760, 19_450, 19_620];
    expect(signalOf(BULLISH, [first, [19_620, 19_620, 19_600, 19_600]])).toBeNull();
    expect(signalOf(BULLISH, [first, [19_620, 19_620, 19_600, 19_600.05]])).toBe('S2');
  });
  it('counts as near up to the margin, and needs last week’s close near as well', () => {
    const near = (open: number): Prices[] => [[open, 19_800, 19_630, 19_640], second];
    expect(signalOf(BULLISH, near(19_700))).toBe('S2');
    expect(signalOf(BULLISH, near(19_700.05))).toBeNull();
    const later: Prices = [19_700, 19_710, 19_690, 19_705];
    const closing = (close: number) => signalOf({ ...LEVELS, close }, [[19_650, 19_800, 19_640, 19_702], later]);
    expect(closing(19_700)).toBe('S2');
    expect(closing(19_700.05)).toBeNull();
  });
  it('stops at the bottom of the support zone', () => {
    expect(decide(BULLISH, thisWeek([[19_750, 19_760, 19_450, 19_620], second]))).toMatchObject({
      stop: 1_940_000,
      strike: 1_940_000,
      optionType: 'PE',
    });
  });
});

describe('S3 resistance hold', () => {
  const second: Prices = [19_900, 19_910, 19_870, 19_880];
  it('passes when the first bar touches the bottom of the resistance zone', () => {
    expect(signalOf(BEARISH, [[19_650, 20_000, 19_640, 19_900], second])).toBe('S3');
    expect(signalOf(BEARISH, [[19_650, 19_999.95, 19_640, 19_900], second])).toBeNull();
  });
  it("passes when the first bar closes on last week's high", () => {
    const after: Prices = [20_000, 20_000, 19_980, 19_990];
    expect(signalOf(BEARISH, [[19_650, 20_100, 19_640, 20_100], after])).toBe('S3');
    expect(signalOf(BEARISH, [[19_650, 20_100.05, 19_640, 20_100.05], after])).toBeNull();
  });
  it('fails when the second bar closes on the bottom of the resistance zone', () => {
    const first: Prices = [19_650, 20_050, 19_640, 20_020];
    expect(signalOf(BEARISH, [first, [20_000, 20_010, 19_990, 20_000]])).toBeNull();
    expect(signalOf(BEARISH, [first, [20_000, 20_010, 19_990, 19_999.95]])).toBe('S3');
  });
  it("fails when the second bar closes on the first bar's high", () => {
    const first: Prices = [19_950, 19_990, 19_940, 19_960];
    expect(signalOf(BEARISH, [first, [19_960, 20_000, 19_950, 19_990]])).toBeNull();
    expect(signalOf(BEARISH, [first, [19_960, 20_000, 19_950, 19_989.95]])).toBe('S3');
  });
  it('fires on a later new low below the first bar too', () => {
    const first: Prices = [19_950, 19_990, 19_940, 19_960];
    const quiet: Prices = [19_960, 19_970, 19_930, 19_950];
    expect(decide(BEARISH, thisWeek([first, quiet, [19_950, 19_950, 19_920, 19_929.95]]))).toMatchObject({
      signal: 'S3',
      barNumber: 3,
    });
    expect(signalOf(BEARISH, [first, quiet, [19_950, 19_950, 19_920, 19_930]])).toBeNull();
  });
  it('fails when a new low closes on the bottom of the resistance zone', () => {
    const inZone: Prices[] = [
      [20_050, 20_080, 20_020, 20_040],
      [20_040, 20_045, 20_010, 20_020],
    ];
    expect(signalOf(BEARISH, [...inZone, [20_020, 20_020, 19_990, 20_000]])).toBeNull();
    expect(signalOf(BEARISH, [...inZone, [20_020, 20_020, 19_990, 19_999.95]])).toBe('S3');
  });
  it('counts as near up to the margin, at the open and at last week’s close', () => {
    const rejected: Prices = [19_960, 20_000, 19_900, 19_950];
    const opening = (open: number): Prices[] => [[open, 19_990, 19_650, 19_960], rejected];
    expect(signalOf(BEARISH, opening(19_700))).toBe('S3');
    expect(signalOf(BEARISH, opening(19_699.95))).toBeNull();
    const levels = { high: 20_100, max: 20_000, min: 19_000, low: 18_900 };
    expect(signalOf({ ...levels, close: 19_700 }, opening(19_750))).toBe('S3');
    expect(signalOf({ ...levels, close: 19_699.95 }, opening(19_750))).toBeNull();
  });
  it("stops at last week's high, and the call is struck above it", () => {
    const levels = { ...BEARISH, high: 20_100.05 };
    expect(decide(levels, thisWeek([[19_650, 20_000, 19_640, 19_900], second]))).toMatchObject({
      stop: 2_010_005,
      strike: 2_015_000,
      optionType: 'CE',
    });
  });
});

describe('S4 and S5 bias failure', () => {
  it('S4 fails when the first bar opens on the top of the resistance zone', () => {
    const week = (open: number): Prices[] => [
      [open, 20_120, 20_090, 20_110],
      [20_110, 20_135, 20_110, 20_130],
    ];
    expect(decide(BEARISH, thisWeek(week(20_100.05)))).toMatchObject({
      signal: 'S4',
      stop: 2_009_000,
      strike: 2_005_000,
    });
    // The same breakout is S7 then.
    expect(signalOf(BEARISH, week(20_100))).toBe('S7');
    expect(whyNot(BEARISH, 'S4', week(20_100))).toBe('the first bar did not open above the resistance zone');
  });
  it('S5 fails when the first bar opens on the bottom of the support zone', () => {
    const week = (open: number): Prices[] => [
      [open, 19_405, 19_300, 19_350],
      [19_350, 19_350, 19_280, 19_290],
    ];
    expect(decide(BULLISH, thisWeek(week(19_399.95)))).toMatchObject({
      signal: 'S5',
      stop: 1_940_500,
      optionType: 'CE',
    });
    expect(signalOf(BULLISH, week(19_400))).toBeNull();
  });
  it("S5 fails when a bar closes on the first bar's low", () => {
    const first: Prices = [19_390, 19_395, 19_300, 19_350];
    expect(signalOf(BULLISH, [first, [19_350, 19_350, 19_280, 19_300]])).toBeNull();
    expect(signalOf(BULLISH, [first, [19_350, 19_350, 19_280, 19_300], [19_300, 19_300, 19_280, 19_299.95]])).toBe(
      'S5',
    );
  });
});

describe('S6 weakness confirmed', () => {
  // Far from the zone at the open, so that only the touch makes it an S3.
  const week: Prices[] = [
    [19_650, 20_000, 19_640, 19_900],
    [19_900, 19_910, 19_870, 19_880],
  ];
  it('cannot fire while a touch is enough for S3, which comes first', () => {
    expect(signalOf(BEARISH, week)).toBe('S3');
    expect(whyNot(BEARISH, 'S6', week)).toBe('S3 comes first');
  });
  it('fires in its place when a touch is not enough', () => {
    expect(decide(BEARISH, thisWeek(week), { resistanceTouch: false }).signal).toBe('S6');
  });
});

describe('S7 breakout confirmed', () => {
  const first: Prices = [19_690, 19_700, 19_650, 19_660];

  it("is no breakout when a bar of the first day closes on the first bar's high", () => {
    expect(signalOf(NEUTRAL, [first, [19_660, 19_700, 19_650, 19_700]])).toBeNull();
    expect(signalOf(NEUTRAL, [first, [19_660, 19_700.05, 19_650, 19_700.05]])).toBe('S7');
  });

  it("takes a later day's candle whose high equals the week's high as the breakout candle", () => {
    const monday: Prices[] = [first, [19_660, 19_800, 19_650, 19_690]];
    const next: Prices = [19_790, 19_810, 19_790, 19_805];
    const equal = decide(NEUTRAL, thisWeek(monday, [[19_720, 19_800, 19_710, 19_790], next]));
    expect(equal).toMatchObject({ signal: 'S7', barNumber: 4, stop: 1_965_000, strike: 1_965_000 });
    expect(signalOf(NEUTRAL, monday, [[19_720, 19_799.95, 19_710, 19_790], next])).toBeNull();
  });

  it("passes on last week's high itself and at a gap of exactly 0.40 %", () => {
    const levels = { high: 20_080, max: 20_050, min: 19_500, low: 19_400, close: 19_775 };
    const closing = (close: number): Prices[] => [first, [19_660, 20_090, 19_650, close]];
    expect(signalOf(levels, closing(20_080))).toBe('S7');
    expect(signalOf(levels, closing(20_079.95))).toBeNull();
    expect(signalOf(levels, closing(20_000))).toBe('S7');
    expect(signalOf(levels, closing(20_000.05))).toBeNull();
  });

  it('is spent when another test refused it: a stronger bar while it lasts does not count', () => {
    const levels = { high: 20_080, max: 20_050, min: 19_500, low: 19_400, close: 19_775 };
    const week = thisWeek([
      first,
      [19_660, 20_050, 19_650, 20_040],
      [20_040, 20_120, 20_040, 20_100],
      // Below the first bar's high and above it again: a new edge.
      [20_100, 20_100, 19_690, 19_695],
      [19_695, 20_160, 19_690, 20_150],
    ]);
    expect(decide(levels, week)).toMatchObject({ signal: 'S7', barNumber: 5 });
    expect(decide(levels, week, { breakout: 'level' })).toMatchObject({ signal: 'S7', barNumber: 3 });
  });
});

describe('S8 breakdown confirmed', () => {
  const first: Prices = [19_990, 20_000, 19_900, 19_950];

  it("is no breakdown when a bar of the first day closes on the first bar's low", () => {
    expect(signalOf(NEUTRAL, [first, [19_950, 19_960, 19_900, 19_900]])).toBeNull();
    expect(signalOf(NEUTRAL, [first, [19_950, 19_960, 19_899.95, 19_899.95]])).toBe('S8');
  });
  it("takes a later day's candle whose low equals the week's low as the breakdown candle", () => {
    const monday: Prices[] = [first, [19_950, 19_960, 19_850, 19_910]];
    const next: Prices = [19_860, 19_860, 19_840, 19_845];
    expect(decide(NEUTRAL, thisWeek(monday, [[19_890, 19_890, 19_850, 19_860], next]))).toMatchObject({
      signal: 'S8',
      barNumber: 4,
      stop: 2_000_000,
      strike: 2_000_000,
      optionType: 'CE',
    });
    expect(signalOf(NEUTRAL, monday, [[19_890, 19_890, 19_850.05, 19_860], next])).toBeNull();
  });
  it('needs the resistance zone to have been reached in the week', () => {
    const low: Prices = [19_950, 19_960, 19_880, 19_890];
    expect(signalOf(NEUTRAL, [first, low])).toBe('S8');
    expect(signalOf(NEUTRAL, [[19_990, 19_999.95, 19_900, 19_950], low])).toBeNull();
  });
  it('fails when the bar closes on the bottom of the resistance zone', () => {
    const above: Prices = [20_050, 20_080, 20_010, 20_040];
    expect(signalOf(NEUTRAL, [above, [20_040, 20_045, 19_990, 20_000]])).toBeNull();
    expect(signalOf(NEUTRAL, [above, [20_040, 20_045, 19_990, 19_999.95]])).toBe('S8');
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
