/** F15: bars that other sources contradict. */
import { describe, expect, test } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import type { Bar } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import type { OwnBars } from '../../src/market/cross-check.ts';
import { virtually, virtualNow } from '../virtual.ts';
import {
  type Answer,
  agreeing,
  bar,
  barEnd,
  barStart,
  brokers,
  fromKite,
  HALF_HOUR,
  halves,
  request,
} from './played-brokers.ts';

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
