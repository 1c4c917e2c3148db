import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderCharges } from '../../src/domain/charges.ts';
import { closingResult, lossCapHit, restingStop, targetHit, targetProfit } from '../../src/domain/stops.ts';

const TICK = 5;

describe('the resting stop', () => {
  it.each([
    // entry, trigger: max(2 x entry, entry + 20), limit: 10 % above, or 5 up to a trigger of 50
    [53_75, 107_50, 118_25],
    [20_00, 40_00, 45_00],
    [19_60, 39_60, 44_60],
    [5_00, 25_00, 30_00],
    [25_00, 50_00, 55_00],
    [25_05, 50_10, 55_15],
    [30_00, 60_00, 66_00],
    [53_73, 107_50, 118_25],
  ])('of an entry at %i triggers at %i with a limit of %i', (entry, triggerPrice, limitPrice) => {
    expect(restingStop(entry, TICK)).toEqual({ triggerPrice, limitPrice });
  });
  it('lies on ticks and inside what NSE allows between trigger and limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 2_000_00 }), (entry) => {
        const { triggerPrice, limitPrice } = restingStop(entry, TICK);
        expect(triggerPrice % TICK).toBe(0);
        expect(limitPrice % TICK).toBe(0);
        expect(triggerPrice).toBeGreaterThanOrEqual(Math.max(2 * entry, entry + 20_00));
        const allowed = triggerPrice <= 50_00 ? 10_00 : triggerPrice * 0.2;
        expect(limitPrice - triggerPrice).toBeGreaterThan(0);
        expect(limitPrice - triggerPrice).toBeLessThanOrEqual(allowed);
      }),
    );
  });
});

describe('what closing would bring', () => {
  const date = '2025-07-14';
  const main = { quantity: 750, entryPrice: 53_75 };
  const hedge = { quantity: 750, entryPrice: 19_60 };
  const base = { date, main, hedge, paidCharges: 100_00 };

  it('buys the short at the ask, sells the hedge at the bid, and pays for both', () => {
    const buy = orderCharges({ date, side: 'BUY', turnover: 750 * 70_00 }).total;
    const sell = orderCharges({ date, side: 'SELL', turnover: 750 * 25_00 }).total;
    expect(closingResult({ ...base, ask: 70_00, bid: 25_00 })).toBe(
      750 * (53_75 - 70_00) + 750 * (25_00 - 19_60) - 100_00 - buy - sell,
    );
  });
  it('gives nothing for a hedge that nobody bids for, and charges no sale', () => {
    const buy = orderCharges({ date, side: 'BUY', turnover: 750 * 70_00 }).total;
    expect(closingResult({ ...base, ask: 70_00, bid: null })).toBe(750 * (53_75 - 70_00) - 750 * 19_60 - 100_00 - buy);
  });
  it('leaves out a hedge that is not there', () => {
    const buy = orderCharges({ date, side: 'BUY', turnover: 750 * 50_00 }).total;
    expect(closingResult({ ...base, hedge: null, ask: 50_00, bid: null })).toBe(750 * 3_75 - 100_00 - buy);
  });
  it('has no order for a leg that is already closed', () => {
    const closed = { quantity: 0, entryPrice: 53_75 };
    const sell = orderCharges({ date, side: 'SELL', turnover: 750 * 25_00 }).total;
    expect(closingResult({ ...base, main: closed, ask: 70_00, bid: 25_00 })).toBe(
      750 * (25_00 - 19_60) - 100_00 - sell,
    );
    const buy = orderCharges({ date, side: 'BUY', turnover: 750 * 70_00 }).total;
    expect(closingResult({ ...base, hedge: closed, ask: 70_00, bid: 25_00 })).toBe(
      750 * (53_75 - 70_00) - 100_00 - buy,
    );
  });
  it('reaches the loss cap at it and beyond it', () => {
    expect(lossCapHit(-25_000_00, 25_000_00)).toBe(true);
    expect(lossCapHit(-25_000_01, 25_000_00)).toBe(true);
    expect(lossCapHit(-24_999_99, 25_000_00)).toBe(false);
    expect(lossCapHit(25_000_00, 25_000_00)).toBe(false);
  });
  it('reaches the target at a share of the net credit', () => {
    const target = targetProfit(0.8, main, hedge);
    expect(target).toBe(750 * (53_75 - 19_60) * 0.8);
    expect(targetHit(20_490_00, target)).toBe(true);
    expect(targetHit(20_489_99, target)).toBe(false);
  });
  it('has no target when none is set, or nothing was earned', () => {
    expect(targetProfit(null, main, hedge)).toBeNull();
    expect(targetProfit(0.8, hedge, main)).toBeNull();
    expect(targetProfit(0.8, main, main)).toBeNull();
    expect(targetHit(1_000_000_00, null)).toBe(false);
  });
});
