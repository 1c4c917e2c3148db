/**
 * What is known of orders, positions and the account: plain data, kept in the day's history and carried from run to run. Each fact grows in
 * one direction (fills by trade id, phases by rank), so that news may come twice and in any order.
 */
import type { ContractRef } from '../contracts.ts';
import type { IsoDate, MarketMs, Paise, Product, Side, SignalName, WallMs } from '../types.ts';
import type { ExitReason } from './exit-reasons.ts';

/** `main` is sold to open, `hedge` is bought; the tag spells the role. */
export type LegRole = 'hedge' | 'main';
export type OrderPurpose = 'entry' | 'stop' | 'exit' | 'unwind';

/**
 * Where an order stands, in the order in which it gets there. `not_sent` and `absent` are ends without a row in the book; a row that shows
 * after all raises the order to what the row says.
 */
export type OrderPhase =
  /** In the history, nothing was sent. */
  | 'intended'
  /** Its request is on its way. */
  | 'in_flight'
  /** Its answer never came or made no sense. */
  | 'doubt'
  /** Never sent, or refused without a row in the book. */
  | 'not_sent'
  /** Settled as absent: two good looks, or a person, say that it is not in the book. */
  | 'absent'
  /** The broker has given it an id; no row that matters was seen yet. */
  | 'accepted'
  /** In the exchange's book at its limit, or on its way there. */
  | 'working'
  /** A stop whose trigger is not reached. */
  | 'resting'
  /** Final, with the broker's word. */
  | 'ended';

/** A trade. `at` is the exchange's time of it. */
export type Fill = { tradeId: string; quantity: number; price: Paise; at: MarketMs };

/** A change that was asked for and that no row has shown yet. Prices in paise. */
type OrderChange = {
  kind: 'to_limit' | 'reprice' | 'cancel';
  since: WallMs;
  /** The activity that asks for it has not come back. */
  inFlight: boolean;
  /** What the row will show; null for a cancellation, or where no price was computed yet. */
  price: Paise | null;
};

/** How a price is made at the moment of sending, from a quote that is fresh then. Paise. */
export type Pricing =
  /**
   * Crosses the far touch by a protection band. `widen` counts the steps of a chase, `noWorseThan` was already shown, `bound` is the worst
   * price that the plan has reserved for. `byLast`: inside the protection of the last price, also where that is stale.
   */
  | { kind: 'cross'; widen: number; noWorseThan: Paise | null; bound?: Paise; byLast?: true }
  | { kind: 'stop'; triggerPrice: Paise; price: Paise }
  /** As a person gave it. */
  | { kind: 'limit'; price: Paise };

/** Quantities in units, prices in paise. */
export type Order = {
  tag: string;
  /** The broker's, once it is known. */
  orderId: string | null;
  positionId: string;
  role: LegRole;
  /** `settlement` is no order: the exchange settles what expires, in cash, on the official close. */
  purpose: OrderPurpose | 'settlement';
  /** Tells orders of one purpose that live beside each other apart. */
  slice: number;
  tradingsymbol: string;
  side: Side;
  product: Product;
  quantity: number;
  /** The most that a row, the ticker or trades have shown: it only grows. */
  filledQuantity: number;
  /** Of the trades; 0 without one. */
  averagePrice: Paise;
  orderType: string;
  price: Paise;
  /** Of a purchase, the highest price that the broker has accepted a change to: a list that stands still shows an older one. */
  accepted?: Paise;
  triggerPrice: Paise;
  /** The far touch when it was sent: what slippage is measured from. Null for a resting stop. */
  touch: Paise | null;
  /** The broker's word, or ours before it has one: `INTENDED`, `IN DOUBT`, `ABSENT`, `NOT SENT`, `REFUSED`. */
  status: string;
  statusMessage: string | null;
  fills: Fill[];
  phase: OrderPhase;
  /** It showed after it was settled as absent. */
  ghost?: true;
  /** How it is priced and until when it is sent: only while it is intended. */
  intent?: { pricing: Pricing; sendBy: WallMs };
  /** Reserved for a repeated exit, the one with that tag: it counts for nothing before a row shows it. */
  repeats?: string;
  change?: OrderChange;
  /** Since when a change is asked for that no row shows and nobody has refused: over all attempts at it. */
  changeSince?: WallMs;
  /** Steps of its chase, and when the last one was taken. */
  steps: number;
  steppedAt: WallMs | null;
  /** Changes of type or price that were sent, of the broker's 25. */
  modifications: number;
  /** Its conversion into a limit was refused, or not shown in time. */
  conversionRefused?: true;
  /** It shows the best price that it may: there is nothing to change until the market moves. */
  atBest?: true;
  /** Looks in a row that found it there, unfilled, while somebody offered at its price. */
  crossed?: number;
  /** Attempts in a row at another price that found none to be made. */
  priceless?: number;
  /** An activity looks at its price again and again; `over` once it was called off and has not come back. */
  watched?: 'on' | 'over';
  /** A person wants it cancelled. */
  unwanted?: true;
  /** That we have asked for its cancellation: when first and last, and how often. */
  cancelAsked?: { first: WallMs; last: WallMs; times: number };
  /** The same that was not sent, since its replacement had no price. */
  cancelUnpriced?: { last: WallMs; times: number };
  /** Not sent by us: the share of an external order that closed what was ours. `booked` once a person or the rule has settled it. */
  takenFrom?: 'broker' | 'person' | 'transfer';
  booked?: boolean;
  intendedAt: MarketMs;
  updatedAt: MarketMs;
  /** When the look began that the row is of. */
  seenAt: WallMs;
  /** Wall instants: of the send, the first fill, the last change of phase. */
  sentAt: WallMs | null;
  firstFillAt: WallMs | null;
  since: WallMs;
};

