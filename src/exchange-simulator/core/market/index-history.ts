import { istAt, istDate } from '../../../domain/clock.ts';
import type { Bar, IsoDate, MarketMs, Paise } from '../../../domain/types.ts';
import { walkBar } from './path.ts';

/** The index is computed until 15:30, whatever the derivatives' hours are. */
const INDEX_CLOSE = '15:30';
const MINUTE_MS = 60_000;
/** Walked bars kept in memory: a year of hourly bars would be 25 MB. */
const KEPT_WALKS = 600;

/** What the index did in one minute, or in what has passed of it; `highAt` and `lowAt` say when. */
export type IndexMinute = {
  start: MarketMs;
  /** The last second that is in it. */
  end: MarketMs;
  open: Paise;
  high: Paise;
  highAt: MarketMs;
  low: Paise;
  lowAt: MarketMs;
  close: Paise;
};

type WalkedBar = { bar: Bar; end: MarketMs; path: Int32Array; minutes: IndexMinute[] };

/** The index at any instant, from ascending bars that last `intervalMs` (a day's last one may be shorter), walked through with a seed. */
export function createIndexHistory(bars: readonly Bar[], intervalMs: number, seed: number) {
  const first = bars[0];
  if (!first) throw new RangeError('A market needs at least one bar.');
  const days = new Map<IsoDate, { from: number; to: number }>();
  bars.forEach((bar, index) => {
    const day = days.get(istDate(bar.start));
    if (day) day.to = index;
    else days.set(istDate(bar.start), { from: index, to: index });
  });
  const dates = [...days.keys()];
  const before = new Map<IsoDate, IsoDate | undefined>();
  const walks = new Map<number, WalkedBar>();

  function indexAt(at: MarketMs): number {
    let low = 0;
    let high = bars.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((bars[middle] as Bar).start <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function endOf(index: number): MarketMs {
    const bar = bars[index] as Bar;
    const close = istAt(istDate(bar.start), INDEX_CLOSE);
    const next = bars[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    const end = Math.min(bar.start + intervalMs, next);
    return bar.start < close ? Math.min(end, close) : end;
  }

  function walked(index: number): WalkedBar {
    const known = walks.get(index);
    if (known) return known;
    const bar = bars[index] as Bar;
    const end = endOf(index);
    const path = walkBar(seed, bar, Math.floor((end - bar.start) / 1000));
    const minutes: IndexMinute[] = [];
    for (let start = bar.start; start < end; start += MINUTE_MS)
      minutes.push(stretch(bar, path, start, Math.min(end, start + MINUTE_MS) - 1000));
    const walk = { bar, end, path, minutes };
    if (walks.size >= KEPT_WALKS) walks.delete(walks.keys().next().value as number);
    walks.set(index, walk);
    return walk;
  }

  return {
    dates,
    first: first.start,
    last: endOf(bars.length - 1),
    intervalMs,

    /** Before the first bar its open, between days the last close. */
    priceAt(at: MarketMs): Paise {
      if (at < first.start) return first.open;
      const { bar, path } = walked(indexAt(at));
      return path[Math.floor((at - bar.start) / 1000)] ?? bar.close;
    },

    /** The close of a date's last bar. */
    closeOf(date: IsoDate): Paise | undefined {
      const day = days.get(date);
      return day && bars[day.to]?.close;
    },

    /** First and last instant of the bars of a date. */
    hoursOf(date: IsoDate): { open: MarketMs; close: MarketMs } | undefined {
      const day = days.get(date);
      return day && { open: (bars[day.from] as Bar).start, close: endOf(day.to) };
    },

    /** The newest date with bars before `date`. */
    dateBefore(date: IsoDate): IsoDate | undefined {
      if (!before.has(date))
        before.set(
          date,
          dates.findLast((candidate) => candidate < date),
        );
      return before.get(date);
    },

    /** The recorded bars that lie wholly in [from, to], `to` being their end. */
    recorded(from: MarketMs, to: MarketMs): Bar[] {
      const found: Bar[] = [];
      for (let i = indexAt(from); i < bars.length && (bars[i] as Bar).start < to; i++)
        if ((bars[i] as Bar).start >= from && endOf(i) <= to) found.push(bars[i] as Bar);
      return found;
    },

    /** Minute by minute in [from, to), the last one cut off at `to`. */
    minutes(from: MarketMs, to: MarketMs): IndexMinute[] {
      const found: IndexMinute[] = [];
      for (let i = indexAt(from); i < bars.length && (bars[i] as Bar).start < to; i++) {
        const { bar, path, minutes } = walked(i);
        for (const minute of minutes) {
          if (minute.start < from || minute.start >= to) continue;
          const cut = minute.end >= to;
          found.push(cut ? stretch(bar, path, minute.start, Math.max(minute.start, lastSecondBefore(to))) : minute);
        }
      }
      return found;
    },
  };
}

function lastSecondBefore(at: MarketMs): MarketMs {
  return Math.ceil(at / 1000) * 1000 - 1000;
}

function stretch(bar: Bar, path: Int32Array, start: MarketMs, end: MarketMs): IndexMinute {
  const from = (start - bar.start) / 1000;
  const to = Math.floor((end - bar.start) / 1000);
  let high = from;
  let low = from;
  for (let second = from; second <= to; second++) {
    if ((path[second] ?? 0) > (path[high] ?? 0)) high = second;
    if ((path[second] ?? 0) < (path[low] ?? 0)) low = second;
  }
  return {
    start,
    end,
    open: path[from] ?? bar.close,
    high: path[high] ?? bar.close,
    highAt: bar.start + high * 1000,
    low: path[low] ?? bar.close,
    lowAt: bar.start + low * 1000,
    close: path[to] ?? bar.close,
  };
}
