import { setTimeout as sleep } from 'node:timers/promises';
import type { Breeze, KiteSession } from '../brokers/types.ts';
import { COVERED_FROM, hourlyBars } from '../domain/calendar/index.ts';
import { addDays, istAt, istDate } from '../domain/clock.ts';
import { aggregateHourly, weekStartOf } from '../domain/strategy/index.ts';
import type { Bar, IsoDate, MarketMs } from '../domain/types.ts';
import { BrokerError } from '../errors.ts';
import { NIFTY_TOKEN } from './types.ts';

/** How long to wait for whom, in ms of the wall clock (DESIGN section 4, step 6). */
const PATIENCE = { pollMs: 2_000, kiteAfterMs: 60_000, giveUpAfterMs: 180_000 };
export type Patience = typeof PATIENCE;

const HOUR_MS = 3_600_000;
const HEARTBEAT_MS = 500;

/** The hour that has just closed, and how an activity that asks for it is kept alive and cancelled. */
export type HourRequest = {
  barStart: MarketMs;
  barEnd: MarketMs;
  signal: AbortSignal;
  heartbeat: () => void;
};

export type DecisionRequest = HourRequest & { kite: KiteSession | null };

export type DecisionCandles =
  | {
      kind: 'bars';
      /** `kite` when Breeze did not show the hour in time. */
      source: 'breeze' | 'kite';
      /** Hourly, of the week before and of this one up to `barEnd`, sorted. */
      bars: Bar[];
      /** Hours that Breeze has holes in and Kite has not. */
      filledFromKite: MarketMs[];
    }
  | { kind: 'no_data'; reason: string };

export type HourlyCandles = {
  /**
   * The bars to decide on at an hourly close. Breeze's hour counts once it shows a later bar, or twice the same answer 2 s apart; after
   * 60 s Kite's candles are taken, flagged; after 3 minutes there is no data. Rejects when aborted.
   */
  forDecision(request: DecisionRequest): Promise<DecisionCandles>;
  /** The hour's bar by Breeze, under the same rule, or null when it is not there within that many ms of the wall clock. */
  closeWithin(request: HourRequest & { withinMs: number }): Promise<Bar | null>;
};

/** Hourly candles of the NIFTY index for the strategy: Breeze's, with Kite behind them. */
export function createHourlyCandles(options: { breeze: Breeze; patience?: Partial<Patience> }): HourlyCandles {
  const { breeze } = options;
  const patience = { ...PATIENCE, ...options.patience };
  let weekBefore: { date: IsoDate; bars: Bar[] } | null = null;

  /** Breeze's half hours of this week, a little beyond the hour so that a later bar shows. */
  function thisWeek({ barStart, barEnd, signal }: HourRequest): Promise<Bar[]> {
    const from = istAt(weekStartOf(istDate(barStart)), '00:00');
    return abortable(breeze.indexCandles(from, barEnd + HOUR_MS, '30minute'), signal);
  }

  /** The week before, asked for once a date. */
  async function previousWeek(date: IsoDate, kite: KiteSession | null): Promise<Filled> {
    if (weekBefore?.date === date) return { bars: weekBefore.bars, filled: [], complete: true };
    const [from, to] = [addDays(weekStartOf(date), -7), addDays(weekStartOf(date), -1)];
    const halves = await breeze.indexCandles(istAt(from, '00:00'), istAt(to, '23:59'), '30minute');
    const week = await fillHoles(aggregateHourly(halves, 30), expectedHours(from, to), kite);
    if (week.complete) weekBefore = { date, bars: week.bars };
    return week;
  }

  async function bothWeeks(request: DecisionRequest, halves: Bar[]): Promise<DecisionCandles> {
    const { barEnd, kite, signal } = request;
    const date = istDate(request.barStart);
    const upToNow = (start: MarketMs) => start < barEnd;
    const hours = aggregateHourly(halves, 30).filter((bar) => upToNow(bar.start));
    const before = await abortable(previousWeek(date, kite), signal);
    const week = await fillHoles(hours, expectedHours(weekStartOf(date), date).filter(upToNow), kite);
    return {
      kind: 'bars',
      source: 'breeze',
      bars: [...before.bars, ...week.bars],
      filledFromKite: [...before.filled, ...week.filled],
    };
  }

  async function decide(request: DecisionRequest): Promise<DecisionCandles> {
    const began = performance.now();
    const isSettled = hourWatch(request);
    for (;;) {
      let reason = 'Breeze has not shown the whole hour';
      try {
        const halves = await thisWeek(request);
        if (isSettled(halves)) return await bothWeeks(request, halves);
      } catch (error) {
        reason = wordsOf(error);
      }
      const waited = performance.now() - began;
      if (waited >= patience.kiteAfterMs && request.kite) {
        try {
          const bars = await abortable(kiteHours(request.kite, request), request.signal);
          if (bars.at(-1)?.start === request.barStart)
            return { kind: 'bars', source: 'kite', bars, filledFromKite: [] };
          reason += '; Kite has not shown the hour either';
        } catch (error) {
          reason += `; ${wordsOf(error)}`;
        }
      }
      if (waited >= patience.giveUpAfterMs) return { kind: 'no_data', reason };
      await sleep(patience.pollMs, undefined, { signal: request.signal });
    }
  }

  async function closeWithin(request: HourRequest & { withinMs: number }): Promise<Bar | null> {
    const late = AbortSignal.timeout(request.withinMs);
    const signal = AbortSignal.any([request.signal, late]);
    const isSettled = hourWatch(request);
    try {
      for (;;) {
        try {
          const halves = await thisWeek({ ...request, signal });
          if (isSettled(halves)) return hourOf(request, halves);
        } catch (error) {
          signal.throwIfAborted();
          wordsOf(error);
        }
        await sleep(patience.pollMs, undefined, { signal });
      }
    } catch (error) {
      request.signal.throwIfAborted();
      if (late.aborted) return null;
      throw error;
    }
  }

  return {
    forDecision: (request) => heartbeating(request, () => decide(request)),
    closeWithin: (request) => heartbeating(request, () => closeWithin(request)),
  };
}

