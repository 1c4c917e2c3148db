import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { istAt, istDate } from '../../../src/domain/clock.ts';
import type { Bar, MarketMs, OptionContract, OptionType } from '../../../src/domain/types.ts';
import type { Faults } from '../../../src/exchange-simulator/core/faults.ts';
import type { Market } from '../../../src/exchange-simulator/core/market/market.ts';
import { premium } from '../../../src/exchange-simulator/core/market/premium.ts';
import { createPrices } from '../../../src/exchange-simulator/core/prices.ts';
import type { SimInstrument } from '../../../src/exchange-simulator/core/types.ts';
import { readCandleFile } from '../../../src/platform/candle-files.ts';
import { CALL, FAR_PUT, lastPrice, moveTo, open, PUT, quoteOf } from './core-fixture.ts';

const data = join(dirname(fileURLToPath(import.meta.url)), '../../../data');
const recorded = async () => (await readCandleFile(join(data, 'nifty_1h_2025-07-07_2025-07-18.csv'))).bars;

function joinHours(bars: readonly Bar[]): Bar[] {
  const hours: Bar[] = [];
  for (const bar of bars) {
    const open = istAt(istDate(bar.start), '09:15');
    const start = open + Math.floor((bar.start - open) / 3_600_000) * 3_600_000;
    const hour = hours.at(-1);
    if (hour?.start === start) {
      hour.high = Math.max(hour.high, bar.high);
      hour.low = Math.min(hour.low, bar.low);
      hour.close = bar.close;
    } else hours.push({ ...bar, start });
  }
  return hours;
}

describe('the index', () => {
  it('gives back the recorded hours when its half hours, quarters or minutes are put together again', async () => {
    const exchange = await open({ at: istAt('2025-07-18', '16:00') });
    const nifty = exchange.find('NSE', 'NIFTY 50') as SimInstrument;
    const all = await recorded();
    for (const minutes of [1, 5, 15, 30]) {
      const bars = exchange.candles(nifty, all[0]?.start ?? 0, istAt('2025-07-18', '15:30'), minutes);
      expect(joinHours(bars)).toEqual(all);
    }
    expect(exchange.candles(nifty, all[0]?.start ?? 0, istAt('2025-07-18', '15:30'), 60)).toEqual(all);
  });

  it('shows no candle of the future, and the one being formed only as far as it is', async () => {
    const exchange = await open({ time: '10:45' });
    const nifty = exchange.find('NSE', 'NIFTY 50') as SimInstrument;
    const from = istAt('2025-07-14', '09:15');
    const bars = exchange.candles(nifty, from, istAt('2025-07-14', '15:30'), 60);
    expect(bars.map((bar) => bar.start)).toEqual([from, istAt('2025-07-14', '10:15')]);
    expect(bars[1]?.close).toBe(lastPrice(exchange, 'NIFTY 50'));
    moveTo(exchange, '11:15');
    expect(exchange.candles(nifty, from, istAt('2025-07-14', '15:30'), 60)[1]).toMatchObject({
      open: 2_512_075,
      high: 2_512_705,
      low: 2_506_185,
      close: 2_506_395,
    });
  });

  it('stands at the last close between sessions', async () => {
    const exchange = await open({ at: istAt('2025-07-13', '12:00') });
    expect(lastPrice(exchange, 'NIFTY 50')).toBe(2_514_055);
  });

  it('quotes the official close of the day before as the previous close', async () => {
    const exchange = await open({});
    expect(quoteOf(exchange, 'NIFTY 50').close).toBe(2_514_985);
  });
});

describe('India VIX', () => {
  it('runs in a straight line from its open at 09:15 to its close at 15:30', async () => {
    const exchange = await open({ time: '09:15' });
    expect(lastPrice(exchange, 'INDIA VIX')).toBe(1_182);
    moveTo(exchange, '15:30');
    expect(lastPrice(exchange, 'INDIA VIX')).toBe(1_198);
  });
});

describe('option prices', () => {
  it('meet the 13 real closing prices of 14 July 2025 within 6 points', () => {
    const rows = readFileSync(join(data, 'options_eod_2025-07-14.csv'), 'utf8').trim().split('\n').slice(1);
    expect(rows).toHaveLength(13);
    for (const row of rows) {
      const [, expiry = '', strike, type, , , , close] = row.split(',');
      const contract = {
        exchange: 'NFO' as const,
        ...{ tradingsymbol: '', instrumentToken: 0, name: 'NIFTY', lotSize: 75, tickSize: 5 },
        ...{ expiry, strike: Number(strike) * 100, optionType: type as OptionType },
      };
      const modelled = premium(contract, 2_508_230, 11.98, istAt('2025-07-14', '15:30'));
      expect(Math.abs(modelled / 100 - Number(close)), row).toBeLessThanOrEqual(6);
    }
  });

  it('are on tick, dearer nearer the money, and worth their intrinsic value at the end', async () => {
    const exchange = await open({});
    expect(lastPrice(exchange) % 5).toBe(0);
    expect(lastPrice(exchange, FAR_PUT)).toBeLessThan(lastPrice(exchange));
    moveTo(exchange, '15:29:59', '2025-07-17');
    expect(lastPrice(exchange)).toBe(5);
    expect(lastPrice(exchange, CALL)).toBeCloseTo(10_950, -2);
  });

  it('keep their day’s high and low around every price shown', async () => {
    const exchange = await open({ time: '09:15' });
    let highest = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let minute = 0; minute < 60; minute += 7) {
      exchange.clock.set({ market: istAt('2025-07-14', '09:15') + minute * 60_000 + 17_000 });
      const quote = quoteOf(exchange);
      highest = Math.max(highest, quote.lastPrice);
      lowest = Math.min(lowest, quote.lastPrice);
      expect(quote.high).toBeGreaterThanOrEqual(highest);
      expect(quote.low).toBeLessThanOrEqual(lowest);
    }
  });

  it('have candles that hold the prices of their minutes', async () => {
    const exchange = await open({});
    const put = exchange.find('NFO', PUT) as SimInstrument;
    const [bar] = exchange.candles(put, istAt('2025-07-14', '10:00'), istAt('2025-07-14', '10:00'), 5);
    moveTo(exchange, '11:16');
    const again = exchange.candles(put, istAt('2025-07-14', '10:00'), istAt('2025-07-14', '10:00'), 5);
    expect([bar]).toEqual(again);
    expect(bar?.high).toBeGreaterThan(bar?.low ?? 0);
    expect(bar?.volume).toBeGreaterThan(0);
  });
});

