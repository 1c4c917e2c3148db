import type { NoticesStatus } from '../contract/notices.ts';
import type { Account, Journal } from '../journal/types.ts';
import type { NoticeChannel } from './channel.ts';

/** More than this many are shown as this many. */
const MOST_COUNTED = 1_000;
/** What a worker has sent a moment ago is under way. Wall milliseconds. */
const UNDER_WAY_MS = 5_000;

/** What a process says of notices that others deliver: the journal's queue. Why an attempt failed is known to its worker alone. */
export async function keptNoticesStatus(
  journal: Pick<Journal, 'undeliveredNotices'>,
  account: Account,
  channels: readonly NoticeChannel[],
): Promise<NoticesStatus> {
  const kept = await journal.undeliveredNotices(account, MOST_COUNTED);
  const waiting = kept.filter(({ queuedAt }) => Date.now() - queuedAt > UNDER_WAY_MS);
  return {
    channels: channels.map(({ name }) => name),
    undelivered: waiting.length,
    oldestAt: waiting[0]?.notice.at ?? null,
    lastError: null,
  };
}
