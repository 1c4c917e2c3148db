import { describe, expect, it } from 'vitest';
import { createPace, KITE_PACE, type Priority, paceOf } from '../../src/brokers/kite-pace.ts';
import { virtually, virtualNow } from '../virtual.ts';

describe('the pace of requests to Kite', () => {
  it(
    'lets no more calls of a kind through in any second than it may',
    virtually(async () => {
      const pace = createPace({ ...KITE_PACE, other: { perSecond: 4 } });
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
      const pace = createPace({ ...KITE_PACE, other: { perSecond: 1 } });
      await pace('quote');
      const late = pace('quote').then(() => 'quote');
      await expect(Promise.race([late, pace('other').then(() => 'other')])).resolves.toBe('other');
      await late;
    }),
  );

  /** The order in which calls that are asked for at once get their turn. */
  async function turns(kind: 'other' | 'order', asked: readonly Priority[]): Promise<[Priority, number][]> {
    const pace = createPace(KITE_PACE);
    const began = virtualNow();
    const went: [Priority, number][] = [];
    await Promise.all(
      asked.map(async (priority) => {
        await pace(kind, priority);
        went.push([priority, virtualNow() - began]);
      }),
    );
    return went;
  }
  const times = (count: number, priority: Priority) => Array.from({ length: count }, () => priority);

  it(
    'keeps three calls of a second for what is urgent: an exit does not wait behind looks',
    virtually(async () => {
      const went = await turns('other', [...times(30, 'routine'), ...times(3, 'exit')]);
      expect(went.filter(([priority]) => priority === 'exit').map(([, at]) => at)).toEqual([0, 0, 0]);
      expect(went.filter(([, at]) => at < 1_000)).toHaveLength(9);
    }),
  );

  it(
    'lets order calls go by their priority, each in the order in which it came',
    virtually(async () => {
      const went = await turns('order', [...times(9, 'entry'), 'entry', 'stop', 'exit', 'exit']);
      expect(went.slice(9).map(([priority]) => priority)).toEqual(['exit', 'exit', 'stop', 'entry']);
      expect(went[9]?.[1]).toBeGreaterThanOrEqual(1_000);
    }),
  );

  it(
    'lets no more than 390 order calls go in a minute',
    virtually(async () => {
      const went = await turns('order', times(400, 'exit'));
      expect(went.filter(([, at]) => at < 60_000)).toHaveLength(390);
    }),
  );

  it.each([
    ['GET', '/quote', 'quote'],
    ['GET', '/quote/ltp', 'quote'],
    ['GET', '/instruments/historical/256265/60minute', 'historical'],
    ['GET', '/orders', 'other'],
    ['GET', '/orders/1/trades', 'other'],
    ['POST', '/orders/regular', 'order'],
    ['put', '/orders/regular/1', 'order'],
    ['DELETE', '/orders/regular/1', 'order'],
    ['POST', '/margins/basket', 'other'],
  ])('counts %s %s as %s', (method, path, kind) => {
    expect(paceOf(method, path)).toBe(kind);
  });
});
