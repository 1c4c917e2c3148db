/** The only code of the day that sends, changes or cancels an order. Each call answers what is known, never what is hoped. */
import { ApplicationFailure } from '@temporalio/common';
import { isNoLongerWanted } from '../src/brokers/kite-errors.ts';
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { KiteSession } from '../src/brokers/types.ts';
import {
  type ChangeInput,
  type ChangeResult,
  type DayActivities,
  type OrderIntent,
  SESSION_LOST,
  type SendOutcome,
} from '../src/contract/activities.ts';
import type { BookRow } from '../src/domain/book/book.ts';
import { lostRow } from '../src/domain/book/look.ts';
import { istDate } from '../src/domain/clock.ts';
import { isTagOf } from '../src/domain/tags.ts';
import { BrokerError } from '../src/errors.ts';
import type { Account } from '../src/journal/types.ts';
import type { Book } from './book.ts';
import type { Deps } from './deps.ts';
import { noteIntent } from './noted-intent.ts';
import { crossing, type PriceDeps, type Priced, priceOf } from './pricing.ts';
import { sendRepeatedly } from './repeated-order.ts';
import { rowWithin } from './row-within.ts';
import { beating, pause, untilNextSecond, within } from './waiting.ts';
import { watched } from './watched-price.ts';

/** An order is sent only within this time of having looked for its tag, and a price is that old at most. Milliseconds. */
const FRESH_MS = 2_000;
const AGAIN_MS = 500;
const BEAT_MS = 1_000;
/** So many looks have to fail before an exit or a stop goes unseen. */
const FAILED_LOOKS = 2;
const ROW_WITHIN_MS = 1_000;
/** The longest pause within one call after a full rate. */
const MOST_SECONDS = 4;

export type OrderDeps = Pick<Deps, 'sessions' | 'feed' | 'book' | 'journal' | 'clock'> & { account: Account };
/** `isGivenUp`: whether the day may have given the call up, and sends another one. */
type Asking = OrderDeps & PriceDeps & { isGivenUp: () => boolean };

export function createOrderActivities(deps: OrderDeps): Pick<DayActivities, 'sendOrder' | 'changeOrder'> {
  const use = <T>(call: (session: KiteSession) => Promise<T>) => deps.sessions.use(deps.account, call);
  const asking = { ...deps, use };
  return {
    sendOrder: (intent) => {
      const { repeats } = intent;
      return beating(BEAT_MS, (isGivenUp) => {
        const attempt = (one: OrderIntent, earlier: readonly string[] = []) => {
          noteIntent(deps, one);
          return orLost(() => send({ ...asking, isGivenUp }, one, earlier));
        };
        if (!repeats) return attempt(intent);
        return sendRepeatedly(deps.book, intent, repeats, { attempt, priority: priorityOf(intent), isGivenUp });
      });
    },
    changeOrder: (input) =>
      beating(BEAT_MS, (isGivenUp) => orLost(() => watched(input, (one) => change({ ...asking, isGivenUp }, one)))),
  };
}

type Lost = { kind: 'session_lost'; number: number };

async function orLost<T>(work: () => Promise<T>): Promise<T | Lost> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.type !== SESSION_LOST) throw error;
    return { kind: 'session_lost', number: Number(error.details?.[0] ?? 0) };
  }
}

type Refusal =
  | { kind: 'address_refused' | 'rate_limited'; message: string }
  | { kind: 'refused'; message: string; busy: boolean }
  | { kind: 'doubt'; message: string }
  | { kind: 'too_late' }
  | { kind: 'again' };

/**
 * What a failed order call means. `again`: nothing was sent, and there is still time. An order call that was not written, or met a full second,
 * is made anew; everything else is the workflow's to judge.
 */
async function judge(error: unknown, sendBy: number, tries: number, isOnce = false): Promise<Refusal> {
  if (!(error instanceof BrokerError)) throw error;
  const { kind, message } = error;
  if (isNoLongerWanted(error)) return Date.now() > sendBy ? { kind: 'too_late' } : { kind: 'again' };
  if (kind === 'rate_limited') {
    if (isOnce) return { kind: 'rate_limited', message };
    await untilNextSecond();
    // One that stays full is asked less and less often: each attempt is one of the account's day.
    await pause(Math.min(2 ** (tries - 1) - 1, MOST_SECONDS) * 1_000);
    return Date.now() > sendBy ? { kind: 'rate_limited', message } : { kind: 'again' };
  }
  if (error.details?.not_sent === true) {
    await pause(AGAIN_MS);
    return Date.now() > sendBy ? { kind: 'too_late' } : { kind: 'again' };
  }
  if (kind === 'ip_refused') return { kind: 'address_refused', message };
  if (kind === 'token') throw error;
  if (kind !== 'refused') return { kind: 'doubt', message };
  return { kind, message, busy: error.details?.rule === 'being_processed' };
}

