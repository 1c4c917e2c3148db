/** The broker's own square-off of MIS, the dead man's switch behind ours: watched and taken into the ledger (TRADING section 2). */
import { condition } from '@temporalio/workflow';
import type { Day } from './day.ts';
import { ManualPosition } from './manual-position.ts';
import { isLive } from './order-state.ts';
import { cancelToEnd } from './orders.ts';
import { Position } from './position.ts';

const LOOK_EVERY_MS = 15_000;

/** Beside the day, from the last minute of our own placing to the close. */
export async function watchSquareOff(day: Day): Promise<void> {
  if (!day.timetable) return;
  await day.until(day.timetable.lastPlacement, "the broker's own square-off is watched", () => day.over);
  while (!day.over && left(day).length > 0) {
    await takeSquareOff(day);
    await condition(() => day.over, LOOK_EVERY_MS, { summary: "did the broker's own square-off close it?" });
  }
}

/** Looks once at what is left in MIS; `patiently` after the close, when nothing else waits for it. */
export async function takeSquareOff(day: Day, patiently = false): Promise<void> {
  for (const position of left(day)) {
    await position.lookForHands(patiently);
    // Whoever leaves at this moment settles by himself.
    if (position.short() !== 0 || position.long() !== 0 || position.isLeaving()) continue;
    for (const order of position.orders()) if (isLive(order)) await cancelToEnd(day, order);
    position.settle();
  }
}

function left(day: Day): (Position | ManualPosition)[] {
  return day.positions.filter(
    (position): position is Position | ManualPosition =>
      (position instanceof Position || position instanceof ManualPosition) &&
      position.isOpen() &&
      position.plan.product === 'MIS',
  );
}
