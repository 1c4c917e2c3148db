import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHASE_STEPS, isBelievable, priceProtection, protectedLimit } from '../../src/domain/limit-prices.ts';

const tick = 5;

describe('price protection', () => {
  it.each([
    [100_00, 60_00, 140_00],
    [50_05, 30_05, 70_05],
    [50_00, 30_00, 70_00],
    [19_60, 5, 39_60],
    [5, 5, 20_05],
  ])('around a last price of %i is %i to %i', (last, lower, upper) => {
    expect(priceProtection(last, tick)).toEqual({ lower, upper });
  });
  it("ends at the day's circuit limits where they are nearer", () => {
    expect(priceProtection(100_00, tick, { lower: 80_00, upper: 120_00 })).toEqual({ lower: 80_00, upper: 120_00 });
    expect(priceProtection(100_00, tick, { lower: 5, upper: 900_00 })).toEqual({ lower: 60_00, upper: 140_00 });
  });
  it('tells a garbage tick from a price', () => {
    expect(isBelievable(140_00, 100_00, tick)).toBe(true);
    expect(isBelievable(140_05, 100_00, tick)).toBe(false);
    expect(isBelievable(60_00, 100_00, tick)).toBe(true);
    expect(isBelievable(59_95, 100_00, tick)).toBe(false);
  });
});

describe('a limit that crosses', () => {
  const range = priceProtection(100_00, tick);
  const order = { touch: 100_00, widen: 0, tick, range, noWorseThan: null };

  it('reaches beyond the far touch by a band that widens with each step', () => {
    const buys = [0, 1, 2, 3, 4, 5].map((widen) => protectedLimit({ ...order, side: 'BUY', widen }));
    expect(buys).toEqual([102_00, 105_00, 110_00, 120_00, 135_00, 135_00]);
    const sells = [0, 1, 2, 3, 4, 5].map((widen) => protectedLimit({ ...order, side: 'SELL', widen }));
    expect(sells).toEqual([98_00, 95_00, 90_00, 80_00, 65_00, 65_00]);
  });
  it('moves a cheap option by ticks', () => {
    const cheap = { ...order, touch: 1_00, range: priceProtection(1_00, tick) };
    expect(protectedLimit({ ...cheap, side: 'BUY' })).toBe(1_20);
    expect(protectedLimit({ ...cheap, side: 'SELL' })).toBe(80);
    expect(protectedLimit({ ...cheap, side: 'SELL', widen: 4 })).toBe(5);
  });
  it('stops at the edge of the price protection', () => {
    expect(protectedLimit({ ...order, side: 'BUY', touch: 130_00, widen: 3 })).toBe(140_00);
    expect(protectedLimit({ ...order, side: 'SELL', touch: 70_00, widen: 3 })).toBe(60_00);
  });
  it('stays inside the circuit limits on both sides where others bid or ask beyond them', () => {
    const bound = priceProtection(150_00, tick, { lower: 90_00, upper: 120_00 });
    expect(protectedLimit({ ...order, side: 'SELL', touch: 150_00, range: bound })).toBe(120_00);
    const low = priceProtection(60_00, tick, { lower: 80_00, upper: 120_00 });
    expect(protectedLimit({ ...order, side: 'BUY', touch: 60_00, range: low })).toBe(80_00);
  });
  it('never shows a worse price than before: a buy does not fall, a sell does not rise', () => {
    expect(protectedLimit({ ...order, side: 'BUY', noWorseThan: 103_00 })).toBe(103_00);
    expect(protectedLimit({ ...order, side: 'BUY', noWorseThan: 101_00 })).toBe(102_00);
    expect(protectedLimit({ ...order, side: 'SELL', noWorseThan: 97_00 })).toBe(97_00);
    expect(protectedLimit({ ...order, side: 'SELL', noWorseThan: 99_00 })).toBe(98_00);
  });
  it('lies on a tick, crosses the touch where the protection lets it, and is accepted by the exchange', () => {
    const prices = fc.integer({ min: 1, max: 20_000 }).map((ticks) => ticks * tick);
    fc.assert(
      fc.property(prices, prices, fc.nat(CHASE_STEPS + 2), fc.boolean(), (last, touch, widen, buys) => {
        const protection = priceProtection(last, tick);
        const side = buys ? 'BUY' : 'SELL';
        const price = protectedLimit({ side, touch, widen, tick, range: protection, noWorseThan: null });
        expect(price % tick).toBe(0);
        expect(price).toBeGreaterThanOrEqual(tick);
        if (touch < protection.lower || touch > protection.upper) return;
        expect(price >= protection.lower && price <= protection.upper).toBe(true);
        expect(buys ? price >= touch : price <= touch).toBe(true);
      }),
    );
  });
});
