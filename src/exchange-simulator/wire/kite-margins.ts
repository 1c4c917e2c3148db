import { Hono } from 'hono';
import { type Charges, NO_CHARGES, orderCharges, sumCharges } from '../../domain/charges.ts';
import { istDate } from '../../domain/clock.ts';
import type { Paise } from '../../domain/types.ts';
import type { Exchange, SimMargin, SimOrderRequest } from '../core/types.ts';
import { paise, rupees } from './format.ts';
import { inputRefusal, success } from './kite-envelope.ts';
import { orderRequest } from './kite-orders.ts';
import type { Wire } from './wire.ts';

/** Margins and charges of orders that are not placed, as JSON arrays (K-docs: "Margin calculation"). */
export function kiteMargins({ exchange }: Wire): Hono {
  const app = new Hono();

  app.post('/margins/orders', async (c) => {
    const orders = requested(await c.req.text());
    const show = c.req.query('mode') === 'compact' ? compactRow : fullRow;
    const { each } = exchange.margin(orders, true);
    return success(
      c,
      orders.map((order, index) => show(order, each[index] ?? NO_MARGIN, charge(exchange, order, order.price))),
    );
  });

  app.post('/margins/basket', async (c) => {
    const orders = requested(await c.req.text());
    const show = c.req.query('mode') === 'compact' ? compactRow : fullRow;
    // Python writes `True`, JavaScript `true`.
    const considerPositions = c.req.query('consider_positions')?.toLowerCase() !== 'false';
    const margin = exchange.margin(orders, considerPositions);
    const charges = orders.map((order) => charge(exchange, order, order.price));
    return success(c, {
      initial: show(null, margin.initial, NO_CHARGES),
      final: show(null, margin.final, NO_CHARGES),
      orders: orders.map((order, index) => show(order, margin.each[index] ?? NO_MARGIN, charges[index] ?? NO_CHARGES)),
      charges: chargeLines(sumCharges(charges)),
    });
  });

  app.post('/charges/orders', async (c) => {
    const notes = forms(await c.req.text()).map((form) => {
      const order = orderRequest(form.get('variety') || 'regular', form);
      const average = paise(form.get('average_price') ?? '') ?? order.price;
      return {
        transaction_type: order.side,
        tradingsymbol: order.tradingsymbol,
        exchange: order.exchange,
        variety: order.variety,
        product: order.product,
        order_type: order.orderType,
        quantity: order.quantity,
        price: rupees(average),
        charges: chargeLines(charge(exchange, order, average)),
      };
    });
    return success(c, notes);
  });

  return app;
}

const NO_MARGIN: SimMargin = { span: 0, exposure: 0, optionPremium: 0, total: 0 };

/** JSON numbers become a form's words, so that an order is read and refused in one way only. */
function forms(body: string): URLSearchParams[] {
  let list: unknown;
  try {
    list = JSON.parse(body);
  } catch {
    throw inputRefusal('Invalid JSON body.');
  }
  if (!Array.isArray(list)) throw inputRefusal('Expected a JSON array of orders.');
  return list.map((entry: unknown) => {
    const form = new URLSearchParams();
    if (typeof entry !== 'object' || entry === null) return form;
    for (const [name, value] of Object.entries(entry))
      if (value !== null && value !== undefined) form.set(name, `${value}`);
    return form;
  });
}

function requested(body: string): SimOrderRequest[] {
  return forms(body).map((form) => orderRequest(form.get('variety') || 'regular', form));
}

/** An order without a price, such as MARKET, is charged on the last price. */
function charge(exchange: Exchange, order: SimOrderRequest, price: Paise): Charges {
  const instrument = exchange.find(order.exchange, order.tradingsymbol);
  if (!instrument) throw inputRefusal('Invalid `tradingsymbol`.');
  const each = price || exchange.quote(instrument)?.lastPrice || 0;
  const date = istDate(exchange.clock.now());
  // Kite's estimates leave STT unrounded; the contract note rounds it to the rupee.
  return orderCharges({ date, side: order.side, turnover: each * order.quantity }, 'unrounded');
}

function chargeLines(charges: Charges) {
  return {
    transaction_tax: rupees(charges.stt),
    transaction_tax_type: 'stt',
    exchange_turnover_charge: rupees(charges.transaction),
    sebi_turnover_charge: rupees(charges.sebi),
    brokerage: rupees(charges.brokerage),
    stamp_duty: rupees(charges.stamp),
    gst: { igst: rupees(charges.gst), cgst: 0, sgst: 0, total: rupees(charges.gst) },
    total: rupees(charges.total),
  };
}

function compactRow(order: SimOrderRequest | null, margin: SimMargin) {
  return {
    type: order ? 'equity' : '',
    tradingsymbol: order?.tradingsymbol ?? '',
    exchange: order?.exchange ?? '',
    total: rupees(margin.total),
  };
}

function fullRow(order: SimOrderRequest | null, margin: SimMargin, charges: Charges) {
  return {
    ...compactRow(order, margin),
    span: rupees(margin.span),
    exposure: rupees(margin.exposure),
    option_premium: rupees(margin.optionPremium),
    additional: 0,
    bo: 0,
    cash: 0,
    var: 0,
    pnl: { realised: 0, unrealised: 0 },
    leverage: 0,
    charges: chargeLines(charges),
  };
}