/** True while a reading is fresh by both clocks: a machine that was suspended has only the wall clock to show it. */
function isFresh({ beganMono, beganWall }: { beganMono: number; beganWall: number }): boolean {
  const elapsed = [performance.now() - beganMono, Math.abs(Date.now() - beganWall)];
  return Math.max(...elapsed) <= FRESH_MS;
}

const reading = () => ({ beganMono: performance.now(), beganWall: Date.now() });

/** `earlier` tags stand for the same order: where one of them shows after all, nothing is sent. */
async function send(deps: Asking, intent: OrderIntent, earlier: readonly string[]): Promise<SendOutcome> {
  const { sendBy } = intent;
  const priority = priorityOf(intent);
  for (let failed = 0, tries = 1; ; ) {
    if (Date.now() > sendBy || deps.isGivenUp()) return { kind: 'too_late' };
    // Priced before the look: a quote may have to wait its turn, and the look has to be fresh.
    const priced = await priceOf(deps, { ...intent, priority });
    const pricedAt = reading();
    // Looks that failed may have taken as long as a price is fresh: it goes by a new one.
    const isUnseen = intent.mayGoUnseen && failed >= FAILED_LOOKS;
    const looked = isUnseen
      ? ({ kind: 'unseen', ...pricedAt } as const)
      : await lookFor(deps, [intent.tag, ...earlier], priority);
    if (looked.kind === 'found') return { kind: 'found', row: told(deps, looked.row) };
    if (priced.kind !== 'priced') return priced;
    if (looked.kind === 'absent' && isOvertaken(looked.orders, intent)) return { kind: 'overtaken' };
    if (looked.kind === 'failed' || (looked.kind === 'absent' && !isWhole(looked.orders, intent, deps.book))) {
      failed += 1;
      await pause(AGAIN_MS);
      continue;
    }
    const isStillWanted = () =>
      Date.now() <= sendBy && !deps.isGivenUp() && isFresh(looked) && (priced.touch === null || isFresh(pricedAt));
    const answer = await place(deps, intent, priced, { priority, isStillWanted, tries });
    if (answer.kind !== 'again') return answer;
    tries += 1;
  }
}

type Looked =
  | { kind: 'found'; row: BookRow }
  | { kind: 'absent'; beganMono: number; beganWall: number; orders: readonly BookRow[] }
  | { kind: 'failed' };

/** A look that took too long is no look: nothing may be sent after it. */
async function lookFor({ book }: Asking, tags: readonly string[], priority: Priority): Promise<Looked> {
  try {
    const list = await within(FRESH_MS, book.orders(priority));
    if (!list) return { kind: 'failed' };
    const row = list.orders.find((order) => order.tag !== null && tags.includes(order.tag));
    return row ? { kind: 'found', row: await book.withFills(row, priority) } : { ...list, kind: 'absent' };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { kind: 'failed' };
  }
}

/** After a machine was suspended its day decides by what it knew before: the look right before the order knows better. */
function isOvertaken(orders: readonly BookRow[], { identity, product, others = [] }: OrderIntent): boolean {
  return others.some(({ tradingsymbol, side, traded }) => {
    const theirs = orders.filter(
      (row) =>
        row.tradingsymbol === tradingsymbol &&
        row.product === product &&
        // A row of the day before may still be listed in the morning.
        istDate(row.placedAt) === identity.date &&
        (row.tag === null || !isTagOf(row.tag, identity)),
    );
    const shown = theirs.reduce((sum, row) => sum + (row.side === 'BUY' ? row.filledQuantity : -row.filledQuantity), 0);
    return side === 'BUY' ? shown > traded : shown < traded;
  });
}

function isWhole(orders: readonly BookRow[], { seen }: OrderIntent, book: Book): boolean {
  return seen === undefined || lostRow(orders, { seen }, book.memory().shown) === null;
}

type Turn = { priority: Priority; isStillWanted: () => boolean; tries: number };

async function place(
  deps: Asking,
  intent: OrderIntent,
  priced: Extract<Priced, { kind: 'priced' }>,
  { priority, isStillWanted, tries }: Turn,
): Promise<SendOutcome | { kind: 'again' }> {
  const { contract, side, quantity, product, tag, sendBy } = intent;
  const { price, triggerPrice, touch } = priced;
  const order = {
    ...(triggerPrice > 0 ? { triggerPrice } : {}),
    tradingsymbol: contract.tradingsymbol,
    exchange: 'NFO',
    side,
    quantity,
    product,
    orderType: intent.pricing.kind === 'stop' ? 'SL' : 'LIMIT',
    price,
    tag,
  } as const;
  try {
    const { orderId } = await deps.use((session) => session.withPriority(priority).placeOrder(order, isStillWanted));
    deps.book.noteSent();
    const row = await rowWithin(deps, ROW_WITHIN_MS, { orderId, priority, shows: ({ phase }) => phase !== 'pending' });
    return { kind: 'sent', orderId, price, triggerPrice, touch, row: row && told(deps, row) };
  } catch (error) {
    // One of several attempts waits between them instead.
    const refusal = await judge(error, sendBy, tries, intent.repeats !== undefined);
    if (refusal.kind === 'doubt') deps.book.noteSent();
    if (refusal.kind === 'refused') deps.book.circuits.hearRefusal(contract.tradingsymbol, refusal.message);
    return refusal;
  }
}

