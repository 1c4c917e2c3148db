import { Hono } from 'hono';
import type { SimMargin, SimOrderRequest } from '../types.ts';
import { rupees } from './format.ts';
import { inputRefusal, success } from './kite-envelope.ts';
import { orderRequest } from './kite-orders.ts';
import type { Wire } from './wire.ts';

/** Margins and charges of orders that are not placed, as JSON arrays (K-docs: "Margin calculation"). */
export function kiteMargins({ exchange }: Wire): Hono {
  const app = new Hono();

  app.post('/margins/orders', async (c) => {
    const orders = orderList(await c.req.text());
    const compact = c.req.query('mode') === 'compact';
    const { each } = exchange.margin(orders, true);
    return success(
      c,
      orders.map((order, index) => marginRow(order, each[index], compact)),
    );
  });

  app.post('/margins/basket', async (c) => {
    const orders = orderList(await c.req.text());
    const compact = c.req.query('mode') === 'compact';
    // Python writes `True`, JavaScript `true`.
    const considerPositions = c.req.query('consider_positions')?.toLowerCase() !== 'false';
    const margin = exchange.margin(orders, considerPositions);
    return success(c, {
      initial: marginRow(null, margin.initial, compact),
      final: marginRow(null, margin.final, compact),
      orders: orders.map((order, index) => marginRow(order, margin.each[index], compact)),
      charges: NO_CHARGES,
    });
  });

  return app;
}

function orderList(body: string): SimOrderRequest[] {
  let list: unknown;
  try {
    list = JSON.parse(body);
  } catch {
    throw inputRefusal('Invalid JSON body.');
  }
  if (!Array.isArray(list)) throw inputRefusal('Expected a JSON array of orders.');
  return list.map((entry: unknown) => {
    const form = new URLSearchParams();
    if (typeof entry === 'object' && entry !== null)
      for (const [name, value] of Object.entries(entry))
        if (value !== null && value !== undefined) form.set(name, String(value));
    return orderRequest(form.get('variety') || 'regular', form);
  });
}

const NO_CHARGES = {
  transaction_tax: 0,
  transaction_tax_type: '',
  exchange_turnover_charge: 0,
  sebi_turnover_charge: 0,
  brokerage: 0,
  stamp_duty: 0,
  gst: { igst: 0, cgst: 0, sgst: 0, total: 0 },
  total: 0,
};

function marginRow(order: SimOrderRequest | null, margin: SimMargin | undefined, compact: boolean) {
  const total = rupees(margin?.total ?? 0);
  const named = {
    type: order ? 'equity' : '',
    tradingsymbol: order?.tradingsymbol ?? '',
    exchange: order?.exchange ?? '',
  };
  const row = {
    ...named,
    span: rupees(margin?.span ?? 0),
    exposure: rupees(margin?.exposure ?? 0),
    option_premium: rupees(margin?.optionPremium ?? 0),
    additional: 0,
    bo: 0,
    cash: 0,
    var: 0,
    pnl: { realised: 0, unrealised: 0 },
    leverage: 0,
    charges: NO_CHARGES,
    total,
  };
  return compact ? { ...named, total } : row;
}
