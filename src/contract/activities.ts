/** What the workflow asks of the world, and what it hears back. Plain data: all of it is kept in the day's history. */

import type { BookCursor, BookNews } from '../domain/book/book.ts';
import type { ClockSegments } from '../domain/clock.ts';
import type { LegRole, OrderPurpose, PositionPlan, Pricing } from '../domain/control/facts.ts';
import type { ManualHolding, ManualOrder, ManualRefusal } from '../domain/manual-orders.ts';
import type { PriceExitReason, PriceTerms } from '../domain/price-exits.ts';
import type { Bar, IsoDate, MarketMs, OptionType, Paise, Product, Side, SignalName, WallMs } from '../domain/types.ts';
import type { AuthCompleted, ManualChecks, Plan } from './commands.ts';
import type { DayIdentity } from './identity.ts';
import type { DayBefore, Handover, JournalBatch } from './journal.ts';
import type { ContractRef, Holding } from './ledger.ts';
import type { NoticeInput } from './notices.ts';
import type { SessionView, Timetable } from './views.ts';

/** The type of the failure that means: the current session is dead, nothing was done. Details: [session number]. */
export const SESSION_LOST = 'session_lost';

export type DayContext =
  | { kind: 'holiday'; reason: string; next: IsoDate }
  | {
      kind: 'session';
      timetable: Timetable;
      entries: boolean;
      /** What a run before this one has written; null for a day that begins. */
      before: DayBefore | null;
      /** The login that holds, null where somebody has to log in. */
      session: SessionView | null;
      /** What the day before left open. */
      handover: Handover;
    };

export type TokenExchange = { ok: true; session: SessionView } | { ok: false; reason: string };

export type HourInput = { identity: DayIdentity; barStart: MarketMs; barEnd: MarketMs };
export type HourEvaluation = {
  source: 'breeze' | 'kite' | 'none';
  bar: Bar | null;
  bias: string | null;
  signal: SignalName | null;
  /** The end of the bar that fired: this hour's, or an earlier one of the week. */
  firedAt: MarketMs | null;
  stop: Paise | null;
  strike: Paise | null;
  optionType: OptionType | null;
  /** Why nothing is decided: the week is left out, or there are no candles. */
  reason: string | null;
  /** Something about the candles that a person should know. */
  note: string | null;
  /** Two sources differ by more than 5 points: nothing is decided on it, and the owner is paged. */
  contradicted?: string;
};

/** `ticks` is our own bar's close, null when ticks did not cover the hour; it decides only where Breeze gave none. */
export type HourClose = { close: Paise | null; source: 'breeze' | 'ticks' | 'kite' | 'none'; ticks: Paise | null };

export type EntryInput = {
  identity: DayIdentity;
  at: MarketMs;
  signal: SignalName;
  optionType: OptionType;
  strike: Paise;
  plan: Plan;
  book: { reserved: Paise; lostToday: Paise; capitalAtRisk: Paise; openPositions: number };
};
type EntryRefusal = { code: string; message: string; numbers: Record<string, number> };
export type EntryPlan =
  | { kind: 'refused'; refusals: EntryRefusal[] }
  | (PositionPlan & {
      kind: 'planned';
      /** What was seen: quotes, margin, cash; for the log. */
      seen: Record<string, number>;
      /** Why it has fewer lots than the plan, where it has. */
      cut?: string;
    });

export type ManualCheckInput = {
  identity: DayIdentity;
  at: MarketMs;
  order: ManualOrder;
  product: Product;
  plan: Plan;
  book: EntryInput['book'];
  /** What is open by command. */
  holdings: ManualHolding[];
};
export type ManualCheck =
  | { kind: 'refused'; refusals: ManualRefusal[] }
  | { kind: 'allowed'; contract: ContractRef; pricing: Pricing; checks: ManualChecks };

