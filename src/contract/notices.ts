/** What reaches the owner, from the day's workflow and from the program's watchdog. */
import type { IsoDate, MarketMs, TradingMode, WallMs } from '../domain/types.ts';

/**
 * `raised`: something is wrong from now on. `repeated`: it still is. `ended`: it is not any more. `told`: a message that does not wait for
 * an end.
 */
type NoticeKind = 'raised' | 'repeated' | 'ended' | 'told';

/** What its sender says of it. */
export type NoticeInput = {
  /** The page and the number of its repetition, unique in the account's run: the same id is the same notice, sent once. */
  id: string;
  kind: NoticeKind;
  /** Stable snake_case, such as `day_lost`. With the subject and `since` it tells one page from another. */
  cause: string;
  /** What it is about, such as a position's id. */
  subject: string;
  /** Whole sentences for a person, the number first, then what to do. */
  text: string;
  /** When the cause began. */
  since: MarketMs;
};

export type Notice = NoticeInput & {
  /** When it was sent first. */
  at: MarketMs;
  account: string;
  mode: TradingMode;
  date: IsoDate;
};

/** A notice as the journal keeps it. `deliveredAt` is null until a channel has taken it. */
export type KeptNotice = { notice: Notice; queuedAt: WallMs; deliveredAt: WallMs | null };

export type NoticesStatus = {
  /** Which channels there are beside the log, in the order in which they are tried. */
  channels: string[];
  /** Notices that no channel has taken yet. */
  undelivered: number;
  /** When the oldest of them was sent. */
  oldestAt: MarketMs | null;
  /** The last attempt that failed, until one succeeds. */
  lastError: { channel: string; text: string; at: WallMs } | null;
};

export interface Notices {
  /**
   * Sends a notice at once. A known id is never sent again. Answers when it was delivered; null where that takes longer than five seconds:
   * then it waits in the queue. Never rejects. `date` is today's unless given.
   */
  send(notice: NoticeInput, date?: IsoDate): Promise<{ deliveredAt: WallMs | null }>;
  status(): NoticesStatus;
}
