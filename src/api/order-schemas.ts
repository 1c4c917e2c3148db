/** Manual orders on the wire. Quantities in units, prices in rupees. */
import { z } from '@hono/zod-openapi';
import { isoDate, money } from './schemas.ts';

const NO_SL_M = 'NSE withdrew SL-M for index options: send SL, with price and trigger_price';

const price = z.number().positive().max(100_000);
const fields = {
  symbol: z
    .string()
    .min(1)
    .max(40)
    .openapi({ description: 'As in the day’s instrument master', example: 'NIFTY25JUL25000PE' }),
  quantity: z.int().positive().max(1_000_000).openapi({ description: 'Units, whole lots' }),
  order_type: z
    .enum(['MARKET', 'LIMIT', 'SL', 'SL-M'], 'send MARKET, LIMIT or SL')
    .openapi({ description: `MARKET is a limit at the far touch with a protection band. ${NO_SL_M}` }),
  price: price.optional().openapi({ description: 'Of LIMIT and SL, in rupees' }),
  trigger_price: price.optional().openapi({ description: 'Of SL, in rupees' }),
  product: z
    .enum(['MIS', 'NRML'])
    .optional()
    .openapi({ description: 'MIS where the plan is intraday, NRML where it is weekly' }),
};

type Terms = { order_type: string; price?: number | undefined; trigger_price?: number | undefined };

/** Which prices belong to which type: a price that would be ignored is refused. */
function checkPrices(
  { order_type: type, price: limit, trigger_price: trigger }: Terms,
  refuse: (field: string, message: string) => void,
) {
  if (type === 'SL-M') {
    refuse('order_type', NO_SL_M);
    return;
  }
  if (type !== 'MARKET' && limit === undefined) refuse('price', `${type} needs a price`);
  if (type === 'MARKET' && limit !== undefined) refuse('price', 'MARKET takes none: send LIMIT, or leave it out');
  if (type === 'SL' && trigger === undefined) refuse('trigger_price', 'SL needs a trigger_price');
  if (type !== 'SL' && trigger !== undefined) refuse('trigger_price', `${type} takes none: send SL, or leave it out`);
}

type Refinement = { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void };

const prices = (body: Terms, context: Refinement) =>
  checkPrices(body, (field, message) => context.addIssue({ code: 'custom', path: [field], message }));

export const placeOrderBody = z
  .strictObject({ transaction_type: z.enum(['BUY', 'SELL']), ...fields })
  .superRefine(prices)
  .openapi('PlaceOrder', {
    example: { symbol: 'NIFTY25JUL25000PE', transaction_type: 'BUY', quantity: 75, order_type: 'MARKET' },
  });

export const testOrderBody = z
  .strictObject({
    transaction_type: z.enum(['BUY', 'SELL']).optional().openapi({ description: 'BUY unless given' }),
    ...fields,
    confirm_live: z.boolean().optional().openapi({
      description: 'In live mode the order is only checked, unless this is true: then it is placed at Zerodha',
    }),
  })
  .superRefine(prices)
  .openapi('TestOrder', { example: { symbol: 'NIFTY25JUL25000PE', quantity: 75, order_type: 'MARKET' } });

export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({ description: 'The same key with the same order answers what came of the first; any text of yours' }),
});

const placed = {
  order_id: z.string().nullable().openapi({ description: 'Null while it is not known: the order is in doubt' }),
  tag: z.string(),
  position_id: z.string(),
  status: z.string(),
  status_message: z.string().nullable(),
  filled_quantity: z.int(),
  average_price: money,
};

export const placedOrderView = z.object(placed).openapi('PlacedOrder');

const checksView = z
  .object({
    symbol: z.string(),
    expiry: isoDate,
    lot_size: z.int(),
    product: z.enum(['MIS', 'NRML']),
    effect: z.enum(['opens_long', 'closes_long', 'opens_short', 'closes_short']),
    price: money.openapi({ description: 'The limit that it is sent with' }),
    premium: money.openapi({ description: 'Price times quantity' }),
    available: money,
    margin_required: money.openapi({
      description: 'What a purchase costs, or the margin of a sale with a tenth to spare; closing needs none',
    }),
    reserved: money.openapi({
      description: 'Out of the day’s loss limit: what it can lose, round trip charges included',
    }),
    charges: z.object({
      brokerage: money,
      stt: money,
      transaction: money,
      sebi: money,
      stamp: money,
      gst: money,
      total: money,
    }),
  })
  .openapi('OrderChecks');

export const testedOrderView = z
  .object({
    placed: z.boolean(),
    at: z.enum(['simulated exchange', 'Zerodha']).nullable().openapi({ description: 'Where it was placed' }),
    order: z.object(placed).nullable(),
    checks: checksView,
  })
  .openapi('TestedOrder');

export type PlaceOrderBody = z.infer<typeof placeOrderBody>;
export type PlacedOrderBody = z.infer<typeof placedOrderView>;
export type ChecksBody = z.infer<typeof checksView>;
