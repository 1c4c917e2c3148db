import { istAt } from '../../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise } from '../../../domain/types.ts';
import { blackPrice } from './black-scholes.ts';

/**
 * Points that the forward stands above the index for each calendar day to expiry: put-call parity of the real closing prices of
 * 14 July 2025 (forward 25128.35 for the 17th, index 25082.30). The 13 real prices of that day are met within 6 points.
 */
const FORWARD_POINTS_A_DAY = 15.35;

const DAY_MS = 86_400_000;
const EXPIRY_TIME = '15:30';

/** The smallest price of an option: one tick. Nothing trades below it. */
export const SMALLEST_PREMIUM: Paise = 5;

/**
 * A modelled option price: Black on that forward, volatility as India VIX (in percent), time in calendar seconds to 15:30 of the expiry
 * over 365 days. Rounded to the contract's tick, never below one tick.
 */
export function premium(contract: OptionContract, index: Paise, vix: number, at: MarketMs): Paise {
  const days = Math.max(0, istAt(contract.expiry, EXPIRY_TIME) - at) / DAY_MS;
  const forward = index / 100 + FORWARD_POINTS_A_DAY * days;
  const points = blackPrice(contract.optionType, forward, contract.strike / 100, vix / 100, days / 365);
  const ticks = Math.round((points * 100) / contract.tickSize);
  return Math.max(SMALLEST_PREMIUM, ticks * contract.tickSize);
}
