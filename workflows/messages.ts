/** The contract between the day's workflow and everybody who talks to it. Types and names only; plain data on the wire. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Charges } from '../src/domain/charges.ts';
import type { ClockSegments } from '../src/domain/clock.ts';
import type { ManualEffect, ManualOrder, ManualRefusalCode } from '../src/domain/manual-orders.ts';
import type {
  ExitPolicy,
  IsoDate,
  MarketMs,
  OptionType,
  Paise,
  Product,
  Side,
  SignalName,
  TradingMode,
  WallMs,
} from '../src/domain/types.ts';

/** What a day is. One DATA_DIR serves one mode and account; a replay has numbered runs. */
export type DayIdentity = { mode: TradingMode; account: string; run: number; date: IsoDate };

/** The one place where a day's workflow id is spelled. */
export function dayWorkflowId(day: DayIdentity): string {
  return `day:${day.mode}:${day.account}:${day.run}:${day.date}`;
}

/** Days of a mode and account have a queue of their own: at a shared Temporal server no worker of another one takes them up. */
export function dayTaskQueue({ mode, account }: Pick<DayIdentity, 'mode' | 'account'>): string {
  return `trading-day:${mode}:${account}`;
}
/** Guards have their own queue and worker: many of them must never starve the exits. */
export function guardTaskQueue(ofDays: string): string {
  return `${ofDays}:guards`;
}

/** What a person asks for when they start trading. Money in paise. */
export type Plan = {
  lotSize: number;
  numLots: number;
  useHedging: boolean;
  maxPositions: number;
  exitPolicy: ExitPolicy;
  /** 0 is Sunday; null means expiry day. */
  weeklyExitDay: number | null;
  maxLossPerTrade: Paise;
  maxLossPerDay: Paise;
  maxCapitalAtRisk: Paise;
  /** Share of the net credit earned at which to leave, e.g. 0.8; null is off. */
  target: number | null;
  allowUnhedged: boolean;
  /** Points x 100. */
  hedgeDistance: Paise;
  signals: SignalName[];
};

export type DayInput = { identity: DayIdentity; clock: ClockSegments };

/** Signals carry the wall time they were sent at where order matters to a person; the token is sealed. */
export type AuthCompleted =
  | { attempt: string; sealedRequestToken: string }
  /** A session that was made elsewhere today: it is checked, not exchanged. */
  | { attempt: string; sealedAccessToken: string };
export type StartTrading = { plan: Plan; by: string };
export type StopTrading = { closePositions: boolean; by: string };
export type CloseAll = { by: string };
export type Acknowledge = { ids: string[] | 'all'; by: string };
export type ClockChanged = { clock: ClockSegments };

export const authCompletedSignal = defineSignal<[AuthCompleted]>('authCompleted');
export const startTradingSignal = defineSignal<[StartTrading]>('startTrading');
export const stopTradingSignal = defineSignal<[StopTrading]>('stopTrading');
export const closeAllSignal = defineSignal<[CloseAll]>('closeAll');
export const acknowledgeSignal = defineSignal<[Acknowledge]>('acknowledge');
export const clockChangedSignal = defineSignal<[ClockChanged]>('clockChanged');

/** Refused with ApplicationFailure of a type from `CommandRefusal` when it cannot be done; expired ones are refused first. */
export type ClosePosition = { id: string; expiresAt: WallMs; by: string };
/** Answers as soon as the close is under way: poll the query for its end. */
export const closePositionUpdate = defineUpdate<PositionView, [ClosePosition]>('closePosition');
export const COMMAND_EXPIRES_MS = 8_000;
export type CommandRefusal =
  | 'expired'
  | 'unknown_position'
  | 'already_closed'
  | 'day_over'
  | 'not_authenticated'
  | 'entries_off'
  | 'not_acknowledged'
  | 'idempotency_key_reused'
  | 'unknown_order'
  | 'protective_order'
  | 'signal_order'
  | 'already_final'
  | 'kite_refused'
  | ManualRefusalCode;

