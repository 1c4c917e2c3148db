import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { priceProtection } from '../../src/domain/limit-prices.ts';
import {
  checkCover,
  checkHours,
  checkTerms,
  effectOf,
  freeLongs,
  gapLosses,
  type ManualHolding,
  type ManualOrder,
  nearSymbols,
} from '../../src/domain/manual-orders.ts';
import type { OptionContract } from '../../src/domain/types.ts';

const MONTHLY = '2025-07-31';
const CONTRACT = { tradingsymbol: 'NIFTY25JUL25000PE', lotSize: 75, tickSize: 5, maxOrderQuantity: 1800 };
const BUY: ManualOrder = {
  symbol: CONTRACT.tradingsymbol,
  side: 'BUY',
  quantity: 75,
  orderType: 'LIMIT',
  price: 130_00,
  triggerPrice: null,
  product: null,
};

function held(strike: number, net: number, change: Partial<ManualHolding> = {}): ManualHolding {
  return {
    id: `M${strike}`,
    tradingsymbol: `NIFTY25JUL${strike}PE`,
    expiry: MONTHLY,
    strike: strike * 100,
    optionType: 'PE',
    product: 'MIS',
    net,
    selling: 0,
    leaving: false,
    ...change,
  };
}

const codes = (change: Partial<ManualOrder>, last = 130_00) =>
  checkTerms({ ...BUY, ...change }, CONTRACT, { last, range: priceProtection(last, 5) }).map(({ code }) => code);

describe('the terms of a manual order', () => {
  it('whole lots up to the freeze quantity', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ quantity: 1800 })).toEqual([]);
    expect(codes({ quantity: 80 })).toEqual(['lot_size_mismatch']);
    expect(codes({ quantity: 1875 })).toEqual(['limit_exceeded']);
    expect(codes({ quantity: 2000 })).toEqual(['lot_size_mismatch', 'limit_exceeded']);
  });
  it('a limit on the tick and inside the price protection: 40 % around a last price of 130', () => {
    expect(codes({ price: 182_00 })).toEqual([]);
    expect(codes({ price: 182_05 })).toEqual(['price_not_allowed']);
    expect(codes({ price: 130_02 })).toEqual(['price_not_allowed']);
    expect(codes({ side: 'SELL', price: 78_00 })).toEqual([]);
    expect(codes({ side: 'SELL', price: 77_95 })).toEqual(['price_not_allowed']);
    // Far away from the market it only rests.
    expect(codes({ price: 5 })).toEqual([]);
  });
  it('a trigger beyond the last price, and a limit within a fifth of it, ten rupees up to fifty', () => {
    const stop = (side: 'BUY' | 'SELL', triggerPrice: number, price: number, last?: number) =>
      codes({ orderType: 'SL', side, triggerPrice, price }, last);
    expect(stop('BUY', 140_00, 168_00)).toEqual([]);
    expect(stop('BUY', 140_00, 168_05)).toEqual(['price_not_allowed']);
    expect(stop('BUY', 140_00, 139_95)).toEqual(['price_not_allowed']);
    expect(stop('BUY', 130_00, 131_00)).toEqual(['price_not_allowed']);
    expect(stop('SELL', 120_00, 96_00)).toEqual([]);
    expect(stop('SELL', 120_00, 95_95)).toEqual(['price_not_allowed']);
    expect(stop('SELL', 130_00, 129_00)).toEqual(['price_not_allowed']);
    expect(stop('BUY', 50_00, 60_00, 20_00)).toEqual([]);
    expect(stop('BUY', 50_00, 60_05, 20_00)).toEqual(['price_not_allowed']);
  });
  it('MARKET has none: its price is made when it is sent', () => {
    expect(codes({ orderType: 'MARKET', price: null })).toEqual([]);
  });
});

