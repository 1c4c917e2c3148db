/**
 * Where `nextActions` throws: turns resting stops of positions that are to be left into limits, and sells nothing. It shares no code with
 * what has just failed.
 */
import type { ControlFacts, Now } from './facts.ts';

const AGAIN_MS = 10_000;

export function fallbackTags(facts: ControlFacts, positionId: string, now: Now): string[] {
  const position = facts.positions.find(({ id }) => id === positionId);
  if (!position?.exit || facts.over || facts.handsOff || !facts.sessionLives) return [];
  if (facts.timetable && now.market < facts.timetable.open) return [];
  return Object.values(facts.orders)
    .filter((order) => order.positionId === positionId && order.phase === 'resting' && !order.change && !order.watched)
    .filter((order) => now.wall >= (order.steppedAt ?? 0) + AGAIN_MS)
    .map(({ tag }) => tag);
}