/** A durable intent: in the history before anything is sent. */
export type OrderIntent = {
  identity: DayIdentity;
  tag: string;
  role: LegRole;
  purpose: OrderPurpose;
  contract: ContractRef;
  side: Side;
  quantity: number;
  product: Product;
  pricing: Pricing;
  /**
   * An exit or a stop that has failed many times: it is sent under these tags instead, one after the other, each only once the one before it was
   * refused outright or is proven absent, with a pause between them, and none after `stopAt`. `known` is what the day knows of the book.
   */
  repeats?: { tags: string[]; pauseMs: number; stopAt: WallMs; known: Pick<BookCursor, 'seen' | 'overnight'> };
  /** Not sent after it: an activity that waited for a worker too long does nothing. */
  sendBy: WallMs;
  /** Goes after two failed looks at the book: an exit or stop whose tag was never sent, once a whole book was read. */
  mayGoUnseen: boolean;
  /**
   * What others have traded today in contracts of ours, as far as the day has heard, signed units: where the book shows more on that side,
   * nothing is sent before the day has heard of that too. Of what closes its own contract, unless it has waited for that in vain; of what is
   * sold to open the contracts that cover it.
   */
  others?: { tradingsymbol: string; side: Side; traded: number }[];
  /**
   * Of what opens, or sells a surplus: the orders that the day was shown. A list that has lost one of them, or one that this process was
   * shown, may have lost what others did: it counts as a look that failed.
   */
  seen?: BookCursor['seen'];
};

/** What came of an intent; `tag` and `refused` only of one with repeats: the tag that it is of, and those that were refused before it. */
export type SendResult = SendOutcome & {
  tag?: string;
  refused?: { tag: string; message: string; row: BookRowSeen | null; as: 'refused' | 'absent' | 'not_sent' }[];
};
/** `row` is what the book shows of an order that was just sent or changed; null when nothing was seen within the second. */
export type SendOutcome =
  | { kind: 'sent'; orderId: string; price: Paise; triggerPrice: Paise; touch: Paise | null; row: BookRowSeen | null }
  /** A row with its tag was there before anything was sent. */
  | { kind: 'found'; row: BookRowSeen }
  | { kind: 'too_late' }
  /** Others have traded what it was to trade, or some of it, and the day did not know: nothing was sent. */
  | { kind: 'overtaken' }
  | { kind: 'no_price'; message: string }
  | { kind: 'trigger_passed'; lastPrice: Paise }
  | { kind: 'address_refused'; message: string }
  | { kind: 'rate_limited'; message: string }
  | { kind: 'session_lost'; number: number }
  /** The broker's definite no: nothing of it is in the book. */
  | { kind: 'refused'; message: string }
  /** `since`: where the answer did not come some time ago. */
  | { kind: 'doubt'; message: string; since?: WallMs };
type BookRowSeen = import('../domain/book/book.ts').BookRow;

/** Looked at again and again, as long as it shows the best price that it may, or finds none; until it was found crossed so often. Milliseconds. */
type PriceWatch = { everyMs: number; forMs: number; crossings: number };

export type ChangeInput = {
  identity: DayIdentity;
  orderId: string;
  contract: ContractRef;
  side: Side;
  how: /** `to_limit` turns a resting stop into the exit; `reprice` moves a live limit. */
    | {
        kind: 'to_limit' | 'reprice';
        widen: number;
        noWorseThan: Paise | null;
        bound?: Paise;
        shown: Paise | null;
        /** Looks in a row so far that found it unfilled at a price that somebody offers. */
        crossed?: number;
        watch?: PriceWatch;
      }
    /** `onlyIfPriced`: a price to replace it with must be computable, or nothing is cancelled. */
    | { kind: 'cancel'; onlyIfPriced: boolean };
  /** Not sent after it. */
  sendBy: WallMs;
};
export type ChangeResult =
  | { kind: 'sent'; price: Paise | null; row: BookRowSeen | null }
  /** It shows the best price that it may already: nothing was sent. `crossed`: looks in a row by now that found somebody who offers at it. */
  | { kind: 'unchanged'; price: Paise; crossed: number }
  | { kind: 'too_late' }
  | { kind: 'no_price'; message: string }
  | { kind: 'address_refused'; message: string }
  | { kind: 'rate_limited'; message: string }
  | { kind: 'session_lost'; number: number }
  /** A definite no; `row` is what the book shows of the order now, where it could be read. `busy`: it is final, or being processed. */
  | { kind: 'refused'; message: string; busy: boolean; row: BookRowSeen | null }
  | { kind: 'doubt'; message: string };

export type BookInput = {
  identity: DayIdentity;
  cursor: BookCursor;
  /** Contracts whose external trades and prices matter: subscribed while it runs. */
  contracts: { tradingsymbol: string; product: string; instrumentToken: number }[];
  /** Something is open, or an order may fill. */
  open: boolean;
  /** The day has read no book yet: it is told of the first whole look. */
  unread?: true;
  /** It comes back then at the latest. */
  until: MarketMs;
};

