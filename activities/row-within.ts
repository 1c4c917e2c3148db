/** Waits for an order's row to show what was just asked for: told by the ticker, or looked at. */
import { CancelledFailure } from '@temporalio/common';
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { BookRow } from '../src/domain/book/book.ts';
import { AppError } from '../src/errors.ts';
import type { Feed } from '../src/market/types.ts';
import { type Book, rowOf } from './book.ts';
import { Nap, within } from './waiting.ts';

/** Where the ticker does not tell of it. */
const LOOK_EACH_MS = 300;
/** What it was filled at is waited for so long beyond: a stop is priced by it. */
const TRADES_WITHIN_MS = 1_000;

type Question = { orderId: string; priority: Priority; shows: (row: BookRow) => boolean };

/** Null when nothing has shown it by then. Never rejects for what a broker does: the order was sent already. */
export async function rowWithin(
  { feed, book }: { feed: Feed; book: Book },
  ms: number,
  { orderId, priority, shows }: Question,
): Promise<BookRow | null> {
  const end = performance.now() + ms;
  const left = () => Math.max(1, end - performance.now());
  const nap = new Nap();
  const found: { row: BookRow | null } = { row: null };
  const see = (row: BookRow | undefined) => {
    if (row?.orderId !== orderId || !shows(row)) return;
    found.row = row;
    nap.wake();
  };
  const unsubscribe = feed.onOrderUpdate((order) => see(rowOf(order, [])));
  try {
    while (found.row === null && performance.now() < end) {
      const list = await within(left(), book.orders(priority).catch(noList));
      see(list?.orders.find((row) => row.orderId === orderId));
      // A worker that shuts down waits no longer, but says that the order was sent.
      if (found.row === null && !(await slept(nap, Math.min(LOOK_EACH_MS, left())))) break;
    }
  } finally {
    unsubscribe();
  }
  const { row } = found;
  return row && ((await within(left() + TRADES_WITHIN_MS, book.withFills(row, priority))) ?? row);
}

async function slept(nap: Nap, ms: number): Promise<boolean> {
  try {
    await nap.sleep(ms);
    return true;
  } catch (error) {
    if (error instanceof CancelledFailure) return false;
    throw error;
  }
}

/** Brokers fail with an AppError, a dead session with an ApplicationFailure: the send's answer is known all the same. */
function noList(error: unknown): null {
  if (error instanceof AppError || (error instanceof Error && error.name === 'ApplicationFailure')) return null;
  throw error;
}
