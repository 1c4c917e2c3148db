import type { OptionType } from '../../../domain/types.ts';

/**
 * Price of a European option on a forward, undiscounted (Black 1976 with an interest rate of 0). Points in, points out;
 * `volatility` a year as a fraction, `years` to expiry. At or after expiry it is the intrinsic value.
 */
export function blackPrice(
  optionType: OptionType,
  forward: number,
  strike: number,
  volatility: number,
  years: number,
): number {
  const sign = optionType === 'CE' ? 1 : -1;
  const deviation = volatility * Math.sqrt(Math.max(0, years));
  if (deviation <= 0) return Math.max(0, sign * (forward - strike));
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  const d2 = d1 - deviation;
  return sign * (forward * normal(sign * d1) - strike * normal(sign * d2));
}

/** Standard normal distribution function: Zelen and Severo, Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = Math.exp((-x * x) / 2) * 0.3989422804014327 * poly;
  return x >= 0 ? 1 - tail : tail;
}
