import type { DayIdentity } from '../contract/identity.ts';
import type { DayReport } from '../contract/views.ts';
import type { IsoDate, MarketMs } from '../domain/types.ts';
import type { Execution } from './temporal/execution.ts';

export type PlayedDay = {
  date: IsoDate;
  identity: DayIdentity;
  execution: Execution;
  /** What was terminated of it before: the day went on in another one. */
  lost: Execution[];
  /** Null when the workflow did not come to its end. */
  report: DayReport | null;
  /** It had so many events that nothing new is to be learnt from it. */
  brokenOff: boolean;
  close: MarketMs;
  /** Trading was started by then. */
  tradingFrom: MarketMs;
};

export function eventsOf(day: Pick<PlayedDay, 'execution' | 'lost'> | undefined): number {
  return day ? [...day.lost, day.execution].reduce((sum, { history }) => sum + history.events, 0) : 0;
}