describe('the cover of a manual sale', () => {
  const contract = (strike: number) => ({
    tradingsymbol: `NIFTY25JUL${strike}PE`,
    expiry: MONTHLY,
    optionType: 'PE' as const,
  });
  const sell = (strike: number, quantity: number, holdings: ManualHolding[], product: 'MIS' | 'NRML' = 'MIS') =>
    checkCover({ side: 'SELL', quantity, orderType: 'MARKET' }, contract(strike), product, holdings)?.code ?? null;

  it('is what was bought of it, or of its type, expiry and product', () => {
    expect(sell(25000, 75, [])).toBe('naked_sell');
    expect(sell(25000, 75, [held(25000, 75)])).toBeNull();
    expect(sell(25000, 150, [held(25000, 75)])).toBe('naked_sell');
    expect(sell(25000, 75, [held(24800, 75)])).toBeNull();
    expect(sell(25000, 75, [held(24800, 75)], 'NRML')).toBe('naked_sell');
    expect(sell(25000, 75, [held(24800, 75, { expiry: '2025-07-17' })])).toBe('naked_sell');
    expect(sell(25000, 75, [held(24800, 75, { optionType: 'CE' })])).toBe('naked_sell');
  });
  it('counts once: not what is being sold, what covers another short, or what is leaving', () => {
    expect(sell(25000, 75, [held(25000, 75, { selling: 75 })])).toBe('naked_sell');
    expect(sell(24800, 75, [held(24800, 75), held(25000, -75)])).toBe('naked_sell');
    expect(sell(24800, 75, [held(24800, 150), held(25000, -75)])).toBeNull();
    expect(sell(25000, 75, [held(24800, 75, { leaving: true })])).toBe('naked_sell');
  });
  it('no accepted sale leaves the series with more sold than bought', () => {
    const holding = fc.record({ strike: fc.constantFrom(24600, 24800, 25000), net: fc.integer({ min: -3, max: 6 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(holding, { selector: ({ strike }) => strike }),
        fc.integer({ min: 1, max: 6 }),
        (nets, lots) => {
          const holdings = nets.map(({ strike, net }) => held(strike, net * 75));
          fc.pre(freeLongs(holdings) >= 0);
          if (sell(24800, lots * 75, holdings) === null) expect(freeLongs(holdings)).toBeGreaterThanOrEqual(lots * 75);
        },
      ),
    );
  });
  it('a short is bought back whole and at the market', () => {
    const short = [held(24800, 75), held(25000, -75)];
    const buy = (orderType: 'MARKET' | 'LIMIT', quantity: number) =>
      checkCover({ side: 'BUY', quantity, orderType }, contract(25000), 'MIS', short)?.code ?? null;
    expect(effectOf('BUY', short[1])).toBe('closes_short');
    expect(buy('MARKET', 75)).toBeNull();
    expect(buy('MARKET', 150)).toBe('short_is_open');
    expect(buy('LIMIT', 75)).toBe('short_is_open');
  });
});

describe('what manual shorts can lose', () => {
  it('lies between them and their nearest cover', () => {
    expect(gapLosses([held(24800, 75), held(25000, -75)])).toEqual(new Map([['M25000', 200_00 * 75]]));
    expect(gapLosses([held(24000, 75), held(24900, 75), held(25000, -75)])).toEqual(new Map([['M25000', 100_00 * 75]]));
    // A long nearer to the index than its short leaves nothing between them.
    expect(gapLosses([held(25000, 75), held(24800, -75)])).toEqual(new Map([['M24800', 0]]));
  });
});

describe('the hours of a manual order', () => {
  const at = (time: string, opens = true, expiry = MONTHLY, date = '2025-07-14') =>
    checkHours(istAt(date, time), expiry, opens)?.code ?? null;
  it('from the open to the square-off', () => {
    expect(at('09:14:59')).toBe('market_closed');
    expect(at('09:15')).toBeNull();
    expect(at('15:14:59')).toBeNull();
    expect(at('15:15')).toBe('too_late');
    expect(at('15:30')).toBe('market_closed');
  });
  it('nothing is opened after 15:00 on expiry day, but closed', () => {
    expect(at('15:00', true, '2025-07-17', '2025-07-17')).toBeNull();
    expect(at('15:00:01', true, '2025-07-17', '2025-07-17')).toBe('too_late');
    expect(at('15:00:01', false, '2025-07-17', '2025-07-17')).toBeNull();
  });
  it('never on a holiday', () => {
    expect(at('10:00', true, MONTHLY, '2025-07-12')).toBe('market_closed');
  });
});

describe('symbols near a wrong one', () => {
  it('are those with the fewest letters changed, whatever the case', () => {
    const listed = ['NIFTY25JUL25000PE', 'NIFTY25JUL25000CE', 'NIFTY2571725000PE'].map(
      (tradingsymbol) => ({ tradingsymbol }) as OptionContract,
    );
    expect(nearSymbols(listed, 'nifty25jul25000pe', 2)).toEqual(['NIFTY25JUL25000PE', 'NIFTY25JUL25000CE']);
  });
});
