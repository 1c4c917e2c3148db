import { describe, expect, test } from 'vitest';
import type { Breeze, KiteSession } from '../../src/brokers/types.ts';
import { hourlyBars } from '../../src/domain/calendar/index.ts';
import { addDays, istAt, istDate } from '../../src/domain/clock.ts';
import type { Bar, MarketMs } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import type { OwnBars } from '../../src/market/cross-check.ts';
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
/** Kite agrees with a Breeze that shows everything, unless a test says otherwise. */
const agreeing: Answer = (from, to) => halves(from, to, to);
function brokers(answer: Answer, kites: Answer = agreeing) {
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
      return kites(from, to);
    },
  } as unknown as KiteSession;
  return { asked, kite, candles: createHourlyCandles({ breeze }) };
}

const request = (more: { signal?: AbortSignal; heartbeat?: () => void; own?: OwnBars } = {}) => ({
  barStart,
  barEnd,
  signal: new AbortController().signal,
  heartbeat: () => undefined,
  own: () => undefined,
  ...more,
});
/** Bars that show where they came from, and are near enough to Breeze's. */
const fromKite: Answer = (from, to) => halves(from, to, to).map((each) => bar(each.start, 2_500_300));

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

describe('F15: a half hour that other sources contradict', () => {
  const half = barStart + HALF_HOUR;
  /** The second half of the hour, with more points on its high and close than it had. */
  const lying =
    (points: number, since = 0): Answer =>
    (from, to) =>
      halves(from, to, barEnd).map((each) =>
        each.start === half && virtualNow() >= since
          ? { ...each, high: each.high + 100 * points, close: each.close + 100 * points }
          : each,
      );
  const own =
    (longestHole = 1_000, points = 0): OwnBars =>
    (start) => ({ ...bar(start, 2_500_000 + 100 * points), longestHole });
  const silent: Answer = () => {
    throw new BrokerError('kite', 'doubt', 'silence');
  };

  test(
    'by Kite and our own ticks is outvoted: theirs decides, at once, and it is told',
    virtually(async () => {
      const { candles, kite } = brokers(lying(120));
      const seen = await candles.forDecision({ ...request({ own: own() }), kite });
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      expect(virtualNow()).toBeLessThan(3_000);
      expect(seen).toMatchObject({ source: 'kite', otherwise: null });
      expect(seen.bars.at(-1)).toMatchObject({ start: barStart, high: 2_500_000, close: 2_500_000 });
      expect(seen.outvoted).toBe(
        '2025-07-16T10:45 (high / low / close) Breeze 25120.00 / 25000.00 / 25120.00, Kite 25000.00 / 25000.00 / 25000.00, our ticks 25000.00 / 25000.00 / 25000.00',
      );
    }),
  );

  test.each<[string, Answer, Answer, OwnBars]>([
    ['by Kite, without ticks', lying(6), agreeing, () => undefined],
    ['by our own ticks, without an answer of Kite', lying(-120), silent, own()],
    ['by Kite, which our ticks contradict as well', lying(120), lying(60), own()],
    ['by Kite, where our ticks have holes', lying(120), agreeing, own(6_000)],
  ])('%s, decides nothing', async (_name, breeze, kites, ticks) => {
    await virtually(async () => {
      const { candles, kite } = brokers(breeze, kites);
      const seen = await candles.forDecision({ ...request({ own: ticks }), kite });
      expect(seen).toMatchObject({ kind: 'contradicted', reason: expect.stringContaining('2025-07-16T10:45') });
      expect(virtualNow()).toBeGreaterThanOrEqual(180_000);
    })();
  });

  test.each<[string, Answer, Answer, OwnBars]>([
    ['5 points from Kite', lying(5), agreeing, () => undefined],
    ['another than Kite, but as our ticks have it', agreeing, lying(120), own()],
    ['another than our ticks, but as Kite has it', agreeing, agreeing, own(1_000, 60)],
  ])('is believed: %s', async (_name, breeze, kites, ticks) => {
    await virtually(async () => {
      const { candles, kite } = brokers(breeze, kites);
      const seen = await candles.forDecision({ ...request({ own: ticks }), kite });
      expect(seen).toMatchObject({ kind: 'bars', source: 'breeze', outvoted: null, disputed: null });
    })();
  });

  test(
    'is asked for again, and decides once it agrees',
    virtually(async () => {
      const { candles, kite } = brokers((from, to) =>
        virtualNow() < 30_000 ? lying(120)(from, to) : halves(from, to, barEnd),
      );
      expect(await candles.forDecision({ ...request(), kite })).toMatchObject({ kind: 'bars', source: 'breeze' });
      expect(virtualNow()).toBe(30_000);
    }),
  );

  test(
    'of an older hour goes along as it is otherwise',
    virtually(async () => {
      const old = istAt('2025-07-15', '12:45');
      const { candles, kite } = brokers((from, to) =>
        halves(from, to, barEnd).map((each) => (each.start === old ? { ...each, high: each.high + 9_000 } : each)),
      );
      const seen = await candles.forDecision({ ...request(), kite });
      if (seen.kind !== 'bars') throw new Error(seen.reason);
      const high = (bars: Bar[] | null) => bars?.find(({ start }) => start === old - HALF_HOUR)?.high;
      expect([high(seen.bars), high(seen.otherwise)]).toEqual([2_509_000, 2_500_000]);
      expect(seen.disputed).toContain('2025-07-15T12:45');
    }),
  );

  test(
    'is waited for ten seconds where Kite does not answer, then Breeze alone decides, and it is told',
    virtually(async () => {
      const { candles, kite } = brokers((from, to) => halves(from, to, barEnd), silent);
      expect(await candles.forDecision({ ...request(), kite })).toMatchObject({ source: 'breeze', isUnchecked: true });
      expect(virtualNow()).toBe(10_000);
    }),
  );

  test(
    'Kite that stands in for Breeze and our ticks contradict decides nothing either',
    virtually(async () => {
      const { candles, kite } = brokers(() => {
        throw new BrokerError('breeze', 'doubt', 'silence');
      });
      const seen = await candles.forDecision({ ...request({ own: own(1_000, 60) }), kite });
      expect(seen).toMatchObject({ kind: 'contradicted' });
    }),
  );
});

describe("Kite's close", () => {
  test(
    'is the whole hour, or null',
    virtually(async () => {
      const { candles, kite } = brokers(agreeing, fromKite);
      expect(await candles.closeByKite({ ...request(), kite })).toMatchObject({ start: barStart, close: 2_500_300 });
      const half = brokers(agreeing, (from, to) =>
        fromKite(from, to).filter(({ start }) => start < barEnd - HALF_HOUR),
      );
      expect(await half.candles.closeByKite({ ...request(), kite: half.kite })).toBeNull();
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
