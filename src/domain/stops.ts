import type { Paise, Side } from './types.ts';

/** The catastrophe stop's trigger is at least this far above the entry. */
const LEAST_STOP_DISTANCE: Paise = 20_00;
/** Up to this trigger the limit lies a fixed amount above it, beyond it a tenth (NSE allows 20 %, or ₹10 up to ₹50). */
const SMALL_TRIGGER: Paise = 50_00;
const SMALL_LIMIT_DISTANCE: Paise = 5_00;

/**
 * NSE's limit price protection for options: an order more than 40 % (₹20 up to a premium of ₹50) away from the average
 * trade price of the last 30 seconds is refused. The last price stands for that average.
 */
const PROTECTED_PER_CENT = 40;
const SMALL_PREMIUM: Paise = 50_00;
const SMALL_PROTECTED: Paise = 20_00;

/** How far a limit reaches beyond the far touch, by step of a chase: a share of it, but at least so many ticks. */
const WIDENING: readonly { perMille: number; ticks: number }[] = [
  { perMille: 20, ticks: 4 },
  { perMille: 50, ticks: 10 },
  { perMille: 100, ticks: 20 },
  { perMille: 200, ticks: 40 },
];
const WIDEST = { perMille: 350, ticks: 80 };

/**
 * The buy that rests at the broker for a sold option: trigger max(2 x entry, entry + 20), limit 10 % above the trigger,
 * 5 rupees up to a trigger of 50 (TRADING section 5). Paise in and out, both rounded up to the tick.
 */
export function catastropheStop(entryPrice: Paise, tickSize: Paise): { triggerPrice: Paise; limitPrice: Paise } {
  const triggerPrice = ceilTo(Math.max(2 * entryPrice, entryPrice + LEAST_STOP_DISTANCE), tickSize);
  const distance = triggerPrice <= SMALL_TRIGGER ? SMALL_LIMIT_DISTANCE : triggerPrice / 10;
  return { triggerPrice, limitPrice: ceilTo(triggerPrice + distance, tickSize) };
}

/** An open leg: units, its average price at the entry, and the price at which it could be closed now. */
export type MarkedLeg = { quantity: number; entryPrice: Paise; closeAt: Paise };

/**
 * What closing a position now would lose, both legs together and after charges (those paid and those of closing):
 * `main` is bought back at the ask, `hedge` sold at the bid, 0 where nobody bids. Negative is a profit. At or beyond
 * the cap counts as reached.
 */
export function closingLoss(position: { main: MarkedLeg; hedge: MarkedLeg | null; charges: Paise }): Paise {
  const { main, hedge, charges } = position;
  const onHedge = hedge ? hedge.quantity * (hedge.entryPrice - hedge.closeAt) : 0;
  return main.quantity * (main.closeAt - main.entryPrice) + onHedge + charges;
}

/** Prices that the exchange accepts around a last price, both ends included; paise, on ticks, at least one tick. */
export function priceProtection(lastPrice: Paise, tickSize: Paise): { lower: Paise; upper: Paise } {
  const away = lastPrice > SMALL_PREMIUM ? Math.floor((lastPrice * PROTECTED_PER_CENT) / 100) : SMALL_PROTECTED;
  return {
    lower: ceilTo(Math.max(lastPrice - away, tickSize), tickSize),
    upper: floorTo(lastPrice + away, tickSize),
  };
}

/** A quote whose best prices lie outside the last price's price protection is garbage (TRADING section 8). */
export function isBelievable(quote: {
  lastPrice: Paise;
  bids: readonly { price: Paise }[];
  asks: readonly { price: Paise }[];
}): boolean {
  const { lower, upper } = priceProtection(quote.lastPrice, 1);
  return [quote.bids[0], quote.asks[0]].every((level) => !level || (level.price >= lower && level.price <= upper));
}

/**
 * What MARKET means here (TRADING section 3): a limit at the far touch (the ask for a buy, the bid for a sell) plus a
 * protection band, inside the exchange's price protection around `reference`, the last price. `widen` counts the steps
 * of a chase from 0; the last step is repeated. Paise, on ticks.
 */
export function protectedLimit(order: {
  side: Side;
  touch: Paise;
  reference: Paise;
  widen: number;
  tickSize: Paise;
}): Paise {
  const { side, touch, reference, widen, tickSize } = order;
  const step = WIDENING[widen] ?? WIDEST;
  const band = Math.max((touch * step.perMille) / 1000, step.ticks * tickSize);
  const { lower, upper } = priceProtection(reference, tickSize);
  return side === 'BUY'
    ? Math.min(ceilTo(touch + band, tickSize), upper)
    : Math.max(floorTo(touch - band, tickSize), lower);
}

function ceilTo(price: number, tickSize: Paise): Paise {
  return Math.ceil(price / tickSize) * tickSize;
}

function floorTo(price: number, tickSize: Paise): Paise {
  return Math.floor(price / tickSize) * tickSize;
}
