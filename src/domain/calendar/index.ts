export { assertCovered, CalendarError, COVERED_FROM, COVERED_TO, horizonWarning } from './coverage.ts';
export { isMonthlyExpiry, listedExpiries, weeklyExitDate, weeklyExpiry } from './expiries.ts';
export { freezeQuantity, freezeQuantityOf, lotSizeFor } from './lots.ts';
export {
  contractLastMinute,
  hourlyBars,
  isFullTradingDay,
  isTradingDay,
  nextTradingDay,
  previousTradingDay,
  sessionOf,
} from './sessions.ts';
export { BROKER_SQUARE_OFF, timetable } from './timetable.ts';
