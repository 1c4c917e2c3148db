import type { DayActivities } from '../src/contract/activities.ts';
import type { Deps } from './deps.ts';

/** The replayed market's clock; live and paper days never call these. */
export function createClockActivities(deps: Deps): Pick<DayActivities, 'readClock' | 'holdMarketClock'> {
  return {
    readClock: () => deps.clock.read(),
    holdMarketClock: ({ key, on }) => deps.clock.hold(key, on),
  };
}
