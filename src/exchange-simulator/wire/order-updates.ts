import { faultNumber } from '../core/faults.ts';
import { type Brokerage, isLasting, type SimOrder } from '../core/types.ts';
import { sha256 } from './checksum.ts';
import { orderRow } from './order-rows.ts';

export type OrderUpdatesOptions = {
  exchange: Pick<Brokerage, 'userId' | 'find' | 'onOrder' | 'takeFault'>;
  /** The app's secret for the checksum, null where only the client knows it: the checksum is empty then. */
  apiSecret: string | null;
  closing: AbortSignal;
  send(message: string): void;
};

/** Tells the ticker's clients of orders, as text frames that carry a postback's payload (K-docs: "WebSocket streaming"). Answers how to stop. */
export function announceOrders({ exchange, apiSecret, closing, send }: OrderUpdatesOptions): () => void {
  const announced = new Map<string, string>();

  const postback = (order: SimOrder, status: string) => {
    const row = orderRow(exchange, order);
    return {
      ...row,
      status,
      user_id: exchange.userId,
      unfilled_quantity: order.pendingQuantity,
      app_id: 1,
      checksum: apiSecret === null ? '' : sha256(order.orderId + row.order_timestamp + apiSecret),
    };
  };

  return exchange.onOrder((order) => {
    if (!isLasting(order.status)) return;
    // A second change in the same live state is a modification or a part fill: Kite calls it UPDATE (K-docs: "Postbacks").
    const repeated = announced.get(order.orderId) === order.status;
    announced.set(order.orderId, order.status);
    if (exchange.takeFault('drop_order_update')) return;
    const data = postback(order, repeated ? 'UPDATE' : order.status);
    const message = JSON.stringify({ type: 'order', id: '', data });
    const late = exchange.takeFault('late_order_update');
    if (!late) return send(message);
    const timer = setTimeout(() => send(message), faultNumber(late, 'ms', 5_000));
    closing.addEventListener('abort', () => clearTimeout(timer));
  });
}
