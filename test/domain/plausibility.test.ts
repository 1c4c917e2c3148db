/** Which prices of an option can be true. Real ones are the bundle's, and those of MARKET_DATA_DIR where it is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { blackPrice } from '../../src/domain/black-scholes.ts';
import { istAt } from '../../src/domain/clock.ts';
import {
  anchorOf,
  besideNeighbour,
  judgeTouch,
  narrowed,
  type OptionTerms,
  possiblePrices,
} from '../../src/domain/plausibility.ts';
import type { OptionType, Paise } from '../../src/domain/types.ts';

const BUNDLE = fileURLToPath(new URL('../../data/options_eod_2025-07-14.csv', import.meta.url));
const TABLE = fileURLToPath(new URL('../fixtures/option-price-extremes.json', import.meta.url));
const FILE = join(resolve(process.env.MARKET_DATA_DIR ?? '../shared/data'), 'options_1m_2021_2024.csv');
const PRESENT = existsSync(FILE);
if (!PRESENT)
  console.warn(`SKIPPED: no real option prices of 2021 to 2024: ${FILE} is not there. Set MARKET_DATA_DIR.`);

type Price = { at: number; terms: OptionTerms; price: Paise; index: Paise };

const fresh = (index: Paise) => ({ low: index, high: index, isFresh: true });
const within = (price: Paise, { lower, upper }: { lower: Paise; upper: Paise }) => price >= lower && price <= upper;
const terms = (strike: number, optionType: OptionType, expiry: string): OptionTerms => ({
  strike: strike * 100,
  optionType,
  expiry,
  tickSize: 5,
});

function realPrices(): Price[] {
  const lines = readFileSync(FILE, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => {
    const [time = '', expiry = '', strike, type, price, index] = line.split(',');
    return {
      at: Date.parse(time),
      terms: terms(Number(strike), type as OptionType, expiry),
      price: Math.round(Number(price) * 100),
      index: Math.round(Number(index) * 100),
    };
  });
}

const impossible = (price: Paise, by: Price, of = price) =>
  !within(of, possiblePrices(by.terms, fresh(by.index), anchorOf(by.terms, price, by.index, by.at), by.at));

function grouped(prices: Price[], key: (price: Price) => string): Price[][] {
  const groups = new Map<string, Price[]>();
  for (const price of prices) groups.set(key(price), [...(groups.get(key(price)) ?? []), price]);
  return [...groups.values()];
}

describe.skipIf(!PRESENT)('of the 5,208 real prices of 2021 to 2024', () => {
  const prices = PRESENT ? realPrices() : [];

  it('none is rejected by its strike and the index', () => {
    expect(prices).toHaveLength(5_208);
    const rejected = prices.filter(({ at, terms: of, price, index }) => {
      return !within(price, possiblePrices(of, fresh(index), null, at));
    });
    expect(rejected).toEqual([]);
  });

  it('none is rejected beside a price of the same contract an hour before or after, nor comes near the bound', () => {
    let judged = 0;
    let nearest = 0;
    for (const same of grouped(prices, ({ at, terms: of }) => JSON.stringify([Math.floor(at / 86_400_000), of]))) {
      for (const known of same) {
        for (const { at, terms: of, price, index } of same) {
          const anchor = anchorOf(of, known.price, known.index, known.at);
          const range = possiblePrices(of, fresh(index), anchor, at);
          expect(within(price, range), JSON.stringify({ known, at, price, range })).toBe(true);
          nearest = Math.max(nearest, price / range.upper, range.lower / price);
          judged += 1;
        }
      }
    }
    expect(judged).toBeGreaterThan(10_000);
    expect(nearest).toBeLessThan(0.7);
  });

  it('none is rejected beside the other contract of its minute', () => {
    for (const same of grouped(prices, ({ at, terms: of }) => `${at} ${of.optionType}`)) {
      for (const one of same) {
        for (const other of same) {
          const range = besideNeighbour(one.terms, other.terms, { bid: other.price, ask: other.price });
          expect(range && within(one.price, range), JSON.stringify({ one, other, range })).toBe(true);
        }
      }
    }
  });

  it('ten times each of them is rejected where it is above 13 rupees, though the index does not move', () => {
    const dear = prices.filter(({ price }) => price > 13_00);
    expect(dear.length).toBeGreaterThan(4_000);
    expect(dear.filter((one) => !impossible(one.price, one, 10 * one.price))).toEqual([]);
  });
});

describe('of the 13 real closing prices of 14 July 2025', () => {
  const rows = readFileSync(BUNDLE, 'utf8').trim().split('\n').slice(1);
  const closes = rows.map((row) => {
    const [, expiry = '', strike, type, open, , , close] = row.split(',');
    const price = (rupees: string | undefined) => Math.round(Number(rupees) * 100);
    return { of: terms(Number(strike), type as OptionType, expiry), open: price(open), close: price(close) };
  });
  const at = istAt('2025-07-14', '15:30');

  it.each(closes)('$of.strike $of.optionType at $close is possible, ten times it is not', ({ of, open, close }) => {
    const index = 2_508_230;
    const anchor = anchorOf(of, close, index, at);
    expect(within(close, possiblePrices(of, fresh(index), anchor, at))).toBe(true);
    // The open of the same day, with the index as it opened.
    expect(within(open, possiblePrices(of, fresh(2_514_950), anchor, istAt('2025-07-14', '09:15')))).toBe(true);
    expect(within(10 * close, possiblePrices(of, fresh(index), anchor, at))).toBe(false);
  });
});

type Extreme = { days: number; most_volatility: number; least_hourly_factor: number; most_hourly_factor: number };

describe('of the extremes that were measured in 2021 to 2024', () => {
  const { extremes } = JSON.parse(readFileSync(TABLE, 'utf8')) as { extremes: Extreme[] };

  it.each(extremes)('volatility that changes within an hour, $days days before the expiry', (extreme) => {
    const expiry = '2024-06-06';
    const at = istAt(expiry, '15:30') - extreme.days * 86_400_000;
    const index = 2_280_000;
    const worth = (of: OptionTerms, volatility: number) =>
      Math.max(5, Math.round(100 * blackPrice(of.optionType, 22_800, of.strike / 100, volatility, extreme.days / 365)));
    for (const of of [terms(22_700, 'PE', expiry), terms(22_900, 'CE', expiry), terms(22_900, 'PE', expiry)]) {
      expect(within(worth(of, extreme.most_volatility), possiblePrices(of, fresh(index), null, at))).toBe(true);
      for (const factor of [extreme.least_hourly_factor, extreme.most_hourly_factor]) {
        const anchor = anchorOf(of, worth(of, 0.2), index, at);
        expect(within(worth(of, 0.2 * factor), possiblePrices(of, fresh(index), anchor, at))).toBe(true);
      }
    }
  });
});

describe('a lie', () => {
  const at = istAt('2025-07-14', '11:20');
  const main = terms(25_000, 'PE', '2025-07-17');
  const hedge = terms(24_800, 'PE', '2025-07-17');
  const index = 2_511_000;
  const anchor = anchorOf(main, 63_00, index, at);
  const range = possiblePrices(main, fresh(index), anchor, at);
  const judged = (bid: Paise | null, ask: Paise | null, by = range) => judgeTouch({ bid, ask }, by).kind;

  it('of 24,150 for 25000 PE at 63 is impossible, with an anchor or without', () => {
    expect(judged(24_149_00, 24_151_00)).toBe('impossible');
    expect(judged(24_149_00, 24_151_00, possiblePrices(main, fresh(index), null, at))).toBe('impossible');
    const unheard = possiblePrices(main, { low: index, high: index, isFresh: false }, null, at);
    expect(judged(24_149_00, 24_151_00, unheard)).toBe('impossible');
  });

  it('of ten times the price is impossible, a rise that the model explains is not', () => {
    expect(judged(629_00, 631_00)).toBe('impossible');
    expect(judged(127_00, 128_00)).toBe('possible');
    expect(judged(212_00, 213_00)).toBe('possible');
  });

  it('is caught by the other leg where the index is not heard', () => {
    const beside = besideNeighbour(main, hedge, { bid: 17_90, ask: 18_10 });
    const unheard = possiblePrices(main, { low: index, high: index, isFresh: false }, anchor, at);
    expect(judged(629_00, 631_00, narrowed(beside ? [unheard, beside] : [unheard]))).toBe('impossible');
    expect(besideNeighbour(main, terms(24_800, 'CE', '2025-07-17'), { bid: 1, ask: 1 })).toBeNull();
  });

  it('of a single far side is only the edge of a thin book', () => {
    expect(judgeTouch({ bid: 62_50, ask: 24_151_00 }, range)).toEqual({ kind: 'possible', bid: 62_50, ask: null });
    expect(judged(null, 24_151_00)).toBe('impossible');
    expect(judged(64_00, 63_00)).toBe('impossible');
    expect(judged(null, null)).toBe('possible');
  });
});

describe('a gap', () => {
  const at = istAt('2025-07-15', '09:15');
  const strikes = [24_000, 24_500, 25_000, 25_500, 26_000];
  const sizes = [-0.05, -0.02, 0.02, 0.05];
  const cases = (['CE', 'PE'] as const).flatMap((type) =>
    strikes.flatMap((strike) => sizes.map((gap) => ({ type, strike, gap }))),
  );

  it.each(cases)('of $gap of the index is true for $strike $type, also with half as much volatility again', (of) => {
    const option = terms(of.strike, of.type, '2025-07-17');
    const worth = (index: Paise, volatility: number) =>
      Math.max(5, Math.round(100 * blackPrice(of.type, index / 100 + 40, of.strike, volatility, 2.26 / 365)));
    const before = 2_510_000;
    const after = Math.round(before * (1 + of.gap));
    const anchor = anchorOf(option, worth(before, 0.13), before, at - 15_000);
    for (const volatility of [0.13, 0.2]) {
      expect(within(worth(after, volatility), possiblePrices(option, fresh(after), anchor, at))).toBe(true);
    }
  });
});
