/** Hourly bars out of half hours that were checked, with the holes that a history has. */
import { COVERED_FROM, hourlyBars } from '../domain/calendar/index.ts';
import { addDays, istDate } from '../domain/clock.ts';
import { aggregateHourly, weekStartOf } from '../domain/strategy/index.ts';
import type { Bar, IsoDate, MarketMs } from '../domain/types.ts';
import type { Checked } from './cross-check.ts';

export type DecisionCandles =
  | {
      kind: 'bars';
      /** `kite` when Breeze did not show the hour in time, or was outvoted in it. */
      source: 'breeze' | 'kite';
      /** Hourly, of the week before and of this one up to `barEnd`, sorted. */
      bars: Bar[];
      /** The same where other sources are right about older bars that are disputed; null where none are. */
      otherwise: Bar[] | null;
      /** Hours that Breeze has holes in and Kite has not. */
      filledFromKite: MarketMs[];
      /** What was wrong with Breeze's bars: of this hour, and of older ones. Null where nothing was. */
      outvoted: string | null;
      disputed: string | null;
      /** No second source knows this hour. */
      isUnchecked: boolean;
    }
  /** Two sources differ about this hour, and no third one decides. */
  | { kind: 'contradicted'; reason: string }
  | { kind: 'no_data'; reason: string };

/** The hours that checked half hours make, with Kite's in the holes. */
export function hoursOf(
  { barStart, barEnd }: { barStart: MarketMs; barEnd: MarketMs },
  found: Checked,
  kites: Bar[],
  words: Pick<Extract<DecisionCandles, { kind: 'bars' }>, 'outvoted' | 'disputed' | 'isUnchecked'>,
): DecisionCandles {
  const from = addDays(weekStartOf(istDate(barStart)), -7);
  const expected = expectedHours(from, istDate(barStart)).filter((start) => start < barEnd);
  const filled = fillHoles(aggregateHourly(found.bars, 30), expected, kites);
  const isOutvoted = found.outvoted.some((start) => start >= barStart);
  return {
    kind: 'bars',
    source: isOutvoted ? 'kite' : 'breeze',
    bars: filled.bars,
    otherwise:
      found.disputed.length === 0 ? null : fillHoles(aggregateHourly(found.otherwise, 30), expected, kites).bars,
    filledFromKite: filled.filled,
    ...words,
  };
}

/** Breeze's history has holes: Kite's hours fill those that the calendar says there were; what neither has is left out. */
function fillHoles(bars: Bar[], expected: MarketMs[], kites: Bar[]): { bars: Bar[]; filled: MarketMs[] } {
  const there = new Set(bars.map((bar) => bar.start));
  const found = aggregateHourly(kites, 30).filter((bar) => expected.includes(bar.start) && !there.has(bar.start));
  const all = [...bars, ...found].sort((a, b) => a.start - b.start);
  return { bars: all, filled: found.map((bar) => bar.start) };
}

function expectedHours(from: IsoDate, to: IsoDate): MarketMs[] {
  const starts: MarketMs[] = [];
  for (let date = from < COVERED_FROM ? COVERED_FROM : from; date <= to; date = addDays(date, 1)) {
    starts.push(...hourlyBars(date).map((bar) => bar.start));
  }
  return starts;
}
