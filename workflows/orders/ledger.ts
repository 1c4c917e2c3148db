/**
 * The day's orders: the only place that takes in what the book shows of one, and computes its average. All of it is a join: news may come
 * twice, late and in any order. `intents.ts` mints them, `phases.ts` has what their calls say.
 */
import type { BookRow } from '../../src/domain/book/book.ts';
import type { Fill, Leg, Order, OrderPhase, Position } from '../../src/domain/control/facts.ts';
import { blankOrder } from '../../src/domain/control/new-order.ts';
import { adoptedKey, type OrderTag, parseTag } from '../../src/domain/tags.ts';
import type { Day } from '../day/day.ts';
import { markDoubt, RANK, setPhase, settleAbsent } from './phases.ts';

/**
 * Takes in what a look shows of one of our orders. Answers the order; null for a row that belongs to no position of this day.
 * A row that does not match its intent counts as what it is, beside the intent, which then ends as absent.
 */
export function applyRow(day: Day, row: BookRow, at: number): Order | null {
  const order = orderOfRow(day, row);
  if (!order) return null;
  const before = order.filledQuantity;
  const known = order.phase;
  const words = wordsOf(order);
  order.orderId = row.orderId;
  delete order.intent;
  raisePhase(day, order, row);
  takeFills(order, row);
  if (at >= order.seenAt && !(known === 'ended' && row.phase !== 'ended')) takeWords(order, row, at);
  clearShownChange(order, row);
  standIn(day, order);
  if (order.filledQuantity > before) {
    delete order.crossed;
    tellFill(day, order);
  }
  if (order.phase === 'ended' && known !== 'ended') tellEnd(day, order);
  if (order.phase !== known && known === 'absent') tellGhost(day, order);
  // That a row was seen once more is no news, neither to the loops nor to the journal.
  if (wordsOf(order) !== words) day.touchOrder(order.tag);
  return order;
}

const wordsOf = (order: Order): string => JSON.stringify({ ...order, seenAt: 0 });

/** One of several attempts has got through: it stands for all of them. */
function standIn(day: Day, order: Order): void {
  const whole = order.repeats === undefined ? undefined : day.facts.orders[order.repeats];
  const refused = order.phase === 'ended' && order.filledQuantity === 0;
  if (whole?.phase === 'in_flight' && !refused) setPhase(whole, 'not_sent');
}

function raisePhase(day: Day, order: Order, row: BookRow): void {
  const phase: OrderPhase = row.phase === 'pending' ? 'accepted' : row.phase;
  if (RANK[phase] <= RANK[order.phase]) return;
  if (order.phase === 'absent') {
    order.ghost = true;
    const position = day.facts.positions.find(({ id }) => id === order.positionId);
    if (position) position.closedAt = null;
  }
  setPhase(order, phase);
}

/** Fills only grow: an older answer takes none away. */
function takeFills(order: Order, row: BookRow): void {
  const isNew = ({ tradeId }: Fill) => !order.fills.some((known) => known.tradeId === tradeId);
  for (const fill of row.fills) if (isNew(fill)) order.fills.push(fill);
  setFills(order, Math.max(order.filledQuantity, row.filledQuantity));
}

/** `least` is what a row says beside its trades. The average is of the trades alone. */
export function setFills(order: Order, least: number): void {
  const traded = order.fills.reduce((sum: number, { quantity }: Fill) => sum + quantity, 0);
  const value = order.fills.reduce((sum: number, { quantity, price }: Fill) => sum + quantity * price, 0);
  order.filledQuantity = Math.max(least, traded);
  order.averagePrice = traded > 0 ? Math.round(value / traded) : 0;
  if (order.filledQuantity > 0) order.firstFillAt ??= Date.now();
}

function takeWords(order: Order, row: BookRow, at: number): void {
  order.seenAt = at;
  order.status = row.status;
  order.statusMessage = row.statusMessage;
  if (row.phase === 'pending') return;
  // A stop that has become a limit does not become a stop again.
  if (order.orderType !== 'LIMIT' && row.orderType === 'LIMIT') order.since = Date.now();
  if (order.orderType !== 'LIMIT' || row.orderType === 'LIMIT') order.orderType = row.orderType;
  order.price = row.price;
  order.triggerPrice = row.triggerPrice;
  // A person may have changed it in Kite: what is missing is protected anew, and what is too much is cancelled.
  order.quantity = Math.max(row.quantity, order.filledQuantity);
}

function clearShownChange(order: Order, row: BookRow): void {
  const { change } = order;
  if (!change || row.phase === 'pending') return;
  const shown =
    row.phase === 'ended' ||
    (change.kind === 'to_limit' && row.orderType === 'LIMIT') ||
    (change.kind === 'reprice' && change.price !== null && row.price === change.price);
  if (!shown) return;
  delete order.changeSince;
  if (!change.inFlight) delete order.change;
}

export function clearEndedChange(order: Order): void {
  if (order.phase !== 'ended') return;
  delete order.change;
  delete order.changeSince;
}

function tellFill(day: Day, order: Order): void {
  const price = order.averagePrice > 0 ? ` at ${(order.averagePrice / 100).toFixed(2)}` : '';
  // A resting stop that was turned into a limit is the exit.
  const purpose = order.purpose === 'stop' && order.orderType === 'LIMIT' ? 'exit' : order.purpose;
  const text = `${order.side} ${order.filledQuantity} of ${order.quantity} ${order.tradingsymbol}${price} (${order.role}, ${purpose}).`;
  day.log('info', 'order_filled', text, { tag: order.tag, order_id: order.orderId });
}

