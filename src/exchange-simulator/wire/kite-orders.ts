import { Hono } from 'hono';
import { concerns, faultNumber } from '../core/faults.ts';
import { type Brokerage, type SimOrder, type SimOrderChange, type SimOrderRequest, SimRefusal } from '../core/types.ts';
import { paise } from './format.ts';
import { invalid, missing, success } from './kite-envelope.ts';
import { historyRows, orderRow, tradeRows } from './order-rows.ts';
import { pause, type Wire } from './wire.ts';

/** Orders and trades of the day, form-encoded as Kite takes them (K-docs: "Orders"). */
export function kiteOrders(wire: Pick<Wire, 'closing'> & { exchange: Brokerage }): Hono {
  const app = new Hono();
  const { exchange } = wire;

  const todays = (orderId: string): SimOrder => {
    const order = exchange.orders().find((candidate) => candidate.orderId === orderId);
    if (!order) throw new SimRefusal(404, 'GeneralException', "Couldn't find that `order_id`.");
    return order;
  };

  /** The lists may lag behind the book: positions show a fill whose order is not there yet. */
  const listed = (): SimOrder[] =>
    exchange.orders().filter((order) => !exchange.takeFault('hide_orders', (fault) => concerns(fault, order)));

  app.get('/orders', (c) =>
    success(
      c,
      listed().map((order) => orderRow(exchange, order)),
    ),
  );
  app.get('/trades', (c) => success(c, tradeRows(exchange, listed())));
  app.get('/orders/:id', (c) => success(c, historyRows(exchange, todays(c.req.param('id')))));
  app.get('/orders/:id/trades', (c) => success(c, tradeRows(exchange, [todays(c.req.param('id'))])));

  app.post('/orders/:variety', async (c) => {
    const request = orderRequest(c.req.param('variety'), new URLSearchParams(await c.req.text()));
    const late = exchange.takeFault('late_acceptance', (fault) => concerns(fault, request));
    if (late) {
      // The broker took it and said nothing; the order shows up in the book when nobody expects it any more.
      await pause(wire, faultNumber(late, 'ms', 10_000));
      if (!wire.closing.aborted) exchange.place(request);
      throw new SimRefusal(504, 'NetworkException', 'Gateway timed out.');
    }
    return success(c, { order_id: exchange.place(request).orderId });
  });

  app.put('/orders/:variety/:id', async (c) => {
    const orderId = c.req.param('id');
    todays(orderId);
    return success(c, {
      order_id: exchange.modify(orderId, orderChange(new URLSearchParams(await c.req.text()))).orderId,
    });
  });

  app.delete('/orders/:variety/:id', (c) => {
    const orderId = c.req.param('id');
    todays(orderId);
    return success(c, { order_id: exchange.cancel(orderId).orderId });
  });

  return app;
}

/** A placed order from its form. Throws Kite's InputException for a field that is missing or malformed. */
export function orderRequest(variety: string, form: URLSearchParams): SimOrderRequest {
  const required = (name: string): string => {
    const value = form.get(name);
    if (!value) throw missing(name);
    return value;
  };
  const oneOf = <T extends string>(name: string, value: string, allowed: readonly T[]): T => {
    const found = allowed.find((candidate) => candidate === value);
    if (!found) throw invalid(name);
    return found;
  };
  return {
    variety: oneOf('variety', variety, ['regular', 'amo', 'co', 'iceberg', 'auction']),
    exchange: required('exchange'),
    tradingsymbol: required('tradingsymbol'),
    side: oneOf('transaction_type', required('transaction_type'), ['BUY', 'SELL']),
    orderType: oneOf('order_type', required('order_type'), ['MARKET', 'LIMIT', 'SL', 'SL-M']),
    product: oneOf('product', required('product'), ['CNC', 'NRML', 'MIS', 'MTF']),
    validity: oneOf('validity', form.get('validity') || 'DAY', ['DAY', 'IOC', 'TTL']),
    quantity: whole('quantity', required('quantity')),
    price: price('price', form.get('price')) ?? 0,
    triggerPrice: price('trigger_price', form.get('trigger_price')) ?? 0,
    disclosedQuantity: whole('disclosed_quantity', form.get('disclosed_quantity') || '0'),
    marketProtection: form.get('market_protection')
      ? decimal('market_protection', form.get('market_protection') ?? '')
      : null,
    tag: form.get('tag') || null,
  };
}

function orderChange(form: URLSearchParams): SimOrderChange {
  const change: SimOrderChange = {};
  const orderType = form.get('order_type');
  const validity = form.get('validity');
  const quantity = form.get('quantity');
  const protection = form.get('market_protection');
  const newPrice = price('price', form.get('price'));
  const newTrigger = price('trigger_price', form.get('trigger_price'));
  if (orderType) change.orderType = orderType;
  if (validity) change.validity = validity;
  if (quantity) change.quantity = whole('quantity', quantity);
  if (protection) change.marketProtection = decimal('market_protection', protection);
  if (newPrice !== null) change.price = newPrice;
  if (newTrigger !== null) change.triggerPrice = newTrigger;
  return change;
}

function whole(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw invalid(name);
  return Number(value);
}

function decimal(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw invalid(name);
  return number;
}

function price(name: string, value: string | null): number | null {
  if (value === null || value === '') return null;
  const amount = paise(value);
  if (amount === null || amount < 0) throw invalid(name);
  return amount;
}
