/** All that a day knows: one plain object, carried from run to run. What is not in here is forgotten when a run continues as new. */

import type { AuthCompleted, DayInput, KeyedOrder, Plan } from '../../src/contract/commands.ts';
import type { DayIdentity } from '../../src/contract/identity.ts';
import type { LogEvent, Switches } from '../../src/contract/journal.ts';
import type { NoticeInput } from '../../src/contract/notices.ts';
import type {
  AuthAttempt,
  CommandAnswer,
  DayReport,
  DecisionView,
  SessionView,
  Timetable,
  Warning,
} from '../../src/contract/views.ts';
import type { Overnight } from '../../src/domain/book/book.ts';
import type { ClockSegments } from '../../src/domain/clock.ts';
import type { ControlFacts } from '../../src/domain/control/facts.ts';
import type { Watched } from '../../src/domain/control/pages-due.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';

export type DayFacts = Omit<ControlFacts, 'timetable'> & {
  identity: DayIdentity;
  /** Of the market; empty where it is the wall clock. */
  clock: ClockSegments;
  timetable: Timetable | null;
  /** Where the day stands: each step is taken once, whatever run it is. */
  step: 'opening' | 'trading' | 'closing' | 'done';
  holiday: string | null;
  entriesAllowedToday: boolean;
  session: SessionView | null;
  authAttempts: AuthAttempt[];
  /** Logins that are not exchanged yet. */
  logins: AuthCompleted[];
  started: boolean;
  plan: Plan | null;
  /** Also what is opened or taken over afterwards is left. */
  closing: Switches['closing'];
  /** Attempts by position, role, purpose and slice: a tag is never spelled twice. */
  attempts: Record<string, number>;
  /** Where attempts begin: beyond all that a lost run may have used. */
  attemptsFrom: number;
  /** The overnight net of the account, once the broker has said it twice alike. */
  overnight: Overnight[] | null;
  /** As it was compared at the open: what differs from it is unexplained. */
  overnightCompared: Overnight[];
  /** It was compared with what was carried: before that nothing new is opened. */
  compared: boolean;
  /** The first pre-flight has ended, however; a replay has none. */
  preflighted: boolean;
  /** Looks of the pre-flight that were made. */
  preflights: number;
  /** What they noted: nothing is said twice. */
  preflightNotes: string[];
  /** Order ids that the broker has ever shown today. */
  seenIds: string[];
  /** Final rows of orders that were dropped from the facts: all that the book's cursor needs of them. */
  dropped: { orderId: string; status: string }[];
  /** Hourly closes that were decided on, and those that index stops still have to be judged by. */
  decided: MarketMs[];
  closesToJudge: { barStart: MarketMs; barEnd: MarketMs }[];
  /** Whether the index at the open was looked at, for what was carried. */
  openJudged: boolean;
  /** When carried contracts were last read from Kite's file; null before that. */
  contractsReadAt: MarketMs | null;
  /** Closes of today that were put among those to judge. */
  closesDue: MarketMs[];
  decisions: DecisionView[];
  warnings: Warning[];
  acknowledged: string[];
  lateness: { what: string; ms: number }[];
  nextCheckAt: MarketMs | null;
  loginRemindedAt: WallMs | null;
  /** Manual orders by their key, so that asking again answers the same order. */
  keys: Record<string, KeyedOrder>;
  commands: number;
  answers: CommandAnswer[];
  watched: Record<string, Watched>;
  /** Notices that were not handed over yet, and the pages that are out. */
  notices: NoticeInput[];
  delivered: Record<string, WallMs | null>;
  journal: {
    logged: number;
    decided: number;
    batches: number;
    events: LogEvent[];
    orders: string[];
    positions: string[];
    /** Something of it is more than an order on its way. */
    urgent: boolean;
    writtenAt: WallMs;
  };
  /** Rejections whose first occurrence was logged, by their words. */
  rejections: string[];
  /** Events of the runs before this one. */
  eventsBefore: number;
  runs: number;
  report: DayReport | null;
};

export function newFacts({ identity, clock }: DayInput): DayFacts {
  return {
    identity,
    clock,
    timetable: null,
    step: 'opening',
    holiday: null,
    entriesAllowedToday: true,
    positions: [],
    orders: {},
    carriedOrders: [],
    external: [],
    rates: { minute: { at: 0, sent: 0 }, day: 0, held: null },
    book: { readAt: null, unreadableSince: null },
    sessionLives: false,
    noNewRisk: true,
    entriesOff: null,
    handsOff: null,
    squaringOff: false,
    over: false,
    blind: {},
    unexplained: {},
    held: clock.length === 0,
    session: null,
    authAttempts: [],
    logins: [],
    started: false,
    plan: null,
    closing: null,
    attempts: {},
    attemptsFrom: 0,
    waitsForBook: null,
    defects: {},
    overnight: null,
    overnightCompared: [],
    compared: false,
    preflighted: identity.mode === 'replay',
    preflights: 0,
    preflightNotes: [],
    seenIds: [],
    dropped: [],
    decided: [],
    closesToJudge: [],
    openJudged: false,
    contractsReadAt: null,
    closesDue: [],
    decisions: [],
    warnings: [],
    acknowledged: [],
    lateness: [],
    nextCheckAt: null,
    loginRemindedAt: null,
    keys: {},
    commands: 0,
    answers: [],
    watched: {},
    notices: [],
    delivered: {},
    journal: { logged: 0, decided: 0, batches: 0, events: [], orders: [], positions: [], urgent: false, writtenAt: 0 },
    rejections: [],
    eventsBefore: 0,
    runs: 1,
    report: null,
  };
}