/** An order by hand. `key` makes it repeatable: the same key with the same order answers what came of the first. */
export type PlaceOrder = {
  order: ManualOrder;
  key: string | null;
  /** Only says what it would take; nothing is placed. */
  checkOnly: boolean;
  /** In force where nobody has started trading: its limits hold for orders by hand as well. */
  plan: Plan;
  expiresAt: WallMs;
  by: string;
};
/** What was looked at before an order by hand. Money in paise. */
export type ManualChecks = {
  tradingsymbol: string;
  expiry: IsoDate;
  lotSize: number;
  product: Product;
  effect: ManualEffect;
  /** The price of the limit that it would be sent with. */
  price: Paise;
  /** What it costs, or for a sale fetches, at that price. */
  premium: Paise;
  available: Paise;
  marginRequired: Paise;
  /** Reserved out of the day's loss limit: what the order can lose, charges included. */
  reserved: Paise;
  /** Of this one order at that price. */
  charges: Charges;
};
/** `order` is null when it was only checked. A doubtful one is answered as `IN DOUBT`: the day looks into it. */
export type PlacedOrder = { order: OrderView | null; checks: ManualChecks };
export const placeOrderUpdate = defineUpdate<PlacedOrder, [PlaceOrder]>('placeOrder');

/** Only orders by hand that are still live; answers the order after it. */
export type CancelOrder = { orderId: string; expiresAt: WallMs; by: string };
export const cancelOrderUpdate = defineUpdate<OrderView, [CancelOrder]>('cancelOrder');

export type DayStateName = 'awaiting_auth' | 'ready' | 'trading' | 'stopped' | 'squaring_off' | 'closed' | 'holiday';

export type AuthAttempt = {
  attempt: string;
  outcome: 'exchanging' | 'accepted' | 'refused';
  /** The broker's words, when refused. */
  reason: string | null;
};

/** Session facts that may be shown; the access token itself is sealed in the journal. */
export type SessionView = { number: number; userId: string; expiresAt: MarketMs; since: MarketMs };

export type Timetable = {
  open: MarketMs;
  close: MarketMs;
  /** The ends of the hourly bars that are checked on this day. */
  checks: MarketMs[];
  /** No intraday entry is decided after it. */
  lastEntry: MarketMs;
  squareOff: MarketMs;
  /** Under MIS nothing new is placed from here on (two minutes before the broker's own square-off). */
  lastPlacement: MarketMs;
  /** The last hourly bar, which ends after the square-off; null in a short session. */
  lastBar: { start: MarketMs; end: MarketMs } | null;
};

export type WarningCode =
  | 'not_flat'
  | 'day_lost'
  | 'orders_refused'
  | 'login_lost'
  | 'difference'
  | 'foreign_position'
  | 'no_data'
  | 'fallback_candles'
  | 'residual_hedge'
  | 'unverified'
  | 'unpriced'
  | 'preflight'
  | 'one_lot'
  | 'halted';
export type Warning = { id: string; code: WarningCode; message: string; since: MarketMs; blocksEntries: boolean };

/** A contract as the workflow carries it: looked up once, in the day's master. */
export type ContractRef = {
  tradingsymbol: string;
  instrumentToken: number;
  expiry: IsoDate;
  strike: Paise;
  optionType: OptionType;
  lotSize: number;
  tickSize: Paise;
  /** Largest quantity of one order, in units, whole lots. */
  maxOrderQuantity: number;
  /** The last instant at which it trades on this date. */
  tradesUntil: MarketMs;
};

