import type { Bar, IsoDate, MarketMs, OptionContract, OptionType, Paise, Product, Side } from '../domain/types.ts';
import type { Priority } from './kite-pace.ts';

type OrderType = 'LIMIT' | 'SL' | 'MARKET' | 'SL-M';

/** `live` includes every status that is not known to be final: an unknown status is not final. */
export type OrderState = 'live' | 'complete' | 'cancelled' | 'rejected';

export type NewOrder = {
  tradingsymbol: string;
  exchange: 'NFO';
  side: Side;
  /** Units, not lots. */
  quantity: number;
  product: Product;
  orderType: OrderType;
  price?: Paise;
  triggerPrice?: Paise;
  /** At most 20 of A-Z 0-9. */
  tag: string;
};

/** Absent fields are left as they are. `triggerPrice: 0` clears the trigger when an SL becomes a LIMIT. */
export type OrderChange = { orderType?: OrderType; price?: Paise; triggerPrice?: Paise; quantity?: number };

export type BrokerOrder = {
  orderId: string;
  /** Ours, wherever the broker lists it; else what the broker shows as the order's tag. */
  tag: string | null;
  tradingsymbol: string;
  exchange: string;
  side: Side;
  product: string;
  orderType: string;
  /** The broker's own word, e.g. `TRIGGER PENDING`. */
  status: string;
  state: OrderState;
  statusMessage: string | null;
  quantity: number;
  filledQuantity: number;
  /** A cancelled order keeps it: whether an order lives, `state` says. */
  pendingQuantity: number;
  price: Paise;
  triggerPrice: Paise;
  /** Average of the fills, 0 without one. May have fractions of a paisa at the broker: use trades for money. */
  averagePrice: Paise;
  placedAt: MarketMs;
  updatedAt: MarketMs | null;
};

export type BrokerTrade = {
  tradeId: string;
  orderId: string;
  tradingsymbol: string;
  side: Side;
  product: string;
  quantity: number;
  price: Paise;
  at: MarketMs;
};

/** Signed net quantity in units, as the broker sees it. */
export type BrokerPosition = { tradingsymbol: string; product: string; quantity: number; averagePrice: Paise };

export type DepthLevel = { price: Paise; quantity: number };

export type Quote = {
  instrumentToken: number;
  lastPrice: Paise;
  /** Best first; empty where nobody quotes. */
  bids: DepthLevel[];
  asks: DepthLevel[];
  /** The exchange's time of the quote, null where the broker gives none. */
  at: MarketMs | null;
  lowerCircuit: Paise | null;
  upperCircuit: Paise | null;
};

export type MarginOrder = Omit<NewOrder, 'tag'>;

/**
 * Asked when it is a call's turn, right before its request is written: false and it is not, see `isNoLongerWanted`. Waiting for a turn may
 * take longer than what was looked at before stays true.
 */
export type StillWanted = () => boolean;

/**
 * A Kite session: every call may throw BrokerError. Prices in paise, times in epoch ms. A row of a list that has an unknown shape is left out
 * alone and logged, but for an order with a tag of ours: a list without it would let it be sent twice.
 */
export interface KiteSession {
  /** The same session, whose calls wait their turn with this priority; `routine` before. */
  withPriority(priority: Priority): KiteSession;
  profile(): Promise<{ userId: string }>;
  placeOrder(order: NewOrder, isStillWanted?: StillWanted): Promise<{ orderId: string }>;
  modifyOrder(orderId: string, change: OrderChange, isStillWanted?: StillWanted): Promise<void>;
  cancelOrder(orderId: string, isStillWanted?: StillWanted): Promise<void>;
  /** All of the account's orders of the day, ours and foreign. */
  orders(): Promise<BrokerOrder[]>;
  orderHistory(orderId: string): Promise<BrokerOrder[]>;
  trades(): Promise<BrokerTrade[]>;
  orderTrades(orderId: string): Promise<BrokerTrade[]>;
  positions(): Promise<{ net: BrokerPosition[]; day: BrokerPosition[] }>;
  /** Cash available for premium, and what is used. */
  funds(): Promise<{ available: Paise; used: Paise }>;
  /** Margin of the orders as a basket: the peak on the way and the final figure. */
  basketMargin(orders: MarginOrder[]): Promise<{ initial: Paise; final: Paise }>;
  /** Keyed by `EXCHANGE:SYMBOL`; a missing key means no data or expired. At most 500. */
  quotes(keys: string[]): Promise<Map<string, Quote>>;
  /** Options of `name` in NFO, from the day's gzipped CSV. */
  optionContracts(name: string): Promise<OptionContract[]>;
  historical(
    instrumentToken: number,
    interval: 'minute' | '30minute' | '60minute' | 'day',
    from: MarketMs,
    to: MarketMs,
  ): Promise<Bar[]>;
}

export interface Kite {
  /** The broker's login page; `state` comes back with the redirect (redirect_params). */
  loginUrl(state: string): string;
  /** Exchanges a request token, which works once. The broker's session ends at 06:00 IST of the next day. */
  exchange(requestToken: string): Promise<{ accessToken: string; userId: string; userName: string; loginAt: MarketMs }>;
  session(accessToken: string): KiteSession;
}

/** ICICI Breeze, for candles only. */
export interface Breeze {
  /** NIFTY spot candles, bars that start in [from, to], sorted; may be empty. Throws BrokerError. */
  indexCandles(from: MarketMs, to: MarketMs, interval: '5minute' | '30minute'): Promise<Bar[]>;
  /** Option candles of one contract. */
  optionCandles(
    contract: { expiry: IsoDate; strike: Paise; optionType: OptionType },
    from: MarketMs,
    to: MarketMs,
    interval: '5minute' | '30minute',
  ): Promise<Bar[]>;
  /** Whether a session is there and the service answers. */
  check(): Promise<{ authenticated: boolean; reason: string | null }>;
}
