import { addDays, istAt, istDate } from '../../domain/clock.ts';
import type { Bar, IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { INDIA_VIX, NIFTY } from '../core/contracts.ts';
import { segmentHours } from '../core/hours.ts';
import { cutCandles, type PriceOf } from '../core/market/candles.ts';
import type { Market } from '../core/market/market.ts';
import type { Prices } from '../core/prices.ts';
import { between } from '../core/random.ts';
import type { SimInstrument, SimQuote, SimTouch } from '../core/types.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

type DaySoFar = { date: IsoDate; bar: Bar; next: MarketMs };

/** Quotes and candles of everything that is listed, cut from the same path. `seed` decides the modelled volumes. */
export function createQuotes(market: Market, prices: Prices, seed: number) {
  const days = new Map<number, DaySoFar>();

  function priceOf(instrument: SimInstrument): PriceOf {
    if (instrument.kind === 'option') return (at) => market.premium(instrument, at);
    if (instrument.tradingsymbol === INDIA_VIX.tradingsymbol) return (at) => Math.round(market.vix(at) * 100);
    return (_at, index) => index;
  }

  function volumeOf(instrument: SimInstrument): (start: MarketMs, end: MarketMs) => number {
    if (instrument.kind !== 'option') return () => 0;
    const lots = interest(instrument);
    return (start, end) => {
      const share = (end - start) / MINUTE_MS;
      const minute = between(lots, lots * 3, seed, instrument.instrumentToken, Math.floor(start / MINUTE_MS), 41);
      return Math.floor(minute * share) * instrument.lotSize;
    };
  }

  /** How many lots change hands in a slow minute: many at the money, few far away from it. */
  function interest(contract: OptionContract): number {
    const index = market.index.priceAt(market.index.first);
    const distance = Math.abs(contract.strike - index) / index;
    return Math.max(1, Math.round(200 * Math.exp(-((distance / 0.015) ** 2))));
  }

  /** The exchange's close is a half-hour average: candles of a day have it once that day is over. */
  function withOfficialClose(bar: Bar, now: MarketMs): Bar {
    const date = istDate(bar.start);
    const hours = segmentHours(date);
    const close = market.officialClose(date);
    if (!hours || now < hours.close || close === undefined) return bar;
    return { ...bar, high: Math.max(bar.high, close), low: Math.min(bar.low, close), close };
  }

  function cut(instrument: SimInstrument, from: MarketMs, to: MarketMs, minutes: number): Bar[] {
    return cutCandles(market.index.minutes(from, to), minutes, priceOf(instrument), volumeOf(instrument));
  }

  /** A bar for each second of the sessions in [from, to]: the finest that the path knows, so its four prices are one. */
  function seconds(instrument: SimInstrument, from: MarketMs, to: MarketMs): Bar[] {
    const price = priceOf(instrument);
    const volume = volumeOf(instrument);
    const bars: Bar[] = [];
    for (let date = istDate(from); date <= istDate(to); date = addDays(date, 1)) {
      const hours = market.index.hoursOf(date);
      if (!hours) continue;
      const begin = Math.max(hours.open, Math.ceil(from / 1000) * 1000);
      for (let start = begin; start <= to && start < hours.close; start += 1000) {
        const at = price(start, market.index.priceAt(start));
        bars.push({ start, open: at, high: at, low: at, close: at, volume: volume(start, start + 1000) });
      }
    }
    return bars;
  }

  /** The day's candle up to `at`; whole minutes that have passed are remembered. */
  function daySoFar(instrument: SimInstrument, at: MarketMs): Bar | undefined {
    const date = istDate(at);
    const hours = market.index.hoursOf(date);
    if (!hours || at < hours.open) return undefined;
    const now = Math.min(at + 1000, hours.close);
    let known = days.get(instrument.instrumentToken);
    if (!known || known.date !== date || known.next > now) {
      const [bar] = cut(instrument, hours.open, Math.min(now, hours.open + MINUTE_MS), DAY_MINUTES);
      if (!bar) return undefined;
      if (now < hours.open + MINUTE_MS) return bar;
      known = { date, bar, next: hours.open + MINUTE_MS };
    }
    const whole = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    if (whole > known.next) {
      const [passed] = cut(instrument, known.next, whole, DAY_MINUTES);
      known = { date, bar: passed ? joined(known.bar, passed) : known.bar, next: whole };
    }
    days.set(instrument.instrumentToken, known);
    const [forming] = cut(instrument, known.next, now, DAY_MINUTES);
    return forming ? joined(known.bar, forming) : known.bar;
  }

  function lastPrice(instrument: SimInstrument, at: MarketMs): Paise {
    if (instrument.kind === 'option') return prices.last(instrument, at);
    return priceOf(instrument)(at, market.index.priceAt(at));
  }

  function closeBefore(instrument: SimInstrument, at: MarketMs): Paise {
    if (instrument.kind === 'option') return prices.closeBefore(instrument, at);
    if (instrument.tradingsymbol !== INDIA_VIX.tradingsymbol) return market.closeBefore(istDate(at));
    const before = market.index.dateBefore(istDate(at));
    return Math.round(market.vix(before ? istAt(before, '15:30') : at) * 100);
  }

  function touch(instrument: SimInstrument, at: MarketMs): SimTouch {
    const option = instrument.kind === 'option' ? instrument : undefined;
    const circuit = option ? prices.circuit(option, istDate(at)) : { lower: 0, upper: 0 };
    return {
      at,
      lastPrice: lastPrice(instrument, at),
      depth: option ? prices.depth(option, at) : { bids: [], asks: [] },
      lowerCircuit: circuit.lower,
      upperCircuit: circuit.upper,
    };
  }

  return {
    lastPrice,
    closeBefore,
    touch,

    quote(instrument: SimInstrument, at: MarketMs): SimQuote {
      const { lastPrice: last, depth, lowerCircuit, upperCircuit } = touch(instrument, at);
      const day = daySoFar(instrument, at);
      const option = instrument.kind === 'option' ? instrument : undefined;
      return {
        instrument,
        at,
        lastPrice: last,
        lastQuantity: option?.lotSize ?? 0,
        averagePrice: day && option ? Math.round((day.high + day.low + last) / 3) : 0,
        volume: day?.volume ?? 0,
        oi: option ? interest(option) * 100 * option.lotSize : 0,
        open: day?.open ?? 0,
        high: day ? Math.max(day.high, last) : 0,
        low: day ? Math.min(day.low, last) : 0,
        close: closeBefore(instrument, at),
        depth,
        lowerCircuit,
        upperCircuit,
      };
    },

    /** Candles that start in [from, to] and are known at `now`, the one being formed included. */
    candles(instrument: SimInstrument, from: MarketMs, to: MarketMs, minutes: number, now: MarketMs): Bar[] {
      if (minutes < 1) return seconds(instrument, from, Math.min(to, now));
      const length = minutes * MINUTE_MS;
      const recordedLength = market.index.intervalMs;
      const end = Math.min(to + length, now + 1000);
      if (
        instrument.kind === 'index' &&
        instrument.tradingsymbol === NIFTY.tradingsymbol &&
        length === recordedLength
      ) {
        const whole = market.index.recorded(from, Math.min(end, now)).filter((bar) => bar.start <= to);
        const newest = whole.at(-1);
        const rest = cut(instrument, newest ? newest.start + recordedLength : from, end, minutes);
        return [...whole, ...rest.filter((bar) => bar.start >= from && bar.start <= to)];
      }
      const begin = minutes === DAY_MINUTES ? istAt(istDate(from), '00:00') : from;
      const bars = cut(instrument, begin, end, minutes).filter((bar) => bar.start >= from && bar.start <= to);
      const isIndex = instrument.kind === 'index' && instrument.tradingsymbol === NIFTY.tradingsymbol;
      return isIndex && minutes === DAY_MINUTES ? bars.map((bar) => withOfficialClose(bar, now)) : bars;
    },
  };
}

function joined(earlier: Bar, later: Bar): Bar {
  return {
    ...earlier,
    high: Math.max(earlier.high, later.high),
    low: Math.min(earlier.low, later.low),
    close: later.close,
    volume: earlier.volume + later.volume,
  };
}
