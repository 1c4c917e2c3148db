import type { MarketMs } from '../../domain/types.ts';
import { type SimClock, SimRefusal } from '../core/types.ts';

/** The real market's time is everybody's: no segments, and nobody moves it. `set`, `hold` and `lease` throw SimRefusal. */
export function createWallClock(now: () => MarketMs): SimClock {
  const refuse = (): never => {
    throw new SimRefusal(
      400,
      'InputException',
      'The paper exchange runs on the wall clock of the real market: its time cannot be set, held or leased.',
    );
  };
  return { now, segments: () => [], speed: () => 1, holds: () => [], set: refuse, hold: refuse, lease: refuse };
}
