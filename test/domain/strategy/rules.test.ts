import { describe, expect, it } from 'vitest';
import { BEARISH, BULLISH, decide, LEVELS, NEUTRAL, type Prices, signalOf, thisWeek, whyNot } from './weeks.ts';

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
