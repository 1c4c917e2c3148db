import { setTimeout as sleep } from 'node:timers/promises';
import type { Breeze, KiteSession } from '../brokers/types.ts';
import { addDays, istAt, istDate } from '../domain/clock.ts';
import { aggregateHourly, weekStartOf } from '../domain/strategy/index.ts';
import type { Bar, IsoDate, MarketMs } from '../domain/types.ts';
import { BrokerError } from '../errors.ts';
import { areAlike, crossCheck, denseBar, HALF_HOUR_MS, type OwnBars, wordsOfBars } from './cross-check.ts';
import { type DecisionCandles, hoursOf } from './hours.ts';
import { NIFTY_TOKEN } from './types.ts';

/** How long to wait for whom, in ms of the wall clock (DESIGN section 4, step 6). */
const PATIENCE = {
  pollMs: 2_000,
  /** For a second source beside Breeze, where there could be one. */
  checkMs: 10_000,
  kiteAfterMs: 60_000,
  giveUpAfterMs: 180_000,
};
export type Patience = typeof PATIENCE;

const HOUR_MS = 3_600_000;

/** The hour that has just closed, and how its look is called off. */
type HourRequest = {
  barStart: MarketMs;
  barEnd: MarketMs;
  signal: AbortSignal;
};

type DecisionRequest = HourRequest & { kite: KiteSession | null; own: OwnBars };

export type { DecisionCandles };

export type HourlyCandles = {
  /**
   * The bars to decide on at an hourly close. Breeze's hour counts once it shows a later bar, or twice the same answer 2 s apart, and
   * neither Kite nor our own ticks contradict it by more than 5 points; where they both do, alike, theirs counts. A dispute is waited out.
   * Kite alone is taken after 60 s without Breeze, flagged; after 3 minutes there is no data, or the dispute is told. Rejects when aborted.
   */
  forDecision(request: DecisionRequest): Promise<DecisionCandles>;
  /** The hour's bar by Breeze, under the same rule for its end, or null when it is not there within that many ms of the wall clock. */
  closeWithin(request: HourRequest & { withinMs: number }): Promise<Bar | null>;
  /** The hour's bar by Kite, asked once; null where it has none. */
  closeByKite(request: HourRequest & { kite: KiteSession }): Promise<Bar | null>;
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

  /** Half hours of the week before, asked for once a date where they are whole. */
  async function previousWeek(date: IsoDate): Promise<Bar[]> {
    if (weekBefore?.date === date) return weekBefore.bars;
    const [from, to] = [addDays(weekStartOf(date), -7), addDays(weekStartOf(date), -1)];
    const bars = await breeze.indexCandles(istAt(from, '00:00'), istAt(to, '23:59'), '30minute');
    weekBefore = { date, bars };
    return bars;
  }

  /** Breeze's settled hour beside the other sources. */
  async function checked(request: DecisionRequest, halves: Bar[], waited: number): Promise<DecisionCandles> {
    const { barStart, barEnd, kite, own, signal } = request;
    const before = await abortable(previousWeek(istDate(barStart)), signal);
    const kites = kite && (await abortable(kiteHalves(kite, request), signal).catch(brokerFailed));
    const breezes = [...before, ...halves.filter((bar) => bar.start < barEnd)];
    const found = crossCheck(breezes, kites, own);
    const isOfHour = (start: MarketMs) => start >= barStart;
    const words = (starts: MarketMs[]) => {
      if (starts.length === 0) return null;
      const ours = starts.flatMap((start) => denseBar(own, start, start + HALF_HOUR_MS) ?? []);
      return wordsOfBars(starts, { Breeze: breezes, Kite: kites ?? [], 'our ticks': ours });
    };
    const isUnchecked = found.unchecked.some(isOfHour);
    const disputed = words(found.disputed.filter(isOfHour));
    if (disputed !== null) return { kind: 'contradicted', reason: disputed };
    if (isUnchecked && kite && waited < patience.checkMs) {
      return { kind: 'no_data', reason: 'no second source has shown the hour' };
    }
    return hoursOf(request, found, kites ?? [], {
      outvoted: words(found.outvoted),
      disputed: words(found.disputed),
      isUnchecked,
    });
  }

  /** Kite's hours, where our own ticks do not contradict the newest. */
  async function byKite(kite: KiteSession, request: DecisionRequest): Promise<DecisionCandles> {
    const { barStart, barEnd, own, signal } = request;
    const bars = aggregateHourly(await abortable(kiteHalves(kite, request), signal), 30);
    const hour = bars.at(-1);
    if (hour?.start !== barStart) return { kind: 'no_data', reason: 'Kite has not shown the hour either' };
    const ours = denseBar(own, barStart, barEnd);
    if (ours && !areAlike(hour, ours)) {
      return { kind: 'contradicted', reason: wordsOfBars([barStart], { Kite: bars, 'our ticks': [ours] }) };
    }
    const plain = { otherwise: null, filledFromKite: [], outvoted: null, disputed: null };
    return { kind: 'bars', source: 'kite', bars, isUnchecked: !ours, ...plain };
  }

  async function decide(request: DecisionRequest): Promise<DecisionCandles> {
    const began = performance.now();
    const waited = () => performance.now() - began;
    const isSettled = hourWatch(request);
    for (;;) {
      let seen: DecisionCandles = { kind: 'no_data', reason: 'Breeze has not shown the whole hour' };
      try {
        const halves = await thisWeek(request);
        if (isSettled(halves)) seen = await checked(request, halves, waited());
      } catch (error) {
        seen = { kind: 'no_data', reason: wordsOf(error) };
      }
      if (seen.kind === 'no_data' && waited() >= patience.kiteAfterMs && request.kite) {
        const { reason } = seen;
        seen = await byKite(request.kite, request).catch(
          (error: unknown): DecisionCandles => ({ kind: 'no_data', reason: wordsOf(error) }),
        );
        if (seen.kind === 'no_data') seen = { kind: 'no_data', reason: `${reason}; ${seen.reason}` };
      }
      if (seen.kind === 'bars' || waited() >= patience.giveUpAfterMs) return seen;
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
    forDecision: decide,
    closeWithin,
    async closeByKite(request) {
      const halves = await abortable(kiteHalves(request.kite, request), request.signal).catch(brokerFailed);
      return hourOf(request, halves ?? []);
    },
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

/** Kite's half hours of the week before and of this one up to the hour's end. */
async function kiteHalves(kite: KiteSession, { barStart, barEnd }: HourRequest): Promise<Bar[]> {
  const from = istAt(addDays(weekStartOf(istDate(barStart)), -7), '00:00');
  const bars = await kite.historical(NIFTY_TOKEN, '30minute', from, barEnd);
  return bars.filter((bar) => bar.start < barEnd);
}

/** The words of a broker's failure; anything else is a defect and thrown on. */
function wordsOf(error: unknown): string {
  if (error instanceof BrokerError) return `${error.broker === 'kite' ? 'Kite' : 'Breeze'}: ${error.message}`;
  throw error;
}

function brokerFailed(error: unknown): null {
  wordsOf(error);
  return null;
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
