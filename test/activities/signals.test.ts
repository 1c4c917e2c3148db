/** The hourly decision on the real week of 14 July 2025, by sources that agree or not (F15). */
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSignalActivities } from '../../activities/signals.ts';
import type { Breeze, KiteSession } from '../../src/brokers/types.ts';
import type { HourClose, HourEvaluation, HourInput } from '../../src/contract/activities.ts';
import { istAt } from '../../src/domain/clock.ts';
import { hourlyBarEnd } from '../../src/domain/strategy/index.ts';
import type { Bar, MarketMs, Paise } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import type { OwnBars } from '../../src/market/cross-check.ts';
import { readCandleFile } from '../../src/platform/candle-files.ts';

const BUNDLE = fileURLToPath(new URL('../../data/nifty_1h_2025-07-07_2025-07-18.csv', import.meta.url));
const HALF_HOUR = 1_800_000;
const identity = { mode: 'replay', account: 'signals', run: 1, date: '2025-07-14' } as const;
const input: HourInput = {
  identity,
  barStart: istAt('2025-07-14', '10:15'),
  barEnd: istAt('2025-07-14', '11:15'),
};
const LAST_HALF = input.barStart + HALF_HOUR;

let real: Bar[];
/** The second hour closes below the first one's low: nothing fires. */
let quiet: Bar[];
beforeAll(async () => {
  real = (await readCandleFile(BUNDLE)).bars.flatMap(halved);
  quiet = real.map((bar) =>
    bar.start === LAST_HALF ? { ...bar, low: Math.min(bar.low, 24_980_00), close: 24_990_00 } : bar,
  );
});

/** Two half hours that make the hour again; of the day's last quarter there is one. */
function halved(hour: Bar): Bar[] {
  if (hourlyBarEnd(hour.start) - hour.start <= HALF_HOUR) return [hour];
  return [
    { ...hour, close: hour.low },
    { ...hour, start: hour.start + HALF_HOUR, open: hour.low },
  ];
}

const lying = (bars: Bar[], start: MarketMs, more: Paise) =>
  bars.map((bar) =>
    bar.start === start ? { ...bar, high: Math.max(bar.high, bar.close + more), close: bar.close + more } : bar,
  );

type Sources = { breeze: Bar[] | null; kite: Bar[] | null; ticks: Bar[] | null };

function activities({ breeze, kite, ticks }: Sources) {
  const within = (bars: Bar[], from: MarketMs, to: MarketMs) =>
    bars.filter(({ start }) => start >= from && start <= Math.min(to, input.barEnd));
  const answer = (name: 'breeze' | 'kite', bars: Bar[] | null, from: MarketMs, to: MarketMs) => {
    if (!bars) throw new BrokerError(name, 'doubt', 'silence');
    return within(bars, from, to);
  };
  const breezes = { indexCandles: async (from: MarketMs, to: MarketMs) => answer('breeze', breeze, from, to) };
  const kites = {
    historical: async (_token: number, _interval: string, from: MarketMs, to: MarketMs) =>
      answer('kite', kite, from, to),
  } as unknown as KiteSession;
  const own: OwnBars = (start, end) => {
    const parts = ticks?.filter((bar) => bar.start >= start && bar.start < end) ?? [];
    const last = parts.at(-1);
    if (!last) return undefined;
    const [high, low] = [Math.max(...parts.map((bar) => bar.high)), Math.min(...parts.map((bar) => bar.low))];
    return { ...last, start, high, low, longestHole: 1_000 };
  };
  const patience = { pollMs: 5, checkMs: 50, kiteAfterMs: 100, giveUpAfterMs: 300 };
  return createSignalActivities({
    account: identity,
    candles: createHourlyCandles({ breeze: breezes as unknown as Breeze, patience }),
    feed: { ownBar: (_token: number, start: MarketMs, end: MarketMs) => own(start, end) } as never,
    sessions: { use: (_account, call) => call(kites), current: async () => kites, renew: async () => {}, forget() {} },
    stopBarWithinMs: 100,
  });
}

const evaluated = (sources: Sources): Promise<HourEvaluation> =>
  new MockActivityEnvironment().run(activities(sources).evaluateHour, input);
