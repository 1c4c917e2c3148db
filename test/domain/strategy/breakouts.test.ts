import { describe, expect, it } from 'vitest';
import { WeekState } from '../../../src/domain/strategy/breakouts.ts';
import type { Bar } from '../../../src/domain/types.ts';
import { type Prices, thisWeek } from './weeks.ts';

/** The states of a week's bars, day by day from Monday. */
function states(...days: readonly Prices[][]) {
  const bars = thisWeek(...days);
  const week = new WeekState(bars[0] as Bar);
  return bars.map((bar) => week.step(bar));
}

const FIRST: Prices = [150, 200, 100, 150];
const mirrored = (prices: Prices): Prices => [-prices[0], -prices[2], -prices[1], -prices[3]];

/** Every case is asked of a breakout and, upside down, of a breakdown. */
const ups = (...days: readonly Prices[][]) => states(...days).map((state) => state.up);
const downs = (...days: readonly Prices[][]) =>
  states(...days.map((day) => day.map(mirrored))).map((state) => state.down);

describe.each([
  ['breakout', ups],
  ['breakdown', downs],
])('a %s', (_, of) => {
  const levels = (...days: readonly Prices[][]) => of(...days).map((machine) => machine.level);
  const edges = (...days: readonly Prices[][]) => of(...days).map((machine) => machine.edge);

  it("on the first day is a close beyond the first bar's extreme, not on it", () => {
    expect(levels([FIRST, [150, 200, 150, 200], [200, 201, 150, 201]])).toEqual([false, false, true]);
  });

  it('begins on the bar where it was not there before, and again after it was away', () => {
    const above: Prices = [150, 210, 150, 205];
    const below: Prices = [150, 210, 150, 180];
    expect(edges([FIRST, above, above, below, above])).toEqual([false, true, false, false, true]);
  });

  it('on a later day needs a candle that sets it, and a later close beyond that candle', () => {
    const candle: Prices = [205, 220, 204, 210];
    const onIt: Prices = [210, 225, 205, 220];
    const beyond: Prices = [220, 230, 215, 221];
    expect(levels([FIRST], [candle, onIt, beyond])).toEqual([false, false, false, true]);
    expect(edges([FIRST], [candle, onIt, beyond, beyond])).toEqual([false, false, false, true, false]);
  });

  it("is not set by a candle without a body in its direction, nor by a close on the first bar's extreme", () => {
    const beyond: Prices = [220, 230, 215, 229];
    const noBody: Prices = [210, 220, 204, 210];
    const onExtreme: Prices = [150, 220, 150, 200];
    // The next bar sets it instead, and the one after that goes beyond it.
    for (const candle of [noBody, onExtreme]) {
      expect(levels([FIRST], [candle, beyond, [229, 240, 225, 231]])).toEqual([false, false, false, true]);
    }
  });

  it("is set by a candle that equals the week's extreme, not by one within it", () => {
    const monday: Prices[] = [FIRST, [150, 220, 150, 180]];
    const next: Prices = [215, 230, 214, 221];
    expect(levels(monday, [[205, 220, 204, 210], next])).toEqual([false, false, false, true]);
    expect(levels(monday, [[205, 219, 204, 210], next])).toEqual([false, false, false, false]);
  });

  it('is never moved once it is set', () => {
    const candle: Prices = [205, 220, 204, 210];
    const higher: Prices = [210, 300, 205, 219];
    expect(levels([FIRST], [candle, higher, [219, 225, 210, 221]])).toEqual([false, false, false, true]);
  });

  it('of the first day does not set it for later days', () => {
    expect(levels([FIRST, [150, 210, 150, 205]], [[205, 209, 204, 207]])).toEqual([false, true, false]);
  });
});

describe('a new high or low', () => {
  it('needs an earlier bar and a close beyond all of them, not on their extreme', () => {
    const highs = states([FIRST, [150, 220, 150, 200], [200, 220, 200, 220], [220, 230, 200, 221]]);
    expect(highs.map((state) => state.newHigh)).toEqual([false, false, false, true]);
    const lows = states([FIRST, [100, 150, 80, 100], [100, 100, 80, 80], [80, 80, 70, 79]]);
    expect(lows.map((state) => state.newLow)).toEqual([false, false, false, true]);
  });
});
