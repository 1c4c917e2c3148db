/** A day of a test: what it is made of, and what a test can do to it. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { GuardInput, GuardResult } from '../../src/contract/activities.ts';
import type { ClosePosition, PlacedOrder, PlaceOrder, Plan } from '../../src/contract/commands.ts';
import type { DayIdentity } from '../../src/contract/identity.ts';
import type { OrderView } from '../../src/contract/ledger.ts';
import type { DayReport, DayView, PositionView } from '../../src/contract/views.ts';
import type { ManualOrder } from '../../src/domain/manual-orders.ts';
import type { IsoDate, TradingMode } from '../../src/domain/types.ts';
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import type { ExchangeKeys } from '../../src/exchange-simulator/wire/keys.ts';
import type { Journal } from '../../src/journal/types.ts';
import type { Patience } from '../../src/market/candles.ts';
import type { Sealer } from '../../src/platform/secrets.ts';
import type { Composition } from '../../src/runtime/composition.ts';
import type { Execution } from '../../src/simulation/temporal/execution.ts';
import type { Command } from '../../src/simulation/temporal/workflow-vm.ts';
import type { Product, ProductSettings } from '../../src/simulation/world/product.ts';
import type { World } from '../../src/simulation/world/world.ts';

/** What all days of a test file share: Temporal and the journal. */
export type Stage<D extends SharedDay = Day> = {
  journal: Journal;
  startDay(options?: DayOptions): Promise<D>;
  close(): Promise<void>;
};

export type DayOptions = {
  date?: IsoDate;
  from?: string;
  exchange?: ExchangeOptions;
  patience?: Partial<Patience>;
  keys?: ExchangeKeys;
  sealingKey?: Uint8Array;
  mode?: TradingMode;
  /** Whose day it is: its first and only run. Absent, the day is another run of `test`. */
  account?: string;
  /** Whose login is accepted; absent takes any. */
  userId?: string;
  /** After so long the broker's clients give up; absent is soon. Milliseconds. */
  kiteTimeoutMs?: number;
  /** The product's own guard and watch, where time passes as it does for them. */
  realGuard?: boolean;
  /** What a guard answers instead of looking ahead; undefined looks ahead. Its epoch is added. */
  guard?: (input: GuardInput) => GuardAnswer | undefined | Promise<GuardAnswer>;
  /** The market stands still within each minute: whatever happens in it happens at its beginning, however long it takes. */
  stillMinutes?: boolean;
  /** The server suggests a new run from so many events on; in the simulation alone. */
  suggestNewRunAt?: number;
  /** Hears what the day's workflow tasks ask for; in the simulation alone. */
  onCommands?: (at: number, commands: readonly Command[]) => void;
};

type WithoutEpoch<T> = T extends unknown ? Omit<T, 'epoch'> : never;
export type GuardAnswer = WithoutEpoch<GuardResult>;

/** A day, on whichever Temporal. */
export type SharedDay = {
  exchange: Exchange;
  journal: Journal;
  sealer: Sealer;
  parts: Composition;
  identity: DayIdentity;
  workflowId: string;
  /** What the activities log, as JSON and not redacted. */
  lines: string[];
  logIn(requestToken?: string): Promise<void>;
  start(plan?: Partial<Plan>): Promise<void>;
  stop(closePositions?: boolean): Promise<void>;
  closeAll(): Promise<void>;
  acknowledge(ids: string[] | 'all'): Promise<void>;
  closePosition(command: Partial<ClosePosition>): Promise<PositionView>;
  view(): Promise<DayView>;
  /** Lets the market go on to a time of its day, e.g. `12:00`. */
  at(time: string): Promise<void>;
  /** The market goes on to a time while nobody of ours is there: no timer fires until then. */
  missUntil(time: string): Promise<void>;
  /** Looks until it holds. */
  seen(what: string, holds: (view: DayView) => boolean): Promise<DayView>;
  /** Lets the market go on to 11:15, until a position is open and its guard has answered. */
  opened(): Promise<DayView>;
  /** Throws when the day has not ended after so many real milliseconds. */
  result(withinMs?: number): Promise<DayReport>;
  /** All orders of the simulator's own book. */
  book(): SimOrder[];
  close(): Promise<void>;
};

/** What days in the simulation can do besides. */
export type Day = SharedDay & {
  /** A manual order of one lot of the main contract at MARKET, unless told otherwise. */
  placeOrder(order?: Partial<ManualOrder>, command?: Partial<PlaceOrder>): Promise<PlacedOrder>;
  cancelOrder(orderId: string): Promise<OrderView>;
};

export type ReplayedDay = SharedDay & { env: TestWorkflowEnvironment };

/** On one time-skipping server. */
export type ReplayedStage = Stage<ReplayedDay> & { env: TestWorkflowEnvironment };

export type SimulatedStage = Stage<SimulatedDay>;

export type SimulatedDay = Day & {
  world: World;
  product: Product;
  settings: ProductSettings;
  execution: Execution;
  /** Wall time, and the market's. */
  now(): number;
  marketNow(): number;
  /** A person's word on an order in doubt. */
  settle(order: { tag: string; found: boolean }): Promise<void>;
  /** Confirmed by the account's name, unless something else is given. */
  handsOff(on: boolean, confirm?: string): Promise<void>;
  /** Asked for in Temporal's own UI. */
  cancelWorkflow(): Promise<void>;
  /** A command as it is. */
  update(name: string, command: object): Promise<unknown>;
};
