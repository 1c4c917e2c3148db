/**
 * The account's book as a look shows it, and what of it is news to the day. The watcher is stateless between its runs: a cursor of a few
 * kilobytes says what the day knows, so an answer that is lost repeats itself.
 */

import type { Fill } from '../control/facts.ts';
import type { MarketMs, Paise, Side, WallMs } from '../types.ts';

/** `pending` are the interim states, of which nobody is told; an unknown word is pending. */
export type RowPhase = 'pending' | 'working' | 'resting' | 'ended';

/** One order of the account, ours or not. */
export type BookRow = {
  orderId: string;
  tag: string | null;
  tradingsymbol: string;
  product: string;
  side: Side;
  quantity: number;
  /** The broker's word. */
  status: string;
  statusMessage: string | null;
  /** `ended` only by the broker's final word. */
  phase: RowPhase;
  orderType: string;
  price: Paise;
  triggerPrice: Paise;
  /** The larger of what the row says and what its trades add up to. */
  filledQuantity: number;
  /** Its trades so far: money comes from them alone. */
  fills: Fill[];
  placedAt: MarketMs;
};

/** An external trade in a contract that the day watches. */
export type ExternalTrade = Fill & {
  orderId: string;
  tag: string | null;
  tradingsymbol: string;
  product: string;
  side: Side;
  /** Of an order of the broker's own square-off. */
  byBroker: boolean;
};

/** What the broker says that the account held overnight: net less all trades of the date. Signed units. */
export type Overnight = { tradingsymbol: string; product: string; quantity: number };

export type BookCursor = {
  /** Our orders with a row that is not final, by the broker's id: a hash of what the day knows of each. */
  live: Record<string, string>;
  /** Sketch of our final rows. */
  ended: string;
  /** Sketch of the external trades that the day has taken in. */
  external: string;
  /** Sketch of all order ids that were ever shown to the day: a list without one of them proves nothing. */
  seen: string;
  /** Tags without a clear answer, and when their request had ended. Their rows are news in whatever state. */
  /** `held`: the positions may be of it, so that no look proves it absent. */
  doubts: { tag: string; endedAt: WallMs; held?: true }[];
  /** Tags that were settled as absent: a row with one of them is news in whatever state. */
  absent: string[];
  /** Hash of the overnight holdings that the day has; null before it has any. */
  overnight: string | null;
  /** The day knows that the book cannot be read, and since when. */
  unreadableSince: WallMs | null;
};

export type BookNews =
  | {
      kind: 'news';
      /** When the look began. */
      at: WallMs;
      /** Our rows that are not what the day knows, in the book's order. */
      rows: BookRow[];
      externalTrades: ExternalTrade[];
      /** Live orders of the broker's own square-off in the watched contracts. */
      squareOffOrders: BookRow[];
      /** Tags in doubt that two good looks have not shown, 3 s and 15 s after the doubt. */
      absent: string[];
      /** All of them, when they were first read twice alike, or differ from what the day has and stay so for 10 s. */
      overnight: Overnight[] | null;
      /** Order ids of the look in the buckets that differ from the cursor's `seen`: new ones are among them. Never news by themselves. */
      ids: string[];
    }
  /** No look has succeeded since that instant, 10 s ago or more; or a known row is missing since. */
  | { kind: 'unreadable'; since: WallMs; message: string }
  | { kind: 'readable'; at: WallMs }
  | { kind: 'session_lost'; number: number }
  | { kind: 'quiet'; until: MarketMs };
