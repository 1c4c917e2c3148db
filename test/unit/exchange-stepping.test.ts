import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/exchange.ts';
import { createMarket, openMarket } from '../../src/exchange-simulator/market/market.ts';
import type { Exchange, SimInstrument } from '../../src/exchange-simulator/types.ts';
import { readCandleFile } from '../../src/market/candle-files.ts';
import { CALL, FAR_PUT, PUT, quoteOf, request } from './exchange-fixture.ts';

const CANDLES = new URL('../../data/nifty_1h_2025-07-07_2025-07-18.csv', import.meta.url).pathname;
const MONDAY = '2025-07-14';
const LATENCY_MS = 200;

/** A wall clock of the test's own, at which the market runs at 1x. */
beforeEach(() => {
  vi.useFakeTimers({ now: istAt(MONDAY, '11:15') });
});
afterEach(() => {
  vi.useRealTimers();
});

function openStepped(options: ExchangeOptions = {}): Promise<Exchange> {
  const latency = { minMs: LATENCY_MS, maxMs: LATENCY_MS };
  return createExchange({ at: Date.now(), steps: 'manual', latency, ...options });
}

function instrument(exchange: Exchange, symbol: string): SimInstrument {
  const found = exchange.find('NFO', symbol) ?? exchange.find('NSE', symbol);
  if (!found) throw new Error(`no ${symbol}`);
  return found;
}

function touched(exchange: Exchange, symbol: string) {
  const { at, lastPrice, depth, lowerCircuit, upperCircuit } = quoteOf(exchange, symbol);
  return { at, lastPrice, depth, lowerCircuit, upperCircuit };
}

describe('a touch', () => {
  const SYMBOLS = ['NIFTY 50', 'INDIA VIX', PUT, FAR_PUT, CALL];

  it('says of price, depth and limits what the quote of the same instant says', async () => {
    const exchange = await openStepped();
    for (let look = 0; look < 200; look++) {
      vi.setSystemTime(Date.now() + 17_137);
      for (const symbol of SYMBOLS)
        expect(exchange.touch(instrument(exchange, symbol))).toEqual(touched(exchange, symbol));
    }
  });

  it('is bent by faults and lacks what our own orders took, as the quote is', async () => {
    const exchange = await openStepped();
    const untouched = exchange.touch(instrument(exchange, PUT));
    exchange.place(request({ price: quoteOf(exchange, PUT).lastPrice + 500, quantity: 750 }));
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.positions()).toMatchObject([{ quantity: 750 }]);
    exchange.addFault({ kind: 'price_shift', count: 1, points: 12, tradingsymbol: CALL });
    for (const symbol of [PUT, CALL])
      expect(exchange.touch(instrument(exchange, symbol))).toEqual(touched(exchange, symbol));
    expect(exchange.touch(instrument(exchange, PUT))?.depth.asks).not.toEqual(untouched?.depth.asks);

    exchange.addFault({ kind: 'freeze_quotes', count: 1 });
    const frozen = exchange.touch(instrument(exchange, FAR_PUT));
    vi.setSystemTime(Date.now() + 60_000);
    expect(exchange.touch(instrument(exchange, FAR_PUT))).toEqual(frozen);
  });

  it('of a contract that has expired is none', async () => {
    const exchange = await openStepped();
    const expiring = instrument(exchange, PUT);
    vi.setSystemTime(istAt('2025-07-18', '10:00'));
    expect(exchange.touch(expiring)).toBeUndefined();
  });
});

