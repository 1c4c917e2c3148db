/** What scenarios are made of: the contracts of the day, plans, and how the world around them is set. */

import type { Plan } from '../../src/contract/commands.ts';
import type { IsoDate } from '../../src/domain/types.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import type { Command } from '../../src/simulation/temporal/workflow-vm.ts';

/** What S1 sells and buys on 14 July 2025. */
export const MAIN = 'NIFTY2571725000PE';
export const HEDGE = 'NIFTY2571724800PE';
export const MONDAY: IsoDate = '2025-07-14';

export type ScenarioOptions = {
  seed?: number;
  /** When the first day begins, `HH:MM`: somebody logs in and starts trading then. */
  from?: string;
  plan?: Partial<Plan>;
  exchange?: ExchangeOptions;
  /** Between two ticks while something is open. Wall milliseconds. */
  tickMs?: number;
  /**
   * The guard looks as seldom as the ticks come, for hours in which nothing happens. What a scenario is about happens at the true pace, or
   * without a guard.
   */
  coarse?: boolean;
  /** The server suggests a new run from so many events on. */
  suggestNewRunAt?: number;
  /** Hears what the day's workflow tasks ask for. */
  onCommands?: (at: number, commands: readonly Command[]) => void;
};

/** Enough for a thousand lots: limits refuse, not the account. */
export const CASH = 500_000_000_00;
export const LATENCIES = {
  temporal: { dispatch: [1, 6], task: [2, 9], report: [1, 4] },
  kite: [10, 60],
  breeze: [60, 250],
  journal: [1, 8],
} as const;
export const COARSE_MS = 4_000;
export const COARSE = {
  guardPace: { lookMs: 2_000, heartbeatMs: 3_000, quoteLookMs: 4_000 },
  feedPace: { lookMs: 30_000, muteMs: 150_000 },
};

/** Forty lots need larger limits than the default plan's (TRADING section 7). */
export const FORTY_LOTS: Partial<Plan> = {
  numLots: 40,
  maxLossPerTrade: 200_000_00,
  maxLossPerDay: 400_000_00,
  maxCapitalAtRisk: 2_000_000_00,
};
