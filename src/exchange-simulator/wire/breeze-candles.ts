import { istDate } from '../../domain/clock.ts';
import type { Bar, MarketMs } from '../../domain/types.ts';
import type { Exchange, SimInstrument } from '../core/types.ts';
import { breezeDate, brokerTime, paise, parseBrokerTime, rupees } from './format.ts';

export type CandleQuery = {
  version: 1 | 2;
  interval: string;
  from: string;
  to: string;
  stockCode: string;
  exchangeCode: string;
  productType: string;
  expiry: string;
  right: string;
  strike: string;
};

/** Longer than any gap between two sessions. */
const SECONDS_SPAN_MS = 7 * 86_400_000;

/** Candles in one answer (Breeze-Python-SDK issue 114). */
const MOST_CANDLES = 1_000;

const MINUTES: Record<string, number> = {
  '1second': 1 / 60,
  '1minute': 1,
  minute: 1,
  '5minute': 5,
  '30minute': 30,
  '1day': 1440,
  day: 1440,
};

/** Rows of an answer, or the words of a refusal. What nobody lists has no rows: an empty answer is normal at Breeze. */
export function breezeCandles(exchange: Exchange, query: CandleQuery, lateMs: number) {
  const minutes = MINUTES[query.interval];
  if (minutes === undefined) return 'Invalid interval.';
  const from = parseBrokerTime(query.from);
  const to = parseBrokerTime(query.to);
  if (from === null || to === null) return 'Invalid from_date or to_date.';
  const instrument = find(exchange, query);
  if (!instrument) return [];
  const known = exchange.clock.now() - lateMs;
  // An answer is cut to its first thousand: seconds far beyond them need not be made.
  const until = minutes < 1 ? Math.min(to, from + SECONDS_SPAN_MS) : to;
  const bars = exchange
    .candles(instrument, from, until, minutes)
    // A service that is late does not have the bar that was still being formed then.
    .filter((bar) => lateMs === 0 || bar.start + minutes * 60_000 <= known)
    .slice(0, MOST_CANDLES);
  return bars.map((bar) => (query.version === 1 ? textRow(instrument, query, bar) : numberRow(instrument, query, bar)));
}

function find(exchange: Exchange, query: CandleQuery): SimInstrument | undefined {
  const code = query.exchangeCode.toUpperCase();
  const stock = query.stockCode.toUpperCase();
  if (code === 'NSE') {
    if (stock === 'NIFTY') return exchange.find('NSE', 'NIFTY 50');
    return stock === 'INDVIX' ? exchange.find('NSE', 'INDIA VIX') : undefined;
  }
  const expiry = parseBrokerTime(query.expiry);
  if (code !== 'NFO' || stock !== 'NIFTY' || query.productType !== 'options' || expiry === null) return undefined;
  return option(exchange, expiry, paise(query.strike), query.right === 'call' ? 'CE' : 'PE');
}

function option(exchange: Exchange, expiry: MarketMs, strike: number | null, optionType: 'CE' | 'PE') {
  const date = istDate(expiry);
  // Breeze keeps contracts after their expiry, unlike Kite.
  for (const listed of [istDate(exchange.clock.now()), date]) {
    const found = exchange
      .instruments(listed)
      .find(
        (candidate) =>
          candidate.kind === 'option' &&
          candidate.expiry === date &&
          candidate.strike === strike &&
          candidate.optionType === optionType,
      );
    if (found) return found;
  }
  return undefined;
}

function numberRow(instrument: SimInstrument, query: CandleQuery, bar: Bar) {
  const prices = {
    close: rupees(bar.close),
    datetime: brokerTime(bar.start),
    exchange_code: query.exchangeCode.toUpperCase(),
    high: rupees(bar.high),
    low: rupees(bar.low),
    open: rupees(bar.open),
    stock_code: query.stockCode.toUpperCase(),
    volume: bar.volume,
  };
  if (instrument.kind === 'index') return prices;
  return {
    ...prices,
    expiry_date: breezeDate(instrument.expiry, 'full'),
    open_interest: 0,
    product_type: 'Options',
    right: instrument.optionType === 'CE' ? 'Call' : 'Put',
    strike_price: rupees(instrument.strike),
  };
}

function textRow(instrument: SimInstrument, query: CandleQuery, bar: Bar) {
  return {
    datetime: brokerTime(bar.start),
    stock_code: query.stockCode.toUpperCase(),
    exchange_code: query.exchangeCode.toUpperCase(),
    product_type: instrument.kind === 'index' ? null : 'Options',
    expiry_date: instrument.kind === 'index' ? null : breezeDate(instrument.expiry, 'short'),
    right: instrument.kind === 'index' ? null : instrument.optionType === 'CE' ? 'Call' : 'Put',
    strike_price: instrument.kind === 'index' ? null : String(rupees(instrument.strike)),
    open: String(rupees(bar.open)),
    high: String(rupees(bar.high)),
    low: String(rupees(bar.low)),
    close: String(rupees(bar.close)),
    volume: String(bar.volume),
    open_interest: '0',
    count: 0,
  };
}
