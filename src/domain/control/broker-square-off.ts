/** How the broker's own square-off of MIS positions is told from a person's orders. */
import { timetable } from '../calendar/index.ts';
import type { IsoDate, MarketMs } from '../types.ts';

/** Nothing new of ours is placed from 15:23 on; the broker begins its square-off at 15:20 at the earliest. */
const BEGINS_BEFORE_LAST_PLACEMENT_MS = 3 * 60_000;

/** When the broker may begin to close what is left in MIS. Throws CalendarError on a date without a session. */
function squareOffBeginsAt(date: IsoDate): MarketMs {
  return timetable(date).lastPlacement - BEGINS_BEFORE_LAST_PLACEMENT_MS;
}

/** In MIS, without any tag, in the minutes in which the broker closes what is left (support.zerodha.com, MIS square-off). */
export function isBrokerSquareOff(
  order: { product: string; tag: string | null; placedAt: MarketMs },
  date: IsoDate,
): boolean {
  return order.product === 'MIS' && order.tag === null && order.placedAt >= squareOffBeginsAt(date);
}