/** What a position was entered with, and is guarded by until it is flat. */
export type PositionPlan = {
  main: ContractRef;
  hedge: ContractRef | null;
  /**
   * Nearer hedges, in the order in which they are tried where the broker refuses the farther one overnight. One costs at most as
   * many points more as it is nearer: the worst loss stays the bound.
   */
  nearerHedges: ContractRef[];
  lots: number;
  quantity: number;
  product: Product;
  /** Reserved out of the day's limit; an unhedged position reserves twice its cap. */
  plannedLoss: Paise;
  /** The loss cap of the position. */
  maxLoss: Paise;
  worstLoss: Paise | null;
  /** Share of the net credit at which it is left; null is off. */
  target: number | null;
  /** The date of its own exit time: the entry's under `intraday`. */
  exitOn: IsoDate;
};

/** A position that was open at a day's end: everything that the next day needs to go on with it. */
export type HandedOver = {
  id: string;
  signal: SignalName | 'manual';
  enteredOn: IsoDate;
  openedAt: MarketMs;
  plan: PositionPlan;
  /** It was being left, or its entry had not come to its end: the next day leaves it first of all. */
  leaving: boolean;
  /** What others held of its contracts, units, + is long. Absent: nothing. */
  foreign?: { tradingsymbol: string; product: string; quantity: number }[];
  /** Its orders with fills, of all days so far. */
  orders: OrderView[];
};

export type LegRole = 'hedge' | 'main';
export type PositionState = 'opening' | 'open' | 'closing' | 'closed' | 'residual_hedge' | 'not_flat';

export type LegView = {
  role: LegRole;
  tradingsymbol: string;
  instrumentToken: number;
  side: Side;
  /** What was opened, and what of it is still open; units. */
  quantity: number;
  openQuantity: number;
  entryPrice: Paise | null;
  exitPrice: Paise | null;
};

export type PositionView = {
  id: string;
  signal: SignalName | 'leftover' | 'manual';
  state: PositionState;
  optionType: OptionType;
  strike: Paise;
  expiry: IsoDate;
  product: Product;
  lots: number;
  legs: LegView[];
  /** The index stop: an hourly close at or beyond it ends the position. Null where a person opened it by hand. */
  indexStop: Paise | null;
  catastropheStop: {
    tag: string;
    orderId: string | null;
    triggerPrice: Paise;
    limitPrice: Paise;
    state: string;
  } | null;
  target: Paise | null;
  plannedLoss: Paise;
  worstLoss: Paise | null;
  /** Realised today, from fills; charges of today, modelled by the dated tables. */
  realised: Paise;
  charges: Paise;
  /** Of the days before, where it was carried: zero for a position of today. */
  earlier: { realised: Paise; charges: Paise };
  enteredOn: IsoDate;
  /** The date on which it is left at the exit time, at the latest. */
  exitOn: IsoDate;
  openedAt: MarketMs;
  closedAt: MarketMs | null;
  exitReason: ExitReason | null;
  problem: string | null;
};

export type ExitReason =
  | 'emergency'
  | 'loss_cap'
  | 'index_stop'
  | 'target'
  | 'exit_time'
  | 'catastrophe_stop'
  | 'manual'
  | 'stopped'
  | 'entry_failed'
  | 'protection_refused'
  | 'day_loss_limit'
  | 'broker_square_off'
  | 'closed_by_hand'
  | 'leftover'
  | 'expired';

export type OrderPurpose = 'entry' | 'stop' | 'exit' | 'unwind';

export type FillView = { tradeId: string; quantity: number; price: Paise; at: MarketMs };

export type OrderView = {
  tag: string;
  orderId: string | null;
  positionId: string;
  role: LegRole;
  /** `settlement` is no order: the exchange settles what expires, in cash, on the official close. */
  purpose: OrderPurpose | 'settlement';
  /** Orders above the freeze quantity are sliced; 1 is the first. */
  slice: number;
  tradingsymbol: string;
  side: Side;
  product: Product;
  quantity: number;
  filledQuantity: number;
  averagePrice: Paise;
  orderType: string;
  price: Paise;
  triggerPrice: Paise;
  /** The far touch when it was sent: what slippage is measured from. Null for a resting stop. */
  touch: Paise | null;
  /** The broker's word, or ours before it has one: `INTENDED`, `IN DOUBT`, `ABSENT`. */
  status: string;
  statusMessage: string | null;
  fills: FillView[];
  /** Not sent by us: the share of somebody else's order that closed what was ours. Its tag is none of the broker's. */
  takenFrom?: 'broker' | 'person';
  intendedAt: MarketMs;
  updatedAt: MarketMs;
};

