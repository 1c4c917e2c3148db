import type { IsoDate } from '../types.ts';
import { assertCovered, CalendarError } from './coverage.ts';
import { isMonthlyExpiry } from './expiries.ts';

/**
 * NIFTY's units per lot by the contract's EXPIRY, newest first; `weekly` and `monthly` say from which expiry on.
 * 65: NSE/FAOP/70616 of 3 October 2025. 75: contracts introduced from 20 November 2024, so the weekly of 2 January
 * 2025 and the monthly of February. 25: contracts from 26 April 2024. 50: NSE/FAOP/47854, from the monthly of July 2021 and
 * the weeklies of August, so that those of 1, 8, 15 and 22 July still had 75 (support.zerodha.com, nifty-july-weekly-lot-size).
 */
const LOTS: readonly { weekly: IsoDate; monthly: IsoDate; size: number }[] = [
  { weekly: '2026-01-06', monthly: '2026-01-27', size: 65 },
  { weekly: '2025-01-02', monthly: '2025-02-27', size: 75 },
  { weekly: '2024-05-02', monthly: '2024-05-30', size: 25 },
  { weekly: '2021-08-05', monthly: '2021-07-29', size: 50 },
  { weekly: '2021-04-01', monthly: '2021-04-01', size: 75 },
];

/** Units per lot of NIFTY options by expiry; the day's instrument master overrides it. Throws CalendarError. */
export function lotSizeFor(expiry: IsoDate): number {
  assertCovered(expiry);
  const monthly = isMonthlyExpiry(expiry);
  const row = LOTS.find((lot) => (monthly ? lot.monthly : lot.weekly) <= expiry);
  if (!row) throw new CalendarError(expiry, `No lot size is known for expiry ${expiry}: enter it in lots.ts.`);
  return row.size;
}

/**
 * NIFTY's freeze quantity. Known from 2025-09 to 2026-08 (NSE/FAOP/75521 and the months before it, always 1800);
 * outside these months the same figure is an assumption.
 */
const FREEZE_QUANTITY = 1800;
const FREEZE_KNOWN: readonly [from: IsoDate, to: IsoDate] = ['2025-09-01', '2026-08-31'];

/** The largest quantity of one NIFTY options order, in units; `assumed` where no circular was at hand. */
export function freezeQuantityOf(date: IsoDate): { quantity: number; assumed: boolean } {
  assertCovered(date);
  return { quantity: FREEZE_QUANTITY, assumed: date < FREEZE_KNOWN[0] || date > FREEZE_KNOWN[1] };
}

/** The largest quantity of one NIFTY options order, in units (a multiple of the lot must stay at or below it). */
export function freezeQuantity(date: IsoDate): number {
  return freezeQuantityOf(date).quantity;
}
