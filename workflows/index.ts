export { openDay } from './open-day.ts';
export { tradingDay } from './trading-day.ts';
