import type { Paise, Side } from './types.ts';

/** Prices that the exchange accepts, both ends included. */
export type PriceRange = { lower: Paise; upper: Paise };

/**
 * Limit price protection for NSE options: an order more than 40 % (₹20 up to a premium of ₹50) away from the average
 * trade price of the last 30 seconds is refused. The last price stands for that average.
 */
const PROTECTED_PER_CENT = 40;
const SMALL_PREMIUM: Paise = 50_00;
const SMALL_PROTECTED: Paise = 20_00;

/** How far a limit reaches beyond the far touch, by step of a chase; a cheap option moves by ticks, not by shares. */
const WIDENING: readonly { perMille: number; ticks: number }[] = [
  { perMille: 20, ticks: 4 },
  { perMille: 50, ticks: 10 },
  { perMille: 100, ticks: 20 },
  { perMille: 200, ticks: 40 },
  { perMille: 350, ticks: 80 },
];

/** Steps of an entry's chase, each with a wider price; then the order is cancelled. Later steps of an exit stay at the widest. */
export const CHASE_STEPS = WIDENING.length - 1;

/**
 * The range in which NSE accepts a limit, from the last price and, where the quote has them, the day's circuit limits.
 * Paise, on ticks, never below one tick.
 */
export function priceProtection(
  lastPrice: Paise,
  tick: Paise,
  circuit: { lower: Paise | null; upper: Paise | null } = { lower: null, upper: null },
): PriceRange {
  const away = lastPrice > SMALL_PREMIUM ? Math.floor((lastPrice * PROTECTED_PER_CENT) / 100) : SMALL_PROTECTED;
  const lower = Math.max(lastPrice - away, circuit.lower ?? 0, tick);
  const upper = Math.min(lastPrice + away, circuit.upper ?? Number.POSITIVE_INFINITY);
  return { lower: Math.ceil(lower / tick) * tick, upper: Math.floor(upper / tick) * tick };
}

/**
 * The largest distance between trigger and limit of a stop-loss limit order on NSE options: 20 % of the trigger, ₹10 up to a trigger of
 * ₹50 (summaries of NSE's circular on stop-loss limit orders). Paise.
 */
export function triggerRange(trigger: Paise): Paise {
  return trigger > SMALL_PREMIUM ? Math.floor(trigger / 5) : 10_00;
}

/** A tick or quote outside the last price's price protection is garbage (TRADING section 8). */
export function isBelievable(price: Paise, lastPrice: Paise, tick: Paise): boolean {
  const { lower, upper } = priceProtection(lastPrice, tick);
  return price >= lower && price <= upper;
}

/**
 * What MARKET means here: a limit at the far touch (ask for a buy, bid for a sell) plus a protection band, inside the
 * range that the exchange accepts. `widen` counts the steps of a chase from 0. `noWorseThan` is the price that this
 * order has shown already: a buy never falls below it, a sell never rises above it. Paise, on ticks.
 */
export function protectedLimit(order: {
  side: Side;
  touch: Paise;
  widen: number;
  tick: Paise;
  range: PriceRange;
  noWorseThan: Paise | null;
}): Paise {
  const { side, touch, tick, range, noWorseThan } = order;
  const step = WIDENING[Math.min(order.widen, WIDENING.length - 1)] ?? { perMille: 0, ticks: 0 };
  const band = Math.max((touch * step.perMille) / 1000, step.ticks * tick);
  // What the exchange accepts now comes first: a price shown at a peak would be refused after it.
  const accepted = (price: Paise) => Math.max(Math.min(Math.max(price, range.lower), range.upper), tick);
  if (side === 'BUY') return accepted(Math.max(Math.ceil((touch + band) / tick) * tick, noWorseThan ?? 0));
  return accepted(Math.min(Math.floor((touch - band) / tick) * tick, noWorseThan ?? Number.POSITIVE_INFINITY));
}
