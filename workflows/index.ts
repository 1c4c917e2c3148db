export { tradingDay } from './trading-day.ts';
