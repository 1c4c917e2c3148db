/** By when a trading date's day runs. */
import { sessionOf } from './calendar/index.ts';
import type { IsoDate, MarketMs } from './types.ts';

/** The Schedule opens days half an hour before the market, at 08:45; ten minutes later it has had its time, and a person still has 20. */
const DUE_BEFORE_OPEN_MS = 20 * 60_000;

/**
 * Kite writes the instrument file of a date about 08:30 IST; until then it is the day before's. Source: Kite Connect documentation, instruments;
 * the rest is for a morning on which it is late.
 */
export const MASTER_WRITTEN_BY = '08:40';

/**
 * The span in which a day runs on a trading date: from 20 minutes before the open (08:55 usually) to the close, market time. Null on a date
 * without a session. Throws CalendarError for a date, or a session's hours, that the calendar does not know.
 */
export function daySpan(date: IsoDate): { due: MarketMs; open: MarketMs; close: MarketMs } | null {
  const session = sessionOf(date);
  if (session.kind === 'holiday') return null;
  return { due: session.open - DUE_BEFORE_OPEN_MS, open: session.open, close: session.close };
}
