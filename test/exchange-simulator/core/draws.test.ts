import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import {
  between,
  betweenAt,
  chance,
  chanceAt,
  grown,
  hash,
  stem,
} from '../../../src/exchange-simulator/core/random.ts';
import { CALL, open, PUT, quoteOf } from './core-fixture.ts';

describe('a draw', () => {
  it('is the same from its keys as from a stem that grew by them', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer(), { maxLength: 4 }), fc.integer(), (seed, keys, last) => {
        const here = grown(stem(seed, ...keys), last);
        expect(chanceAt(here)).toBe(chance(seed, ...keys, last));
        expect(betweenAt(3, 40, here)).toBe(between(3, 40, seed, ...keys, last));
      }),
    );
  });

  it('never changes with the code: what a seed once showed, it shows again', async () => {
    expect([hash(1), hash(1, 2, 3), hash(-7, 1_752_465_600, 0)]).toEqual([1_364_076_727, 3_308_190_334, 3_605_178_323]);
    const exchange = await open({ at: istAt('2025-07-14', '11:15'), seed: 7 });
    const seen = ['NIFTY 50', PUT, CALL].map((symbol) => {
      const { lastPrice, volume, depth } = quoteOf(exchange, symbol);
      const shown = [...depth.bids.slice(0, 2), ...depth.asks.slice(0, 2)];
      return [lastPrice, volume, ...shown.map(({ price, quantity, orders }) => `${quantity} at ${price} in ${orders}`)];
    });
    expect(seen).toEqual([
      [2_506_375, 0],
      [6_340, 902_400, '300 at 6325 in 4', '150 at 6315 in 2', '375 at 6355 in 5', '300 at 6370 in 4'],
      [17_595, 912_225, '450 at 17560 in 5', '675 at 17550 in 6', '525 at 17630 in 7', '375 at 17645 in 4'],
    ]);
  });
});
