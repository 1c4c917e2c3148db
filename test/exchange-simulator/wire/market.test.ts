import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { createRateLimiter, REAL_LIMITS } from '../../../src/exchange-simulator/wire/rate-limits.ts';
import {
  headersOf,
  type KiteClient,
  login,
  NIFTY,
  PUT,
  refusal,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';

let simulator: Simulator;
let kite: KiteClient;
beforeAll(async () => {
  simulator = await startSimulator({ speed: 0 });
  kite = await login(simulator);
});
afterAll(() => simulator.stop());

const get = (path: string) => fetch(simulator.root + path, { headers: headersOf(simulator, kite) });

type Interval = Parameters<KiteClient['getHistoricalData']>[1];
type Depth = Record<'buy' | 'sell', { price: number }[]>;

describe('quotes', () => {
  it('shows a contract with five levels a side, and times in India', async () => {
    const { data } = (await (await get(`/quote?i=NFO:${PUT}`)).json()) as {
      data: Record<string, { depth: Depth; timestamp: string }>;
    };
    const quote = data[`NFO:${PUT}`];
    expect(quote?.timestamp).toBe('2025-07-14 09:30:00');
    const { buy, sell } = quote?.depth ?? { buy: [], sell: [] };
    expect([buy.length, sell.length]).toEqual([5, 5]);
    expect(buy[0]?.price).toBeLessThan(sell[0]?.price ?? 0);
    expect(buy[0]?.price).toBeGreaterThan(buy[1]?.price ?? 0);
    expect(quote).toMatchObject({
      ohlc: { open: expect.any(Number), close: expect.any(Number) },
      volume: expect.any(Number),
    });
    for (const field of [
      'lower_circuit_limit',
      'upper_circuit_limit',
      'net_change',
      'oi',
      'last_trade_time',
      'average_price',
    ])
      expect(quote).toHaveProperty(field);
  });

  it('leaves out what is unknown, takes repeated keys and tokens, and gives ohlc and ltp', async () => {
    const prices = await kite.getLTP(['NSE:NIFTY 50', 'NSE:NOBODY', `NFO:${PUT}`]);
    expect(Object.keys(prices)).toEqual(['NSE:NIFTY 50', `NFO:${PUT}`]);
    expect(prices['NSE:NIFTY 50']).toMatchObject({ instrument_token: NIFTY });
    const { ohlc } = (await kite.getOHLC(['NSE:NIFTY 50']))['NSE:NIFTY 50'] as { ohlc: Record<string, number> };
    expect(ohlc.low).toBeLessThanOrEqual(ohlc.open ?? 0);
    expect(Object.keys(await kite.getLTP([String(NIFTY)]))).toEqual([String(NIFTY)]);
    expect(await refusal(kite.getQuote([]))).toMatchObject({ error_type: 'InputException' });
  });
});

describe('the instrument master', () => {
  it('is gzipped CSV of exactly text/csv that the official client parses', async () => {
    const answer = await get('/instruments/NFO');
    expect(answer.headers.get('content-type')).toBe('text/csv');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const rows = await kite.getInstruments('NFO');
    const put = rows.find((row) => row.tradingsymbol === PUT);
    expect(put).toMatchObject({
      name: 'NIFTY',
      strike: 25_000,
      tick_size: 0.05,
      lot_size: 75,
      instrument_type: 'PE',
      segment: 'NFO-OPT',
      exchange: 'NFO',
    });
    expect(put?.expiry).toEqual(new Date('2025-07-17'));
    expect(rows.some((row) => row.tradingsymbol === 'NIFTY25JUL25000PE')).toBe(true);
    expect(rows.some((row) => row.tradingsymbol === 'NIFTY 50')).toBe(false);
  });

  it('lists the indices with all exchanges together', async () => {
    const index = (await kite.getInstruments()).find((row) => row.tradingsymbol === 'NIFTY 50');
    expect(index).toMatchObject({
      instrument_token: String(NIFTY),
      exchange_token: '1001',
      segment: 'INDICES',
      exchange: 'NSE',
    });
  });
});

describe('historical candles', () => {
  it('are rows that begin with a time in India, oldest first', async () => {
    const answer = await get(
      `/instruments/historical/${NIFTY}/60minute?from=2025-07-11+09:15:00&to=2025-07-11+15:30:00`,
    );
    const { data } = (await answer.json()) as { data: { candles: [string, ...number[]][] } };
    expect(data.candles.map(([time]) => time)).toEqual([
      '2025-07-11T09:15:00+0530',
      '2025-07-11T10:15:00+0530',
      '2025-07-11T11:15:00+0530',
      '2025-07-11T12:15:00+0530',
      '2025-07-11T13:15:00+0530',
      '2025-07-11T14:15:00+0530',
      '2025-07-11T15:15:00+0530',
    ]);
    for (const [, open, high, low, close] of data.candles) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open ?? 0, close ?? 0));
      expect(low).toBeLessThanOrEqual(Math.min(open ?? 0, close ?? 0));
    }
  });

  it('know nothing of what comes after the market time', async () => {
    const bars = await kite.getHistoricalData(NIFTY, 'minute', '2025-07-14 09:15:00', '2025-07-14 15:30:00');
    expect(bars.at(-1)?.date.getTime()).toBeLessThanOrEqual(istAt('2025-07-14', '09:30'));
    expect(bars.length).toBeGreaterThanOrEqual(15);
  });

  it("are refused beyond Kite's span for the interval, and for an unknown interval or token", async () => {
    const ask = (token: number, interval: Interval, from: string) =>
      kite.getHistoricalData(token, interval, from, '2025-07-14 15:30:00');
    expect((await refusal(ask(NIFTY, 'minute', '2025-04-01 09:15:00'))).message).toBe(
      'interval exceeds max limit: 60 days',
    );
    await ask(NIFTY, '60minute', '2025-04-01 09:15:00');
    expect((await refusal(ask(NIFTY, '2hour' as 'day', '2025-07-14 09:15:00'))).error_type).toBe('InputException');
    expect((await refusal(ask(1, 'minute', '2025-07-14 09:15:00'))).error_type).toBe('InputException');
  });
});

