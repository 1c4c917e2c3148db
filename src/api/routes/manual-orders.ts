/** Manual orders: placed, tried, cancelled. They belong to the day like those of its signals. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ManualChecks, PlacedOrder } from '../../contract/commands.ts';
import type { OrderView } from '../../contract/ledger.ts';
import { isOver } from '../../domain/control/intervals.ts';
import { type ApiContext, askedBy } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import {
  type ChecksBody,
  idempotencyHeader,
  type PlacedOrderBody,
  type PlaceOrderBody,
  placedOrderView,
  placeOrderBody,
  testedOrderView,
  testOrderBody,
} from '../order-schemas.ts';
import { planFrom } from '../plan.ts';
import { emptyBody, orderView } from '../schemas.ts';
import { averageRupees, rupees, toPaise } from '../units.ts';
import { orderBody } from '../views.ts';
import { BAD_BODY, DAY_AWAY, json, jsonBody, KITE_FAILS, refusals, TRADING } from './answers.ts';

/** Of every command that the day itself answers. */
const COMMANDED = [...BAD_BODY, 'no_day', 'day_over', 'day_lost', 'expired', 'not_confirmed', ...DAY_AWAY] as const;
const ORDERED = [
  ...COMMANDED,
  ...KITE_FAILS,
  ...([
    'not_authenticated',
    'market_closed',
    'too_late',
    'entries_off',
    'hands_off',
    'not_acknowledged',
    'no_price',
  ] as const),
  ...(['naked_sell', 'short_is_open', 'already_closing', 'idempotency_key_reused'] as const),
  ...(['unknown_symbol', 'lot_size_mismatch', 'price_not_allowed', 'limit_exceeded', 'insufficient_margin'] as const),
  'unknown_date',
] as const;

const place = createRoute({
  method: 'post',
  path: '/live/place-order',
  tags: [TRADING],
  summary: 'Place a manual order',
  description:
    'It belongs to the day: what it can lose is reserved out of the limits, and the square-off closes it. A sale closes a manual purchase, or is covered by it; a naked one is refused.',
  request: { headers: idempotencyHeader, body: jsonBody(placeOrderBody, true) },
  responses: {
    200: json(placedOrderView, 'The order, as it stands after a few seconds at most'),
    202: json(placedOrderView, 'Sent without a clear answer: the day looks into it, see /live/orders'),
    ...refusals(...ORDERED),
  },
});

const tryOut = createRoute({
  method: 'post',
  path: '/live/test-order',
  tags: [TRADING],
  summary: 'Check an order, and place it where no money is at stake',
  description:
    'Checks symbol, lot, hours, limits, margin and charges, then places it on the simulated exchange; in live mode it only checks, unless `confirm_live` is true.',
  request: { headers: idempotencyHeader, body: jsonBody(testOrderBody, true) },
  responses: {
    200: json(testedOrderView, 'What it takes, and the order where one was placed'),
    202: json(testedOrderView, 'Sent without a clear answer: the day looks into it, see /live/orders'),
    ...refusals(...ORDERED),
  },
});

const cancel = createRoute({
  method: 'post',
  path: '/live/cancel-order/{id}',
  tags: [TRADING],
  summary: 'Cancel a manual order',
  request: {
    params: z.object({ id: z.string().min(1).max(50).openapi({ example: '250714000000001' }) }),
    body: jsonBody(emptyBody, false),
  },
  responses: {
    200: json(orderView, 'The order after it'),
    202: json(orderView, 'The cancellation is under way'),
    ...refusals(...COMMANDED, 'unknown_order', 'protective_order', 'signal_order', 'already_final', 'hands_off'),
  },
});

export function manualOrderRoutes(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  const { day, deps } = context;

  async function send(body: PlaceOrderBody, of: { key: string | undefined; checkOnly: boolean; by: string }) {
    const { date } = await deps.identity();
    return day.placeOrder({
      order: {
        symbol: body.symbol,
        side: body.transaction_type,
        quantity: body.quantity,
        // SL-M was refused with the body.
        orderType: body.order_type === 'SL-M' ? 'SL' : body.order_type,
        price: paiseOrNull(body.price),
        triggerPrice: paiseOrNull(body.trigger_price),
        product: body.product ?? null,
      },
      key: of.key ?? null,
      checkOnly: of.checkOnly,
      // Only its limits count here: a manual order has its own cover.
      plan: planFrom({ confirm_live: true }, deps.config, date),
      by: of.by,
    });
  }

  app.openapi(place, async (c) => {
    const key = c.req.valid('header')['idempotency-key'];
    const { order } = await send(c.req.valid('json'), { key, checkOnly: false, by: askedBy(c) });
    if (!order) throw new Error('an order was placed and not told');
    return c.json(placedBody(order), statusOf(order));
  });

  app.openapi(tryOut, async (c) => {
    const { confirm_live: confirmed, transaction_type: side = 'BUY', ...body } = c.req.valid('json');
    const live = deps.config.mode === 'live';
    const checkOnly = live && confirmed !== true;
    const key = c.req.valid('header')['idempotency-key'];
    const { order, checks } = await send({ ...body, transaction_type: side }, { key, checkOnly, by: askedBy(c) });
    return c.json(
      {
        placed: order !== null,
        at: order === null ? null : live ? ('Zerodha' as const) : ('simulated exchange' as const),
        order: order && placedBody(order),
        checks: checksBody(checks),
      },
      order ? statusOf(order) : 200,
    );
  });

  app.openapi(cancel, async (c) => {
    const order = await day.cancelOrder(c.req.valid('param').id, askedBy(c));
    return c.json(orderBody(order), isOver(order) ? 200 : 202);
  });
}

function statusOf(order: OrderView): 200 | 202 {
  return order.orderId === null && !isOver(order) ? 202 : 200;
}

function paiseOrNull(price: number | undefined): number | null {
  return price === undefined ? null : toPaise(price);
}

function placedBody(order: NonNullable<PlacedOrder['order']>): PlacedOrderBody {
  return {
    order_id: order.orderId,
    tag: order.tag,
    position_id: order.positionId,
    status: order.status,
    status_message: order.statusMessage,
    filled_quantity: order.filledQuantity,
    average_price: averageRupees(order.averagePrice),
  };
}

function checksBody(checks: ManualChecks): ChecksBody {
  const { charges } = checks;
  return {
    symbol: checks.tradingsymbol,
    expiry: checks.expiry,
    lot_size: checks.lotSize,
    product: checks.product,
    effect: checks.effect,
    price: rupees(checks.price),
    premium: rupees(checks.premium),
    available: rupees(checks.available),
    margin_required: rupees(checks.marginRequired),
    reserved: rupees(checks.reserved),
    charges: {
      brokerage: rupees(charges.brokerage),
      stt: rupees(charges.stt),
      transaction: rupees(charges.transaction),
      sebi: rupees(charges.sebi),
      stamp: rupees(charges.stamp),
      gst: rupees(charges.gst),
      total: rupees(charges.total),
    },
  };
}
