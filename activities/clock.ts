import type { DayActivities } from './contract.ts';
import type { Deps } from './deps.ts';

/** The replayed market's clock; live and paper days never call these. */
export function createClockActivities(deps: Deps): Pick<DayActivities, 'readClock' | 'holdClock'> {
  return {
    readClock: () => deps.clock.read(),
    holdClock: ({ key, on }) => deps.clock.hold(key, on),
  };
}
