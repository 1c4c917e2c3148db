/** The parts that every process of the program is made of: brokers, feed, journal, activities. Wired here, nowhere else. */

import { Book } from '../../activities/book.ts';
import type { BookPace } from '../../activities/book-pace.ts';
import type { Log } from '../../activities/deps.ts';
import type { GuardPace } from '../../activities/guard.ts';
import { type ActivityOptions, createDayActivities, createGuards } from '../../activities/index.ts';
import { createSessions } from '../../activities/session.ts';
import { createBreeze } from '../brokers/breeze.ts';
import type { AskBrokerClock } from '../brokers/broker-clock.ts';
import { createKite } from '../brokers/kite.ts';
import type { Pace } from '../brokers/kite-pace.ts';
import type { Breeze, Kite } from '../brokers/types.ts';
import type { Notices } from '../contract/notices.ts';
import type { Account, Journal } from '../journal/types.ts';
import { createHourlyCandles, type Patience } from '../market/candles.ts';
import { createFeed } from '../market/feed.ts';
import { createInstrumentMaster } from '../market/instruments.ts';
import { keepLastPrices } from '../market/last-prices.ts';
import { type ClockSource, type Feed, NIFTY_TOKEN } from '../market/types.ts';
import { createLoggedNotices } from '../notices/logged.ts';
import type { Sealer } from '../platform/secrets.ts';

/** Where the brokers are, and as whom they are asked. */
export type BrokerAddresses = {
  kite: { apiKey: string; apiSecret: string; root: string; tickerRoot: string; loginUrl: string };
  breeze: { apiKey: string; apiSecret: string; session: string; root: string | null };
  /** Whose login is accepted; null takes any. */
  userId: string | null;
  /** Kite itself, where `kite.root` is the paper exchange before it. */
  clockRoot?: string;
};

export type Composition = {
  kite: Kite;
  breeze: Breeze;
  feed: Feed;
  activities: ActivityOptions;
  day: ReturnType<typeof createDayActivities>;
  guards: ReturnType<typeof createGuards>;
  /** Of the session in use, null before a login. */
  accessToken(): string | null;
  /** Takes up the newest stored login, if there is one: at the start, and wherever other processes exchange logins too. */
  resumeSession(): Promise<void>;
  close(): Promise<void>;
};

type Waits = { kiteTimeoutMs?: number; kitePace?: Pace; candles?: Partial<Patience>; stopBarWithinMs?: number };

/** What a process needs that only reads from the brokers. */
export function createBrokers(
  { kite, breeze }: BrokerAddresses,
  waits: Waits = {},
  log?: Pick<Log, 'warn'>,
): Pick<Composition, 'kite' | 'breeze'> {
  const { root, ...login } = breeze;
  return {
    kite: createKite({
      ...kite,
      ...(waits.kiteTimeoutMs === undefined ? {} : { timeoutMs: waits.kiteTimeoutMs }),
      ...(waits.kitePace === undefined ? {} : { pace: waits.kitePace }),
      ...(log ? { warn: (data, text) => log.warn(data, text) } : {}),
    }),
    breeze: createBreeze({ ...login, ...(root ? { root } : {}) }),
  };
}

/** Where the brokers are; or the brokers and their feed themselves, of which only the account and the clock are asked elsewhere. */
type Outside =
  | { addresses: BrokerAddresses; brokers?: undefined; feed?: undefined }
  | {
      addresses: Pick<BrokerAddresses, 'userId'> & { clockRoot: string };
      brokers: Pick<Composition, 'kite' | 'breeze'>;
      feed: Feed;
    };

type CompositionOptions = Outside & {
  account: Account;
  journal: Journal;
  sealer: Sealer;
  clock: ClockSource;
  log: Log;
  /** To the log alone unless given. */
  notices?: Pick<Notices, 'send'>;
  /** Hears of secrets that come up while running, so that logs leave them out. */
  onSecret(secret: string): void;
  /** False opens no ticker: in a process that serves no guards. */
  watches?: boolean;
  /** How long brokers are waited for, where it is not as long as usual. Wall milliseconds. */
  waits?: Waits;
  /** How often guards look; GUARD_PACE unless given. */
  guardPace?: GuardPace;
  /** How often the book is looked at; BOOK_PACE unless given. */
  bookPace?: BookPace;
  /** How the broker's clock is asked, where it is not by HTTP. */
  askBrokerClock?: AskBrokerClock;
  /** False keeps the newest prices out of the journal: where no other process shows them. */
  keepsLastPrices?: boolean;
};

function openOutside(
  options: CompositionOptions,
): Pick<Composition, 'kite' | 'breeze' | 'feed'> & { clockRoot: string } {
  if (options.brokers) return { ...options.brokers, feed: options.feed, clockRoot: options.addresses.clockRoot };
  const { addresses, clock, log, waits } = options;
  return {
    ...createBrokers(addresses, waits, log),
    feed: createFeed({
      apiKey: addresses.kite.apiKey,
      tickerRoot: addresses.kite.tickerRoot,
      now: Date.now,
      clock,
      warn: (message) => log.warn({}, message),
    }),
    clockRoot: addresses.clockRoot ?? addresses.kite.root,
  };
}

export function createComposition(options: CompositionOptions): Composition {
  const { account, journal, sealer, clock, log, watches = true, waits = {} } = options;
  const { kite, breeze, feed, clockRoot } = openOutside(options);
  // The index is always watched: for our own bars, and so that a mute feed is noticed.
  feed.subscribe([NIFTY_TOKEN]);
  let current: string | null = null;
  const onSession = (accessToken: string) => {
    options.onSecret(accessToken);
    current = accessToken;
    if (watches) feed.use(accessToken);
  };
  const sessions = createSessions({ kite, journal, sealer, onSession, warn: (text) => log.warn({}, text) });
  const prices = options.keepsLastPrices === false ? null : keepLastPrices({ feed, journal, log });
  const activities: ActivityOptions = {
    account,
    kite,
    breeze,
    feed,
    journal,
    sealer,
    clock,
    sessions,
    book: new Book({ account, sessions, feed, clock }),
    notices: options.notices ?? createLoggedNotices({ account, clock, log }),
    log,
    expectedUserId: options.addresses.userId,
    clockRoot,
    watches,
    ...(options.guardPace ? { guardPace: options.guardPace } : {}),
    ...(options.bookPace ? { bookPace: options.bookPace } : {}),
    ...(options.askBrokerClock ? { askBrokerClock: options.askBrokerClock } : {}),
    ...(waits.stopBarWithinMs === undefined ? {} : { stopBarWithinMs: waits.stopBarWithinMs }),
    candles: createHourlyCandles({ breeze, ...(waits.candles ? { patience: waits.candles } : {}) }),
    master: createInstrumentMaster({ session: () => sessions.current(account), now: () => clock.now() }),
  };
  return {
    kite,
    breeze,
    feed,
    activities,
    day: createDayActivities(activities),
    guards: createGuards(activities),
    accessToken: () => current,
    async resumeSession() {
      const stored = await journal.currentSession(account);
      // What died at 06:00 is not shown to the broker again.
      if (stored && stored.expiresAt > clock.now()) await sessions.renew(account);
    },
    async close() {
      await prices?.stop();
      await feed.stop();
    },
  };
}
