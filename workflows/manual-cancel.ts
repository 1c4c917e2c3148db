/** Cancelling by hand: what a person ordered, never what protects or closes a position. */
import { condition } from '@temporalio/workflow';
import type { Day } from './day.ts';
import { ManualPosition } from './manual-position.ts';
import type { CancelOrder, OrderView } from './messages.ts';
import { isFinal, isLive } from './order-state.ts';
import { cancelToEnd } from './orders.ts';
import { refusal } from './refusal.ts';

/** The cancellation goes on; where it stands is answered by then. Wall milliseconds. */
const ANSWER_WITHIN_MS = 8_000;

export function refuseCancel(day: Day, { orderId, expiresAt }: CancelOrder): void {
  if (Date.now() > expiresAt)
    throw refusal('expired', 'the command came too late and was not carried out; send it again');
  const order = find(day, orderId);
  if (!order) throw refusal('unknown_order', `no order ${orderId} of this day: /live/orders lists them`);
  if (isFinal(order)) throw refusal('already_final', `order ${orderId} is ${order.status.toLowerCase()} already`);
  const position = day.positions.find(({ id }) => id === order.positionId);
  if (order.purpose === 'stop' || order.purpose === 'exit') {
    const byHand = position instanceof ManualPosition && order.purpose === 'exit' && !position.isLeaving();
    if (byHand) return;
    const what = order.purpose === 'stop' ? 'protects' : 'closes';
    throw refusal('protective_order', `order ${orderId} ${what} ${order.positionId}: close the position instead`);
  }
  if (!(position instanceof ManualPosition))
    throw refusal(
      'signal_order',
      `order ${orderId} belongs to ${order.positionId} of a signal: close the position instead`,
    );
  if (day.over) throw refusal('day_over', 'the market is closed for today');
}

export async function cancelByHand(day: Day, { orderId, by }: CancelOrder): Promise<OrderView> {
  const order = find(day, orderId);
  if (!order) throw refusal('unknown_order', `no order ${orderId} of this day`);
  day.log(
    'info',
    'cancel_by_hand',
    `${order.side} ${order.quantity} ${order.tradingsymbol}: cancel asked for by ${by}.`,
  );
  let done = false;
  const cancelling = async () => {
    if (isLive(order)) await cancelToEnd(day, order);
    const position = day.positions.find(({ id }) => id === order.positionId);
    if (position instanceof ManualPosition) await position.takeFill(order);
  };
  day.beside(
    cancelling().finally(() => {
      done = true;
    }),
  );
  await condition(() => done, ANSWER_WITHIN_MS, { summary: `cancelling ${orderId}` });
  return order;
}

function find(day: Day, orderId: string): OrderView | undefined {
  return [...day.orders.values()].find((order) => order.orderId === orderId && order.takenFrom === undefined);
}
