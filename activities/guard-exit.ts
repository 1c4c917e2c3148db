/** The guard's one modification: it turns the resting stop into the exit, or leaves it all to the position's loop. */
import { Context } from '@temporalio/activity';
import type { KiteSession } from '../src/brokers/types.ts';
import type { GuardInput } from '../src/contract/activities.ts';
import type { BookRow } from '../src/domain/book/book.ts';
import type { Look } from '../src/domain/book/look.ts';
import { isBelievable, type PriceRange, priceProtection, protectedLimit } from '../src/domain/limit-prices.ts';
import { isTagOf, parseTag } from '../src/domain/tags.ts';
import type { Paise } from '../src/domain/types.ts';
import { BrokerError } from '../src/errors.ts';
import { ageOf } from '../src/market/moments.ts';
import type { Believed } from '../src/market/price-sight.ts';
import type { Book } from './book.ts';

/** The packet that decided is not older than this when the request is written, by both clocks. */
const DECIDED_WITHIN_MS = 2_000;
const BOOK_WITHIN_MS = 3_000;
/** Of the broker's 25 modifications of an order guards may use these. */
const GUARD_BUDGET = 8;

/** The account's book as this process read it last, from the book watcher. */
export type GuardBook = {
  /** Null before a whole book was read. */
  newest(): BookSight | null;
  /** Reads it now; null where that fails. */
  look(): Promise<BookSight | null>;
};
/** `ageMs` counts from the beginning of the look, by the clock that says more. */
type BookSight = { ageMs: number; rows: readonly BookRow[] };

/** The process's book as the guards look at it: their looks wait behind no routine one. */
export function sightOf(book: Book): GuardBook {
  const sight = ({ orders, beganMono, beganWall }: Pick<Look, 'orders' | 'beganMono' | 'beganWall'>): BookSight => ({
    ageMs: Math.max(performance.now() - beganMono, Date.now() - beganWall),
    rows: orders,
  });
  return {
    newest() {
      const newest = book.newest();
      return newest && sight(newest.look);
    },
    look: () => book.look('exit').then(sight, () => null),
  };
}

export type StopExit = { sent: boolean; price: Paise | null; note: string };
const left = (note: string): StopExit => ({ sent: false, price: null, note });

export async function turnStopIntoExit(deps: {
  input: GuardInput;
  book: GuardBook;
  touch: Believed | null;
  circuit: PriceRange | null;
  use<T>(call: (session: KiteSession) => Promise<T>): Promise<T>;
}): Promise<StopExit> {
  const { input, book, touch, circuit, use } = deps;
  const { stop, main } = input;
  if (!stop) return left('no stop equals the short');
  if (stop.modifications >= GUARD_BUDGET) return left(`the stop was modified ${stop.modifications} times`);
  const price = touch && exitPrice(touch, circuit, main.contract.tickSize);
  if (!touch || price === null) return left('no fresh price of the short');

  const known = book.newest();
  const seen = known && known.ageMs <= BOOK_WITHIN_MS ? known : await withinTime(book.look(), DECIDED_WITHIN_MS);
  if (!seen || seen.ageMs > BOOK_WITHIN_MS) return left('the book could not be read');
  const readAt = performance.now() - seen.ageMs;
  const against = objection(input, stop, seen.rows, price);
  if (against) return left(against);

  let isWritten = false;
  try {
    return await use(async (session) => {
      // Right before the write: a machine that slept, or a queue, may have made all of the above old.
      if (Context.current().cancellationSignal.aborted) return left('called off');
      if (ageOf(touch.heard) > DECIDED_WITHIN_MS) return left('the price that decided is too old');
      if (performance.now() - readAt > BOOK_WITHIN_MS) return left('the book is too old');
      isWritten = true;
      const isFresh = () =>
        !Context.current().cancellationSignal.aborted &&
        ageOf(touch.heard) <= DECIDED_WITHIN_MS &&
        performance.now() - readAt <= BOOK_WITHIN_MS;
      const change = { orderType: 'LIMIT', price, triggerPrice: 0 } as const;
      await session.withPriority('exit').modifyOrder(stop.orderId, change, isFresh);
      return { sent: true, price, note: 'the stop is the exit' };
    });
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    // Without an answer it may have happened: to the day it counts as a change that is pending.
    const isDoubt = isWritten && error instanceof BrokerError && error.kind === 'doubt' && !error.details?.not_sent;
    return isDoubt ? { sent: true, price, note: `no clear answer: ${words}` } : left(`refused: ${words}`);
  }
}

