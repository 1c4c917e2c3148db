import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { createMarket, openMarket } from '../../../src/exchange-simulator/core/market/market.ts';
import type { Exchange } from '../../../src/exchange-simulator/core/types.ts';
import { createExchange } from '../../../src/exchange-simulator/replay/exchange.ts';
import { readCandleFile } from '../../../src/platform/candle-files.ts';
import { CALL, FAR_PUT, instrument, PUT, quoteOf, request } from './core-fixture.ts';
import { LATENCY_MS, MONDAY, openStepped, stepByHand } from './stepped-exchange.ts';

const CANDLES = new URL('../../../data/nifty_1h_2025-07-07_2025-07-18.csv', import.meta.url).pathname;

stepByHand();

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