/**
 * Whether Breeze's answer to the hour is final: the whole hour is there, and a later bar too or twice the same in a row. Bars that
 * are still being formed are in its answers.
 */
function hourWatch(request: HourRequest): (halves: Bar[]) => boolean {
  let last = '';
  return (halves) => {
    if (!hourOf(request, halves)) return false;
    if (halves.some((bar) => bar.start >= request.barEnd)) return true;
    const same = JSON.stringify(halves.filter((bar) => bar.start >= request.barStart));
    const twice = same === last;
    last = same;
    return twice;
  };
}

function hourOf({ barStart }: HourRequest, halves: Bar[]): Bar | null {
  return aggregateHourly(halves, 30).find((bar) => bar.start === barStart) ?? null;
}

async function kiteHours(kite: KiteSession, { barStart, barEnd }: HourRequest): Promise<Bar[]> {
  const from = istAt(addDays(weekStartOf(istDate(barStart)), -7), '00:00');
  const bars = await kite.historical(NIFTY_TOKEN, '60minute', from, barEnd);
  return aggregateHourly(bars, 60).filter((bar) => bar.start < barEnd);
}

type Filled = { bars: Bar[]; filled: MarketMs[]; complete: boolean };

/** Breeze's history has holes. Kite is asked once for the hours that the calendar says there were; what neither has is left out. */
async function fillHoles(bars: Bar[], expected: MarketMs[], kite: KiteSession | null): Promise<Filled> {
  const there = new Set(bars.map((bar) => bar.start));
  const holes = expected.filter((start) => !there.has(start));
  const [first, last] = [holes[0], holes.at(-1)];
  if (first === undefined || last === undefined) return { bars, filled: [], complete: true };
  if (!kite) return { bars, filled: [], complete: false };
  try {
    const asked = aggregateHourly(await kite.historical(NIFTY_TOKEN, '60minute', first, last), 60);
    const found = asked.filter((bar) => holes.includes(bar.start));
    const all = [...bars, ...found].sort((a, b) => a.start - b.start);
    return { bars: all, filled: found.map((bar) => bar.start), complete: true };
  } catch (error) {
    wordsOf(error);
    return { bars, filled: [], complete: false };
  }
}

function expectedHours(from: IsoDate, to: IsoDate): MarketMs[] {
  const starts: MarketMs[] = [];
  for (let date = from < COVERED_FROM ? COVERED_FROM : from; date <= to; date = addDays(date, 1)) {
    starts.push(...hourlyBars(date).map((bar) => bar.start));
  }
  return starts;
}

/** The words of a broker's failure; anything else is a defect and thrown on. */
function wordsOf(error: unknown): string {
  if (error instanceof BrokerError) return `${error.broker === 'kite' ? 'Kite' : 'Breeze'}: ${error.message}`;
  throw error;
}

async function heartbeating<T>({ heartbeat }: HourRequest, work: () => Promise<T>): Promise<T> {
  const beat = setInterval(heartbeat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

/** Ends the wait, not the call: that has its own time-out. */
async function abortable<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