export type GuardInput = PriceTerms & {
  identity: DayIdentity;
  positionId: string;
  /** Of the run that the day believes; the answer repeats it. */
  epoch: number;
  main: { contract: ContractRef; quantity: number; entryPrice: Paise };
  hedge: { contract: ContractRef; quantity: number; entryPrice: Paise } | null;
  product: Product;
  /** The resting stop that the guard may turn into the exit, null when none equals the short. */
  stop: { orderId: string; tag: string; quantity: number; modifications: number } | null;
  /** Charges already paid, less what was realised on parts, in paise; charges of closing are added by the guard. */
  charges: Paise;
  /** Null when this position is not left at a time of this day. */
  exitAt: MarketMs | null;
  /** The day knows that the guard sees no prices: it comes back when it does again. */
  blind: boolean;
  until: MarketMs;
};
export type GuardReason = PriceExitReason | 'exit_time';
export type GuardResult = { epoch: number } & (
  | { kind: 'quiet'; until: MarketMs }
  /** No believable price since that instant, after a new connection was tried; or prices are there again. */
  | { kind: 'blind'; since: WallMs; detail: string }
  | { kind: 'sighted' }
  /** `sent`: it has turned the resting stop into an exit itself, at that price. */
  | { kind: 'triggered'; reason: GuardReason; at: MarketMs; sent: boolean; price: Paise | null; detail: string }
);

export type ReconcileInput = {
  identity: DayIdentity;
  /** Net of our fills, by contract and product: whatever was traded today, 0 included. */
  ours: Holding[];
  /** What others hold beside us, as the day knows it. */
  foreign: Holding[];
  /** Units that the ledger has as filled, by tag, of all orders that were intended today. */
  filled: Record<string, number>;
  /** The broker's ids of orders that ended without a fill, where the ledger keeps no more of them. */
  spent?: string[];
  /** Contracts that expired: the broker shows them until it has settled them. */
  settled: string[];
};
export type Reconciliation = {
  /** Sentences, each a difference between ledger and broker that is ours. */
  differences: string[];
  /** What others hold; in a contract with a difference, what they held before it. */
  foreign: Holding[];
  /** Our live orders at the broker. */
  liveOrders: string[];
};

export type PreflightCheck =
  | 'contracts'
  | 'funds'
  | 'margin'
  | 'candles'
  | 'feed'
  | 'clock'
  | 'freeze'
  | 'calendar'
  | 'address';
export type PreflightFinding = {
  check: PreflightCheck;
  /** `note`: should be known; `failed`: a person should act; `wrong`: trading would be wrong, entries wait for a person. */
  outcome: 'ok' | 'note' | 'failed' | 'wrong';
  text: string;
};

/** When a channel took the notice; null while it waits in the queue. */
type Delivered = { deliveredAt: WallMs | null };

export interface DayActivities {
  loadDayContext(identity: DayIdentity): Promise<DayContext>;
  loadHandover(identity: DayIdentity): Promise<Handover>;
  /** The index as it stands, null without a quote. */
  readIndex(identity: DayIdentity): Promise<Paise | null>;
  /** The index's official close of a date, on which contracts settle; null while it is not known. */
  readOfficialClose(input: { identity: DayIdentity; date: IsoDate }): Promise<Paise | null>;
  exchangeRequestToken(input: { identity: DayIdentity; auth: AuthCompleted }): Promise<TokenExchange>;
  preflight(identity: DayIdentity): Promise<PreflightFinding[]>;
  evaluateHour(input: HourInput): Promise<HourEvaluation>;
  readHourClose(input: HourInput): Promise<HourClose>;
  /** Contracts as the day's master lists them now; one that it does not list any more is left out. */
  readContracts(input: { identity: DayIdentity; tradingsymbols: string[] }): Promise<ContractRef[]>;
  planEntry(input: EntryInput): Promise<EntryPlan>;
  checkManualOrder(input: ManualCheckInput): Promise<ManualCheck>;
  sendOrder(intent: OrderIntent): Promise<SendResult>;
  changeOrder(input: ChangeInput): Promise<ChangeResult>;
  reconcile(input: ReconcileInput): Promise<Reconciliation>;
  writeJournal(batch: JournalBatch): Promise<void>;
  notifyOwner(notice: NoticeInput): Promise<Delivered>;
  readClock(): Promise<ClockSegments>;
  holdMarketClock(input: { key: string; on: boolean }): Promise<ClockSegments>;
}

export interface GuardActivities {
  /** Looks at orders, trades and positions until something is news. */
  watchBook(input: BookInput): Promise<BookNews>;
  guardPosition(input: GuardInput): Promise<GuardResult>;
}
