export { aggregateHourly, hourlyBarEnd, weekStartOf } from './bars.ts';
export { indexStopHit } from './index-stop.ts';

export { DEFAULT_PARAMS, type StrategyParams } from './params.ts';
export { evaluateWeek, strikeOf, type WeekDecision } from './week.ts';