const closed = (sources: Sources): Promise<HourClose> =>
  new MockActivityEnvironment().run(activities(sources).readHourClose, input);

describe('the hour of 11:15', () => {
  it('fires S1 where all sources agree, without a word', async () => {
    const seen = await evaluated({ breeze: real, kite: real, ticks: real });
    expect(seen).toMatchObject({
      source: 'breeze',
      signal: 'S1',
      strike: 25_000_00,
      firedAt: input.barEnd,
      note: null,
    });
    expect(seen.contradicted).toBeUndefined();
  });

  it('fires nothing on a half hour in which Kite and our ticks outvote Breeze, and says so', async () => {
    const seen = await evaluated({ breeze: lying(quiet, LAST_HALF, 120_00), kite: quiet, ticks: quiet });
    expect(seen).toMatchObject({ source: 'kite', signal: null, bar: { close: 24_990_00 } });
    expect(seen.contradicted).toMatch(
      /decide: 2025-07-14T10:45 .*Breeze .* \/ 25110.00, Kite .* \/ 24990.00, our ticks/,
    );
    expect(seen.note).toContain('contradict Breeze');
    // Without the other two it would have.
    expect(await evaluated({ breeze: lying(quiet, LAST_HALF, 120_00), kite: null, ticks: null })).toMatchObject({
      signal: 'S1',
      note: expect.stringContaining('No second source'),
    });
  });

  it('fires S1 where it is Breeze that is wrong', async () => {
    const seen = await evaluated({ breeze: quiet, kite: real, ticks: real });
    expect(seen).toMatchObject({ source: 'kite', signal: 'S1', contradicted: expect.stringContaining('decide') });
  });

  it.each([
    ['Kite', true, false],
    ['our ticks', false, true],
  ])('decides nothing where %s alone contradicts Breeze', async (_name, byKite, byTicks) => {
    const breeze = lying(quiet, LAST_HALF, 120_00);
    const seen = await evaluated({ breeze, kite: byKite ? quiet : null, ticks: byTicks ? quiet : null });
    expect(seen).toMatchObject({
      source: 'none',
      bar: null,
      signal: null,
      contradicted: expect.stringContaining('10:45'),
    });
  });

  it('decides by an older bar that is disputed only where nothing hangs on it', async () => {
    const harmless = istAt('2025-07-09', '12:45');
    const seen = await evaluated({ breeze: lying(real, harmless, 6_00), kite: real, ticks: null });
    expect(seen).toMatchObject({ signal: 'S1', note: expect.stringContaining('change nothing: 2025-07-09T12:45') });
    const lowest = istAt('2025-07-14', '09:45');
    const decisive = real.map((bar) => (bar.start === lowest ? { ...bar, low: bar.low - 900_00 } : bar));
    const other = await evaluated({ breeze: decisive, kite: real, ticks: null });
    expect(other).toMatchObject({ signal: null, contradicted: expect.stringContaining('2025-07-14T09:45') });
  });
});

describe('the close that ends positions', () => {
  const close = () => real.find(({ start }) => start === LAST_HALF)?.close;

  it('is Breeze’s, with our own beside it', async () => {
    expect(await closed({ breeze: real, kite: real, ticks: quiet })).toEqual({
      ...{ close: close(), source: 'breeze', ticks: 24_990_00 },
    });
  });

  it('is our own where Breeze is late', async () => {
    expect(await closed({ breeze: null, kite: null, ticks: real })).toEqual({
      ...{ close: close(), source: 'ticks', ticks: close() },
    });
  });

  it('is Kite’s where there are no ticks either', async () => {
    expect(await closed({ breeze: null, kite: real, ticks: null })).toEqual({
      ...{ close: close(), source: 'kite', ticks: null },
    });
  });

  it('is none only after all three were asked', async () => {
    const asked = await closed({ breeze: null, kite: null, ticks: null });
    expect(asked).toEqual({ close: null, source: 'none', ticks: null });
    expect(await closed({ breeze: null, kite: real.filter(({ start }) => start < LAST_HALF), ticks: null })).toEqual(
      asked,
    );
  });
});
