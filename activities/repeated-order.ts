/** An exit or a stop that has not got through again and again: its next attempts in one activity, so that a day of them stays within its history. */
import { Context } from '@temporalio/activity';
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { OrderIntent, SendOutcome, SendResult } from '../src/contract/activities.ts';
import type { BookRow } from '../src/domain/book/book.ts';
import { doubtsAfter, hearDoubts, isGood } from '../src/domain/book/look.ts';
import type { Book } from './book.ts';
import { pause, within } from './waiting.ts';

const ATTEMPT_WITHIN_MS = 10_000;
/** A doubt's good looks are made then (CONTROL, "The book"); where they were not good, again. */
const LOOKS_AFTER_MS = [3_000, 15_000, 17_000, 19_000, 21_000];
const LOOK_WITHIN_MS = 2_000;

type Repeats = NonNullable<OrderIntent['repeats']>;
/** Sends under the intent's tag, unless the book shows that one or an earlier one. */
type Attempt = (intent: OrderIntent, earlier: readonly string[]) => Promise<SendOutcome>;

/** One attempt after the other, each under its own tag, until one is neither refused outright nor proven absent. */
export async function sendRepeatedly(
  book: Book,
  intent: OrderIntent,
  { tags, pauseMs, stopAt, known }: Repeats,
  { attempt, priority, isGivenUp }: { attempt: Attempt; priority: Priority; isGivenUp: () => boolean },
): Promise<SendResult> {
  const refused: NonNullable<SendResult['refused']> = [];
  const absent: string[] = [];
  for (const tag of tags) {
    if (Date.now() > stopAt || isGivenUp() || Context.current().cancellationSignal.aborted) break;
    const sendBy = Math.min(stopAt, Date.now() + ATTEMPT_WITHIN_MS);
    const outcome = await attempt({ ...intent, tag, sendBy }, absent);
    const failed = refusalIn(outcome);
    if (failed) refused.push({ tag, ...failed });
    else if (outcome.kind === 'found') return { ...outcome, tag: outcome.row.tag ?? tag, refused };
    else if (outcome.kind !== 'doubt') return { ...outcome, tag, refused };
    else {
      const since = Date.now();
      const shown = await settled(book, { tag, since, known, priority });
      if (shown === null) return { ...outcome, since, tag, refused };
      if (shown !== 'absent') return { kind: 'found', row: shown, tag, refused };
      absent.push(tag);
      refused.push({ tag, message: outcome.message, row: null, as: 'absent' });
    }
    // Called off: what was refused so far is still told. After the last one the day waits itself.
    if (tag !== tags.at(-1)) await pause(pauseMs).catch(() => {});
  }
  return { kind: 'too_late', refused };
}

/** What surely came to nothing; null for everything that may stand in the book, or is not this order's alone. */
function refusalIn(outcome: SendOutcome): Omit<NonNullable<SendResult['refused']>[number], 'tag'> | null {
  switch (outcome.kind) {
    case 'refused':
      return { message: outcome.message, row: null, as: 'refused' };
    case 'no_price':
    case 'rate_limited':
      return { message: outcome.message, row: null, as: 'not_sent' };
    case 'too_late':
      return { message: 'the book could not be read in time', row: null, as: 'not_sent' };
    case 'sent':
    case 'found': {
      const { row } = outcome;
      const isRejected = row?.status === 'REJECTED' && row.filledQuantity === 0;
      return isRejected ? { message: row.statusMessage ?? 'rejected', row, as: 'refused' } : null;
    }
    default:
      return null;
  }
}

/** The row of what nobody has answered, or `absent` after two good looks without it; null where neither can be said, or it is called off. */
async function settled(
  book: Book,
  { tag, since, known, priority }: { tag: string; since: number; known: Repeats['known']; priority: Priority },
): Promise<BookRow | 'absent' | null> {
  const heardMono = performance.now();
  let watches = hearDoubts(new Map(), [{ tag, endedAt: since }], heardMono);
  try {
    for (const after of LOOKS_AFTER_MS) {
      await pause(heardMono + after - performance.now());
      const look = await within(
        LOOK_WITHIN_MS,
        book.look().catch(() => null),
      );
      if (!look) continue;
      const row = look.orders.find((order) => order.tag === tag);
      if (row) {
        const whole = await book.withFills(row, priority);
        book.tell(whole);
        return whole;
      }
      if (!isGood(look, known, book.memory().shown)) continue;
      watches = doubtsAfter(watches, look);
      if (watches.get(tag)?.absent) return 'absent';
    }
  } catch {
    // Whatever ends the wait, the order stays in doubt.
  }
  return null;
}
