/** What of a look is news to a day that knows what its cursor says. Pure: the same look and cursor give the same news. */

import { isBrokerSquareOff } from '../control/broker-square-off.ts';
import { bucketOf, bucketsNotMadeOf, bucketsOf, bucketsThatDiffer, entryOf, missingFrom } from '../control/sketch.ts';
import { isTagOf } from '../tags.ts';
import type { IsoDate } from '../types.ts';
import type { BookCursor, BookNews, BookRow, ExternalTrade } from './book.ts';
import { fillsPart, materialOf } from './cursor.ts';
import { type DoubtWatch, idEntries, type Look, type OvernightWatch, overnightNews, type ShownIds } from './look.ts';

export type Watched = {
  identity: { run: number; date: IsoDate };
  cursor: BookCursor;
  contracts: readonly { tradingsymbol: string; product: string }[];
};

/** What one process remembers of a date beside the cursor. */
export type Memory = {
  shown: ShownIds;
  /** Orders that had ended by the ticker's word before the look began, by their ids. */
  ended: ReadonlyMap<string, BookRow>;
  /** Materials that an activity of this process has just returned, by order id: on their way to the day, so no news. */
  told: ReadonlyMap<string, string>;
  doubts: ReadonlyMap<string, DoubtWatch>;
  overnight: OvernightWatch | null;
};

type News = Extract<BookNews, { kind: 'news' }>;

/** Null when nothing is news. */
export function newsIn(look: Look, watched: Watched, memory: Memory): News | null {
  const { cursor } = watched;
  const newIds = bucketsThatDiffer(cursor.seen, idEntries(look));
  const isNewId = ({ orderId }: BookRow) => newIds.has(bucketOf(orderId, bucketsOf(cursor.seen)));
  const news: News = {
    kind: 'news',
    at: look.beganWall,
    rows: newRows(withHeard(look, memory), watched, memory),
    externalTrades: newTrades(look, watched, memory),
    squareOffOrders: squareOffOrders(look, watched).filter(isNewId),
    absent: cursor.doubts.flatMap(({ tag, held }) => (!held && memory.doubts.get(tag)?.absent ? [tag] : [])),
    overnight: overnightNews(memory.overnight, cursor.overnight),
    ids: look.orders.filter(isNewId).map(({ orderId }) => orderId),
  };
  const { rows, externalTrades, squareOffOrders: orders, absent, overnight } = news;
  const isNews = rows.length + externalTrades.length + orders.length + absent.length > 0 || overnight !== null;
  return isNews ? news : null;
}

const isOurs = ({ tag }: { tag: string | null }, { identity }: Watched): boolean =>
  tag !== null && isTagOf(tag, identity);

function newRows(look: Look, watched: Watched, memory: Memory): BookRow[] {
  const { cursor } = watched;
  const questioned = new Set([...cursor.doubts.map(({ tag }) => tag), ...cursor.absent]);
  const ended = newlyEnded(look, watched, memory);
  const isNews = (row: BookRow): boolean => {
    const material = materialOf(row);
    const told = memory.told.get(row.orderId);
    const known = cursor.live[row.orderId];
    if (row.phase === 'pending') {
      // Nobody is told of an interim state, but of what was filled in one.
      if (told !== undefined && fillsPart(told) === fillsPart(material)) return false;
      return known === undefined ? row.filledQuantity > 0 : fillsPart(known) !== fillsPart(material);
    }
    if (told === material || known === material) return false;
    return known !== undefined || row.phase !== 'ended' || ended.has(row.orderId);
  };
  return look.orders.filter(
    (row) => (row.tag !== null && questioned.has(row.tag)) || (isOurs(row, watched) && isNews(row)),
  );
}

/** A list that leaves out what has ended says nothing of it: the ticker has. */
function withHeard(look: Look, { ended }: Memory): Look {
  const listed = new Set(look.orders.map(({ orderId }) => orderId));
  return { ...look, orders: [...look.orders, ...[...ended.values()].filter(({ orderId }) => !listed.has(orderId))] };
}

/**
 * Ids of ended rows, not known as live, in buckets that are not the cursor's. A bucket of which a known order is missing in this look would
 * differ for as long as the list is incomplete: it says nothing.
 */
function newlyEnded(look: Look, watched: Watched, memory: Memory): Set<string> {
  const { cursor } = watched;
  const buckets = bucketsOf(cursor.ended);
  const rows = look.orders.filter(
    (row) => row.phase === 'ended' && isOurs(row, watched) && cursor.live[row.orderId] === undefined,
  );
  const entries = rows.map((row) => ({ ...entryOf(row.orderId, materialOf(row)), told: isTold(row, memory) }));
  // What was told just now may or may not be in the cursor already.
  const differ = bucketsNotMadeOf(
    cursor.ended,
    entries.filter(({ told }) => !told),
    entries.filter(({ told }) => told),
  );
  const lost = lostBuckets(look, cursor, memory, buckets);
  const isNew = (bucket: number) => differ.has(bucket) && !lost.has(bucket);
  return new Set(entries.filter(({ id }) => isNew(bucketOf(id, buckets))).map(({ id }) => id));
}

const isTold = (row: BookRow, { told }: Memory): boolean => told.get(row.orderId) === materialOf(row);

function lostBuckets(look: Look, cursor: BookCursor, { shown }: Memory, buckets: number): Set<number> {
  const listed = new Set(look.orders.map(({ orderId }) => orderId));
  const lost = [...shown.keys()].filter((id) => !listed.has(id)).map((id) => bucketOf(id, buckets));
  // Sketches of one cursor have as many buckets.
  return new Set([...lost, ...(bucketsOf(cursor.seen) === buckets ? missingFrom(cursor.seen, listed) : [])]);
}

/** Trades of other people's orders. One whose order is not listed belongs to nobody yet. */
function newTrades(look: Look, watched: Watched, { shown }: Memory): ExternalTrade[] {
  const { cursor, contracts, identity } = watched;
  const rows = new Map(look.orders.map((row) => [row.orderId, row]));
  const theirs = (look.trades ?? []).flatMap((trade): ExternalTrade[] => {
    if (!isWatched(trade, contracts)) return [];
    const row = rows.get(trade.orderId);
    const tag = row ? row.tag : shown.get(trade.orderId);
    if (tag === undefined || isOurs({ tag }, watched)) return [];
    return [{ ...trade, tag, byBroker: row !== undefined && isBrokerSquareOff(row, identity.date) }];
  });
  const differ = bucketsThatDiffer(
    cursor.external,
    theirs.map(({ tradeId }) => entryOf(tradeId)),
  );
  return theirs.filter(({ tradeId }) => differ.has(bucketOf(tradeId, bucketsOf(cursor.external))));
}

function squareOffOrders(look: Look, { contracts, identity }: Watched): BookRow[] {
  return look.orders.filter(
    (row) => row.phase !== 'ended' && isWatched(row, contracts) && isBrokerSquareOff(row, identity.date),
  );
}

function isWatched(of: { tradingsymbol: string; product: string }, contracts: Watched['contracts']): boolean {
  return contracts.some(({ tradingsymbol, product }) => tradingsymbol === of.tradingsymbol && product === of.product);
}
