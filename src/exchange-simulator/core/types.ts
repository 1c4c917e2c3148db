/** What the simulator's core promises to its wire protocols: plain facts in paise and epoch ms, no HTTP in it. */
import type { ClockSegments } from '../../domain/clock.ts';
import type { Bar, IsoDate, MarketMs, OptionContract, Paise, Side } from '../../domain/types.ts';

export type SimInstrument =
  | (OptionContract & { kind: 'option' })
  | { kind: 'index'; exchange: 'NSE'; tradingsymbol: 'NIFTY 50' | 'INDIA VIX'; instrumentToken: number };

export type SimDepth = { bids: SimLevel[]; asks: SimLevel[] };
export type SimLevel = { price: Paise; quantity: number; orders: number };

export type SimQuote = {
  instrument: SimInstrument;
  at: MarketMs;
  lastPrice: Paise;
  lastQuantity: number;
  averagePrice: Paise;
  volume: number;
  oi: number;
  open: Paise;
  high: Paise;
  low: Paise;
  /** The previous trading day's close. */
  close: Paise;
  depth: SimDepth;
  lowerCircuit: Paise;
  upperCircuit: Paise;
};

/** What moves from second to second of a quote, without what is only known of the whole day. */
export type SimTouch = Pick<SimQuote, 'at' | 'lastPrice' | 'depth' | 'lowerCircuit' | 'upperCircuit'>;

export type SimOrderRequest = {
  variety: string;
  exchange: string;
  tradingsymbol: string;
  side: Side;
  orderType: string;
  product: string;
  validity: string;
  quantity: number;
  price: Paise;
  triggerPrice: Paise;
  disclosedQuantity: number;
  marketProtection: number | null;
  tag: string | null;
};

export type SimOrderChange = {
  orderType?: string;
  quantity?: number;
  price?: Paise;
  triggerPrice?: Paise;
  validity?: string;
  marketProtection?: number;
};

export type SimFill = { tradeId: string; quantity: number; price: Paise; at: MarketMs };
export type SimOrderEvent = { status: string; at: MarketMs; [field: string]: unknown };

export type SimOrder = SimOrderRequest & {
  orderId: string;
  exchangeOrderId: string | null;
  status: string;
  statusMessage: string | null;
  filledQuantity: number;
  pendingQuantity: number;
  cancelledQuantity: number;
  averagePrice: number;
  modifications: number;
  placedAt: MarketMs;
  updatedAt: MarketMs;
  exchangeAt: MarketMs | null;
  fills: SimFill[];
  /** Entries of the broker's own in the order's list of tags. */
  marks?: readonly string[];
  /** Who placed it when it was not the API: a person in the broker's app, or the broker itself (square-off). */
  source?: 'app' | 'broker';
  /** Every state it went through, oldest first, each a whole row's worth of what changed. */
  history: SimOrderEvent[];
};

export type SimPosition = {
  tradingsymbol: string;
  product: string;
  instrumentToken: number;
  /** Signed net units; the rest in the words of Kite's positions answer. */
  quantity: number;
  overnightQuantity: number;
  buyQuantity: number;
  buyValue: Paise;
  sellQuantity: number;
  sellValue: Paise;
  dayBuyQuantity: number;
  dayBuyValue: Paise;
  daySellQuantity: number;
  daySellValue: Paise;
  lastPrice: Paise;
  closePrice: Paise;
};

export type SimCash = {
  opening: Paise;
  available: Paise;
  used: Paise;
  premium: Paise;
  span: Paise;
  exposure: Paise;
};

/** Without a price it happens at the last one. */
type SimForeignTrade = { tradingsymbol: string; product: string; side: Side; quantity: number; price?: Paise };

export type SimMargin = { span: Paise; exposure: Paise; optionPremium: Paise; total: Paise };

/** A refusal in the broker's words, with Kite's error type and HTTP status. */
export class SimRefusal extends Error {
  readonly status: number;
  readonly errorType: string;
  constructor(status: number, errorType: string, message: string) {
    super(message);
    this.status = status;
    this.errorType = errorType;
  }
}

