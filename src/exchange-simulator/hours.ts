import { CalendarError, contractLastMinute, sessionOf } from '../domain/calendar/index.ts';
import { istDate } from '../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract } from '../domain/types.ts';

/** When the derivatives segment trades on a date; null where it does not, and on dates that the calendar does not know. */
export function segmentHours(date: IsoDate): { open: MarketMs; close: MarketMs } | null {
  try {
    const session = sessionOf(date);
    return session.kind === 'session' ? { open: session.open, close: session.close } : null;
  } catch (error) {
    if (error instanceof CalendarError) return null;
    throw error;
  }
}

/** When a contract trades on a date; null on a holiday and after its expiry. */
export function tradingHours(contract: OptionContract, date: IsoDate): { open: MarketMs; close: MarketMs } | null {
  const hours = date > contract.expiry ? null : segmentHours(date);
  return hours && { open: hours.open, close: contractLastMinute(contract.expiry, date) };
}

export function isTrading(contract: OptionContract, at: MarketMs): boolean {
  const hours = tradingHours(contract, istDate(at));
  return hours !== null && at >= hours.open && at < hours.close;
}
