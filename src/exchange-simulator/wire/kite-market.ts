import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { IST_OFFSET_MS, istDate } from '../../domain/clock.ts';
import type { IsoDate } from '../../domain/types.ts';
import type { Exchange, SimInstrument, SimLevel, SimQuote } from '../core/types.ts';
import { brokerTime, parseBrokerTime, rupees } from './format.ts';
import { inputRefusal, invalid, missing, success } from './kite-envelope.ts';
import type { Wire } from './wire.ts';

const DAY_MS = 86_400_000;

/** Minutes of a bar and the longest span of one call in days (K-forum 3105). */
const INTERVALS: Record<string, { minutes: number; days: number }> = {
  minute: { minutes: 1, days: 60 },
  '3minute': { minutes: 3, days: 100 },
  '5minute': { minutes: 5, days: 100 },
  '10minute': { minutes: 10, days: 100 },
  '15minute': { minutes: 15, days: 200 },
  '30minute': { minutes: 30, days: 200 },
  '60minute': { minutes: 60, days: 400 },
  day: { minutes: 1440, days: 2000 },
};

/** Quotes, the instrument master and historical candles (K-docs: "Market quotes and instruments", "Historical"). */
export function kiteMarket({ exchange }: Wire): Hono {
  const app = new Hono();

  app.get('/quote', (c) => success(c, quotes(exchange, c.req.queries('i'), 500, fullQuote)));
  app.get('/quote/ohlc', (c) =>
    success(
      c,
      quotes(exchange, c.req.queries('i'), 1_000, (quote) => ({ ...lastPrice(quote), ohlc: ohlc(quote) })),
    ),
  );
  app.get('/quote/ltp', (c) => success(c, quotes(exchange, c.req.queries('i'), 1_000, lastPrice)));

  const master = new Map<string, Buffer>();
  const masterFor = (date: IsoDate, segment: string | null): Buffer => {
    const key = `${date} ${segment}`;
    const known = master.get(key);
    if (known) return known;
    master.clear();
    const zipped = gzipSync(instrumentsCsv(exchange.instruments(date), segment));
    master.set(key, zipped);
    return zipped;
  };
  const csv = (zipped: Buffer) =>
    new Response(new Uint8Array(zipped), { headers: { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' } });

  app.get('/instruments', () => csv(masterFor(istDate(exchange.clock.now()), null)));
  app.get('/instruments/:exchange', (c) => csv(masterFor(istDate(exchange.clock.now()), c.req.param('exchange'))));

  app.get('/instruments/historical/:token/:interval', (c) => {
    const interval = INTERVALS[c.req.param('interval')];
    if (!interval) throw invalid('interval');
    const instrument = exchange.findToken(Number(c.req.param('token')));
    if (!instrument) throw inputRefusal('invalid token');
    const from = bound('from', c.req.query('from'));
    const to = bound('to', c.req.query('to'));
    if (from > to) throw inputRefusal('`from` date should be less than `to` date');
    if (to - from > interval.days * DAY_MS) throw inputRefusal(`interval exceeds max limit: ${interval.days} days`);
    const withOi = c.req.query('oi') === '1';
    const candles = exchange
      .candles(instrument, from, to, interval.minutes)
      .map((bar) => [
        candleTime(bar.start),
        rupees(bar.open),
        rupees(bar.high),
        rupees(bar.low),
        rupees(bar.close),
        bar.volume,
        ...(withOi ? [0] : []),
      ]);
    return success(c, { candles });
  });

  return app;
}

function bound(name: string, text: string | undefined): number {
  if (!text) throw missing(name);
  const ms = parseBrokerTime(text);
  if (ms === null) throw inputRefusal(`invalid ${name} date`);
  return ms;
}

/** `2017-12-15T09:15:00+0530`: Kite writes the zone of candles without a colon. */
function candleTime(ms: number): string {
  return `${new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 19)}+0530`;
}

/** Answers under the keys that were asked for; what is unknown or expired is left out, as Kite leaves it out. */
function quotes<T>(exchange: Exchange, keys: string[] | undefined, most: number, show: (quote: SimQuote) => T) {
  if (!keys?.length) throw missing('i');
  if (keys.length > most) throw inputRefusal(`Maximum ${most} instruments are allowed.`);
  const answer: Record<string, T> = {};
  for (const key of keys) {
    const colon = key.indexOf(':');
    const instrument =
      colon < 0 ? exchange.findToken(Number(key)) : exchange.find(key.slice(0, colon), key.slice(colon + 1));
    const quote = instrument && exchange.quote(instrument);
    if (quote) answer[key] = show(quote);
  }
  return answer;
}

function lastPrice(quote: SimQuote) {
  return { instrument_token: quote.instrument.instrumentToken, last_price: rupees(quote.lastPrice) };
}

function ohlc(quote: SimQuote) {
  return { open: rupees(quote.open), high: rupees(quote.high), low: rupees(quote.low), close: rupees(quote.close) };
}

function fullQuote(quote: SimQuote) {
  return {
    instrument_token: quote.instrument.instrumentToken,
    timestamp: brokerTime(quote.at),
    last_trade_time: quote.instrument.kind === 'index' ? null : brokerTime(quote.at),
    last_price: rupees(quote.lastPrice),
    last_quantity: quote.lastQuantity,
    buy_quantity: total(quote.depth.bids),
    sell_quantity: total(quote.depth.asks),
    volume: quote.volume,
    average_price: rupees(quote.averagePrice),
    oi: quote.oi,
    oi_day_high: quote.oi,
    oi_day_low: quote.oi,
    net_change: rupees(quote.lastPrice - quote.close),
    lower_circuit_limit: rupees(quote.lowerCircuit),
    upper_circuit_limit: rupees(quote.upperCircuit),
    ohlc: ohlc(quote),
    depth: { buy: fiveLevels(quote.depth.bids), sell: fiveLevels(quote.depth.asks) },
  };
}

export function total(levels: SimLevel[]): number {
  return levels.reduce((sum, level) => sum + level.quantity, 0);
}

function fiveLevels(levels: SimLevel[]) {
  return Array.from({ length: 5 }, (_, index) => {
    const level = levels[index];
    return { price: rupees(level?.price ?? 0), quantity: level?.quantity ?? 0, orders: level?.orders ?? 0 };
  });
}

const CSV_HEADER =
  'instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange';

function instrumentsCsv(instruments: SimInstrument[], exchangeCode: string | null): string {
  const rows = instruments
    .filter((instrument) => exchangeCode === null || instrument.exchange === exchangeCode)
    .map((instrument) => {
      const exchangeToken = instrument.instrumentToken >> 8;
      if (instrument.kind === 'index')
        return `${instrument.instrumentToken},${exchangeToken},${instrument.tradingsymbol},${instrument.tradingsymbol},0,,0,0,0,EQ,INDICES,NSE`;
      return [
        instrument.instrumentToken,
        exchangeToken,
        instrument.tradingsymbol,
        instrument.name,
        0,
        instrument.expiry,
        rupees(instrument.strike),
        rupees(instrument.tickSize),
        instrument.lotSize,
        instrument.optionType,
        'NFO-OPT',
        'NFO',
      ].join(',');
    });
  return `${[CSV_HEADER, ...rows].join('\n')}\n`;
}
