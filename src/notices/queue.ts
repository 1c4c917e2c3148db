/** Notices that no channel has taken yet, in the order in which they were sent. What a later one of its page makes needless goes with that one. */
import type { KeptNotice, Notice } from '../contract/notices.ts';
import { istTime } from '../domain/clock.ts';

export type Waiting = KeptNotice & {
  /** Earlier notices of the same page that this one stands for, oldest first. */
  carries: Waiting[];
  isSaved: boolean;
  /** Not before the journal was asked whether another process has delivered it. */
  isReady: boolean;
  isLogged: boolean;
  onDelivered(at: number): void;
};

const pageOf = ({ cause, subject, since }: Notice) => JSON.stringify([cause, subject, since]);

/**
 * Merges the notices of each page that still wait into its newest one. A page that ended before anybody heard of it is one message so, and
 * its repetitions are not sent one after the other once the receiver is back.
 */
export function fold(waiting: readonly Waiting[]): Waiting[] {
  const kept: Waiting[] = [];
  for (const entry of waiting) {
    const earlier = supersedes(entry.notice)
      ? kept.findIndex(({ notice }) => notice.kind !== 'ended' && isOfPage(notice, entry.notice))
      : -1;
    const [absorbed] = earlier < 0 ? [] : kept.splice(earlier, 1);
    if (absorbed) {
      entry.carries = [...absorbed.carries, absorbed, ...entry.carries];
      absorbed.carries = [];
    }
    kept.push(entry);
  }
  return kept;
}

const supersedes = ({ kind }: Notice) => kind === 'repeated' || kind === 'ended';
const isOfPage = (one: Notice, other: Notice) => one.kind !== 'told' && pageOf(one) === pageOf(other);

/** What is sent for an entry: its own notice, and in words what it stands for. */
export function messageOf({ notice, carries }: Waiting): Notice {
  const first = carries.find(({ notice: { kind } }) => kind === 'raised')?.notice;
  if (!first) return notice;
  // The receiver hears of the page for the first time.
  if (notice.kind === 'repeated') return { ...notice, kind: 'raised' };
  return { ...notice, text: `${first.text} Over since ${istTime(notice.at)}: ${notice.text}` };
}
