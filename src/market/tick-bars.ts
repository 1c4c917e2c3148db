import type { Bar, MarketMs, Paise } from '../domain/types.ts';

const MINUTE_MS = 60_000;
/** A hole longer than this may hide the bar's high, low or close. Market time. */
const LONGEST_HOLE_MS = 60_000;
/** More than a day of the market. */
const KEPT_MINUTES = 1_440;

type Minute = { open: Paise; high: Paise; low: Paise; close: Paise; first: MarketMs; last: MarketMs; hole: number };

export type TickBars = {
  add(at: MarketMs, price: Paise): void;
  /** Undefined when the ticks leave a hole of more than 60 s of the market anywhere in [start, end). Both on whole minutes. */
  bar(start: MarketMs, end: MarketMs): Bar | undefined;
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
      let bar: Bar | undefined;
      let covered = start;
      for (let at = start; at < end; at += MINUTE_MS) {
        const minute = minutes.get(at);
        if (!minute) continue;
        if (minute.first - covered > LONGEST_HOLE_MS || minute.hole > LONGEST_HOLE_MS) return undefined;
        covered = minute.last;
        bar ??= { start, open: minute.open, high: minute.high, low: minute.low, close: minute.close, volume: 0 };
        bar.high = Math.max(bar.high, minute.high);
        bar.low = Math.min(bar.low, minute.low);
        bar.close = minute.close;
      }
      return end - covered > LONGEST_HOLE_MS ? undefined : bar;
    },
  };
}