/**
 * A limit that crosses the ask, inside the day's circuits and the price protection, which is measured from the last price: from the touch
 * where the last price is stale. Without an ask the bid stands in for it. Paise.
 */
export function exitPrice(touch: Omit<Believed, 'heard'>, circuit: PriceRange | null, tick: Paise): Paise | null {
  const far = touch.ask ?? touch.bid;
  if (far === null) return null;
  const reference = isBelievable(far, touch.lastPrice, tick) ? touch.lastPrice : far;
  const upper = circuit && Number.isFinite(circuit.upper) ? circuit.upper : null;
  const range = priceProtection(reference, tick, { lower: circuit?.lower ?? null, upper });
  return protectedLimit({ side: 'BUY', touch: far, widen: 0, tick, range, noWorseThan: null });
}

/**
 * Why the book forbids it, null where the stop rests for exactly what is short by it. The short is what the day knows; the rows of this
 * position may show less, and then something was bought that the day has not heard of.
 */
function objection(
  input: GuardInput,
  stop: NonNullable<GuardInput['stop']>,
  rows: readonly BookRow[],
  price: Paise,
): string | null {
  const { main, product, identity } = input;
  const row = rows.find(({ orderId }) => orderId === stop.orderId);
  if (row?.phase !== 'resting') return `the book shows the stop as ${row?.status ?? 'absent'}`;
  const open = row.quantity - row.filledQuantity;
  if (stop.quantity !== main.quantity || open !== main.quantity || row.quantity !== stop.quantity)
    return `the stop buys ${open}, the short is ${main.quantity}`;

  const here = rows.filter((one) => one.tradingsymbol === main.contract.tradingsymbol && one.product === product);
  const isOurs = ({ tag }: BookRow) => tag !== null && isTagOf(tag, identity);
  const own = here.filter((one) => isOurs(one) && isSamePosition(one.tag, stop.tag));
  const buying = own.find((one) => one.side === 'BUY' && one.orderId !== stop.orderId && one.phase !== 'ended');
  if (buying) return `order ${buying.orderId} buys it back already`;
  // An exchange refuses, or trades, an order that meets one of the same account.
  const crossed = here.find((one) => one.side === 'SELL' && one.phase === 'working' && one.price <= price);
  if (crossed) return `order ${crossed.orderId} sells at ${crossed.price / 100}`;

  const [sold, bought] = [filled(own, 'SELL'), filled(own, 'BUY')];
  const others = here.filter((one) => !isOurs(one));
  // Their buys may have closed ours. Where they closed a short of their own instead, the loop finds that out.
  const closed = Math.max(0, filled(others, 'BUY') - filled(others, 'SELL'));
  // Carried shorts were sold on another day: of them the rows can only show that they became less.
  const short = sold > 0 ? sold - bought - closed : main.quantity - bought - closed;
  return short === main.quantity ? null : `the book shows ${short} short, the day knows ${main.quantity}`;
}

function filled(rows: readonly BookRow[], side: BookRow['side']): number {
  return rows.filter((row) => row.side === side).reduce((sum, row) => sum + row.filledQuantity, 0);
}

function isSamePosition(tag: string | null, as: string): boolean {
  const [one, other] = [tag === null ? null : parseTag(tag), parseTag(as)];
  if (!one || !other) return tag === as;
  return one.position === other.position && one.manual === other.manual && one.role === other.role;
}

async function withinTime<T>(asked: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), ms);
  });
  try {
    return await Promise.race([asked.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}
