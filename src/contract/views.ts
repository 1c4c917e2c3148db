/** The day as people see it: the API cuts its routes from one query. */
import { defineQuery } from '@temporalio/workflow';
import type { ClockSegments } from '../domain/clock.ts';
import type { ExitReason } from '../domain/control/exit-reasons.ts';
import type { IsoDate, MarketMs, OptionType, Paise, Product, Side, SignalName, WallMs } from '../domain/types.ts';
import type { DayIdentity } from './identity.ts';
import type { HandedOver, LegRole, OrderView } from './ledger.ts';
import type { Plan } from './plan.ts';

export type DayStateName = 'awaiting_auth' | 'ready' | 'trading' | 'stopped' | 'squaring_off' | 'closed' | 'holiday';

export type AuthAttempt = {
  attempt: string;
  outcome: 'exchanging' | 'accepted' | 'refused';
  /** The broker's words, when refused. */
  reason: string | null;
};

/** Session facts that may be shown; the access token itself is sealed in the journal. */
export type SessionView = { number: number; userId: string; expiresAt: MarketMs; since: MarketMs };

export type { Timetable } from '../domain/calendar/timetable.ts';

import type { Timetable } from '../domain/calendar/timetable.ts';

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
  | 'hands_off'
  | 'defect';
export type Warning = { id: string; code: WarningCode; message: string; since: MarketMs; blocksEntries: boolean };

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
  /** The index stop: an hourly close at or beyond it ends the position. Null where a person opened it. */
  indexStop: Paise | null;
  restingStop: {
    tag: string;
    orderId: string | null;
    triggerPrice: Paise;
    limitPrice: Paise;
    state: string;
  } | null;
  target: Paise | null;
  plannedLoss: Paise;
  worstLoss: Paise | null;
  /** Of parts closed today, from fills; charges of today, modelled by the dated tables. */
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

/** One hourly decision: what was looked at, and what came of it. */
export type DecisionView = {
  at: MarketMs;
  barStart: MarketMs;
  close: Paise | null;
  source: 'breeze' | 'kite' | 'none';
  signal: SignalName | null;
  outcome: 'fired' | 'no_signal' | 'week_used' | 'no_data' | 'not_taken';
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

type ReportTrade = {
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
  /** `gross` before charges, `net` after. */
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

/** A page that is out: its cause holds, and the owner was told. */
type PageView = {
  id: string;
  cause: string;
  subject: string;
  text: string;
  since: WallMs;
  deliveredAt: WallMs | null;
};

/** What came of a command, by its id. */
export type CommandAnswer = { id: string; name: string; by: string; at: WallMs; changed: boolean; text: string };

/** The whole state of a day. */
export type DayView = {
  identity: DayIdentity;
  state: DayStateName;
  enabled: boolean;
  /** Trading was asked for at least once today. */
  started: boolean;
  /** Why no new entry is made any more today, whatever is started again; null while they are on. */
  entriesOff: string | null;
  /** Since when nothing of ours sends an order, and by whose word; null while orders are sent. */
  handsOff: { by: string; since: WallMs } | null;
  /** Ids of the warnings that are acknowledged. */
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
  pages: PageView[];
  answers: CommandAnswer[];
  nextCheckAt: MarketMs | null;
  squareOffAt: MarketMs | null;
  pnl: { realised: Paise; charges: Paise };
  /** An entry, an exit or a doubtful order is under way. */
  busy: boolean;
  report: DayReport | null;
};

export const dayQuery = defineQuery<DayView>('day');
