export { openDayWorkflow } from './open-day.ts';
export { tradingDay } from './trading-day.ts';
