/** What the workflow asks of the world, and what it hears back. Plain data: all of it is kept in the day's history. */
import type { OrderState } from '../src/brokers/types.ts';
import type { NoticeInput, NoticeReceipt } from '../src/contract/notices.ts';
import type { ClockSegments } from '../src/domain/clock.ts';
import type { ManualHolding, ManualOrder, ManualRefusal } from '../src/domain/manual-orders.ts';
import type {
  Bar,
  IsoDate,
  MarketMs,
  OptionType,
  Paise,
  Product,
  Side,
  SignalName,
  WallMs,
} from '../src/domain/types.ts';
import type { JournalBatch } from '../src/journal/types.ts';
import type {
  AuthCompleted,
  ContractRef,
  DayIdentity,
  DayReport,
  FillView,
  HandedOver,
  LegRole,
  ManualChecks,
  OrderPurpose,
  Plan,
  PositionPlan,
  PositionView,
  SessionView,
  Timetable,
} from '../workflows/messages.ts';

/** The type of the failure that means: the current session is dead, nothing was done. Details: [session number]. */
export const SESSION_LOST = 'session_lost';

export type Opened =
  | { kind: 'holiday'; reason: string; next: IsoDate }
  | { kind: 'session'; timetable: Timetable; entries: boolean };

export type TokenExchange = { ok: true; session: SessionView } | { ok: false; reason: string };

export type { ContractRef };

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
  /** Why nothing is decided: the week is skipped, or there are no candles. */
  reason: string | null;
  /** Something about the candles that a person should know. */
  note: string | null;
};

/** `ticks` is our own bar's close, null when ticks did not cover the hour; it decides only where Breeze gave none. */
export type HourClose = { close: Paise | null; source: 'breeze' | 'ticks' | 'none'; ticks: Paise | null };

export type EntryInput = {
  identity: DayIdentity;
  at: MarketMs;
  signal: SignalName;
  optionType: OptionType;
  strike: Paise;
  plan: Plan;
  book: { reserved: Paise; lostToday: Paise; capitalAtRisk: Paise; openPositions: number };
};
export type EntryRefusal = { code: string; message: string; numbers: Record<string, number> };
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
  /** What is open by hand. */
  holdings: ManualHolding[];
  /** Units by trading symbol, of its contract and of what is open by hand, that are not of today's orders of ours. */
  heldBefore: Record<string, number>;
};
export type ManualCheck =
  | { kind: 'refused'; refusals: ManualRefusal[] }
  | { kind: 'allowed'; contract: ContractRef; pricing: Pricing; checks: ManualChecks };

/** How a price is made at the moment of sending, from a quote that is fresh then. */
export type Pricing =
  /** Crosses the far touch by a protection band; `widen` counts the steps of a chase, `noWorseThan` was already shown. */
  | { kind: 'cross'; widen: number; noWorseThan: Paise | null }
  | { kind: 'stop'; triggerPrice: Paise; price: Paise }
  /** As a person gave it. */
  | { kind: 'limit'; price: Paise };

/** A durable intent: in the history before anything is sent. */
export type OrderIntent = {
  tag: string;
  positionId: string;
  role: LegRole;
  purpose: OrderPurpose;
  slice: number;
  contract: ContractRef;
  side: Side;
  quantity: number;
  product: Product;
  pricing: Pricing;
  /** Not sent after it: an activity that waited for a worker too long does nothing. */
  sendBy: WallMs;
};

export type OrderSnapshot = {
  orderId: string;
  tag: string | null;
  status: string;
  state: OrderState;
  statusMessage: string | null;
  orderType: string;
  price: Paise;
  triggerPrice: Paise;
  quantity: number;
  filledQuantity: number;
  averagePrice: Paise;
  modifications: number;
  fills: FillView[];
};

export type SendResult =
  | { kind: 'sent'; orderId: string; price: Paise; triggerPrice: Paise; touch: Paise | null }
  | { kind: 'found'; order: OrderSnapshot }
  | { kind: 'too_late' }
  | { kind: 'no_price'; message: string }
  | { kind: 'trigger_passed'; lastPrice: Paise }
  | { kind: 'ip_refused'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'doubt'; message: string };

