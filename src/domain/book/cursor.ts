/** What the day knows of the book, as the watcher's input: a few kilobytes, however many orders the day has had. */

import type { Fill, Order, OrderPhase } from '../control/facts.ts';
import { entryOf, hashOf, sketchOf, spell } from '../control/sketch.ts';
import type { WallMs } from '../types.ts';
import type { BookCursor, Overnight, RowPhase } from './book.ts';

/** What matters of an order, whether it is a row of the book or a fact of the day. */
export type Material = Pick<
  Order,
  'quantity' | 'filledQuantity' | 'fills' | 'orderType' | 'price' | 'triggerPrice' | 'status'
> & { phase: RowPhase | OrderPhase };

/** Three digits for the fills, three for the state. */
const PART = 3;
const NO_STATE = '---';

/**
 * The hash of what matters of a row: its fills; while it works or rests also type, prices and quantity; once it has ended the broker's word. Interim
 * states have none of their own, so that nobody is told of them; fills count in any state. The same for an order of the day and for the row
 * that the day has it from.
 */
export function materialOf(of: Material): string {
  return fillsPartOf(of) + statePartOf(of);
}

/** The part of a material that hashes the fills. */
export const fillsPart = (material: string): string => material.slice(0, PART);

function fillsPartOf({ filledQuantity, fills }: { filledQuantity: number; fills: readonly Fill[] }): string {
  const units = fills.reduce((sum, fill) => sum + fill.quantity, 0);
  const value = fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0);
  return spell(hashOf(`${filledQuantity}/${units}/${value}`), PART);
}

function statePartOf({ phase, orderType, price, triggerPrice, quantity, status }: Material): string {
  switch (phase) {
    case 'working':
    case 'resting':
      return spell(hashOf(`${phase}/${orderType}/${price}/${triggerPrice}/${quantity}`), PART);
    case 'ended':
      return spell(hashOf(`ended/${status}`), PART);
    default:
      return NO_STATE;
  }
}

/** Of all non-zero holdings, in any order. */
export function overnightHash(overnight: readonly Overnight[]): string {
  const lines = overnight
    .filter(({ quantity }) => quantity !== 0)
    .map(({ product, tradingsymbol, quantity }) => `${product}:${tradingsymbol}:${quantity}`);
  return spell(hashOf(lines.sort().join('\n')), 5);
}

export type KnownOrder = Pick<
  Order,
  | 'tag'
  | 'orderId'
  | 'purpose'
  | 'quantity'
  | 'filledQuantity'
  | 'fills'
  | 'orderType'
  | 'price'
  | 'triggerPrice'
  | 'status'
> &
  Pick<Order, 'phase' | 'since' | 'takenFrom'>;

export type Known = {
  /** The day's orders, second rows of a tag included. Shares of other people's orders are left out here. */
  orders: Iterable<KnownOrder>;
  /** Of the external trades in the contracts that are watched, and of these alone. */
  externalTradeIds: Iterable<string>;
  /** Every order id that a look has ever shown to the day, other people's included. */
  seenOrderIds: Iterable<string>;
  overnight: readonly Overnight[] | null;
  unreadableSince: WallMs | null;
};

/** In bytes of JSON; the contract says 4 KB. */
const MOST_BYTES = 4_000;
const BUCKETS = [8, 16, 32, 64, 128];

/** Sketches have about a bucket an entry, and fewer where the cursor would become too large. */
export function cursorOf(known: Known): BookCursor {
  const ours = [...known.orders].filter(
    ({ takenFrom, purpose }) => takenFrom === undefined && purpose !== 'settlement',
  );
  const live: Record<string, string> = {};
  const ended = new Map<string, string>();
  const seen = new Set(known.seenOrderIds);
  for (const order of ours) {
    if (order.orderId === null) continue;
    // An order that was only accepted has not been in a list yet, nor one that a person then did not find in Kite.
    if (order.phase !== 'accepted' && order.phase !== 'absent') seen.add(order.orderId);
    if (order.phase === 'ended') ended.set(order.orderId, materialOf(order));
    else live[order.orderId] = materialOf(order);
  }
  const external = new Set(known.externalTradeIds);
  const most = Math.max(ended.size, external.size, seen.size);
  const cursorWith = (buckets: number): BookCursor => ({
    live,
    ended: sketchOf(
      [...ended].map(([id, material]) => entryOf(id, material)),
      buckets,
    ),
    external: sketchOf(
      [...external].map((id) => entryOf(id)),
      buckets,
    ),
    seen: sketchOf(
      [...seen].map((id) => entryOf(id)),
      buckets,
    ),
    doubts: ours.flatMap(({ phase, tag, since }) => (phase === 'doubt' ? [{ tag, endedAt: since }] : [])),
    absent: ours.flatMap(({ phase, tag }) => (phase === 'absent' ? [tag] : [])),
    overnight: known.overnight === null ? null : overnightHash(known.overnight),
    unreadableSince: known.unreadableSince,
  });
  const wanted = BUCKETS.filter((_, index) => index === 0 || (BUCKETS[index - 1] ?? 0) < most).reverse();
  for (const buckets of wanted) {
    const cursor = cursorWith(buckets);
    if (JSON.stringify(cursor).length <= MOST_BYTES) return cursor;
  }
  return cursorWith(BUCKETS[0] ?? 1);
}
