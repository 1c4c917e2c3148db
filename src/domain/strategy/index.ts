export { aggregateHourly, hourlyBarEnd, weekStartOf } from './bars.ts';
export { indexStopHit } from './index-stop.ts';
export type { Levels, Zones } from './levels.ts';
export { DEFAULT_PARAMS, type StrategyParams } from './params.ts';
export { evaluateWeek, type SignalCheck, strikeOf, type WeekDecision } from './week.ts';
