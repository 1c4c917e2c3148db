/** What the Kite adapter makes of the exchange's rows: the same values as over HTTP, without the text between (test/simulation/kite.test.ts). */
import type {
  BrokerOrder,
  BrokerPosition,
  BrokerTrade,
  DepthLevel,
  NewOrder,
  OrderState,
  Quote,
} from '../../brokers/types.ts';
import type { Paise } from '../../domain/types.ts';
import type { Exchange, SimLevel, SimOrder, SimOrderRequest } from '../../exchange-simulator/core/types.ts';
import { rupees } from '../../exchange-simulator/wire/format.ts';

const FINAL: Readonly<Record<string, OrderState>> = {
  COMPLETE: 'complete',
  CANCELLED: 'cancelled',
  REJECTED: 'rejected',
};

/** An average goes over the wire in rupees: half a paisa may come back on either side. */
const averaged = (paise: number): Paise => Math.round(rupees(paise) * 100);

/** Kite writes seconds. */
export const inSeconds = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

export function brokerOrder(order: SimOrder): BrokerOrder {
  return {
    orderId: order.orderId,
    tag: order.tag || null,
    tradingsymbol: order.tradingsymbol,
    exchange: order.exchange,
    side: order.side,
    product: order.product,
    orderType: order.orderType,
    status: order.status,
    state: FINAL[order.status] ?? 'live',
    statusMessage: order.statusMessage || null,
    quantity: order.quantity,
    filledQuantity: order.filledQuantity,
    pendingQuantity: order.pendingQuantity,
    price: order.price,
    triggerPrice: order.triggerPrice,
    averagePrice: averaged(order.averagePrice),
    placedAt: inSeconds(order.placedAt),
    updatedAt: order.exchangeAt === null ? null : inSeconds(order.updatedAt),
  };
}

export function historyOf(order: SimOrder): BrokerOrder[] {
  return order.history.map(({ at, ...changed }) => ({
    ...brokerOrder({ ...order, ...changed, updatedAt: at }),
    placedAt: inSeconds(at),
  }));
}

export function tradesOf(orders: readonly SimOrder[]): BrokerTrade[] {
  return orders.flatMap(({ orderId, tradingsymbol, side, product, fills }) =>
    fills.map(({ tradeId, quantity, price, at }) => ({
      tradeId,
      orderId,
      tradingsymbol,
      side,
      product,
      quantity,
      price,
      at: inSeconds(at),
    })),
  );
}

export function positionsOf(exchange: Exchange): { net: BrokerPosition[]; day: BrokerPosition[] } {
  const all = exchange.positions();
  const average = (quantity: number, bought: [number, number], sold: [number, number]) => {
    const [value, units] = quantity > 0 ? bought : sold;
    return quantity === 0 || units === 0 ? 0 : averaged(value / units);
  };
  return {
    net: all.map(({ tradingsymbol, product, quantity, ...row }) => ({
      ...{ tradingsymbol, product, quantity },
      averagePrice: average(quantity, [row.buyValue, row.buyQuantity], [row.sellValue, row.sellQuantity]),
    })),
    day: all
      .filter((row) => row.dayBuyQuantity + row.daySellQuantity > 0)
      .map(({ tradingsymbol, product, ...row }) => {
        const quantity = row.dayBuyQuantity - row.daySellQuantity;
        const bought: [number, number] = [row.dayBuyValue, row.dayBuyQuantity];
        return {
          tradingsymbol,
          product,
          quantity,
          averagePrice: average(quantity, bought, [row.daySellValue, row.daySellQuantity]),
        };
      }),
  };
}

const levels = (of: readonly SimLevel[]): DepthLevel[] =>
  of
    .slice(0, 5)
    .filter(({ price, quantity }) => price > 0 && quantity > 0)
    .map(({ price, quantity }) => ({ price, quantity }));

export function quotesOf(exchange: Exchange, keys: readonly string[]): Map<string, Quote> {
  const quotes = new Map<string, Quote>();
  for (const key of keys) {
    const colon = key.indexOf(':');
    const instrument =
      colon < 0 ? exchange.findToken(Number(key)) : exchange.find(key.slice(0, colon), key.slice(colon + 1));
    const touch = instrument && exchange.touch(instrument);
    if (!instrument || !touch) continue;
    quotes.set(key, {
      instrumentToken: instrument.instrumentToken,
      lastPrice: touch.lastPrice,
      bids: levels(touch.depth.bids),
      asks: levels(touch.depth.asks),
      at: inSeconds(touch.at),
      lowerCircuit: touch.lowerCircuit,
      upperCircuit: touch.upperCircuit,
    });
  }
  return quotes;
}

/** As the adapter's form would be read at the other end. */
export function requestOf(order: Omit<NewOrder, 'tag'> & { tag?: string }): SimOrderRequest {
  const unpriced = order.orderType === 'MARKET' || order.orderType === 'SL-M';
  return {
    variety: 'regular',
    exchange: order.exchange,
    tradingsymbol: order.tradingsymbol,
    side: order.side,
    orderType: order.orderType,
    product: order.product,
    validity: 'DAY',
    quantity: order.quantity,
    price: order.price ?? 0,
    triggerPrice: order.triggerPrice ?? 0,
    disclosedQuantity: 0,
    marketProtection: unpriced ? -1 : null,
    tag: order.tag ?? null,
  };
}
