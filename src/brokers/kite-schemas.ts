import { z } from 'zod';
import { istAt } from '../domain/clock.ts';
import { parseTag } from '../domain/tags.ts';
import type { Bar, IsoDate, MarketMs, OptionContract, Paise } from '../domain/types.ts';
import type { BrokerOrder, BrokerPosition, BrokerTrade, OrderState, Quote } from './types.ts';

/*
 * What Kite Connect v3 answers, in paise and epoch ms. Only the fields that the product reads are checked; others may come and go.
 * Source: Kite Connect v3 documentation, and its mock answers.
 */

/** Kite writes wall clock time in India without a zone: `2025-07-14 11:15:03`. */
const istTimestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  .transform((text): MarketMs => istAt(text.slice(0, 10), text.slice(11)));

/** Candles carry the zone without a colon: `2025-07-14T11:15:00+0530`. */
const candleTimestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:?30$/)
  .transform((text): MarketMs => istAt(text.slice(0, 10), text.slice(11, 19)));

const rupees = z.number().transform((value): Paise => Math.round(value * 100));
const units = z.number().int();

/** Up to 19 digits, beyond what a double holds: a number here has already lost its last digits. */
const orderId = z.string().min(1);

const side = z.enum(['BUY', 'SELL']);

export const sessionSchema = z
  .object({ access_token: z.string().min(1), user_id: z.string(), user_name: z.string(), login_time: istTimestamp })
  .transform((session) => ({
    accessToken: session.access_token,
    userId: session.user_id,
    userName: session.user_name,
    loginAt: session.login_time,
  }));

export const profileSchema = z.object({ user_id: z.string() }).transform((profile) => ({ userId: profile.user_id }));

export const orderIdSchema = z.object({ order_id: orderId }).transform((answer) => ({ orderId: answer.order_id }));

/** "There may be other values" than the documented ones: what is not known to be final is live. */
const FINAL_STATES: Readonly<Record<string, OrderState>> = {
  COMPLETE: 'complete',
  CANCELLED: 'cancelled',
  REJECTED: 'rejected',
};

export const orderSchema = z
  .object({
    order_id: orderId,
    tag: z.string().nullish(),
    tags: z.array(z.unknown()).nullish(),
    tradingsymbol: z.string(),
    exchange: z.string(),
    transaction_type: side,
    product: z.string(),
    order_type: z.string(),
    status: z.string(),
    status_message: z.string().nullish(),
    quantity: units,
    filled_quantity: units,
    pending_quantity: units,
    price: rupees,
    trigger_price: rupees,
    average_price: rupees,
    order_timestamp: istTimestamp,
    exchange_timestamp: istTimestamp.nullish(),
    exchange_update_timestamp: istTimestamp.nullish(),
  })
  .transform(
    (row): BrokerOrder => ({
      orderId: row.order_id,
      tag: tagOf(row.tag, row.tags),
      tradingsymbol: row.tradingsymbol,
      exchange: row.exchange,
      side: row.transaction_type,
      product: row.product,
      orderType: row.order_type,
      status: row.status,
      state: FINAL_STATES[row.status] ?? 'live',
      statusMessage: row.status_message || null,
      quantity: row.quantity,
      filledQuantity: row.filled_quantity,
      pendingQuantity: row.pending_quantity,
      price: row.price,
      triggerPrice: row.trigger_price,
      averagePrice: row.average_price,
      placedAt: row.order_timestamp,
      updatedAt: row.exchange_update_timestamp ?? row.exchange_timestamp ?? null,
    }),
  );

/**
 * Our tag, wherever it stands. The broker has entries of its own: `mktp` of what was a market order, `autoslice` of a slice, which may have
 * no other `tag` (Kite forum 52371, kiteconnect-mocks).
 */
function tagOf(tag: string | null | undefined, tags: readonly unknown[] | null | undefined): string | null {
  const ours = [tag, ...(tags ?? [])].find((one) => typeof one === 'string' && parseTag(one) !== null);
  return typeof ours === 'string' ? ours : tag || null;
}