describe('the depth', () => {
  it('has five levels a side around the last price, wider and thinner for far strikes', async () => {
    const exchange = await open({});
    const near = quoteOf(exchange).depth;
    const far = quoteOf(exchange, 'NIFTY2571724200PE').depth;
    expect(near.asks).toHaveLength(5);
    expect(near.bids).toHaveLength(5);
    const last = lastPrice(exchange);
    expect(near.bids[0]?.price).toBeLessThan(last);
    expect(near.asks[0]?.price).toBeGreaterThan(last);
    const total = (levels: { quantity: number }[]) => levels.reduce((sum, level) => sum + level.quantity, 0);
    expect(total(far.asks)).toBeLessThan(total(near.asks));
    expect(near.asks.every((level) => level.quantity % 75 === 0)).toBe(true);
  });

  it('has no bid for an option that is worth less than a tick', async () => {
    const exchange = await open({ at: istAt('2025-07-17', '15:20') });
    const { lastPrice: last, depth } = quoteOf(exchange, FAR_PUT);
    expect(last).toBe(5);
    expect(depth.bids).toEqual([]);
    expect(depth.asks.length).toBeGreaterThan(0);
  });
});

describe('what is listed', () => {
  it('follows the dated rules: the weekly of Thursday 17 July 2025 and the monthly of 31 July, lot 75', async () => {
    const exchange = await open({});
    expect(exchange.find('NFO', PUT)).toMatchObject({ expiry: '2025-07-17', strike: 2_500_000, lotSize: 75 });
    expect(exchange.find('NFO', 'NIFTY25JUL25000PE')).toMatchObject({ expiry: '2025-07-31', lotSize: 75 });
    expect(exchange.find('NFO', 'NIFTY2571525000PE')).toBeUndefined();
    expect(exchange.find('NFO', PUT.toLowerCase())).toBeUndefined();
  });

  it('gives every contract a token of its own that a ticker packet can carry, never an index’s', async () => {
    const exchange = await open({});
    const tokens = exchange.instruments('2025-07-14').map((instrument) => instrument.instrumentToken);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.every((token) => token > 0 && token < 2 ** 31)).toBe(true);
    const options = exchange.instruments('2025-07-14').filter(({ kind }) => kind === 'option');
    expect(options.every((option) => (option.instrumentToken & 0xff) === 2)).toBe(true);
    const put = exchange.find('NFO', PUT);
    expect(exchange.findToken(put?.instrumentToken ?? 0)).toEqual(put);
  });

  it('has no quote of a contract that has expired', async () => {
    const exchange = await open({});
    const put = exchange.find('NFO', PUT) as SimInstrument;
    moveTo(exchange, '09:20', '2025-07-18');
    expect(exchange.find('NFO', PUT)).toBeUndefined();
    expect(exchange.quote(put)).toBeUndefined();
  });
});

describe('a date without recorded candles', () => {
  it('gets a market from the seed, and says so', async () => {
    const at = istAt('2026-03-10', '11:00');
    const exchange = await open({ at, seed: 5 });
    expect(exchange.provenance).toContain('Generated from seed 5');
    const options = exchange.instruments('2026-03-10').filter((instrument) => instrument.kind === 'option');
    expect(options[0]).toMatchObject({ expiry: '2026-03-10', lotSize: 65 });
    const same = await open({ at, seed: 5 });
    const other = await open({ at, seed: 6 });
    expect(lastPrice(same, 'NIFTY 50')).toBe(lastPrice(exchange, 'NIFTY 50'));
    expect(lastPrice(other, 'NIFTY 50')).not.toBe(lastPrice(exchange, 'NIFTY 50'));
  });

  it('has the week before it, which the signals need', async () => {
    const exchange = await open({ at: istAt('2026-03-10', '11:00') });
    const nifty = exchange.find('NSE', 'NIFTY 50') as SimInstrument;
    const bars = exchange.candles(nifty, istAt('2026-03-02', '09:15'), istAt('2026-03-06', '15:30'), 60);
    expect(bars.length).toBeGreaterThanOrEqual(20);
  });

  it('says of recorded candles that they are recorded', async () => {
    const exchange = await open({});
    expect(exchange.provenance).toContain('Recorded');
  });
});

describe('the reference of price protection', () => {
  const morning = istAt('2025-07-14', '09:15');
  const contract = {} as OptionContract;
  const premium = (_: OptionContract, at: MarketMs) => (at < morning ? 40_00 : at < morning + 10_000 ? 66_00 : 96_00);
  const { reference } = createPrices({ premium } as Market, { take: () => undefined } as unknown as Faults, 1);

  it('is no price of the day before: it begins with what the contract is worth at the open', () => {
    expect(reference(contract, morning)).toBe(66_00);
  });

  it('follows the average of thirty seconds from there on', () => {
    expect(reference(contract, morning + 24_000)).toBe(81_00);
    expect(reference(contract, morning + 60_000)).toBe(96_00);
  });
});
