/** The wire's shapes: what validates requests, types answers and documents both. Rupees as numbers, times ISO 8601 +05:30. */
import { z } from '@hono/zod-openapi';

export const money = z.number();
export const instant = z.string().openapi({ format: 'date-time' });
export const isoDate = z.iso.date('write a real date as YYYY-MM-DD');
export const signalName = z.enum(['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8']);

export const errorBody = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .openapi('Error');

/** Less than a rupee would be rounded to no limit at all, or to one that nothing keeps. */
const positiveRupees = z.number().min(1).max(1_000_000_000);

export const startTradingBody = z
  .strictObject({
    enabled: z.boolean().optional(),
    lot_size: z.int().positive().optional(),
    num_lots: z.int().min(1).max(1000).optional(),
    use_hedging: z.boolean().optional(),
    max_positions: z.int().min(1).max(35).optional(),
    exit_policy: z.enum(['intraday', 'weekly']).optional(),
    weekly_exit_day: z.int().min(1).max(5).nullable().optional(),
    max_loss_per_trade: positiveRupees.optional(),
    max_loss_per_day: positiveRupees.optional(),
    max_capital_at_risk: positiveRupees.optional(),
    target: z.number().positive().max(1).nullable().optional(),
    allow_unhedged: z.boolean().optional(),
    confirm_live: z.boolean().optional().openapi({
      description: 'In live mode positions without a hedge have to be confirmed with it',
    }),
    hedge_distance: z.number().min(50).max(5000).multipleOf(50).openapi({ multipleOf: 50 }).optional(),
    signals: z.array(signalName).min(1).optional(),
  })
  .openapi('StartTrading', {
    description: 'Every field may be left out; the plan that came of it is in the answer',
    example: { enabled: true, num_lots: 10, use_hedging: true, max_positions: 3 },
  });

export const stopTradingBody = z
  .strictObject({ close_positions: z.boolean().optional() })
  .openapi('StopTrading', { example: { close_positions: false } });
export const acknowledgeBody = z.strictObject({ ids: z.array(z.string()).min(1).optional() }).openapi('Acknowledge');
export const completeAuthBody = z
  .strictObject({ request_token: z.string().min(1).max(200) })
  .openapi('CompleteAuth', { example: { request_token: 'as in the redirect' } });
export const emptyBody = z.strictObject({});
const planView = z
  .object({
    lot_size: z.int(),
    num_lots: z.int(),
    use_hedging: z.boolean(),
    max_positions: z.int(),
    exit_policy: z.enum(['intraday', 'weekly']),
    weekly_exit_day: z.int().nullable(),
    max_loss_per_trade: money,
    max_loss_per_day: money,
    max_capital_at_risk: money,
    target: z.number().nullable(),
    allow_unhedged: z.boolean(),
    hedge_distance: z.number(),
    signals: z.array(signalName),
  })
  .openapi('Plan');

export const warningView = z.object({
  id: z.string(),
  code: z.string().openapi({
    description: '`day_lost`: nothing of the day is watched any more; `journal_away`: prices and log are missing',
  }),
  message: z.string(),
  since: instant,
  blocks_entries: z.boolean().openapi({ description: 'No entry is made until it is acknowledged' }),
});

const pageView = z
  .object({
    id: z.string(),
    cause: z.string(),
    subject: z.string().openapi({ description: 'A position, an order, or the day' }),
    text: z.string(),
    since: instant,
    delivered_at: instant.nullable().openapi({ description: 'Null until a channel has taken it' }),
  })
  .openapi('Page', { description: 'Wall times' });

const pnlView = z
  .object({
    realised: money,
    unrealised: money.nullable().openapi({ description: 'Null while a leg is open whose price is not known' }),
    charges: money,
    net: money.nullable(),
    prices_at: instant.nullable().openapi({ description: 'Wall time of the oldest price in it' }),
  })
  .openapi('Pnl');

