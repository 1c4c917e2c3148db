import { istTime } from '../../domain/clock.ts';
import type { MarketMs } from '../../domain/types.ts';
import type { Brokerage, SimOrder } from '../core/types.ts';
import { brokerTime, rupees } from './format.ts';

type Naming = Pick<Brokerage, 'userId' | 'find'>;

/** An order as `GET /orders` shows it (K-docs: "Orders"). */
export function orderRow(exchange: Naming, order: SimOrder) {
  const tags = [...(order.tag ? [order.tag] : []), ...(order.marks ?? [])];
  return {
    account_id: exchange.userId,
    placed_by: exchange.userId,
    order_id: order.orderId,
    exchange_order_id: order.exchangeOrderId,
    parent_order_id: null,
    status: order.status,
    status_message: order.statusMessage,
    status_message_raw: order.statusMessage,
    order_timestamp: brokerTime(order.placedAt),
    exchange_update_timestamp: order.exchangeAt === null ? null : brokerTime(order.updatedAt),
    exchange_timestamp: time(order.exchangeAt),
    variety: order.variety,
    modified: order.modifications > 0,
    exchange: order.exchange,
    tradingsymbol: order.tradingsymbol,
    instrument_token: exchange.find(order.exchange, order.tradingsymbol)?.instrumentToken ?? 0,
    order_type: order.orderType,
    transaction_type: order.side,
    validity: order.validity,
    validity_ttl: 0,
    product: order.product,
    quantity: order.quantity,
    disclosed_quantity: order.disclosedQuantity,
    price: rupees(order.price),
    trigger_price: rupees(order.triggerPrice),
    auction_number: null,
    average_price: rupees(order.averagePrice),
    filled_quantity: order.filledQuantity,
    pending_quantity: order.pendingQuantity,
    cancelled_quantity: order.cancelledQuantity,
    market_protection: order.marketProtection ?? 0,
    meta: {},
    tag: order.tag,
    ...(tags.length > 0 ? { tags } : {}),
    guid: 'XXXXXX',
  };
}

/** The states an order went through, oldest first, as `GET /orders/:order_id` lists them. Each event carries all that can change. */
export function historyRows(exchange: Naming, order: SimOrder) {
  return order.history.map(({ at, ...changed }) => ({
    ...orderRow(exchange, { ...order, ...changed, updatedAt: at }),
    order_timestamp: brokerTime(at),
  }));
}

/** The fills of orders as `GET /trades` lists them. Its `order_timestamp` has no date, as Kite's has none. */
export function tradeRows(exchange: Naming, orders: SimOrder[]) {
  return orders.flatMap((order) =>
    order.fills.map((fill) => ({
      trade_id: fill.tradeId,
      order_id: order.orderId,
      exchange: order.exchange,
      tradingsymbol: order.tradingsymbol,
      instrument_token: exchange.find(order.exchange, order.tradingsymbol)?.instrumentToken ?? 0,
      product: order.product,
      average_price: rupees(fill.price),
      quantity: fill.quantity,
      exchange_order_id: order.exchangeOrderId,
      transaction_type: order.side,
      fill_timestamp: brokerTime(fill.at),
      order_timestamp: istTime(order.placedAt),
      exchange_timestamp: brokerTime(fill.at),
    })),
  );
}

function time(ms: MarketMs | null): string | null {
  return ms === null ? null : brokerTime(ms);
}
