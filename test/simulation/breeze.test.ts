import { describe, expect, test } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import type { SimFault } from '../../src/exchange-simulator/core/types.ts';
import { outcomeOf, type Side, seenBothWays } from './both-ways.ts';

/* The simulated Breeze answers what the official client's answers are read as, and fails as they fail. */

const at = (time: string, date = '2025-07-14') => istAt(date, time);
const IMPATIENT_MS = 1_000;
const once = (kind: string, more: object = {}): SimFault => ({ kind, count: 1, ...more });

/** A client that has logged in, so that what follows meets the candles alone. */
async function loggedIn(side: Side, timeoutMs?: number) {
  const breeze = timeoutMs === undefined ? side.breeze : side.breezeWithin(timeoutMs);
  await breeze.indexCandles(at('09:15'), at('09:20'), '5minute');
  return breeze;
}

const morning = async (side: Side, timeoutMs?: number) => {
  const breeze = await loggedIn(side, timeoutMs);
  return () => outcomeOf(breeze.indexCandles(at('09:15'), at('11:00'), '30minute'));
};

describe('the simulated Breeze', () => {
  test('gives the candles that the official client gives, whole days of them and the one that is being formed', async () => {
    const { real, double } = await seenBothWays(
      async (side) => {
        const seen: unknown[] = [await side.breeze.check()];
        for (const now of [at('09:10'), at('09:47:12'), at('11:15'), at('15:31'), at('09:20', '2025-07-15')]) {
          side.moveTo(now);
          for (const interval of ['5minute', '30minute'] as const) {
            const from = at('09:15', '2025-07-11');
            seen.push(now, interval, await side.breeze.indexCandles(from, now, interval));
            seen.push(await side.breeze.indexCandles(at('10:15') + 250, at('10:45') + 250, interval));
          }
        }
        return seen;
      },
      { at: at('09:05') },
    );
    expect(double).toEqual(real);
    expect(real.flat().length).toBeGreaterThan(300);
  });

  test('gives over a span of several calls what it gives in one', async () => {
    const { real, double } = await seenBothWays((side) =>
      side.breeze.indexCandles(at('09:15', '2025-06-02'), at('15:25'), '5minute'),
    );
    expect(double).toEqual(real);
  });

  test.each([
    once('breeze_down'),
    once('breeze_empty'),
    once('breeze_late'),
    once('breeze_late', { market_seconds: 3_600 }),
    once('breeze_slow', { ms: 50 }),
    once('breeze_invalid_session'),
  ])('under the fault %j means the same, once', async (fault) => {
    const { real, double } = await seenBothWays(
      async (side) => {
        const ask = await morning(side);
        side.exchange.addFault(fault);
        return [await ask(), side.exchange.faults(), await ask()];
      },
      { at: at('10:50') },
    );
    expect(double).toEqual(real);
    expect(real[1]).toEqual([]);
    expect(real[2]).toHaveProperty('value');
  });

  test('is given up when it does not answer in time', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const ask = await morning(side, IMPATIENT_MS);
      side.exchange.addFault(once('breeze_slow', { ms: 3_000 }));
      return ask();
    });
    expect(double).toEqual(real);
    expect(real).toEqual({ failed: 'doubt', status: null });
  });

  test('says so over its limits of a minute and of a day', async () => {
    const ask = async (side: Side) => {
      const seen: unknown[] = [];
      for (let time = 0; time < 3; time++)
        seen.push(await outcomeOf(side.breeze.indexCandles(at('09:15'), at('09:20'), '5minute')));
      return seen;
    };
    // None a minute, because the clock's minute may change between two of them.
    const minute = await seenBothWays(ask, { limits: { breezePerMinute: 0 } });
    const day = await seenBothWays(ask, { limits: { breezePerDay: 2 } });
    expect([minute.double, day.double]).toEqual([minute.real, day.real]);
    const over = { failed: 'rate_limited', status: 200 };
    expect([minute.real[0], day.real[2]]).toEqual([over, over]);
    expect(day.real[1]).toHaveProperty('value');
  });
});
