import type { DayIdentity } from '../contract/identity.ts';
import type { DaySoFar, JournalBatch, LogEvent } from '../contract/journal.ts';
import type { HandedOver, OrderView } from '../contract/ledger.ts';
import type { KeptNotice } from '../contract/notices.ts';
import type { DayReport, PositionView } from '../contract/views.ts';
import type { IsoDate, LastPrice, MarketMs, WallMs } from '../domain/types.ts';

export type StoredEvent = LogEvent & { date: IsoDate };

/** A sealed Kite session. `number` grows with each login of the account in this run. */
export type StoredSession = {
  number: number;
  userId: string;
  sealedAccessToken: string;
  since: MarketMs;
  expiresAt: MarketMs;
};

/** What a day left open. `ended`: it has its report, nothing of it changes any more. */
export type OpenAtEnd = {
  date: IsoDate;
  ended: boolean;
  positions: { view: PositionView; handedOver: HandedOver | null }[];
};

export type Account = Pick<DayIdentity, 'mode' | 'account' | 'run'>;

/** What must outlive Temporal's retention. PGlite or PostgreSQL behind it; every write may come twice. */
export interface Journal {
  recordDayOpened(identity: DayIdentity): Promise<void>;
  write(batch: JournalBatch): Promise<void>;
  /** An order that is about to be sent: kept unless the day has written of it. */
  noteIntent(identity: DayIdentity, order: OrderView): Promise<void>;
  saveReport(report: DayReport): Promise<void>;
  report(account: Account, date: IsoDate): Promise<DayReport | null>;
  days(account: Account): Promise<{ date: IsoDate; state: string; result: string | null }[]>;
  events(identity: DayIdentity, limit: number): Promise<StoredEvent[]>;
  orders(identity: DayIdentity): Promise<OrderView[]>;
  positions(identity: DayIdentity): Promise<PositionView[]>;
  /** Whether a resting stop of this account was ever seen as a limit order at the broker. */
  conversionSeen(account: Account): Promise<boolean>;
  /** What a day has written so far; null where it has written nothing. */
  soFar(identity: DayIdentity): Promise<DaySoFar | null>;
  /** Positions that are not closed, of the newest earlier day of this run that had any; null without such a day. */
  handover(account: Account, before: IsoDate): Promise<OpenAtEnd | null>;
  addSession(account: Account, session: Omit<StoredSession, 'number'>): Promise<StoredSession>;
  currentSession(account: Account): Promise<StoredSession | null>;
  saveLastPrices(prices: LastPrice[]): Promise<void>;
  lastPrices(): Promise<LastPrice[]>;
  /**
   * Keeps a notice by its id. A second one of the same id changes nothing but an instant of delivery that was missing. Answers when it was
   * delivered, by any process; null while it waits.
   */
  saveNotice(account: Account, kept: KeptNotice): Promise<WallMs | null>;
  /** Those without an instant of delivery, oldest first. */
  undeliveredNotices(account: Account, limit: number): Promise<KeptNotice[]>;
  /** The newest first. */
  notices(account: Account, limit: number): Promise<KeptNotice[]>;
  /** The replay run that goes on: its number, or the next one. */
  replayRun(account: string): Promise<{ run: number; finished: boolean } | null>;
  startReplayRun(account: string, run: number): Promise<void>;
  finishReplayRun(account: string, run: number): Promise<void>;
  /** Throws where it does not answer, or takes no writes. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
