import { describe, expect, test } from 'vitest';
import type { Breeze, KiteSession } from '../../src/brokers/types.ts';
import { hourlyBars } from '../../src/domain/calendar/index.ts';
import { addDays, istAt, istDate, istTime } from '../../src/domain/clock.ts';
import type { Bar, MarketMs } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import { virtually, virtualNow } from '../virtual.ts';

// The two brokers are played here: what matters is which answer comes when, which no server can be asked for.
const HALF_HOUR = 30 * 60_000;
const barStart = istAt('2025-07-16', '10:15');
const barEnd = istAt('2025-07-16', '11:15');

const bar = (start: MarketMs, close = 2_500_000): Bar => ({
  start,
  open: close,
  high: close,
  low: close,
  close,
  volume: 0,
});

/** Half hours of a span as Breeze knows them when the last one that has begun starts at `newest`. */
function halves(from: MarketMs, to: MarketMs, newest: MarketMs): Bar[] {
  const bars: Bar[] = [];
  for (let date = istDate(from); date <= istDate(to); date = addDays(date, 1)) {
    for (const hour of hourlyBars(date)) {
      for (let start = hour.start; start < hour.end; start += HALF_HOUR) {
        if (start >= from && start <= to && start <= newest) bars.push(bar(start));
      }
    }
  }
  return bars;
}

type Answer = (from: MarketMs, to: MarketMs) => Bar[];
function brokers(answer: Answer, hours: (from: MarketMs, to: MarketMs) => Bar[] = () => []) {
  const asked = { breeze: [] as string[], kite: [] as string[] };
  const breeze = {
    indexCandles: async (from: MarketMs, to: MarketMs) => {
      asked.breeze.push(istDate(from));
      return answer(from, to);
    },
  } as unknown as Breeze;
  const kite = {
    historical: async (_token: number, _interval: string, from: MarketMs, to: MarketMs) => {
      asked.kite.push(istDate(from));
      return hours(from, to);
    },
  } as unknown as KiteSession;
  return { asked, kite, candles: createHourlyCandles({ breeze }) };
}

const request = (more: { signal?: AbortSignal; heartbeat?: () => void } = {}) => ({
  barStart,
  barEnd,
  signal: new AbortController().signal,
  heartbeat: () => undefined,
  ...more,
});
const hoursOfBothWeeks = (from: MarketMs, to: MarketMs) =>
  halves(from, to, to)
    .filter((each) => istTime(each.start).slice(3) === '15:00')
    .map((each) => bar(each.start, 2_511_100));

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
      expect(asked).toEqual({ breeze: ['2025-07-13', '2025-07-06'], kite: [] });
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
        return bars.map((each) => (each.start >= barStart ? bar(each.start, close) : each));
      });
      const seen = await candles.forDecision({ ...request(), kite });
      expect(seen).toMatchObject({ kind: 'bars', source: 'breeze' });
      expect(seen.kind === 'bars' && seen.bars.at(-1)?.close).toBe(3);
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
      expect(asked.kite).toEqual([]);
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
      const { candles, kite } = brokers(silent, hoursOfBothWeeks);
      const seen = await candles.forDecision({ ...request(), kite });
      expect(virtualNow()).toBe(60_000);
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(seen.source).toBe('kite');
      expect(seen.bars).toHaveLength(5 * 7 + 2 * 7 + 2);
      expect(seen.bars.at(-1)).toMatchObject({ start: barStart, close: 2_511_100 });
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
        hoursOfBothWeeks(from, to).filter((each) => each.start < barStart),
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
        hoursOfBothWeeks,
      );
      const seen = await candles.forDecision({ ...request(), kite });
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(seen).toMatchObject({ source: 'breeze', filledFromKite: [hole] });
      expect(seen.bars.find((each) => each.start === hole)?.close).toBe(2_511_100);
      expect(seen.bars.map((each) => each.start)).toEqual(seen.bars.map((each) => each.start).sort((a, b) => a - b));
      expect(asked.kite).toEqual(['2025-07-09']);
    }),
  );

  test(
    'what neither knows is left out, and nobody waits for it',
    virtually(async () => {
      const { candles, kite } = brokers((from, to) =>
        halves(from, to, barEnd).filter((each) => istDate(each.start) !== '2025-07-09'),
      );
      const seen = await candles.forDecision({ ...request(), kite });
      expect(seen.kind === 'bars' && seen.bars).toHaveLength(4 * 7 + 2 * 7 + 2);
    }),
  );
});

describe('an activity that waits', () => {
  test(
    'is heard of while it waits',
    virtually(async () => {
      let beats = 0;
      const { candles } = brokers(() => []);
      await candles.forDecision({ ...request({ heartbeat: () => beats++ }), kite: null });
      expect(beats).toBeGreaterThan(1);
    }),
  );

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
