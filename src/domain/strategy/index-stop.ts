import type { OptionType, Paise } from '../types.ts';

/** Whether an hourly close of the index stops a sold option: at or beyond the strike (STRATEGY section 7). Points x 100. */
export function indexStopHit(optionType: OptionType, strike: Paise, close: Paise): boolean {
  return optionType === 'PE' ? close <= strike : close >= strike;
}
