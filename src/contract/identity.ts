/** What a day is, and where its ids are spelled. */
import type { IsoDate, TradingMode } from '../domain/types.ts';

/** One DATA_DIR serves one mode and account; a replay has numbered runs. */
export type DayIdentity = { mode: TradingMode; account: string; run: number; date: IsoDate };
export type Account = Omit<DayIdentity, 'date'>;

export function dayWorkflowId(day: DayIdentity): string {
  return `day:${day.mode}:${day.account}:${day.run}:${day.date}`;
}

/** Days of a mode and account have a queue of their own: at a shared Temporal server no other worker takes them up. */
export function dayTaskQueue({ mode, account }: Pick<DayIdentity, 'mode' | 'account'>): string {
  return `trading-day:${mode}:${account}`;
}

/** Guards and the book watcher have their own queue and worker: many of them must never starve the exits. */
export function guardTaskQueue(ofDays: string): string {
  return `${ofDays}:guards`;
}

/** Search attributes, registered when the program starts: an unregistered one hangs the workflow. */
export const SEARCH_ATTRIBUTES = {
  TradingDate: 'KEYWORD',
  TradingMode: 'KEYWORD',
  DayState: 'KEYWORD',
  TradingSignal: 'KEYWORD',
  DayResult: 'KEYWORD',
} as const;
