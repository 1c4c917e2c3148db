/** A manual order is cancelled by command: only what opens, or what a person placed; what protects or closes is left alone. */
import { CancellationScope, setHandler } from '@temporalio/workflow';
import { type CancelOrder, cancelOrderUpdate } from '../../src/contract/commands.ts';
import type { OrderView } from '../../src/contract/ledger.ts';
import type { Order } from '../../src/domain/control/facts.ts';
import { isOver } from '../../src/domain/control/intervals.ts';
import type { Day } from '../day/day.ts';
import { refusal, refuseExpired } from '../refusal.ts';

const CANCELLED_MS = 8_000;

export function listenToCancels(day: Day): void {
  setHandler(cancelOrderUpdate, (command) => CancellationScope.nonCancellable(() => cancelManual(day, command)), {
    validator: (command) => refuseCancel(day, command),
  });
}

function refuseCancel(day: Day, command: CancelOrder): void {
  refuseExpired(command);
  const { orderId } = command;
  const order = find(day, orderId);
  if (!order) throw refusal('unknown_order', `no order ${orderId} of this day: /live/orders lists them`);
  if (isOver(order)) throw refusal('already_final', `order ${orderId} is ${order.status.toLowerCase()} already`);
  const position = day.facts.positions.find(({ id }) => id === order.positionId);
  const manual = position?.signal === 'manual';
  if (order.purpose === 'stop' || (order.purpose !== 'entry' && (!manual || position.exit))) {
    const what = order.purpose === 'stop' ? 'protects' : 'closes';
    throw refusal('protective_order', `order ${orderId} ${what} ${order.positionId}: close the position instead`);
  }
  if (!manual)
    throw refusal(
      'signal_order',
      `order ${orderId} belongs to ${order.positionId} of a signal: close the position instead`,
    );
  if (day.facts.over) throw refusal('day_over', 'the market is closed for today');
  if (day.facts.handsOff) throw refusal('hands_off', 'hands off: nothing is cancelled from here; use Kite');
}

async function cancelManual(day: Day, { orderId, by }: CancelOrder): Promise<OrderView> {
  const order = find(day, orderId);
  const position = day.facts.positions.find(({ id }) => id === order?.positionId);
  if (!order || !position) throw refusal('unknown_order', `no order ${orderId} of this day`);
  day.log(
    'info',
    'manual_cancel',
    `${order.side} ${order.quantity} ${order.tradingsymbol}: cancel asked for by ${by}.`,
  );
  order.unwanted = true;
  day.touchOrder(order.tag);
  const until = Date.now() + CANCELLED_MS;
  await day.until(
    `cancelling ${orderId}`,
    () => isOver(order) || Date.now() >= until,
    () => until,
  );
  return order;
}

function find(day: Day, orderId: string): Order | undefined {
  return Object.values(day.facts.orders).find((order) => order.orderId === orderId && order.takenFrom === undefined);
}
