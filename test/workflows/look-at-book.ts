/** The book watcher's double: one look, and then quiet until something may happen by itself. Time stands still while an activity lasts. */
import type { Book } from '../../activities/book.ts';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookNews } from '../../src/domain/book/book.ts';
import { type Look, overnightOf } from '../../src/domain/book/look.ts';
import { newsIn } from '../../src/domain/book/news.ts';
import { isTagOf } from '../../src/domain/tags.ts';
import type { MarketMs, WallMs } from '../../src/domain/types.ts';
import { BrokerError } from '../../src/errors.ts';

const BUSY_MS = 1_000;
/** Nothing of ours can fill but what rests: an order call ends its quiet. */
const IDLE_MS = 3_600_000;
const ABSENT_AFTER_MS = 15_000;
const MOST_LOOKS = 5;

const isSettled = ({ orders, trades }: Look): boolean =>
  trades === null ||
  orders.every(
    ({ fills, filledQuantity }) => fills.reduce((sum, { quantity }) => sum + quantity, 0) === filledQuantity,
  );

/** `now` in both clocks of the day: the machine's own goes another way than the server's. */
type Now = { wall: WallMs; market: MarketMs };

export function createBookDouble(book: Book, now: () => Promise<Now> | Now): (input: BookInput) => Promise<BookNews> {
  /** What is seen twice is quiet: what was sent in the instant of a look is there at the next. One that comes early was woken by an order call. */
  let last = { seen: '', until: 0 };
  return async (input) => {
    const at = await now();
    const { news, seen } = await lookAtBook(input, book, at);
    const isQuiet = seen === last.seen && at.market >= last.until;
    last = { seen, until: Math.min(input.until, at.market + (isQuiet ? IDLE_MS : BUSY_MS)) };
    return news ?? { kind: 'quiet', until: last.until };
  };
}

async function lookAtBook(input: BookInput, book: Book, now: Now): Promise<{ news: BookNews | null; seen: string }> {
  let seen: Look;
  try {
    seen = await book.look();
    // Rows and trades are two answers: a fill may be in one of them a moment before the other, as the watcher knows.
    for (let looks = 1; looks < MOST_LOOKS && !isSettled(seen); looks += 1) seen = await book.look();
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { news: null, seen: String(now.market) };
  }
  const look: Look = { ...seen, beganWall: now.wall };
  const { cursor, identity } = input;
  const doubts = cursor.doubts.map(({ tag, endedAt }) => {
    const isListed = look.orders.some((row) => row.tag === tag);
    const absent = !isListed && now.wall >= endedAt + ABSENT_AFTER_MS;
    return [tag, { endedAt, heardMono: 0, held: false, seenWithout: 0, absent }] as const;
  });
  const value = overnightOf(look);
  const news = newsIn(look, input, {
    ...{ shown: new Map(), ended: new Map(), told: new Map(), doubts: new Map(doubts) },
    overnight: cursor.overnight === null ? { value, hash: '', firstMono: 0, lastMono: Number.MAX_VALUE } : null,
  });
  if (news) return { news, seen: '' };
  const isBusy = look.orders.some(
    ({ tag, phase }) => tag !== null && isTagOf(tag, identity) && phase !== 'ended' && phase !== 'resting',
  );
  if (isBusy || cursor.doubts.length > 0) return { news: null, seen: String(now.market) };
  return { news: null, seen: JSON.stringify([cursor, input.open, input.contracts]) };
}
