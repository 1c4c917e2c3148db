import { isMonthlyExpiry } from '../../domain/calendar/index.ts';
import type { IsoDate, OptionType, Paise } from '../../domain/types.ts';

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKLY_MONTHS = '123456789OND';

/**
 * How Kite's instrument list spells an NSE option: `NIFTY2571725000PE` for a weekly (year, month as 1..9 O N D, day),
 * `NIFTY25JUL25000PE` for the month's last expiry. Only the simulator makes symbols; trading looks them up.
 * The strike in points has no decimals for NIFTY. Throws CalendarError for an expiry outside the tables.
 */
export function optionSymbol(name: string, expiry: IsoDate, strike: Paise, optionType: OptionType): string {
  const [year = '', month = '', day = ''] = expiry.split('-');
  const index = Number(month) - 1;
  const when = isMonthlyExpiry(expiry) ? `${MONTHS[index]}` : `${WEEKLY_MONTHS[index]}${day}`;
  return `${name}${year.slice(2)}${when}${strike / 100}${optionType}`;
}
