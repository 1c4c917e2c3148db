/** One look at the account's book, and what it may prove (CONTROL, "The book"). */

import { entryOf, missingFrom } from '../control/sketch.ts';
import type { WallMs } from '../types.ts';
import type { BookCursor, BookRow, ExternalTrade, Overnight } from './book.ts';
import { overnightHash } from './cursor.ts';

export type BookTrade = Omit<ExternalTrade, 'tag' | 'byBroker'>;

/** Orders always answered; trades and positions are null where they did not. */
export type Look = {
  /** When its first request was made. */
  beganWall: WallMs;
  beganMono: number;
  orders: readonly BookRow[];
  /** The list shows as live what had ended by the ticker's word before the look began: it stands still. */
  isStale?: true;
  trades: readonly BookTrade[] | null;
  net: readonly Overnight[] | null;
};

/** Order ids that this process was shown on this date, with their tags. */
export type ShownIds = ReadonlyMap<string, string | null>;

/** Why a look is not whole, in words; null when it is. A list that has lost a row is evidence of nothing. */
export function flawOf(look: Look, cursor: Pick<BookCursor, 'seen'>, shown: ShownIds): string | null {
  if (look.trades === null) return 'the list of trades could not be read';
  if (look.net === null) return 'the positions could not be read';
  const lost = lostRow(look.orders, cursor, shown);
  if (lost !== null) return lost;
  const listed = new Set(look.orders.map(({ orderId }) => orderId));
  const orphan = look.trades.find(({ orderId }) => !listed.has(orderId));
  if (orphan) return `trade ${orphan.tradeId} belongs to order ${orphan.orderId}, which is not in the list of orders`;
  return null;
}

/** What is known to have been in the list of orders, and is not in this one, in words. */
export function lostRow(
  orders: readonly BookRow[],
  { seen }: Pick<BookCursor, 'seen'>,
  shown: ShownIds,
): string | null {
  const listed = new Set(orders.map(({ orderId }) => orderId));
  const lost = [...shown.keys()].find((id) => !listed.has(id));
  if (lost !== undefined) return `order ${lost} was in the list of orders and is missing`;
  return missingFrom(seen, listed).size > 0 ? 'an order that was in the list of orders is missing' : null;
}

/** Net less all trades of the date, by product and contract. Only of a look that has both. */
export function overnightOf({ net, trades }: Look): Overnight[] {
  const held = new Map<string, Overnight>();
  const add = (product: string, tradingsymbol: string, units: number) => {
    const key = `${product}:${tradingsymbol}`;
    const quantity = (held.get(key)?.quantity ?? 0) + units;
    held.set(key, { tradingsymbol, product, quantity });
  };
  for (const { product, tradingsymbol, quantity } of net ?? []) add(product, tradingsymbol, quantity);
  for (const { product, tradingsymbol, side, quantity } of trades ?? [])
    add(product, tradingsymbol, side === 'BUY' ? -quantity : quantity);
  return [...held.values()].filter(({ quantity }) => quantity !== 0);
}

/** Only a good look proves absence: whole, of now, and the positions are what trades and the night before make of them. */
export function isGood(look: Look, cursor: Pick<BookCursor, 'seen' | 'overnight'>, shown: ShownIds): boolean {
  if (look.isStale) return false;
  if (flawOf(look, cursor, shown) !== null) return false;
  return cursor.overnight === null || overnightHash(overnightOf(look)) === cursor.overnight;
}

/** Order ids of a look by bucket are compared like this everywhere. */
export const idEntries = (look: Look) => look.orders.map(({ orderId }) => entryOf(orderId));

/** A doubt as one process measures it: `heardMono` is when it first heard of it, on its monotonic clock. */
export type DoubtWatch = { endedAt: WallMs; heardMono: number; held: boolean; seenWithout: number; absent: boolean };

const FIRST_AFTER_MS = 3_000;
const SECOND_AFTER_MS = 15_000;

/** Takes up doubts that are new to this process and forgets those that are over. */
export function hearDoubts(
  watches: ReadonlyMap<string, DoubtWatch>,
  doubts: BookCursor['doubts'],
  nowMono: number,
): Map<string, DoubtWatch> {
  return new Map(
    doubts.map(({ tag, endedAt, held = false }) => {
      const known = watches.get(tag);
      // A later request with the same tag is another doubt.
      const same = known !== undefined && known.endedAt >= endedAt;
      const watch = same ? known : { endedAt, heardMono: nowMono, seenWithout: 0, absent: false };
      return [tag, { ...watch, held, ...(held ? { seenWithout: 0, absent: false } : {}) }];
    }),
  );
}

/** What a good look without these tags adds: one that began 3 s after the doubt, and another that began 15 s after it. */
export function doubtsAfter(watches: ReadonlyMap<string, DoubtWatch>, look: Look): Map<string, DoubtWatch> {
  const tags = new Set(look.orders.map(({ tag }) => tag));
  return new Map(
    [...watches].map(([tag, watch]) => {
      const age = look.beganMono - watch.heardMono;
      if (watch.held || tags.has(tag) || look.beganWall < watch.endedAt || age < FIRST_AFTER_MS) return [tag, watch];
      const absent = watch.absent || (watch.seenWithout > 0 && age >= SECOND_AFTER_MS);
      return [tag, { ...watch, seenWithout: watch.seenWithout + 1, absent }];
    }),
  );
}

/** What whole looks say was held overnight, and since when they have said the same. Monotonic milliseconds. */
export type OvernightWatch = { value: Overnight[]; hash: string; firstMono: number; lastMono: number };

const READ_TWICE_MS = 5_000;
const STAYS_MS = 10_000;

/** Of a look without a flaw. */
export function overnightAfter(watch: OvernightWatch | null, look: Look): OvernightWatch {
  const value = overnightOf(look);
  const hash = overnightHash(value);
  if (watch?.hash !== hash) return { value, hash, firstMono: look.beganMono, lastMono: look.beganMono };
  return { ...watch, lastMono: Math.max(watch.lastMono, look.beganMono) };
}

/** What the day is to be told of the night, null when it has it already or it is not settled yet. */
export function overnightNews(watch: OvernightWatch | null, known: string | null): Overnight[] | null {
  if (watch === null || watch.hash === known) return null;
  const held = watch.lastMono - watch.firstMono;
  return held >= (known === null ? READ_TWICE_MS : STAYS_MS) ? watch.value : null;
}