/** Logs a rejection once for each text: an exit that is refused every second would fill the log. */
function tellEnd(day: Day, order: Order): void {
  if (order.status !== 'REJECTED') return;
  const words = `${order.positionId}: ${order.side} ${order.tradingsymbol} rejected: "${order.statusMessage ?? 'no reason given'}"`;
  if (day.facts.rejections.includes(words)) return;
  day.facts.rejections.push(words);
  // A rejected entry may be over for good.
  const then = order.purpose === 'entry' ? '' : ' It is tried again while it is needed.';
  day.log('warn', 'order_rejected', `${words}.${then}`, { tag: order.tag });
}

function tellGhost(day: Day, order: Order): void {
  const text = `${order.tag} (${order.side} ${order.quantity} ${order.tradingsymbol}) is in the book after it was settled as absent. It will be undone.`;
  day.page('late_order', order.positionId, text);
}

function orderOfRow(day: Day, row: BookRow): Order | null {
  const { orders } = day.facts;
  const byId = Object.values(orders).find(
    ({ orderId, takenFrom }) => orderId === row.orderId && takenFrom === undefined,
  );
  if (byId) return byId;
  if (day.facts.dropped.some(({ orderId }) => orderId === row.orderId)) return null;
  if (row.tag === null) return null;
  const known = orders[row.tag];
  if (known && known.orderId === null && matches(known, row)) return known;
  if (known && known.orderId === null) {
    const is = `${row.side} ${row.quantity} ${row.tradingsymbol} ${row.product}`;
    day.page(
      'mismatch',
      known.positionId,
      `Order ${row.orderId} carries our tag ${row.tag}, but it is ${is}. It counts as what it is; look at Kite.`,
    );
    if (known.phase === 'in_flight' || known.phase === 'doubt') {
      markDoubt(day, known, 'another order carries its tag');
      settleAbsent(day, known, 'another order carries its tag');
    }
  }
  return adopt(day, row);
}

function matches(order: Order, row: BookRow): boolean {
  return (
    order.tradingsymbol === row.tradingsymbol &&
    order.side === row.side &&
    order.quantity === row.quantity &&
    order.product === row.product
  );
}

/** An order with a tag of ours that the ledger does not have: it is taken over where it fits a leg of its position. */
function adopt(day: Day, row: BookRow): Order | null {
  const tag = row.tag === null ? null : parseTag(row.tag);
  const position = tag && positionOf(day, tag);
  const leg = position?.legs.find(({ contract }) => contract.tradingsymbol === row.tradingsymbol);
  if (!tag || !position || !leg || row.product !== position.plan.product) {
    const what = `${row.side} ${row.quantity} ${row.tradingsymbol} ${row.product}`;
    const text = `Order ${row.orderId} (${what}) carries our tag ${row.tag}, and no position of this day fits it. Nothing is assumed of it; look at Kite.`;
    if (!day.facts.warnings.some(({ id }) => id === `unknown_order:${row.orderId}`))
      day.page('unknown_order', row.orderId, text);
    day.warn(`unknown_order:${row.orderId}`, 'difference', text, true);
    return null;
  }
  const { role, purpose, slice, attempt } = tag;
  const attempts = `${position.id}:${role}:${purpose}:${slice}`;
  day.facts.attempts[attempts] = Math.max(attempt, day.facts.attempts[attempts] ?? 0);
  const key = day.facts.orders[row.tag ?? ''] ? adoptedKey(row.tag ?? '', row.orderId) : (row.tag ?? row.orderId);
  const order: Order = {
    ...blankOrder(key, day.instant()),
    orderId: row.orderId,
    positionId: position.id,
    role: leg.role,
    purpose,
    slice,
    tradingsymbol: row.tradingsymbol,
    side: row.side,
    product: position.plan.product,
    quantity: row.quantity,
    orderType: row.orderType,
    intendedAt: row.placedAt,
    phase: 'accepted',
  };
  day.facts.orders[key] = order;
  position.closedAt = null;
  const text = `${position.id}: ${row.side} ${row.quantity} ${row.tradingsymbol} (${row.tag}) was not remembered and is taken over.`;
  day.log('alert', 'order_adopted', text);
  return order;
}

function positionOf(day: Day, tag: OrderTag): Position | null {
  const manual = tag.manual === true;
  return (
    day.facts.positions.find(({ number, signal }) => number === tag.position && (signal === 'manual') === manual) ??
    null
  );
}

/** The share of an external order that closed what was ours, or a booking without an order at all. */
export function bookOther(
  day: Day,
  position: Position,
  leg: Leg,
  of: Pick<Order, 'tag' | 'side' | 'quantity' | 'fills' | 'status' | 'statusMessage'> &
    Partial<Pick<Order, 'orderId' | 'takenFrom' | 'booked' | 'purpose' | 'orderType' | 'phase' | 'price'>>,
): Order {
  const order: Order = {
    ...blankOrder(of.tag, day.instant()),
    positionId: position.id,
    role: leg.role,
    purpose: 'exit',
    tradingsymbol: leg.contract.tradingsymbol,
    product: position.plan.product,
    phase: 'ended',
    ...of,
  };
  setFills(order, 0);
  day.facts.orders[of.tag] = order;
  day.touchOrder(of.tag);
  return order;
}
