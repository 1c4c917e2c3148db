/** What a person should know while no trading day is open. */
import { CalendarError, nextTradingDay } from '../domain/calendar/index.ts';
import { istAt, istTime } from '../domain/clock.ts';
import type { IsoDate, MarketMs, TradingMode } from '../domain/types.ts';

/** When the Schedule of paper and live mode opens a day. */
const OPENS = '08:45';

/** Why none is open on a trading date, and what opens one. */
export function whyNoDay(asked: { mode: TradingMode; date: IsoDate; now: MarketMs; close: MarketMs | null }): string {
  const { mode, date, now, close } = asked;
  if (close !== null && now >= close) {
    return `The market closed at ${istTime(close).slice(0, 5)}, and no day was opened.${nextAfter(date)}`;
  }
  const comes = mode !== 'replay' && now < istAt(date, OPENS);
  return comes
    ? `No trading day is open yet. It opens at ${OPENS}, or with a login or start-trading.`
    : 'No trading day is open. A login or start-trading opens it.';
}

function nextAfter(date: IsoDate): string {
  try {
    return ` Next trading day ${nextTradingDay(date)}.`;
  } catch (error) {
    if (error instanceof CalendarError) return '';
    throw error;
  }
}
