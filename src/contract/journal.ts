/** What a day writes into the journal, and what the next one reads from it. */
import type { Overnight } from '../domain/book/book.ts';
import type { Spent } from '../domain/control/spent-orders.ts';
import type { IsoDate, MarketMs, WallMs } from '../domain/types.ts';
import type { KeyedOrder, Plan } from './commands.ts';
import type { DayIdentity } from './identity.ts';
import type { HandedOver, OrderView } from './ledger.ts';
import type { DayReport, DecisionView, PositionView } from './views.ts';

export type LogLevel = 'info' | 'warn' | 'alert';

/** One line of the day's log. `seq` is numbered by the day's workflow, so that writing it twice changes nothing. */
export type LogEvent = {
  seq: number;
  at: MarketMs;
  level: LogLevel;
  /** Stable snake_case, e.g. `signal_fired`, `limit_refused`, `order_filled`. */
  kind: string;
  /** A whole sentence for a person. */
  text: string;
  data?: Record<string, unknown>;
};

/** What holds for the whole day, by a person's word, a loss, or the broker's first answer: a run that is lost takes none of it away. */
export type Switches = {
  handsOff: { by: string; since: WallMs } | null;
  /** Everything is to be left. */
  closing: 'emergency' | 'stopped' | null;
  /** Why no entries are allowed any more today. */
  entriesOff: string | null;
  /** The limits of the last start of trading. */
  plan: Plan | null;
  /** What the account held overnight, as the day has found it; null before that. */
  overnight: Overnight[] | null;
  /** The newest manual orders by their Idempotency-Key. */
  keys?: Record<string, KeyedOrder>;
};

/** What a day writes at once: all of it idempotent by its keys. */
export type JournalBatch = {
  identity: DayIdentity;
  /** Numbered by the day's workflow, growing: an older batch that arrives late never replaces what a newer one wrote. */
  sequence?: number;
  state: string;
  events: LogEvent[];
  orders: OrderView[];
  positions: PositionView[];
  /** By the position's id: what the next day needs to go on with it. */
  handedOver?: Record<string, HandedOver>;
  decisions: DecisionView[];
  switches?: Switches;
  /** With the last one. */
  report?: DayReport | null;
};

/** What a day had written before its run was lost: a new run goes on from here. */
export type DaySoFar = {
  /** The last batch's number, and the last event's. */
  sequence: number;
  logged: number;
  orders: OrderView[];
  positions: { view: PositionView; handedOver: HandedOver | null }[];
  decisions: DecisionView[];
  switches: Switches | null;
};

/** As a run that goes on is told it: what fits into one answer of an activity. */
export type DayBefore = DaySoFar & { spent: Spent };

export type Handover = {
  /** The day that hands over; null when no earlier day left anything open. */
  from: IsoDate | null;
  /** That day has written its report. Until then its positions may still change. */
  ended: boolean;
  positions: HandedOver[];
  /** Open positions of which no more is known than this: nobody can go on with them. */
  unknown: PositionView[];
  /** Hourly bars from that day on to the last session, in their order: closes that nobody has acted on. */
  bars: { barStart: MarketMs; barEnd: MarketMs }[];
};