describe("Kite's rate limits", () => {
  it('count per calendar second, refused requests too', () => {
    let now = 10_400;
    const limiter = createRateLimiter(REAL_LIMITS, () => now);
    const times = (count: number, path: string, method = 'GET') =>
      Array.from({ length: count }, () => limiter.kite(path, method)).filter(Boolean).length;
    expect(times(3, '/quote')).toBe(1);
    expect(times(5, '/instruments/historical/256265/minute')).toBe(3);
    expect(times(8, '/orders/regular', 'POST') + times(8, '/orders/regular/1', 'PUT')).toBe(10);
    expect(times(6, '/orders') + times(6, '/orders/regular/1', 'DELETE')).toBe(10);
    now = 10_999;
    expect(times(1, '/quote')).toBe(0);
    now = 11_000;
    expect(times(1, '/quote')).toBe(1);
  });

  it('allow 400 orders a minute and 5,000 a day', () => {
    let now = 0;
    const limiter = createRateLimiter(REAL_LIMITS, () => now);
    const place = (count: number) => {
      let taken = 0;
      for (let index = 0; index < count; index++, now += 100) if (limiter.kite('/orders/regular', 'POST')) taken++;
      return taken;
    };
    expect(place(500)).toBe(400);
    for (let minute = 1; minute < 12; minute++) {
      now = minute * 60_000;
      place(400);
    }
    now = 12 * 60_000;
    expect(place(400)).toBe(100);
  });

  it('are told with 429 and NetworkException', async () => {
    const strict = await startSimulator({ limits: {} });
    try {
      const client = await login(strict);
      const answers = await Promise.allSettled([1, 2, 3].map(() => client.getQuote(['NSE:NIFTY 50'])));
      const failures = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason);
      expect(failures.length).toBeGreaterThan(0);
      expect(failures[0]).toMatchObject({ error_type: 'NetworkException', message: 'Too many requests' });
    } finally {
      await strict.stop();
    }
  });
});
