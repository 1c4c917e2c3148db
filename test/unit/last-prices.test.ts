import { describe, expect, test } from 'vitest';
import type { LastPrice } from '../../src/journal/types.ts';
import { keepLastPrices } from '../../src/market/last-prices.ts';
import type { Tick } from '../../src/market/types.ts';

function setUp(save: (prices: LastPrice[]) => Promise<void>) {
  const listeners = new Set<(tick: Tick) => void>();
  const warnings: string[] = [];
  const keeper = keepLastPrices({
    feed: {
      onTick(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    journal: { saveLastPrices: save },
    log: { warn: (_data, text) => warnings.push(text) },
  });
  const tick = (instrumentToken: number, lastPrice: number, bid?: number) => {
    const bids = bid === undefined ? [] : [{ price: bid, quantity: 75 }];
    for (const listener of listeners) {
      listener({ instrumentToken, lastPrice, bids, asks: [], receivedAt: lastPrice, exchangeAt: null });
    }
  };
  return { keeper, tick, warnings, listeners };
}

describe('last prices', () => {
  test('the newest price of each instrument is written, at most twice a second', async () => {
    const writes: LastPrice[][] = [];
    const { keeper, tick } = setUp(async (prices) => void writes.push(prices));
    const began = performance.now();
    for (let price = 1; performance.now() - began < 1_200; price++) {
      tick(1, price);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    tick(2, 7_000, 6_995);
    await keeper.stop();
    expect(writes.length).toBeGreaterThanOrEqual(2);
    expect(writes.length).toBeLessThanOrEqual(4);
    expect(writes.at(-1)?.find((price) => price.instrumentToken === 2)).toEqual({
      instrumentToken: 2,
      price: 7_000,
      bid: 6_995,
      ask: null,
      at: 7_000,
    });
    for (const write of writes) expect(new Set(write.map((price) => price.instrumentToken)).size).toBe(write.length);
  });

  test('a database that fails is told of once, and the next prices are written', async () => {
    let failing = true;
    const written: number[] = [];
    const { keeper, tick, warnings } = setUp(async (prices) => {
      if (failing) throw new Error('gone');
      written.push(...prices.map((price) => price.price));
    });
    for (const price of [1, 2]) {
      tick(1, price);
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    failing = false;
    tick(1, 3);
    await keeper.stop();
    expect(warnings).toEqual(['last prices could not be written']);
    expect(written).toEqual([3]);
  });

  test('after stop nobody listens', async () => {
    const { keeper, listeners } = setUp(async () => undefined);
    await keeper.stop();
    expect(listeners.size).toBe(0);
  });
});
