import { describe, expect, it } from 'vitest';
import { createPace, paceOf } from '../../src/brokers/kite-pace.ts';
import { virtually, virtualNow } from '../virtual.ts';

describe('the pace of requests to Kite', () => {
  it(
    'lets no more calls of a kind through in any second than it may',
    virtually(async () => {
      const pace = createPace({ quote: 1, historical: 3, other: 4 });
      const at: number[] = [];
      await Promise.all(
        Array.from({ length: 9 }, async () => {
          await pace('other');
          at.push(virtualNow());
        }),
      );
      for (const [index, time] of at.entries()) {
        const inTheSecondBefore = at.slice(0, index).filter((earlier) => time - earlier < 1_000);
        expect(inTheSecondBefore.length).toBeLessThan(4);
      }
      // And no slower than that: the ninth is the first of the third second.
      expect(at.at(-1)).toBeLessThan(3_000);
    }),
  );

  it(
    'does not let one kind wait for another',
    virtually(async () => {
      const pace = createPace({ quote: 1, historical: 1, other: 1 });
      await pace('quote');
      const late = pace('quote').then(() => 'quote');
      await expect(Promise.race([late, pace('other').then(() => 'other')])).resolves.toBe('other');
      await late;
    }),
  );

  it.each([
    ['GET', '/quote', 'quote'],
    ['GET', '/quote/ltp', 'quote'],
    ['GET', '/instruments/historical/256265/60minute', 'historical'],
    ['GET', '/orders', 'other'],
    ['GET', '/orders/1/trades', 'other'],
    ['POST', '/orders/regular', null],
    ['put', '/orders/regular/1', null],
    ['DELETE', '/orders/regular/1', null],
    ['POST', '/margins/basket', 'other'],
  ])('counts %s %s as %s', (method, path, kind) => {
    expect(paceOf(method, path)).toBe(kind);
  });
});
