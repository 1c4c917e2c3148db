/** The book watcher's double: one look, and then quiet until something may happen by itself. Time stands still while an activity lasts. */
import type { Book } from '../../activities/book.ts';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookNews } from '../../src/domain/control/book.ts';
import { type Look, overnightOf } from '../../src/domain/control/look.ts';
import { newsIn } from '../../src/domain/control/news.ts';
import { isTagOf } from '../../src/domain/tags.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';

const BUSY_MS = 1_000;
/** Nothing of ours can fill but what rests: an order call ends its quiet. */
const IDLE_MS = 3_600_000;
const ABSENT_AFTER_MS = 15_000;

/** `now` in both clocks of the day: the machine's own goes another way than the server's. */
export async function lookAtBook(
  input: BookInput,
  book: Book,
  now: { wall: WallMs; market: MarketMs },
): Promise<BookNews> {
  const quiet = (ms: number) => ({ kind: 'quiet', until: Math.min(input.until, now.market + ms) }) as const;
  let seen: Look;
  try {
    seen = await book.look();
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return quiet(BUSY_MS);
  }
  const look: Look = { ...seen, beganWall: now.wall };
  const { cursor, identity } = input;
  const doubts = cursor.doubts.map(({ tag, endedAt }) => {
    const isListed = look.orders.some((row) => row.tag === tag);
    const absent = !isListed && now.wall >= endedAt + ABSENT_AFTER_MS;
    return [tag, { endedAt, heardMono: 0, seenWithout: 0, absent }] as const;
  });
  const value = overnightOf(look);
  const news = newsIn(look, input, {
    ...{ shown: new Map(), told: new Map(), doubts: new Map(doubts) },
    overnight: cursor.overnight === null ? { value, hash: '', firstMono: 0, lastMono: Number.MAX_VALUE } : null,
  });
  if (news) return news;
  const isBusy = look.orders.some(
    ({ tag, phase }) => tag !== null && isTagOf(tag, identity) && phase !== 'ended' && phase !== 'resting',
  );
  return isBusy || cursor.doubts.length > 0 ? quiet(BUSY_MS) : quiet(IDLE_MS);
}
