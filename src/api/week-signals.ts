/** What S1 to S8 say about the running week, from Breeze's candles: asked anew once an hourly bar has ended. */
import type { Breeze } from '../brokers/types.ts';
import { COVERED_FROM, COVERED_TO, hourlyBars } from '../domain/calendar/index.ts';
import { addDays, istAt, istDate } from '../domain/clock.ts';
import {
  aggregateHourly,
  evaluateWeek,
  hourlyBarEnd,
  type WeekDecision,
  weekStartOf,
} from '../domain/strategy/index.ts';
import type { MarketMs, WallMs } from '../domain/types.ts';

/** Until a later bar confirms the newest hour, Breeze may still be forming it: asked again, but not by every caller. Wall ms. */
const UNCONFIRMED_FOR_MS = 10_000;
const BREEZE_MINUTES = 30;

export type WeekSignals = {
  decision: WeekDecision;
  /** Starts of hourly bars that the calendar knows to have ended and Breeze did not show whole. */
  missing: MarketMs[];
  /** A bar after the newest hour was there as well: the hour is no longer being formed. */
  confirmed: boolean;
};

/**
 * The week of `now()`, two calendar weeks of candles in one call. Rejects with BrokerError; a failure is not kept. Callers of the same moment
 * share one call.
 */
export function createWeekSignals(
  breeze: Breeze,
  now: () => MarketMs,
  unconfirmedForMs = UNCONFIRMED_FOR_MS,
): () => Promise<WeekSignals> {
  let known: { hour: string; signals: WeekSignals; at: WallMs } | null = null;
  let asking: { hour: string; answer: Promise<WeekSignals> } | null = null;

  async function ask(hour: string, upTo: MarketMs): Promise<WeekSignals> {
    try {
      const signals = await readWeek(breeze, upTo);
      known = { hour, signals, at: Date.now() };
      return signals;
    } finally {
      asking = null;
    }
  }

  return () => {
    const upTo = now();
    const hour = hourOf(upTo);
    if (known?.hour === hour && (known.signals.confirmed || Date.now() - known.at < unconfirmedForMs)) {
      return Promise.resolve(known.signals);
    }
    if (asking?.hour !== hour) asking = { hour, answer: ask(hour, upTo) };
    return asking.answer;
  };
}

async function readWeek(breeze: Breeze, upTo: MarketMs): Promise<WeekSignals> {
  const from = addDays(weekStartOf(istDate(upTo)), -7);
  const halves = await breeze.indexCandles(istAt(from, '00:00'), upTo, '30minute');
  const bars = aggregateHourly(halves, BREEZE_MINUTES);
  const there = new Set(bars.map((bar) => bar.start));
  const due = dueBars(from, upTo);
  const newest = due.at(-1);
  return {
    decision: evaluateWeek(bars, upTo),
    missing: due.filter((bar) => !there.has(bar.start)).map((bar) => bar.start),
    confirmed: newest === undefined || halves.some((bar) => bar.start >= newest.end),
  };
}

/** Hourly bars that have ended, by the calendar; where it does not reach, none is expected. */
function dueBars(from: string, upTo: MarketMs): { start: MarketMs; end: MarketMs }[] {
  const bars = [];
  for (let date = from; date <= istDate(upTo); date = addDays(date, 1)) {
    if (date >= COVERED_FROM && date <= COVERED_TO) bars.push(...hourlyBars(date));
  }
  return bars.filter((bar) => bar.end <= upTo);
}

/** One name for all moments between two hourly closes. */
function hourOf(now: MarketMs): string {
  const date = istDate(now);
  let closes = 0;
  for (let start = istAt(date, '09:15'); start < istAt(date, '15:30'); start += 3_600_000) {
    if (hourlyBarEnd(start) <= now) closes += 1;
  }
  return `${date} ${closes}`;
}