/** Misbehaviour on request: POST /simulator/faults. Documented in docs/exchange-simulator.md. */
export type SimFault = {
  kind: string;
  /** How often it happens before it is used up. */
  count: number;
  [field: string]: unknown;
};

export interface SimClock {
  segments(): ClockSegments;
  now(): MarketMs;
  /** The speed that is in force now: 0 while frozen, at most 1 while held. */
  speed(): number;
  set(change: { market?: MarketMs; speed?: number }): void;
  hold(key: string, on: boolean): void;
  holds(): string[];
  /** Once a lease was taken, the clock stands still when it is not renewed in time (wall seconds). */
  lease(seconds: number): void;
}

/** What a replayed and a paper exchange have in common: a clock, a book, and what may be asked of them. */
export interface Brokerage {
  readonly clock: SimClock;
  /** The account; empty while a paper exchange has not seen a login. */
  readonly userId: string;
  /** Where the prices come from, in words for a person. */
  readonly provenance: string;
  find(exchange: string, tradingsymbol: string): SimInstrument | undefined;
  lastPrice(instrument: SimInstrument): Paise | undefined;
  /** Throws SimRefusal. Answers when the broker acknowledges; matching goes on by itself. */
  place(request: SimOrderRequest): SimOrder;
  modify(orderId: string, change: SimOrderChange): SimOrder;
  cancel(orderId: string): SimOrder;
  /** Today's orders of the market date (the broker's book lives one day). */
  orders(): SimOrder[];
  /** All days of the run, in the order of arrival. */
  allOrders(): SimOrder[];
  order(orderId: string): SimOrder | undefined;
  positions(): SimPosition[];
  cash(): SimCash;
  /** Every change of an order, as the broker's order update would tell it. */
  onOrder(listener: (order: SimOrder) => void): () => void;
  /** Takes one use of a fault of that kind, if any is set. */
  takeFault(kind: string, match?: (fault: SimFault) => boolean): SimFault | undefined;
  addFault(fault: SimFault): void;
  clearFaults(): void;
  faults(): SimFault[];
  /** A trade made in the broker's app, not through the API: `POST /simulator/foreign-trades`. */
  foreignTrade(trade: SimForeignTrade): SimOrder;
  close(): Promise<void>;
}

/** A whole market of its own, with logins. */
export interface Exchange extends Brokerage {
  /** Contracts listed on a date by the dated rules. */
  instruments(date: IsoDate): SimInstrument[];
  findToken(instrumentToken: number): SimInstrument | undefined;
  quote(instrument: SimInstrument): SimQuote | undefined;
  /** What `quote` says of these, without the work of the day's candle. */
  touch(instrument: SimInstrument): SimTouch | undefined;
  /** Bars known by now (the one being formed included), cut from the same path as ticks. `minutes` divides 60, or 1440 for a day; below 1, seconds. */
  candles(instrument: SimInstrument, from: MarketMs, to: MarketMs, minutes: number): Bar[];
  margin(
    orders: SimOrderRequest[],
    withPositions: boolean,
  ): { initial: SimMargin; final: SimMargin; each: SimMargin[] };
  /** Lets everything happen up to now: what is otherwise done about every 100 ms of wall time. */
  step(): void;
  /**
   * The market time at which something could next happen by itself: a whole second while an order waits at the exchange, otherwise the
   * next event of a day, Number.POSITIVE_INFINITY when none comes within two days. Orders on their way come by timers of their own.
   */
  nextAt(): MarketMs;
  /** After each step of the market (about every 100 ms of wall time). */
  onStep(listener: (now: MarketMs) => void): () => void;
  /** Sessions: created by a login, dead at 06:00 of the next market day. */
  newRequestToken(): string;
  exchangeRequestToken(requestToken: string): { accessToken: string; publicToken: string; loginAt: MarketMs };
  /** True while this access token's session lives in market time. */
  sessionAlive(accessToken: string): boolean;
  killSessions(): void;
}

/** The exchange's last word on an order. */
export const isFinal = (status: string): boolean => ['COMPLETE', 'CANCELLED', 'REJECTED'].includes(status);

/** States that last, which Kite announces. The interim ones appear in an order's history alone. */
export const isLasting = (status: string): boolean => isFinal(status) || ['OPEN', 'TRIGGER PENDING'].includes(status);