export const tradeSchema = z
  .object({
    trade_id: z.string(),
    order_id: orderId,
    tradingsymbol: z.string(),
    transaction_type: side,
    product: z.string(),
    quantity: units,
    average_price: rupees,
    fill_timestamp: istTimestamp,
  })
  .transform(
    (row): BrokerTrade => ({
      tradeId: row.trade_id,
      orderId: row.order_id,
      tradingsymbol: row.tradingsymbol,
      side: row.transaction_type,
      product: row.product,
      quantity: row.quantity,
      price: row.average_price,
      at: row.fill_timestamp,
    }),
  );

export const positionSchema = z
  .object({ tradingsymbol: z.string(), product: z.string(), quantity: units, average_price: rupees })
  .transform(
    (row): BrokerPosition => ({
      tradingsymbol: row.tradingsymbol,
      product: row.product,
      quantity: row.quantity,
      averagePrice: row.average_price,
    }),
  );

export const positionsSchema = z.object({ net: z.array(z.unknown()), day: z.array(z.unknown()) });

/** Premium is paid from cash: collateral, which `net` includes, does not count. */
export const fundsSchema = z
  .object({ available: z.object({ live_balance: rupees }), utilised: z.object({ debits: rupees }) })
  .transform((equity) => ({ available: equity.available.live_balance, used: equity.utilised.debits }));

const marginTotal = z.object({ total: rupees });

export const basketMarginSchema = z
  .object({ initial: marginTotal, final: marginTotal })
  .transform((basket) => ({ initial: basket.initial.total, final: basket.final.total }));

const depthSide = z
  .array(z.object({ price: rupees, quantity: units }))
  .transform((levels) => levels.filter((level) => level.quantity > 0 && level.price > 0));

/** An index has no depth and no circuit limits. */
export const quoteSchema = z
  .object({
    instrument_token: z.coerce.number().int(),
    timestamp: istTimestamp.nullish(),
    last_price: rupees,
    depth: z.object({ buy: depthSide, sell: depthSide }).optional(),
    lower_circuit_limit: rupees.nullish(),
    upper_circuit_limit: rupees.nullish(),
  })
  .transform(
    (row): Quote => ({
      instrumentToken: row.instrument_token,
      lastPrice: row.last_price,
      bids: row.depth?.buy ?? [],
      asks: row.depth?.sell ?? [],
      at: row.timestamp ?? null,
      lowerCircuit: row.lower_circuit_limit ?? null,
      upperCircuit: row.upper_circuit_limit ?? null,
    }),
  );

const candleSchema = z
  .tuple([candleTimestamp, rupees, rupees, rupees, rupees, z.number()], z.unknown())
  .transform(([start, open, high, low, close, volume]): Bar => ({ start, open, high, low, close, volume }));

export const candlesSchema = z.object({ candles: z.array(candleSchema) }).transform((answer) => answer.candles);

/** A row of the instruments CSV as kiteconnect hands it over: `expiry` is that date's midnight in UTC. */
export const instrumentRowSchema = z.object({
  instrument_token: z.coerce.number().int().positive(),
  tradingsymbol: z.string(),
  name: z.string(),
  expiry: z.date().transform((date): IsoDate => date.toISOString().slice(0, 10)),
  strike: rupees,
  tick_size: rupees,
  lot_size: z.number().int().positive(),
  instrument_type: z.enum(['CE', 'PE']),
});

export function optionContract(row: z.infer<typeof instrumentRowSchema>, name: string): OptionContract {
  return {
    exchange: 'NFO',
    tradingsymbol: row.tradingsymbol,
    instrumentToken: row.instrument_token,
    name,
    expiry: row.expiry,
    strike: row.strike,
    optionType: row.instrument_type,
    lotSize: row.lot_size,
    tickSize: row.tick_size,
  };
}
