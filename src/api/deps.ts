import type { Client } from '@temporalio/client';
import type { Breeze, Kite } from '../brokers/types.ts';
import type { Plan } from '../contract/commands.ts';
import type { DayIdentity } from '../contract/identity.ts';
import type { NoticesStatus } from '../contract/notices.ts';
import type { TradingMode } from '../domain/types.ts';
import type { Journal } from '../journal/types.ts';
import type { ClockSource, FeedStatus } from '../market/types.ts';

export type ApiConfig = {
  mode: TradingMode;
  /** What the API is bound to; its name is accepted in `Host`, beside the loopback names. */
  host: string;
  /** Further host names without port, e.g. of a reverse proxy. */
  allowedHosts: readonly string[];
  /** What start-trading takes for the fields that its body leaves out. */
  defaults: Omit<Plan, 'lotSize'>;
};

export type ApiLogger = {
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
};

/** Everything that the API needs from the program that it runs in. */
export type ApiDeps = {
  client: Client;
  /** Mode, account and run of this program, with the market's date of now. */
  identity(): Promise<DayIdentity>;
  journal: Journal;
  kite: Kite;
  breeze: Breeze | null;
  /** Null where the feed runs in another process. */
  feed: { status(): FeedStatus } | null;
  clock: ClockSource;
  sealer: { seal(text: string): string; open(sealed: string): string };
  apiToken: string;
  config: ApiConfig;
  /** Starts the day's workflow unless it runs already. Only called before the day's close, on a trading date. */
  startDay(identity: DayIdentity): Promise<unknown>;
  workerAlive(): Promise<boolean>;
  /** Of this process's notices; where workers are elsewhere, of what the journal keeps. */
  noticesStatus(): Promise<NoticesStatus>;
  /** A sign-in link was used, or opened once more: the terminal shows one that works. */
  offerSignIn(): void;
  logger: ApiLogger;
};
