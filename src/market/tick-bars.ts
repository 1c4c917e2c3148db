import type { MarketMs, Paise } from '../domain/types.ts';
import type { OwnBar } from './types.ts';

const MINUTE_MS = 60_000;
/** A hole longer than this may hide the bar's high, low or close. Market time. */
const LONGEST_HOLE_MS = 60_000;
/** More than a day of the market. */
const KEPT_MINUTES = 1_440;

type Minute = { open: Paise; high: Paise; low: Paise; close: Paise; first: MarketMs; last: MarketMs; hole: number };

export type TickBars = {
  add(at: MarketMs, price: Paise): void;
  /** Undefined when the ticks leave a hole of more than 60 s of the market anywhere in [start, end). Both on whole minutes. */
  bar(start: MarketMs, end: MarketMs): OwnBar | undefined;
};

/** One instrument's ticks, kept by the minute. Volume is unknown and 0, as an index has it. */
export function createTickBars(): TickBars {
  const minutes = new Map<MarketMs, Minute>();
  let latest = Number.NEGATIVE_INFINITY;

  return {
    add(at, price) {
      // A packet that is older than what was seen says nothing new about any close.
      if (at < latest) return;
      latest = at;
      const start = Math.floor(at / MINUTE_MS) * MINUTE_MS;
      const minute = minutes.get(start);
      if (minute) {
        minute.high = Math.max(minute.high, price);
        minute.low = Math.min(minute.low, price);
        minute.close = price;
        minute.hole = Math.max(minute.hole, at - minute.last);
        minute.last = at;
        return;
      }
      minutes.set(start, { open: price, high: price, low: price, close: price, first: at, last: at, hole: 0 });
      for (const oldest of minutes.keys()) {
        if (minutes.size <= KEPT_MINUTES) break;
        minutes.delete(oldest);
      }
    },

    bar(start, end) {
      let bar: OwnBar | undefined;
      let covered = start;
      let longestHole = 0;
      for (let at = start; at < end; at += MINUTE_MS) {
        const minute = minutes.get(at);
        if (!minute) continue;
        if (minute.first - covered > LONGEST_HOLE_MS || minute.hole > LONGEST_HOLE_MS) return undefined;
        longestHole = Math.max(longestHole, minute.first - covered, minute.hole);
        covered = minute.last;
        bar ??= { ...pricesOf(minute), start, volume: 0, longestHole };
        bar.longestHole = longestHole;
        bar.high = Math.max(bar.high, minute.high);
        bar.low = Math.min(bar.low, minute.low);
        bar.close = minute.close;
      }
      if (!bar || end - covered > LONGEST_HOLE_MS) return undefined;
      return { ...bar, longestHole: Math.max(longestHole, end - covered) };
    },
  };
}

function pricesOf({ open, high, low, close }: Minute): Pick<Minute, 'open' | 'high' | 'low' | 'close'> {
  return { open, high, low, close };
}
