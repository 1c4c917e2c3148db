import { describe, expect, test } from 'vitest';
import type { LastPrice } from '../../src/domain/types.ts';
import { keepLastPrices } from '../../src/market/last-prices.ts';
import type { Tick } from '../../src/market/types.ts';
import { later, virtually, virtualNow } from '../virtual.ts';

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
  test(
    'the newest price of each instrument is written, at most twice a second',
    virtually(async () => {
      const writes: { at: number; prices: LastPrice[] }[] = [];
      const { keeper, tick } = setUp(async (prices) => void writes.push({ at: virtualNow(), prices }));
      for (let price = 1; virtualNow() < 1_200; price++) {
        tick(1, price);
        await later(10);
      }
      tick(2, 7_000, 6_995);
      await keeper.stop();
      expect(writes.map(({ at }) => at)).toEqual([500, 1_000, 1_200]);
      expect(writes.map(({ prices }) => prices.map(({ price }) => price))).toEqual([[50], [100], [120, 7_000]]);
      expect(writes.at(-1)?.prices[1]).toEqual({ instrumentToken: 2, price: 7_000, bid: 6_995, ask: null, at: 7_000 });
    }),
  );

  test(
    'a database that fails is told of once, and the next prices are written',
    virtually(async () => {
      let failing = true;
      const written: number[] = [];
      const { keeper, tick, warnings } = setUp(async (prices) => {
        if (failing) throw new Error('gone');
        written.push(...prices.map((price) => price.price));
      });
      for (const price of [1, 2]) {
        tick(1, price);
        await later(600);
      }
      failing = false;
      tick(1, 3);
      await keeper.stop();
      expect(warnings).toEqual(['last prices could not be written']);
      expect(written).toEqual([3]);
    }),
  );

  test('after stop nobody listens', async () => {
    const { keeper, listeners } = setUp(async () => undefined);
    await keeper.stop();
    expect(listeners.size).toBe(0);
  });
});
