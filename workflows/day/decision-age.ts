/** How old a decision may be when its orders leave. */
import type { MarketMs } from '../../src/domain/types.ts';
import type { Day } from './day.ts';

/** Later than this after its bar's end an entry would be another trade (CONTROL, leaving). Market time. */
const DECIDE_WITHIN_MS = 5 * 60_000;
/** In a fast replay the same delay of the machine is more of the market's time. Wall time. */
const REPLAY_DECIDE_WITHIN_MS = 5_000;

/** An entry opens nothing after it: of a replayed market that was late already, five minutes from now on at its own pace. */
export function openUntil(day: Day, decidedAt: MarketMs): MarketMs {
  return Math.min(decidedAt + decideWithin(day), day.now() + DECIDE_WITHIN_MS);
}

export function decideWithin(day: Day): number {
  const fastest = Math.max(1, ...day.facts.clock.map((segment) => segment.speed));
  return Math.max(DECIDE_WITHIN_MS, REPLAY_DECIDE_WITHIN_MS * fastest);
}
