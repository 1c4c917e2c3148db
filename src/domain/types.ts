/** Money and prices, index points included, in integer paise: ₹1 (or one point) is 100. */
export type Paise = number;

/** Milliseconds since the epoch on the market's clock. In live and paper mode that is the wall clock. */
export type MarketMs = number;

/** Milliseconds since the epoch on the wall clock. */
export type WallMs = number;

/** A calendar date of the market (Asia/Kolkata), `YYYY-MM-DD`. */
export type IsoDate = string;

export type OptionType = 'CE' | 'PE';
export type Side = 'BUY' | 'SELL';
export type TradingMode = 'replay' | 'paper' | 'live';
export type ExitPolicy = 'intraday' | 'weekly';

/** Kite's products for F&O: MIS is squared off by the broker the same day, NRML is carried overnight. */
export type Product = 'MIS' | 'NRML';

/** One bar of an index or a contract. `start` is the bar's first instant, prices in paise. */
export type Bar = { start: MarketMs; open: Paise; high: Paise; low: Paise; close: Paise; volume: number };

/** The bias of a week and the eight signals of STRATEGY. */
export type Bias = 'BULLISH' | 'BEARISH' | 'NEUTRAL';
export type SignalName = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'S6' | 'S7' | 'S8';

/** An option contract as the day's instrument master lists it. Never built from a string. */
export type OptionContract = {
  exchange: 'NFO';
  tradingsymbol: string;
  instrumentToken: number;
  /** Underlying, e.g. `NIFTY`. */
  name: string;
  expiry: IsoDate;
  /** Points x 100. */
  strike: Paise;
  optionType: OptionType;
  lotSize: number;
  tickSize: Paise;
};

export type LastPrice = { instrumentToken: number; price: Paise; bid: Paise | null; ask: Paise | null; at: WallMs };
