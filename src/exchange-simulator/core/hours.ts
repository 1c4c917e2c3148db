import { BROKER_SQUARE_OFF, CalendarError, contractLastMinute, sessionOf } from '../../domain/calendar/index.ts';
import { istAt, istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract } from '../../domain/types.ts';

export type Hours = { open: MarketMs; close: MarketMs };

// Asked for every order in every second of the market, about the dates of one calendar.
const byDate = new Map<IsoDate, Hours | null>();
const byExpiry = new Map<IsoDate, Map<IsoDate, Hours | null>>();

/** When the derivatives segment trades on a date; null where it does not, and on dates that the calendar does not know. */
export function segmentHours(date: IsoDate): Hours | null {
  const known = byDate.get(date);
  if (known !== undefined) return known;
  const hours = hoursByCalendar(date);
  byDate.set(date, hours);
  return hours;
}

function hoursByCalendar(date: IsoDate): Hours | null {
  try {
    const session = sessionOf(date);
    return session.kind === 'session' ? { open: session.open, close: session.close } : null;
  } catch (error) {
    if (error instanceof CalendarError) return null;
    throw error;
  }
}

/** When a contract of an expiry trades on a date; null on a holiday and after the expiry. */
export function tradingHours(expiry: IsoDate, date: IsoDate): Hours | null {
  const dates = byExpiry.get(expiry) ?? new Map<IsoDate, Hours | null>();
  byExpiry.set(expiry, dates);
  const known = dates.get(date);
  if (known !== undefined) return known;
  const segment = date > expiry ? null : segmentHours(date);
  const hours = segment && { open: segment.open, close: contractLastMinute(expiry, date) };
  dates.set(date, hours);
  return hours;
}

/** Whether the broker is closing what is left in MIS, or has, and the segment still trades. */
export function isSquareOffTime(at: MarketMs): boolean {
  const hours = segmentHours(istDate(at));
  return hours !== null && at >= istAt(istDate(at), BROKER_SQUARE_OFF) && at >= hours.open && at < hours.close;
}

export function isTrading(contract: OptionContract, at: MarketMs): boolean {
  const hours = tradingHours(contract.expiry, istDate(at));
  return hours !== null && at >= hours.open && at < hours.close;
}