export type FindResult =
  | { kind: 'found'; order: OrderSnapshot }
  | { kind: 'absent' }
  /** In no list, but the broker's net moved: not absent. */
  | { kind: 'unclear'; message: string }
  /** Somebody else's order carries our tag: nothing may be assumed. */
  | { kind: 'mismatch'; message: string };

export type FollowInput = { orderId: string; tag: string; waitMs: number; until: 'terminal' | 'resting' | 'limit' };

export type ChangeInput = {
  orderId: string;
  contract: ContractRef;
  side: Side;
  /** `to_limit` turns a resting stop into the exit; `reprice` moves a live limit. */
  how: 'to_limit' | 'reprice';
  widen: number;
  /** The price of an exit never falls (a buy) while it is on: what it has shown already. */
  noWorseThan: Paise | null;
  /** Modifications of this order that may be used up, of the broker's 25. */
  budget: number;
};
export type ChangeResult =
  | { kind: 'modified'; price: Paise }
  /** It shows the best price that it may already: nothing was sent. */
  | { kind: 'unchanged'; price: Paise }
  | { kind: 'final'; order: OrderSnapshot }
  | { kind: 'budget' }
  | { kind: 'no_price'; message: string }
  | { kind: 'ip_refused'; message: string }
  | { kind: 'refused'; message: string }
  | { kind: 'doubt'; message: string };

export type GuardInput = {
  identity: DayIdentity;
  positionId: string;
  main: { contract: ContractRef; quantity: number; entryPrice: Paise };
  hedge: { contract: ContractRef; quantity: number; entryPrice: Paise } | null;
  product: Product;
  /** What others held of these contracts before, units by trading symbol. */
  foreign: Record<string, number>;
  /** What others have moved of them since, as far as the day knows it, units by trading symbol; + is bought. */
  moved: Record<string, number>;
  /** The resting stops, a slice each; only the first is turned into the exit by the guard. */
  stops: { orderId: string; tag: string }[];
  maxLoss: Paise;
  target: Paise | null;
  /** Charges already paid, less what was realised on parts, in paise; charges of closing are added by the guard. */
  charges: Paise;
  /** Null when this position is not left at a time of this day. */
  exitAt: MarketMs | null;
  until: MarketMs;
};
export type ManualWatchInput = {
  positionId: string;
  contract: ContractRef;
  /** Its orders that are not final, with what is known of them. */
  orders: { orderId: string; status: string; filledQuantity: number }[];
  identity: DayIdentity;
  product: Product;
  /** Units of the contract that others held before. */
  foreign: number;
  /** What others have moved of it since, as far as the day knows it; + is bought. */
  moved: number;
  until: MarketMs;
};
export type ManualWatchResult =
  | { kind: 'quiet'; until: MarketMs }
  /** Orders that show something new. */
  | { kind: 'changed'; orders: OrderSnapshot[] }
  /** Somebody else has traded the contract since the day last looked. */
  | { kind: 'traded_outside' };

export type GuardReason = 'loss_cap' | 'target' | 'exit_time' | 'catastrophe_stop';
export type GuardResult =
  | { kind: 'quiet'; until: MarketMs }
  /** Somebody else has traded these contracts since the day last looked. */
  | { kind: 'traded_outside'; at: MarketMs }
  /** `sent`: it has turned the resting stop into an exit itself. */
  | { kind: 'triggered'; reason: GuardReason; at: MarketMs; sent: boolean; detail: string };

export type Holding = { tradingsymbol: string; product: string; quantity: number };
export type ReconcileInput = {
  identity: DayIdentity;
  /** Net of our fills, by contract and product: whatever was traded today, 0 included. */
  ours: Holding[];
  /** What somebody else held when the day began. */
  foreign: Holding[];
  /** Units that the ledger has as filled, by tag, of all orders that were intended today. */
  filled: Record<string, number>;
  /** Contracts that expired: the broker shows them until it has settled them. */
  settled: string[];
};
export type UnknownOrder = OrderSnapshot & { tag: string; tradingsymbol: string; side: Side; product: string };
export type Reconciliation = {
  asked: boolean;
  /** Sentences, each a difference between ledger and broker that is ours. */
  differences: string[];
  /** What others hold; in a contract with a difference, what they held before it. */
  foreign: Holding[];
  /** Orders with a tag of this day that the ledger does not know. */
  unknownOrders: UnknownOrder[];
  /** Our live orders at the broker. */
  liveOrders: string[];
};

