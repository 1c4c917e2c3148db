/** How often the product and the world of a case look. */
import { BOOK_PACE, type BookPace } from '../../activities/book-pace.ts';
import { GUARD_PACE, type GuardPace } from '../../activities/guard-pace.ts';
import type { FeedPace } from '../market/feed.ts';
import type { Case } from './case.ts';

/**
 * Coarser than the product is: the same code looks less often, so that a minute of the machine holds more days. Ticks stay within the five
 * seconds for which a guard believes them.
 */
type Pace = { guard: GuardPace; book: BookPace; feed: FeedPace; ticks: { fastMs: number; slowMs: number } };
export const PACES: Record<Case['pace'], Pace> = {
  true: {
    guard: GUARD_PACE,
    book: BOOK_PACE,
    feed: { lookMs: 2_000, muteMs: 5_000 },
    ticks: { fastMs: 1_000, slowMs: 4_000 },
  },
  coarse: {
    guard: { lookMs: 1_000, heartbeatMs: 2_000, quoteLookMs: 2_000 },
    book: { ...BOOK_PACE, heartbeatMs: 3_000, busyMs: 2_000, openMs: 4_000, idleMs: 30_000, beforeOpenMs: 60_000 },
    feed: { lookMs: 30_000, muteMs: 150_000 },
    ticks: { fastMs: 3_000, slowMs: 60_000 },
  },
  // Of positions that stay open for hours.
  slow: {
    guard: { lookMs: 2_000, heartbeatMs: 3_000, quoteLookMs: 4_000 },
    book: { ...BOOK_PACE, heartbeatMs: 3_000, busyMs: 3_000, openMs: 8_000, idleMs: 30_000, beforeOpenMs: 60_000 },
    feed: { lookMs: 30_000, muteMs: 150_000 },
    ticks: { fastMs: 4_000, slowMs: 60_000 },
  },
};
