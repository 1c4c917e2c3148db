/** One order from intent to its end: TRADING section 4. Only this file lets anything be sent. */
import { ActivityFailure, ApplicationFailure, condition, sleep } from '@temporalio/workflow';
import {
  type ChangeInput,
  type ChangeResult,
  type FollowInput,
  type OrderIntent,
  type OrderSnapshot,
  SESSION_LOST,
  type SendResult,
} from '../activities/contract.ts';
import type { WallMs } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import { lookInto } from './doubt.ts';
import type { OrderView } from './messages.ts';
import { wordOf } from './order-state.ts';
import { changing, sending, watching, world } from './proxies.ts';

/** An intent that waited longer than this is not sent any more; with the HTTP time-out it ends before the activity's own. */
const SEND_WITHIN_MS = 10_000;
const REFUSED_IP_RETRY_MS = 30_000;

export type Submitted =
  | { kind: 'in_book'; order: OrderView }
  /** `final`: the broker's word on this very order; otherwise it was not even sent, and may be later. */
  | { kind: 'refused'; order: OrderView; message: string; final: boolean }
  | { kind: 'trigger_passed'; order: OrderView }
  | { kind: 'absent'; order: OrderView }
  | { kind: 'halted'; order: OrderView; message: string };

/** The intent without what is made at the moment of sending. */
export type Intended = Omit<OrderIntent, 'sendBy'>;

/**
 * Sends an intent once. Comes back when it is known whether the book has it: that may take 15 s after a doubtful answer.
 * Never sends the same tag twice, and nothing after `sendBy`.
 */
export async function submit(
  day: Day,
  intended: Intended,
  sendBy: WallMs = Date.now() + SEND_WITHIN_MS,
): Promise<Submitted> {
  const order = recordIntent(day, intended);
  const say = `${intended.side} ${intended.quantity} ${intended.contract.tradingsymbol} (${intended.role} ${intended.purpose})`;
  const intent: OrderIntent = { ...intended, sendBy };
  const result = await day.withSession(() => sendOnce(intent, say));
  switch (result.kind) {
    case 'sent':
      order.orderId = result.orderId;
      order.price = result.price;
      order.triggerPrice = result.triggerPrice;
      order.status = 'SENT';
      if (result.touch !== null) order.touch = result.touch;
      day.touchOrder(order);
      day.clearWarning('orders_refused');
      return { kind: 'in_book', order };
    case 'found':
      absorb(day, order, result.order);
      return { kind: 'in_book', order };
    case 'trigger_passed':
      endUnsent(day, order, 'NOT SENT', `the last price ${result.lastPrice / 100} has passed the trigger`);
      return { kind: 'trigger_passed', order };
    case 'too_late':
      endUnsent(day, order, 'NOT SENT', 'it waited too long for a worker');
      return { kind: 'refused', order, message: 'it waited too long for a worker', final: false };
    case 'no_price':
      endUnsent(day, order, 'NOT SENT', result.message);
      return { kind: 'refused', order, message: result.message, final: false };
    case 'ip_refused':
      endUnsent(day, order, 'REFUSED', result.message);
      await sayRefusedHere(day, result.message);
      // Whoever leaves looks again, after the pause, whether and how much may still be sent.
      if (intended.purpose !== 'entry') await pauseRefusedHere(day);
      return { kind: 'refused', order, message: result.message, final: false };
    case 'refused':
      endUnsent(day, order, 'REFUSED', result.message);
      day.log('warn', 'order_refused', `${say}: refused. ${result.message}`);
      return { kind: 'refused', order, message: result.message, final: true };
    case 'doubt':
      return lookInto(day, order, intent, result.message);
  }
}

/** Nothing of ours gets through from this machine: only a person can change that. */
async function sayRefusedHere(day: Day, message: string): Promise<void> {
  const known = day.warnings.some(({ id }) => id === 'orders_refused');
  const text = `Zerodha refuses orders from this machine: "${message}". Add its address on the Kite developer console.`;
  day.warn('orders_refused', 'orders_refused', text, true);
  if (!known) await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
}

async function pauseRefusedHere(day: Day): Promise<void> {
  await condition(() => day.over, REFUSED_IP_RETRY_MS, { summary: 'orders refused from this address: try again' });
}

/** Reads the order until `until` holds, or for `waitMs` of wall time. */
export async function follow(
  day: Day,
  order: OrderView,
  until: FollowInput['until'],
  waitMs: number,
): Promise<OrderSnapshot> {
  const orderId = mustBeKnown(order);
  const snapshot = await day.withSession(() =>
    watching.followOrder.executeWithOptions(
      { summary: `Watching ${order.side} ${order.tradingsymbol} until ${until}` },
      [{ orderId, tag: order.tag, waitMs, until }],
    ),
  );
  absorb(day, order, snapshot);
  return snapshot;
}

