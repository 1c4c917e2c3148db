/** What the simulated days of all test files are put into. */
import { BOOK_PACE, type BookPace } from '../../activities/book-pace.ts';
import { createDayActivities } from '../../activities/index.ts';
import { type Market, openMarket } from '../../src/exchange-simulator/core/market/market.ts';
import type { ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import { loadWorkflowCode, type WorkflowCode } from '../../src/simulation/temporal/workflow-vm.ts';
import { currentProcess, runTime } from '../../src/simulation/virtual-time.ts';
import type { MemoryJournal } from '../../src/simulation/world/journal.ts';
import { World } from '../../src/simulation/world/world.ts';
import { workflowBundle } from '../../src/temporal/bundle.ts';
import type { DayOptions } from './stage.ts';

/** The broker's clients give up so soon, as in the days on the time-skipping server. */
const KITE_TIMEOUT_MS = 600;
/** Seldom: a guard that looks ahead needs none, and a bar of our own that was sampled so would be wrong. */
const TICK_MS = 61_000;
/** A feed that hears a tick a minute is not mute. */
export const SELDOM_TICKS = { lookMs: 60_000, muteMs: 86_400_000 };
/** Where nothing happens the book is looked at seldom: what happens in it comes by the ticker. */
export const SELDOM_LOOKS: BookPace = {
  ...BOOK_PACE,
  heartbeatMs: 3_000,
  openMs: 60_000,
  idleMs: 20_000,
  beforeOpenMs: 60_000,
};
/** A tick of a market that stands still tells the price of its minute for all of it: bars of our own would be wrong. */
const NEVER_MS = 86_400_000;
/** No day of a test meets the brokers' limits. */
const LIMITS = {
  ...{ quote: 1_000, historical: 1_000, orders: 1_000, other: 1_000, ordersPerMinute: 100_000, ordersPerDay: 100_000 },
  ...{ breezePerMinute: 10_000, breezePerDay: 100_000 },
};

let code: WorkflowCode | null = null;
const markets = new Map<string, Market>();
const began = new Map<string, number>();

export async function workflowCode(): Promise<WorkflowCode> {
  const { codePath } = await workflowBundle();
  code ??= loadWorkflowCode(codePath, Object.keys(createDayActivities({} as never)));
  return code;
}

/** The same market again for the same candles. A book on disk stays in the market in which its first day began. */
export async function marketOf(asked: ExchangeOptions & { at: number }): Promise<Market> {
  const { dataDir = '' } = asked;
  if (dataDir && !began.has(dataDir)) began.set(dataDir, asked.at);
  const options = { ...asked, at: began.get(dataDir) ?? asked.at };
  const key = JSON.stringify([options.candles, options.from, options.to, options.seed, options.at]);
  const known = markets.get(key);
  if (known) return known;
  const market = await openMarket({ ...options, seed: options.seed ?? 1 });
  markets.set(key, market);
  return market;
}

/** Temporal and the journal take no time here, the brokers a millisecond a way. Days that share a book must not share a seed: their tokens. */
export function openWorld(
  exchange: ExchangeOptions & { at: number },
  options: DayOptions & { journal: MemoryJournal; seed: number },
): Promise<World> {
  const { journal, seed, onCommands, suggestNewRunAt } = options;
  const tickMs = options.stillMinutes ? NEVER_MS : TICK_MS;
  const none = [0, 0] as const;
  return World.open({
    ...{ seed, exchange, journal, limits: LIMITS, kiteTimeoutMs: options.kiteTimeoutMs ?? KITE_TIMEOUT_MS },
    latencies: { temporal: { dispatch: none, task: none, report: none }, kite: [1, 1], breeze: [1, 1], journal: none },
    tickPace: { fastMs: options.realGuard ? 1_000 : tickMs, slowMs: tickMs },
    ...(onCommands ? { onCommands } : {}),
    ...(suggestNewRunAt === undefined ? {} : { suggestNewRunAt }),
  });
}

let passing: Promise<unknown> | null = null;

/**
 * Lets time pass for those who wait, one after the other: what is asked at once is asked before any of it passes. What waits within an
 * activity is part of what passes already.
 */
export async function pass(done: () => boolean, limit: number): Promise<boolean> {
  while (passing !== null) await passing;
  const run = runTime(done, limit);
  passing = run.catch(() => undefined);
  try {
    return await run;
  } finally {
    passing = null;
  }
}

export const isWithinActivity = (): boolean => currentProcess() !== null;