/** One hourly decision: what was looked at, and what came of it. */
export type DecisionView = {
  at: MarketMs;
  barStart: MarketMs;
  close: Paise | null;
  source: 'breeze' | 'kite' | 'none';
  signal: SignalName | null;
  /** `fired`, `no_signal`, `week_used`, `no_data`, `skipped`. */
  outcome: 'fired' | 'no_signal' | 'week_used' | 'no_data' | 'skipped';
  /** Why nothing was traded, or the numbers of what was. */
  reason: string;
  bias: string | null;
  stop: Paise | null;
  strike: Paise | null;
  optionType: OptionType | null;
};

export type LimitsView = {
  reserved: Paise;
  lostToday: Paise;
  maxLossPerDay: Paise;
  capitalAtRisk: Paise;
  maxCapitalAtRisk: Paise;
  openPositions: number;
  maxPositions: number;
};

export type ReportTrade = {
  orderId: string;
  tag: string;
  tradeId: string;
  tradingsymbol: string;
  side: Side;
  quantity: number;
  price: Paise;
  at: MarketMs;
};

export type DayResult = 'flat' | 'carried' | 'not_flat' | 'holiday';

export type DayReport = {
  identity: DayIdentity;
  result: DayResult;
  trades: ReportTrade[];
  charges: { brokerage: Paise; stt: Paise; transaction: Paise; sebi: Paise; stamp: Paise; gst: Paise; total: Paise };
  pnl: { gross: Paise; charges: Paise; net: Paise };
  positions: PositionView[];
  /** What is still open, for the next day. */
  handedOver: HandedOver[];
  decisions: DecisionView[];
  warnings: Warning[];
  /** Whether ledger and broker agreed after the close; null when the broker could not be asked. */
  reconciled: boolean | null;
  differences: string[];
  slippage: { tag: string; expected: Paise; got: Paise; quantity: number }[];
  lateness: { what: string; ms: number }[];
  /** Honest words on the prices: modelled, optimistic paper fills, or real. */
  priceNote: string;
};

/** The whole state of a day: the API cuts its routes from it. */
export type DayView = {
  identity: DayIdentity;
  state: DayStateName;
  enabled: boolean;
  /** Somebody asked for trading at least once today. */
  started: boolean;
  /** Why no new entry is made any more today, whatever is started again; null while they are on. */
  entriesOff: string | null;
  /** Ids of warnings that somebody has acknowledged. */
  acknowledged: string[];
  clock: ClockSegments;
  session: SessionView | null;
  authAttempts: AuthAttempt[];
  timetable: Timetable | null;
  holiday: string | null;
  plan: Plan | null;
  limits: LimitsView | null;
  positions: PositionView[];
  orders: OrderView[];
  decisions: DecisionView[];
  warnings: Warning[];
  nextCheckAt: MarketMs | null;
  squareOffAt: MarketMs | null;
  pnl: { realised: Paise; charges: Paise };
  /** An entry, an exit or a doubtful order is under way. */
  busy: boolean;
  report: DayReport | null;
};

export const dayQuery = defineQuery<DayView>('day');

/** Search attributes, registered when the program starts: an unregistered one hangs the workflow. */
export const SEARCH_ATTRIBUTES = {
  TradingDate: 'KEYWORD',
  TradingMode: 'KEYWORD',
  DayState: 'KEYWORD',
  TradingSignal: 'KEYWORD',
  DayResult: 'KEYWORD',
} as const;