describe('an exchange that is stepped from outside', () => {
  it('has no timer of its own', async () => {
    await openStepped();
    expect(vi.getTimerCount()).toBe(0);
    const byItself = await openStepped({ steps: 'timer' });
    expect(vi.getTimerCount()).toBe(1);
    await byItself.close();
  });

  it('fills a resting order when it is stepped over the second in which the market goes through it', async () => {
    const exchange = await openStepped();
    const { lastPrice } = quoteOf(exchange, CALL);
    const { orderId } = exchange.place(request({ tradingsymbol: CALL, price: lastPrice - 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.order(orderId)).toMatchObject({ status: 'OPEN', filledQuantity: 0 });
    const told: string[] = [];
    exchange.onOrder((order) => told.push(order.status));
    exchange.onStep(() => told.push('step'));

    vi.setSystemTime(istAt(MONDAY, '12:15'));
    expect(told).toEqual([]);
    exchange.step();
    expect(told).toEqual(['COMPLETE', 'step']);
    const [fill] = exchange.order(orderId)?.fills ?? [];
    expect(fill?.at).toBeLessThan(istAt(MONDAY, '12:15'));
  });

  it('comes to the same orders whether it is stepped each second or asked once at the end', async () => {
    const histories: unknown[] = [];
    for (const eachSecond of [true, false]) {
      vi.setSystemTime(istAt(MONDAY, '11:15'));
      const exchange = await openStepped({ cash: 1_000_000_000 });
      const { lastPrice } = quoteOf(exchange, CALL);
      const call = { tradingsymbol: CALL, quantity: 750 };
      exchange.place(request({ ...call, price: lastPrice - 500 }));
      const [triggerPrice, price] = [lastPrice - 1_000, lastPrice - 1_200];
      exchange.place(request({ ...call, orderType: 'SL', side: 'SELL', triggerPrice, price }));
      vi.advanceTimersByTime(LATENCY_MS);
      for (let at = Date.now(); eachSecond && at < istAt(MONDAY, '12:15'); at += 1000) {
        vi.setSystemTime(at);
        exchange.step();
      }
      vi.setSystemTime(istAt(MONDAY, '12:15'));
      histories.push(exchange.allOrders());
    }
    expect(histories[0]).toEqual(histories[1]);
    expect(histories[0]).toMatchObject([{ status: 'COMPLETE' }, { status: 'COMPLETE' }]);
  });

  it('knows when something could next happen by itself', async () => {
    const exchange = await openStepped();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    const { orderId } = exchange.place(request({ price: 100 }));
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '11:15:01'));
    vi.setSystemTime(istAt(MONDAY, '11:20') + 300);
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '11:20:01'));
    exchange.cancel(orderId);
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));

    vi.setSystemTime(istAt(MONDAY, '15:25'));
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:30'));
    vi.setSystemTime(istAt(MONDAY, '15:30'));
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt('2025-07-15', '15:25'));
  });

  it('has nothing coming on a Friday evening, and goes on when the clock is moved into the next session', async () => {
    vi.setSystemTime(istAt('2025-07-11', '16:00'));
    const exchange = await openStepped();
    expect(exchange.nextAt()).toBe(Number.POSITIVE_INFINITY);
    exchange.clock.set({ market: istAt('2025-07-12', '12:00') });
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    exchange.clock.set({ market: istAt('2025-07-11', '10:00') });
    expect(exchange.nextAt()).toBe(istAt('2025-07-11', '15:25'));
  });

  it('squares off and closes a day that is passed over in one step', async () => {
    const exchange = await openStepped();
    exchange.place(request({ price: quoteOf(exchange, PUT).lastPrice + 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    exchange.place(request({ price: 100, product: 'NRML' }));
    vi.advanceTimersByTime(LATENCY_MS);
    vi.setSystemTime(istAt('2025-07-17', '10:00'));
    exchange.step();
    expect(exchange.allOrders()).toMatchObject([
      { status: 'COMPLETE', side: 'BUY' },
      { status: 'CANCELLED', updatedAt: istAt(MONDAY, '15:30') },
      { status: 'COMPLETE', side: 'SELL', source: 'broker' },
    ]);
  });

  it('settles what expired in days that are passed over in one step, though the first of them have no session', async () => {
    vi.setSystemTime(istAt('2025-07-11', '11:15'));
    const exchange = await openStepped();
    exchange.place(request({ product: 'NRML', price: quoteOf(exchange, PUT).lastPrice + 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    vi.setSystemTime(istAt('2025-07-11', '16:00'));
    exchange.step();
    expect(exchange.positions()).toMatchObject([{ tradingsymbol: PUT, quantity: 75 }]);
    vi.setSystemTime(istAt('2025-07-18', '10:00'));
    exchange.step();
    expect(exchange.positions()).toEqual([]);
  });

  it.each(['modify', 'cancel'] as const)(
    'loses no fill of the second that passes while a %s is on its way',
    async (kind) => {
      const exchange = await openStepped();
      const seen: string[][] = [];
      const { orderId } = exchange.place(
        request({ quantity: 1_800, price: quoteOf(exchange, PUT).depth.asks[1]?.price ?? 0 }),
      );
      vi.advanceTimersByTime(LATENCY_MS);
      exchange.step();
      const began = exchange.order(orderId);
      expect(began).toMatchObject({ status: 'OPEN' });
      exchange.onOrder((order) => seen.push(order.fills.map(({ tradeId }) => tradeId)));
      // Just before a whole second; the book fills up again within five of them.
      vi.setSystemTime(Math.ceil(Date.now() / 1_000) * 1_000 + 1_950);
      if (kind === 'modify') exchange.modify(orderId, { price: (began?.price ?? 0) + 5 });
      else exchange.cancel(orderId);
      const filledBefore = exchange.order(orderId)?.filledQuantity ?? 0;
      vi.advanceTimersByTime(LATENCY_MS);
      expect(exchange.order(orderId)?.filledQuantity, 'the second filled some').toBeGreaterThan(filledBefore);
      let known: string[] = [];
      for (const fills of seen) {
        expect(fills.slice(0, known.length)).toEqual(known);
        known = fills;
      }
    },
  );

  it('keeps its clock where it has a folder, from its close to its next opening', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stepped-'));
    try {
      const exchange = await openStepped({ dataDir });
      vi.setSystemTime(istAt(MONDAY, '11:40'));
      exchange.step();
      await exchange.close();
      expect(readdirSync(dataDir)).toContain('clock.json');
      vi.setSystemTime(istAt(MONDAY, '12:00'));
      expect((await openStepped({ dataDir })).clock.now()).toBe(istAt(MONDAY, '11:40'));
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it('takes its tokens from the source that it is given', async () => {
    let made = 0;
    const exchange = await openStepped({ randomToken: () => `token-${++made}` });
    const requestToken = exchange.newRequestToken();
    expect(requestToken).toBe('token-1');
    expect(exchange.exchangeRequestToken(requestToken)).toMatchObject({
      accessToken: 'token-2',
      publicToken: 'token-3',
    });
    expect(exchange.sessionAlive('token-2')).toBe(true);
  });
});

describe('a market of bars in memory', () => {
  it('is the market of the file with the same bars', async () => {
    const market = createMarket({ ...(await readCandleFile(CANDLES)), provenance: 'bars in memory', seed: 5 });
    const exchange = await openStepped({ market });
    const ofFile = await openStepped({ market: await openMarket({ candles: CANDLES, seed: 5 }) });
    expect([exchange.provenance, market.firstDate]).toEqual(['bars in memory', '2025-07-07']);
    for (const date of ['2025-07-07', MONDAY, '2025-07-18']) {
      for (const time of ['09:15', '11:00', '13:37:09', '15:29:59', '18:00']) {
        vi.setSystemTime(istAt(date, time));
        for (const symbol of ['NIFTY 50', 'INDIA VIX']) {
          const one = instrument(exchange, symbol);
          expect(exchange.quote(one)).toEqual(ofFile.quote(one));
          expect(exchange.candles(one, istAt(date, '09:15'), Date.now(), 5)).toEqual(
            ofFile.candles(one, istAt(date, '09:15'), Date.now(), 5),
          );
        }
        const at = Date.now();
        const [contract] = exchange.instruments(date).filter(({ kind }) => kind === 'option');
        if (contract?.kind !== 'option') throw new Error('no contract');
        expect(market.premium(contract, at)).toBe(
          (await openMarket({ candles: CANDLES, seed: 5 })).premium(contract, at),
        );
        expect(exchange.quote(contract)).toEqual(ofFile.quote(contract));
      }
    }
    expect(market.officialClose(MONDAY)).toBe((await openMarket({ seed: 5 })).officialClose(MONDAY));
  });

  it('takes India VIX and official closes from the tables of its folder before those of the bundle', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tables-'));
    try {
      writeFileSync(join(folder, 'india_vix.csv'), `date,open,close\n${MONDAY},40,40\n`);
      writeFileSync(join(folder, 'official.csv'), `date,close\n${MONDAY},25000.5\n`);
      const file = await readCandleFile(CANDLES);
      const market = createMarket({ ...file, provenance: '', seed: 1, candlesFolder: folder });
      const bundled = createMarket({ ...file, provenance: '', seed: 1 });
      const [own, next] = [istAt(MONDAY, '12:00'), istAt('2025-07-15', '12:00')];
      expect([market.vix(own), market.officialClose(MONDAY)]).toEqual([40, 2_500_050]);
      expect(market.vix(next)).toBe(bundled.vix(next));
      expect(bundled.vix(own)).not.toBe(40);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has on each date that date’s limits and previous closes, whatever was asked before', async () => {
    const days = ['2025-07-10', '2025-07-11', MONDAY, '2025-07-10'];
    const exchange = await openStepped({ at: istAt('2025-07-10', '11:15') });
    const fresh = await Promise.all(days.map((date) => openStepped({ at: istAt(date, '11:15') })));
    for (const [index, date] of days.entries()) {
      exchange.clock.set({ market: istAt(date, '11:15') });
      const other = fresh[index] as Exchange;
      expect(quoteOf(exchange, PUT)).toEqual(quoteOf(other, PUT));
    }
    const limits = fresh.slice(0, 3).map((other) => quoteOf(other, PUT).upperCircuit);
    expect(new Set(limits).size).toBe(3);
  });

  it('starts where its first bar is when nobody says where', async () => {
    const market = createMarket({ ...(await readCandleFile(CANDLES)), provenance: '', seed: 1 });
    const exchange = await createExchange({ market, steps: 'manual' });
    expect(exchange.clock.now()).toBe(istAt('2025-07-07', '08:45'));
  });

  it('serves one exchange after the other, none of which finds anything of the one before', async () => {
    const market = await openMarket({ seed: 3 });
    const runs: unknown[] = [];
    for (const shared of [market, market, undefined]) {
      vi.setSystemTime(istAt(MONDAY, '11:15'));
      const exchange = await openStepped({ seed: 3, ...(shared ? { market: shared } : {}) });
      exchange.addFault({ kind: 'price_shift', count: 1, points: 3, seconds: 60 });
      exchange.place(request({ price: quoteOf(exchange, PUT).lastPrice + 500, quantity: 750 }));
      vi.advanceTimersByTime(LATENCY_MS);
      vi.setSystemTime(istAt(MONDAY, '13:00'));
      runs.push([exchange.allOrders(), quoteOf(exchange, PUT), exchange.positions(), exchange.cash()]);
      await exchange.close();
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });
});