/** What somebody else has done to our contracts since the first login, units by trading symbol; + is bought. */
export type ByHandInput = {
  identity: DayIdentity;
  product: Product;
  contracts: { tradingsymbol: string; foreign: number }[];
};

/** An order that somebody else placed in one of these contracts: a person in the app, another program, or the broker itself. */
export type OutsideOrder = {
  orderId: string;
  /** Whatever its sender wrote on it; never a tag of this day. */
  tag: string | null;
  tradingsymbol: string;
  side: Side;
  quantity: number;
  orderType: string;
  price: Paise;
  status: string;
  placedAt: MarketMs;
  fills: FillView[];
};

/** `moved` are units by trading symbol, + is bought; `orders` those of others with fills, in the broker's order. */
export type ByHand = { moved: Record<string, number>; orders: OutsideOrder[] };

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

export type Handover = {
  /** The day that hands over; null when no earlier day left anything open. */
  from: IsoDate | null;
  /** That day has written its report. Until then its positions may still change. */
  ended: boolean;
  positions: HandedOver[];
  /** Open positions of which no more is known than this: nobody can go on with them. */
  unknown: PositionView[];
  /** Hourly bars from that day on to the last session, in their order: whoever was away has not seen their closes. */
  bars: { barStart: MarketMs; barEnd: MarketMs }[];
};

export interface DayActivities {
  openDay(identity: DayIdentity): Promise<Opened>;
  loadHandover(identity: DayIdentity): Promise<Handover>;
  /** The index as it stands, null without a quote. */
  readIndex(identity: DayIdentity): Promise<Paise | null>;
  /** The index's official close of a date, on which contracts settle; null while it is not known. */
  readOfficialClose(input: { identity: DayIdentity; date: IsoDate }): Promise<Paise | null>;
  exchangeRequestToken(input: { identity: DayIdentity; auth: AuthCompleted }): Promise<TokenExchange>;
  /** Fails with SESSION_LOST when the login does not hold any more. */
  checkSession(identity: DayIdentity): Promise<void>;
  preflight(identity: DayIdentity): Promise<PreflightFinding[]>;
  evaluateHour(input: HourInput): Promise<HourEvaluation>;
  readHourClose(input: HourInput): Promise<HourClose>;
  planEntry(input: EntryInput): Promise<EntryPlan>;
  checkManualOrder(input: ManualCheckInput): Promise<ManualCheck>;
  sendOrder(intent: OrderIntent): Promise<SendResult>;
  findOrder(input: { intent: OrderIntent; expectedNet: number | null }): Promise<FindResult>;
  followOrder(input: FollowInput): Promise<OrderSnapshot>;
  changeOrder(input: ChangeInput): Promise<ChangeResult>;
  cancelOrder(input: { orderId: string; tag: string }): Promise<OrderSnapshot>;
  reconcile(input: ReconcileInput): Promise<Reconciliation>;
  readByHand(input: ByHandInput): Promise<ByHand>;
  writeJournal(batch: JournalBatch): Promise<void>;
  saveReport(report: DayReport): Promise<void>;
  /** Sends a notice to the owner. Never fails for want of a channel: what nobody takes within five seconds waits in the queue. */
  notify(notice: NoticeInput): Promise<NoticeReceipt>;
  /** @deprecated A text without an id, for the callers of today: goes with them. Use `notify`. */
  notifyOwner(input: { level: 'warn' | 'alert'; text: string }): Promise<void>;
  readClock(): Promise<ClockSegments>;
  holdClock(input: { key: string; on: boolean }): Promise<ClockSegments>;
}

export interface GuardActivities {
  /** Follows the orders of a position by hand, and keeps its price on the feed. */
  watchManual(input: ManualWatchInput): Promise<ManualWatchResult>;
  guardPosition(input: GuardInput): Promise<GuardResult>;
}
