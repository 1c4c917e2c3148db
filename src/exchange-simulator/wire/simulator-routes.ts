import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type Brokerage, SimRefusal } from '../core/types.ts';
import { isoTime, parseBrokerTime, rupees } from './format.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const clockChange = z.strictObject({
  market_time: z.string().optional(),
  speed: z.number().min(0).max(100_000).optional(),
});
const holdChange = z.strictObject({ key: z.string().min(1).max(200), on: z.boolean() });
const leaseChange = z.strictObject({ seconds: z.number().positive().max(3_600) });
const text = z.string().min(1).optional();
const number = z.number().optional();
/** All fields of all kinds: one that nobody reads would widen a fault to what it was not meant for. */
const faultChange = z.strictObject({
  kind: z.string().min(1),
  count: z.int().positive().default(1),
  ...{ tradingsymbol: text, transaction_type: z.enum(['BUY', 'SELL']).optional(), product: text, tag_prefix: text },
  ...{ path: text, method: text, after: z.boolean().optional(), change: z.enum(['modify', 'cancel']).optional() },
  ...{
    message: text,
    error_type: text,
    body: z.string().optional(),
    side: z.enum(['bids', 'asks', 'both']).optional(),
  },
  ...{ ms: number, seconds: number, market_seconds: number, points: number, quantity: number, price: number },
  ...{ status: z.int().min(200).max(599).optional(), instrument_token: number },
});
const foreignTrade = z.strictObject({
  tradingsymbol: z.string().min(1),
  product: z.enum(['MIS', 'NRML']).default('MIS'),
  transaction_type: z.enum(['BUY', 'SELL']),
  quantity: z.int().positive(),
  price: z.number().positive().optional(),
});

/**
 * What a person or a test may see and steer. No token, hence for callers on this machine alone, and for those that know one of the `names`
 * that it was given on a network of its own.
 */
export function simulatorRoutes({ exchange, names = [] }: { exchange: Brokerage; names?: readonly string[] }): Hono {
  const app = new Hono();
  app.use('/simulator/*', onlyCalled([...LOOPBACK, ...names]));

  app.get('/simulator/clock', (c) => c.json(clockView(exchange)));
  app.post('/simulator/clock', async (c) => {
    const change = await body(c, clockChange);
    const market = change.market_time === undefined ? undefined : marketTime(change.market_time);
    exchange.clock.set({
      ...(market === undefined ? {} : { market }),
      ...(change.speed === undefined ? {} : { speed: change.speed }),
    });
    return c.json(clockView(exchange));
  });
  app.post('/simulator/clock/holds', async (c) => {
    const { key, on } = await body(c, holdChange);
    exchange.clock.hold(key, on);
    return c.json(clockView(exchange));
  });
  app.post('/simulator/clock/lease', async (c) => {
    exchange.clock.lease((await body(c, leaseChange)).seconds);
    return c.json(clockView(exchange));
  });

  app.get('/simulator/book', (c) => c.json(bookView(exchange)));
  app.get('/simulator/market', (c) => c.json(marketView(exchange)));

  app.get('/simulator/faults', (c) => c.json({ faults: exchange.faults() }));
  app.post('/simulator/faults', async (c) => {
    exchange.addFault(await body(c, faultChange));
    return c.json({ faults: exchange.faults() });
  });
  app.delete('/simulator/faults', (c) => {
    exchange.clearFaults();
    return c.json({ faults: exchange.faults() });
  });

  app.post('/simulator/foreign-trades', async (c) => {
    const trade = await body(c, foreignTrade);
    const order = exchange.foreignTrade({
      tradingsymbol: trade.tradingsymbol,
      product: trade.product,
      side: trade.transaction_type,
      quantity: trade.quantity,
      ...(trade.price === undefined ? {} : { price: Math.round(trade.price * 100) }),
    });
    return c.json({ order_id: order.orderId });
  });

  app.all('/simulator/*', (c) =>
    refuse(c, 404, 'not_found', `There is no ${c.req.method} ${c.req.path}. See docs/exchange-simulator.md.`),
  );

  app.onError((error, c) => {
    if (error instanceof SimulatorInput) return refuse(c, 400, 'bad_request', error.message);
    if (error instanceof SimRefusal) return refuse(c, error.status, 'refused', error.message);
    if (error instanceof AppError) return refuse(c, error.httpStatus, error.code, error.message);
    if (error instanceof RangeError) return refuse(c, 400, 'bad_request', error.message);
    return refuse(c, 500, 'internal', error.message);
  });
  return app;
}

class SimulatorInput extends Error {}

/** Also refuses other sites' pages, whose scripts could otherwise reach a port of this machine. */
function onlyCalled(names: readonly string[]): MiddlewareHandler {
  const isOurs = (address: string) => URL.canParse(address) && names.includes(new URL(address).hostname);
  return async (c, next) => {
    const origin = c.req.header('Origin');
    if (!isOurs(`http://${c.req.header('Host')}`) || (origin !== undefined && !isOurs(origin)))
      return refuse(
        c,
        403,
        'loopback_only',
        `The simulator answers only to ${names.join(', ')}. Call it by one of these names.`,
      );
    await next();
    return;
  };
}

async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch {
    throw new SimulatorInput('The body is not JSON. Send a JSON object.');
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new SimulatorInput(z.prettifyError(result.error));
  return result.data;
}

/** An instant with its zone, or a wall-clock time in India without one. */
function marketTime(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : parseBrokerTime(text);
  if (zoned === null || Number.isNaN(zoned))
    throw new SimulatorInput(
      `market_time "${text}" is not a time. Write 2025-07-14T09:20 (India) or with a zone, 2025-07-14T09:20:00+05:30.`,
    );
  return zoned;
}

function clockView({ clock }: Brokerage) {
  return {
    market_time: isoTime(clock.now()),
    speed: clock.speed(),
    segments: clock.segments(),
    holds: clock.holds(),
    frozen: clock.speed() === 0,
  };
}

function bookView(exchange: Brokerage) {
  return {
    orders: exchange.allOrders().map((order) => ({
      order_id: order.orderId,
      tag: order.tag,
      tradingsymbol: order.tradingsymbol,
      transaction_type: order.side,
      quantity: order.quantity,
      filled_quantity: order.filledQuantity,
      average_price: rupees(order.averagePrice),
      status: order.status,
      product: order.product,
      order_type: order.orderType,
      price: rupees(order.price),
      trigger_price: rupees(order.triggerPrice),
      status_message: order.statusMessage,
      placed_at: isoTime(order.placedAt),
      history: order.history.map((event) => ({ status: event.status, at: isoTime(event.at) })),
      fills: order.fills.map((fill) => ({ quantity: fill.quantity, price: rupees(fill.price), at: isoTime(fill.at) })),
    })),
    positions: exchange
      .positions()
      .map(({ tradingsymbol, product, quantity }) => ({ tradingsymbol, product, quantity })),
  };
}

function marketView(exchange: Brokerage) {
  const last = (symbol: string) => {
    const instrument = exchange.find('NSE', symbol);
    const price = instrument && exchange.lastPrice(instrument);
    return price === undefined ? null : rupees(price);
  };
  return {
    market_time: isoTime(exchange.clock.now()),
    spot: last('NIFTY 50'),
    india_vix: last('INDIA VIX'),
    provenance: exchange.provenance,
  };
}

function refuse(c: Context, status: number, code: string, message: string): Response {
  return c.json({ error: { code, message } }, status as ContentfulStatusCode);
}
