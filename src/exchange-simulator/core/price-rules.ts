import type { Paise, Side } from '../../domain/types.ts';

/**
 * The exchange's limit price protection for options: a reference above 50 rupees allows 40 % around it, up to 50 rupees 20 rupees.
 * The reference is the average of the last 30 seconds' trades, at the open the contract's theoretical price. A buy above or a sell below the range is refused; at matching, a triggered
 * stop outside it is cancelled. Sources: sasonline.in bulletin 455; tradingqna.com thread 193460; Kite forum 13838.
 */
export function priceProtection(reference: Paise): { lower: Paise; upper: Paise } {
  const width = reference > 5_000 ? Math.round(reference * 0.4) : 2_000;
  return { lower: Math.max(0, reference - width), upper: reference + width };
}

/**
 * Largest distance between trigger and limit of a stop-loss limit order on NSE options: 20 % of the trigger, or 10 rupees up to a
 * trigger of 50. Modifications included. Source: summaries of NSE's circular on stop-loss limit orders.
 */
export function triggerRange(trigger: Paise): Paise {
  return trigger > 5_000 ? Math.floor(trigger * 0.2) : 1_000;
}

/**
 * How many percent a MARKET order's protection stands for; -1 lets the broker choose: 5 below 10 rupees, 3 to 100, 2 to 500, 1 above. Kite
 * docs and forum 52940, 52970 for the conversion; the percentages are reports of users (tradingqna.com thread 193460 for the 3, forum
 * 52371 for the 2 at 204.10), not official.
 */
export function protectionPercent(last: Paise, protection: number): number {
  return protection === -1 ? automatic(last) : protection;
}

/** The limit that a MARKET order becomes, `percent` beyond the last price. */
export function protectedPrice(side: Side, last: Paise, percent: number, tick: Paise): Paise {
  const price = last * (1 + ((side === 'BUY' ? 1 : -1) * percent) / 100);
  const ticks = side === 'BUY' ? Math.ceil(price / tick - 1e-9) : Math.floor(price / tick + 1e-9);
  return Math.max(1, ticks) * tick;
}

function automatic(last: Paise): number {
  if (last < 1_000) return 5;
  if (last <= 10_000) return 3;
  return last <= 50_000 ? 2 : 1;
}

export function isBeyond(side: Side, price: Paise, range: { lower: Paise; upper: Paise }): boolean {
  return side === 'BUY' ? price > range.upper : price < range.lower;
}