export const statusView = z
  .object({
    date: isoDate,
    mode: z.enum(['replay', 'paper', 'live']),
    account: z.string(),
    run: z.int(),
    state: z.enum(['no_day', 'awaiting_auth', 'ready', 'trading', 'stopped', 'squaring_off', 'closed', 'holiday']),
    enabled: z.boolean(),
    started: z.boolean().openapi({ description: 'Trading was asked for at least once today' }),
    entries_off: z
      .string()
      .nullable()
      .openapi({ description: 'Why no new entry is made any more today, whatever is started again' }),
    hands_off: z
      .object({ by: z.string(), since: instant })
      .nullable()
      .openapi({ description: 'While it is on no order is sent, changed or cancelled from here. Wall time' }),
    authenticated: z.boolean(),
    user_id: z.string().nullable(),
    login_expires_at: instant.nullable(),
    login_refused: z
      .string()
      .nullable()
      .openapi({ description: "The broker's words, when the newest login was refused" }),
    market_time: instant,
    clock_speed: z.number().openapi({ description: 'Market seconds per second; 1 is live' }),
    market_open: z.boolean(),
    opens_at: instant.nullable(),
    closes_at: instant.nullable(),
    holiday: z.string().nullable(),
    no_day: z.string().nullable().openapi({ description: 'While no day is open: why, and what opens one' }),
    next_trading_day: isoDate.nullable(),
    plan: planView.nullable(),
    limits: z
      .object({
        reserved: money,
        lost_today: money,
        max_loss_per_day: money,
        capital_at_risk: money,
        max_capital_at_risk: money,
        open_positions: z.int(),
        max_positions: z.int(),
      })
      .nullable(),
    pnl: pnlView,
    open_positions: z.int(),
    next_check_at: instant.nullable(),
    square_off_at: instant.nullable(),
    last_signal: z.object({ at: instant, signal: signalName, reason: z.string() }).nullable(),
    result: z.enum(['flat', 'carried', 'not_flat', 'holiday']).nullable(),
    busy: z.boolean().openapi({ description: 'An entry, an exit or a doubtful order is under way' }),
    warnings: z.array(warningView.extend({ acknowledged: z.boolean() })),
    pages: z.array(pageView).openapi({ description: 'What the owner is paged about until its cause ends' }),
  })
  .openapi('Status');

const legView = z.object({
  role: z.enum(['hedge', 'main']),
  tradingsymbol: z.string(),
  side: z.enum(['BUY', 'SELL']),
  quantity: z.int(),
  open_quantity: z.int(),
  entry_price: money.nullable(),
  exit_price: money.nullable(),
  last_price: money.nullable(),
});

export const positionView = z
  .object({
    id: z.string(),
    signal: z.string(),
    state: z.enum(['opening', 'open', 'closing', 'closed', 'residual_hedge', 'not_flat']),
    option_type: z.enum(['CE', 'PE']),
    strike: money,
    expiry: isoDate,
    product: z.enum(['MIS', 'NRML']),
    lots: z.int(),
    legs: z.array(legView),
    stop: money.nullable().openapi({
      description: 'Index points: an hourly close at or beyond it ends the position; null for a manual position',
    }),
    resting_stop: z
      .object({ order_id: z.string().nullable(), trigger_price: money, limit_price: money, state: z.string() })
      .nullable(),
    target: money.nullable(),
    planned_loss: money,
    worst_loss: money.nullable(),
    realised: money,
    unrealised: money.nullable(),
    charges: money,
    pnl: money
      .nullable()
      .openapi({ description: 'Realised and unrealised after the charges so far; null while a price is not known' }),
    opened_at: instant,
    closed_at: instant.nullable(),
    exit_reason: z.string().nullable(),
    problem: z.string().nullable(),
  })
  .openapi('Position');

const orderPhase = z.enum([
  ...(['intended', 'in_flight', 'doubt', 'not_sent', 'absent'] as const),
  ...(['accepted', 'working', 'resting', 'ended'] as const),
]);

export const orderView = z
  .object({
    order_id: z.string().nullable(),
    tag: z.string().nullable(),
    position_id: z.string().nullable(),
    purpose: z.string().nullable(),
    tradingsymbol: z.string(),
    transaction_type: z.enum(['BUY', 'SELL']),
    product: z.string(),
    order_type: z.string(),
    quantity: z.int(),
    filled_quantity: z.int(),
    average_price: money,
    price: money,
    trigger_price: money,
    status: z.string(),
    status_message: z.string().nullable(),
    phase: orderPhase.nullable().openapi({ description: 'Where an order of ours stands; null of the others' }),
    over: z.boolean().openapi({ description: 'Nothing of it can fill any more, as far as is known' }),
    placed_at: instant,
    updated_at: instant.nullable(),
  })
  .openapi('Order');

export const decisionView = z
  .object({
    at: instant,
    bar_start: instant,
    close: money.nullable(),
    source: z.enum(['breeze', 'kite', 'none']),
    signal: signalName.nullable(),
    outcome: z.enum(['fired', 'no_signal', 'week_used', 'no_data', 'not_taken']),
    reason: z.string(),
    bias: z.string().nullable(),
    stop: money.nullable(),
    strike: money.nullable(),
    option_type: z.enum(['CE', 'PE']).nullable(),
  })
  .openapi('Decision');

export const eventView = z
  .object({
    seq: z.int(),
    at: instant,
    level: z.enum(['info', 'warn', 'alert']),
    kind: z.string(),
    text: z.string(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .openapi('LogEvent');

export const acceptedBody = z
  .object({ accepted: z.literal(true), message: z.string() })
  .openapi('Accepted', { description: 'Kept, but what came of it could not be read yet.' });

export type StartTradingBody = z.infer<typeof startTradingBody>;
export type StatusBody = z.infer<typeof statusView>;
export type WarningBody = z.infer<typeof warningView>;
export type PnlBody = z.infer<typeof pnlView>;
export type PositionBody = z.infer<typeof positionView>;
export type OrderBody = z.infer<typeof orderView>;
export type DecisionBody = z.infer<typeof decisionView>;
export type EventBody = z.infer<typeof eventView>;
