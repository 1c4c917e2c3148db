import { describe, expect, test } from 'vitest';
import type { Breeze } from '../../src/brokers/types.ts';
import { istAt, istDate } from '../../src/domain/clock.ts';
import { BrokerError } from '../../src/errors.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import { virtually, virtualNow } from '../virtual.ts';
import { type Answer, bar, barEnd, barStart, brokers, fromKite, HALF_HOUR, halves, request } from './played-brokers.ts';

describe('when an hour counts', () => {
  test(
    'as soon as Breeze shows a later bar',
    virtually(async () => {
      const { candles, kite, asked } = brokers((from, to) => halves(from, to, barEnd));
      const seen = await candles.forDecision({ ...request(), kite });
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(seen.source).toBe('breeze');
      expect(seen.bars.at(-1)?.start).toBe(barStart);
      expect(seen.bars).toHaveLength(5 * 7 + 2 * 7 + 2);
      expect(asked).toEqual({ breeze: ['2025-07-13', '2025-07-06'], kite: ['2025-07-06'] });
    }),
  );

  test(
    'after two answers that are the same, when there is no later bar',
    virtually(async () => {
      let closes = [1, 2, 3, 3];
      const { candles, kite, asked } = brokers((from, to) => {
        const bars = halves(from, to, barEnd - HALF_HOUR);
        const [close = 3, ...rest] = closes;
        closes = rest;
        return bars.map((each) => (each.start >= barStart ? bar(each.start, 2_500_000 + close) : each));
      });
      const seen = await candles.forDecision({ ...request(), kite });
      expect(seen).toMatchObject({ kind: 'bars', source: 'breeze' });
      expect(seen.kind === 'bars' && seen.bars.at(-1)?.close).toBe(2_500_003);
      expect(asked.breeze.filter((date) => date === '2025-07-13')).toHaveLength(4);
    }),
  );

  test(
    'never while a half of it is missing',
    virtually(async () => {
      const { candles } = brokers((from, to) => halves(from, to, barEnd - 2 * HALF_HOUR));
      expect(await candles.closeWithin({ ...request(), withinMs: 20_000 })).toBeNull();
      expect(virtualNow()).toBe(20_000);
    }),
  );

  test(
    'the bar for the stop comes under the same rule',
    virtually(async () => {
      const { candles } = brokers((from, to) => halves(from, to, barEnd));
      expect(await candles.closeWithin({ ...request(), withinMs: 20_000 })).toMatchObject({
        start: barStart,
        close: 2_500_000,
      });
    }),
  );

  test(
    'a Breeze that fails and recovers in time is used',
    virtually(async () => {
      let failures = 3;
      const { candles, kite, asked } = brokers((from, to) => {
        if (failures-- > 0) throw new BrokerError('breeze', 'doubt', 'silence');
        return halves(from, to, barEnd);
      });
      expect(await candles.forDecision({ ...request(), kite })).toMatchObject({ kind: 'bars', source: 'breeze' });
      expect(asked.kite).toEqual(['2025-07-06']);
    }),
  );
});

describe('when Breeze does not show it', () => {
  const silent: Answer = () => {
    throw new BrokerError('breeze', 'doubt', 'silence');
  };

  test(
    "after 60 s Kite's candles are taken, and flagged",
    virtually(async () => {
      const { candles, kite } = brokers(silent, fromKite);
      const seen = await candles.forDecision({ ...request(), kite });
      expect(virtualNow()).toBe(60_000);
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(seen.source).toBe('kite');
      expect(seen.bars).toHaveLength(5 * 7 + 2 * 7 + 2);
      expect(seen.bars.at(-1)).toMatchObject({ start: barStart, close: 2_500_300 });
    }),
  );

  test(
    'after 3 minutes without either there is no data, with the reasons',
    virtually(async () => {
      const { candles, kite } = brokers(silent, () => {
        throw new BrokerError('kite', 'token', 'Incorrect access_token');
      });
      const seen = await candles.forDecision({ ...request(), kite });
      expect(seen).toEqual({ kind: 'no_data', reason: 'Breeze: silence; Kite: Incorrect access_token' });
      expect(virtualNow()).toBe(180_000);
    }),
  );

  test(
    "Kite's candles without the hour are no data either",
    virtually(async () => {
      const { candles, kite } = brokers(silent, (from, to) =>
        fromKite(from, to).filter((each) => each.start < barStart),
      );
      expect(await candles.forDecision({ ...request(), kite })).toMatchObject({ kind: 'no_data' });
    }),
  );

  test(
    'without a Zerodha session it is waited for Breeze alone',
    virtually(async () => {
      const { candles } = brokers(silent);
      expect(await candles.forDecision({ ...request(), kite: null })).toEqual({
        kind: 'no_data',
        reason: 'Breeze: silence',
      });
    }),
  );
});

describe('the weeks around the hour', () => {
  test(
    'the week before is asked for once a date',
    virtually(async () => {
      const { candles, kite, asked } = brokers((from, to) => halves(from, to, barEnd));
      await candles.forDecision({ ...request(), kite });
      await candles.forDecision({ ...request(), kite });
      expect(asked.breeze.filter((date) => date === '2025-07-06')).toHaveLength(1);
    }),
  );

  test(
    'holes in Breeze are filled from Kite, and named',
    virtually(async () => {
      const hole = istAt('2025-07-09', '12:15');
      const { candles, kite, asked } = brokers(
        (from, to) => halves(from, to, barEnd).filter((each) => each.start !== hole + HALF_HOUR),
        fromKite,
      );
      const seen = await candles.forDecision({ ...request(), kite });
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(seen).toMatchObject({ source: 'breeze', filledFromKite: [hole] });
      expect(seen.bars.find((each) => each.start === hole)?.close).toBe(2_500_300);
      expect(seen.bars.map((each) => each.start)).toEqual(seen.bars.map((each) => each.start).sort((a, b) => a - b));
      expect(asked.kite).toEqual(['2025-07-06']);
    }),
  );

  test(
    'what neither knows is left out, and nobody waits for it',
    virtually(async () => {
      const known: Answer = (from, to) =>
        halves(from, to, barEnd).filter(({ start }) => istDate(start) !== '2025-07-09');
      const { candles, kite } = brokers(known, known);
      const seen = await candles.forDecision({ ...request(), kite });
      expect(seen.kind === 'bars' && seen.bars).toHaveLength(4 * 7 + 2 * 7 + 2);
    }),
  );
});

describe('an activity that waits', () => {
  test(
    'ends at once when it is cancelled, though Breeze is still silent',
    virtually(async () => {
      const breeze = { indexCandles: () => new Promise(() => undefined) } as unknown as Breeze;
      const candles = createHourlyCandles({ breeze });
      const cancel = new AbortController();
      const waiting = candles.forDecision({ ...request({ signal: cancel.signal }), kite: null });
      const closing = candles.closeWithin({ ...request({ signal: cancel.signal }), withinMs: 60_000 });
      cancel.abort(new Error('cancelled'));
      await expect(waiting).rejects.toThrow('cancelled');
      await expect(closing).rejects.toThrow('cancelled');
    }),
  );

  test(
    'a defect is thrown, not waited out',
    virtually(async () => {
      const { candles } = brokers(() => {
        throw new TypeError('defect');
      });
      await expect(candles.forDecision({ ...request(), kite: null })).rejects.toThrow(TypeError);
      await expect(candles.closeWithin({ ...request(), withinMs: 1_000 })).rejects.toThrow(TypeError);
    }),
  );
});