/** What a position was entered with, and is guarded by until it is flat. Money in paise. */
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
  /** The worst prices of the entry that the worst loss reckons with; absent for what was opened by command. */
  bounds?: { lowestSell: Paise; highestHedge: Paise };
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

/** A leg is opened on one side and closed on the other. */
export type Leg = { role: LegRole; contract: ContractRef; opens: Side };

export type Position = {
  id: string;
  number: number;
  signal: SignalName | 'manual';
  legs: Leg[];
  plan: PositionPlan;
  enteredOn: IsoDate;
  openedAt: MarketMs;
  closedAt: MarketMs | null;
  /** A signal's entry, while it goes on: the end of the bar that decided it, since and until when it may open. Null once it is over. */
  entry: { decidedAt: MarketMs; until: MarketMs; since: WallMs } | null;
  /** Set once: everything is to be left. A reason of higher precedence replaces one of lower. */
  exit: { reason: ExitReason; askedAt: WallMs } | null;
  /** The journal has it: a run that is lost is gone on with from there. */
  inJournal: boolean;
  /** Handed over by the day before: nothing is sent before the open. */
  carried: boolean;
  /** Units of orders of the days before that nobody has heard the end of: the overnight net settles them. */
  unheard?: { tag: string; units: number }[];
  /** A run that was lost during its entry may have sold what the journal does not have: its hedge is kept until then. */
  keepsHedgeUntil?: WallMs;
  /** The guard that runs; an older one's word counts for nothing. */
  guardEpoch: number;
  /** What goes wrong, for people; null when nothing does. */
  problem: string | null;
};

/** What others have done to a contract of ours. Signed units, + is long. */
export type ExternalFacts = {
  product: string;
  tradingsymbol: string;
  /** F: what they held at the baseline. */
  foreign: number;
  /** External trades up to the baseline, of this date: E is the rest. */
  before: number;
  /** Since when something of ours is held or may fill; null while nothing is: the baseline then moves with what others do. Market time. */
  since: MarketMs | null;
  /** External trades of this date, by trade id. `orderId` and `tag` are whatever their sender had. */
  trades: (Fill & { side: Side; orderId: string; byBroker: boolean })[];
};

/** Calls that changed an order, and what the broker said of them. */
type RateFacts = {
  /** Of the current wall minute, and of the day; seconds are the queue's of the process that sends. */
  minute: { at: number; sent: number };
  day: number;
  /** Until when no order call is made, why, and how many calls in a row have met it. */
  held: { kind: 'address' | 'rate'; until: WallMs; message: string; times: number } | null;
};

/** The part of the day's facts that decides about orders. */
export type ControlFacts = {
  positions: Position[];
  /** Today's orders, by tag. */
  orders: Record<string, Order>;
  /** Orders with fills of the days before, of positions that were carried. */
  carriedOrders: Order[];
  external: ExternalFacts[];
  rates: RateFacts;
  book: {
    /** When a whole book was last read; null before the first. */
    readAt: WallMs | null;
    /** Since when it cannot be read; null while it can. */
    unreadableSince: WallMs | null;
  };
  /** There is a login, and the broker has not ended its session. */
  sessionLives: boolean;
  /** The three switches. */
  noNewRisk: boolean;
  entriesOff: string | null;
  handsOff: { by: string; since: WallMs } | null;
  squaringOff: boolean;
  /** The market has closed: nothing is sent any more. */
  over: boolean;
  /** Positions whose guard sees no believable price, and what it says. */
  blind: Record<string, string>;
  /** Net positions that no trade explains, in words, by contract. */
  unexplained: Record<string, string>;
  /** What goes wrong in the program itself, by where: told until it works again. */
  defects: Record<string, string>;
  /** A run that goes on after one was lost sends nothing before it has read a book, or before that instant; null otherwise. */
  waitsForBook: WallMs | null;
  /** The replayed market runs at 1x, or has no clock of its own. */
  held: boolean;
  timetable: { open: MarketMs; close: MarketMs; lastPlacement: MarketMs } | null;
};

/** Both clocks at the instant of a decision. */
export type Now = { wall: WallMs; market: MarketMs };