/** What the workflow is about to know is no news to it. */
function told({ book }: Asking, row: BookRow): BookRow {
  book.tell(row);
  return row;
}

function priorityOf({ purpose, role, side }: OrderIntent): Priority {
  if (purpose === 'exit') return role === 'main' ? 'exit' : 'stop';
  // What is naked is bought back as fast as what is left.
  if (purpose === 'unwind') return side === 'BUY' ? 'exit' : 'stop';
  return purpose === 'stop' ? 'stop' : 'entry';
}

async function change(deps: Asking, input: ChangeInput): Promise<ChangeResult> {
  const { how, sendBy } = input;
  const priority: Priority = how.kind === 'reprice' ? 'entry' : 'exit';
  for (let tries = 1; ; tries += 1) {
    if (Date.now() > sendBy || deps.isGivenUp()) return { kind: 'too_late' };
    const wanted = await wantedChange(deps, input, priority);
    if (wanted.kind !== 'change') return wanted;
    const asked = reading();
    const isStillWanted = () => Date.now() <= sendBy && !deps.isGivenUp() && isFresh(asked);
    const answer = await ask(deps, input, wanted.price, { priority, isStillWanted, tries });
    if (answer.kind !== 'again') return answer;
  }
}

type Wanted = { kind: 'change'; price: number | null } | Extract<ChangeResult, { kind: 'no_price' | 'unchanged' }>;

async function wantedChange(deps: Asking, { how, ...of }: ChangeInput, priority: Priority): Promise<Wanted> {
  if (how.kind === 'cancel') {
    if (!how.onlyIfPriced) return { kind: 'change', price: null };
    const replacement = await crossing(deps, { ...of, priority }, { widen: 0, noWorseThan: null });
    return replacement.kind === 'priced' ? { kind: 'change', price: null } : replacement;
  }
  const priced = await crossing(deps, { ...of, priority }, how);
  if (priced.kind !== 'priced') return priced;
  const { price, offered } = priced;
  const { noWorseThan, shown } = how;
  // A stop becomes a limit also at the price that it shows.
  if (how.kind === 'to_limit' || shown === null) return { kind: 'change', price };
  // A shown price beyond what the exchange accepts now is better than any that it would take: it stays.
  const isWorse = noWorseThan !== null && (of.side === 'BUY' ? price < noWorseThan : price > noWorseThan);
  if (!isWorse && price !== shown) return { kind: 'change', price };
  const crosses = offered !== null && (of.side === 'BUY' ? offered <= shown : offered >= shown);
  return { kind: 'unchanged', price: shown, crossed: crosses ? (how.crossed ?? 0) + 1 : 0 };
}

async function ask(
  deps: Asking,
  { orderId, how, sendBy, contract }: ChangeInput,
  price: number | null,
  { priority, isStillWanted, tries }: Turn,
): Promise<ChangeResult | { kind: 'again' }> {
  try {
    await deps.use((plain) => {
      const session = plain.withPriority(priority);
      if (price === null) return session.cancelOrder(orderId, isStillWanted);
      const changed = how.kind === 'to_limit' ? ({ orderType: 'LIMIT', price, triggerPrice: 0 } as const) : { price };
      return session.modifyOrder(orderId, changed, isStillWanted);
    });
    deps.book.noteSent();
    const isLimit = (row: BookRow) => row.phase === 'working' && row.orderType === 'LIMIT' && row.price === price;
    const shows = (row: BookRow) => row.phase === 'ended' || (price !== null && isLimit(row));
    const row = await rowWithin(deps, ROW_WITHIN_MS, { orderId, priority, shows });
    return { kind: 'sent', price, row: row && told(deps, row) };
  } catch (error) {
    const refusal = await judge(error, sendBy, tries);
    if (refusal.kind === 'doubt') deps.book.noteSent();
    if (refusal.kind !== 'refused') return refusal;
    deps.book.circuits.hearRefusal(contract.tradingsymbol, refusal.message);
    // A refusal is no answer about the order: it may have been filled, or is being processed.
    const row = await rowWithin(deps, ROW_WITHIN_MS, { orderId, priority, shows: () => true });
    return { ...refusal, row: row && told(deps, row) };
  }
}
