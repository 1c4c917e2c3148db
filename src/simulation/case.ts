/** A day, or several in a row, of the simulation as data: what a failing day is kept and shrunk as. */

import type { Plan } from '../contract/commands.ts';
import type { ManualOrder } from '../domain/manual-orders.ts';
import type { IsoDate } from '../domain/types.ts';
import type { SimFault } from '../exchange-simulator/core/types.ts';
import type { CallFault } from './world/call-faults.ts';
import type { TickerFault } from './world/ticker.ts';

/** Hourly bars in index points x 100 after the signal of the first day, and of the days after it. */
export type MarketCase = {
  /** What fires on the first day (markets.ts): S1 at 11:15 where absent. */
  signal?: 'S7' | 'S8' | 'S8_EARLY' | 'FRIDAY';
  /** Open, high, low, close of each hour from the signal on; the last one is repeated to the close. Absent: S1's are the recorded ones. */
  hours?: readonly Hour[];
  /** Of the second day, the third …: all their hours. */
  later?: readonly (readonly Hour[])[];
  /** A week without the signal's beginning, from this seed alone. */
  generated?: number;
};
export type Hour = readonly [open: number, high: number, low: number, close: number];

/** What a trigger waits for. Each happens once a case: its first time counts. */
export type Moment =
  | 'signal'
  | 'hedge_leaves'
  | 'hedge_filled'
  | 'main_leaves'
  | 'main_filled'
  | 'stop_leaves'
  | 'stop_rests'
  | 'exit_asked'
  | 'exit_leaves'
  | 'short_closed'
  | 'hedge_exit_leaves'
  | 'doubt'
  /** Its tag is looked for: an order is about to be sent. */
  | 'hedge_looks'
  | 'main_looks'
  | 'exit_looks';

export type When =
  /** Market time of a day of the case, `HH:MM:SS`, the first day unless told otherwise. */
  { at: string; day?: number } | { after: Moment; ms: number };

export type Command =
  | { command: 'login' | 'start' | 'stop' | 'stop_and_close' | 'close_all' | 'acknowledge' | 'cancel_workflow' }
  /** By the number of the position among those that are open. */
  | { command: 'close_position'; which: number }
  /** Commands of one key are one order, however often they arrive. */
  | { command: 'place_order'; key?: string; order: Partial<ManualOrder> & { leg: 'near' | 'far'; lots: number } }
  | { command: 'cancel_orders' };

export type Deed =
  | { do: 'command'; twice?: boolean; of: Command }
  | { do: 'call_fault'; fault: CallFault }
  | { do: 'ticker_fault'; fault: TickerFault & { role?: 'main' | 'hedge' } }
  | { do: 'exchange_fault'; kind: string; fault: SimFault & { role?: 'main' | 'hedge' } }
  /** `opens`: a trade of a person's own, and not only of what is ours. */
  | {
      do: 'external';
      kind: string;
      role: 'main' | 'hedge' | 'other';
      side: 'BUY' | 'SELL';
      lots: number;
      opens?: boolean;
    }
  /** A limit order of a person's that rests far from the market, under NRML. */
  | { do: 'foreign_order'; side: 'BUY' | 'SELL'; lots: number }
  /** SIGKILL; started again after `downMs`. */
  | { do: 'kill'; downMs: number; worker: number }
  /** SIGSTOP, or a laptop that sleeps. */
  | { do: 'stop_process'; ms: number; laptop: boolean; worker: number }
  | { do: 'clock_jump'; ms: number; worker: number }
  | { do: 'evict' }
  /** Somebody terminates the day's workflow; after so long it is opened again, and goes on from the journal. */
  | { do: 'lose_run'; forMs: number }
  /** `forGood`: nobody logs in again on that day. */
  | { do: 'token_death'; forGood?: true }
  | { do: 'journal_away'; ms: number }
  /** Breeze shows the half hour of this market time with so many points x 100 more in its close. */
  | { do: 'breeze_contradicts'; points: number };

export type Event = { when: When; deed: Deed };

export type Case = {
  /** Of latencies, depth, paths inside bars. */
  seed: number;
  dates: readonly IsoDate[];
  /** When the first day's workflow begins, `HH:MM`. */
  from: string;
  market: MarketCase;
  plan: Pick<Plan, 'numLots'> & Partial<Plan>;
  /** What the account has, paise; absent is enough for all. */
  cash?: number;
  /** Its limits may refuse the signal. */
  isTight?: boolean;
  typeChange: 'allow' | 'refuse';
  workers: 1 | 2;
  /** How fine the world moves: at the product's own pace, or coarser so that more days fit into a minute. */
  pace: 'true' | 'coarse' | 'slow';
  /** Looked for by name in a failing day. */
  events: readonly Event[];
};