/** Cancels and waits until the order is final, however long that takes while the market is open. */
export async function cancelToEnd(day: Day, order: OrderView): Promise<OrderSnapshot> {
  const orderId = mustBeKnown(order);
  for (;;) {
    const snapshot = await day.withSession(() =>
      watching.cancelOrder.executeWithOptions({ summary: `Cancelling ${order.side} ${order.tradingsymbol}` }, [
        { orderId, tag: order.tag },
      ]),
    );
    absorb(day, order, snapshot);
    if (snapshot.state !== 'live' || day.over) return snapshot;
    await sleep(1_000, { summary: 'waiting for the cancellation' });
  }
}

/** Changes an order once. Where this machine's changes are refused, half a minute has passed when it comes back. */
export async function change(day: Day, order: OrderView, input: Omit<ChangeInput, 'orderId'>): Promise<ChangeResult> {
  const orderId = mustBeKnown(order);
  const changed = await day.withSession(async (): Promise<ChangeResult> => {
    try {
      return await changing.changeOrder.executeWithOptions(
        {
          summary: `${input.how === 'to_limit' ? 'Stop into limit' : 'New price'}: ${order.side} ${order.tradingsymbol}`,
        },
        [{ ...input, orderId }],
      );
    } catch (error) {
      if (isSessionLost(error)) throw error;
      return { kind: 'doubt', message: wordsOf(error) };
    }
  });
  if (changed.kind === 'modified') day.clearWarning('orders_refused');
  if (changed.kind === 'ip_refused') {
    await sayRefusedHere(day, changed.message);
    await pauseRefusedHere(day);
  }
  return changed;
}

async function sendOnce(intent: OrderIntent, say: string): Promise<SendResult> {
  try {
    return await sending.sendOrder.executeWithOptions({ summary: say }, [intent]);
  } catch (error) {
    if (isSessionLost(error)) throw error;
    return { kind: 'doubt', message: wordsOf(error) };
  }
}

/** The order in the ledger, before anything is sent. Throws for a tag that was used before. */
export function recordIntent(day: Day, intended: Intended): OrderView {
  const stop = intended.pricing.kind === 'stop' ? intended.pricing : null;
  const order: OrderView = {
    tag: intended.tag,
    orderId: null,
    positionId: intended.positionId,
    role: intended.role,
    purpose: intended.purpose,
    slice: intended.slice,
    tradingsymbol: intended.contract.tradingsymbol,
    side: intended.side,
    product: intended.product,
    quantity: intended.quantity,
    filledQuantity: 0,
    averagePrice: 0,
    orderType: stop ? 'SL' : 'LIMIT',
    price: intended.pricing.kind === 'cross' ? 0 : intended.pricing.price,
    triggerPrice: stop?.triggerPrice ?? 0,
    touch: null,
    status: 'INTENDED',
    statusMessage: null,
    fills: [],
    intendedAt: day.now(),
    updatedAt: day.now(),
  };
  if (day.orders.has(order.tag))
    throw ApplicationFailure.nonRetryable(`tag ${order.tag} was used before`, 'tag_reused');
  day.orders.set(order.tag, order);
  day.touchOrder(order);
  return order;
}

/** Takes over what the broker says of an order. Fills only grow: an older answer never takes one away. */
export function absorb(day: Day, order: OrderView, snapshot: OrderSnapshot): void {
  const before = order.filledQuantity;
  order.orderId = snapshot.orderId;
  order.status = wordOf(snapshot);
  order.statusMessage = snapshot.statusMessage;
  order.orderType = snapshot.orderType;
  order.price = snapshot.price;
  order.triggerPrice = snapshot.triggerPrice;
  const known = new Set(order.fills.map((fill) => fill.tradeId));
  for (const fill of snapshot.fills) if (!known.has(fill.tradeId)) order.fills.push(fill);
  order.filledQuantity = order.fills.reduce((sum, fill) => sum + fill.quantity, 0);
  const value = order.fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0);
  order.averagePrice = order.filledQuantity > 0 ? Math.round(value / order.filledQuantity) : 0;
  day.touchOrder(order);
  if (order.filledQuantity > before) {
    day.log(
      'info',
      'order_filled',
      `${order.side} ${order.filledQuantity} of ${order.quantity} ${order.tradingsymbol} at ${(order.averagePrice / 100).toFixed(2)} (${order.role}, ${purposeOf(order)}).`,
      { tag: order.tag, order_id: order.orderId },
    );
  }
}

/** A resting stop that was turned into a limit is the exit. */
function purposeOf(order: OrderView): string {
  return order.purpose === 'stop' && order.orderType === 'LIMIT' ? 'exit' : order.purpose;
}

export function endUnsent(day: Day, order: OrderView, status: string, message: string): void {
  order.status = status;
  order.statusMessage = message;
  day.touchOrder(order);
}

function mustBeKnown(order: OrderView): string {
  if (order.orderId === null) throw ApplicationFailure.nonRetryable(`${order.tag} has no order id`, 'defect');
  return order.orderId;
}

function isSessionLost(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === SESSION_LOST;
}

function wordsOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
