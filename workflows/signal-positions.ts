import type { Day } from './day.ts';
import { Position } from './position.ts';

/** Those that a signal opened: hedged, with an index stop, carried under `weekly`. What a person opened by hand is none of them. */
export function signalPositions(day: Day): Position[] {
  return day.positions.filter((position) => position instanceof Position);
}
