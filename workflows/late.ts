/** Orders that were given up as absent, and come all the same: watched to the close, cancelled, and their fills undone. */
import { condition } from '@temporalio/workflow';
import type { WallMs } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import { look } from './doubt.ts';
import type { OrderView } from './messages.ts';
import { cancelToEnd, type Intended, type Submitted, submit } from './orders.ts';

/** Often for the first ten minutes; then seldom, so that a day with several of them keeps a short history. */
const LOOK_EVERY_MS = 30_000;
const OFTEN = 20;
const LOOK_SELDOM_MS = 300_000;

/** Whose order it is: what came late is undone there. */
export interface OrderOwner {
  readonly day: Day;
  undoLate(): Promise<void>;
}

/** As `submit`; an order that is absent in the end is watched beside the day. */
export async function submitWatched(position: OrderOwner, intended: Intended, sendBy?: WallMs): Promise<Submitted> {
  const submitted = await submit(position.day, intended, sendBy);
  if (submitted.kind === 'absent') watchLate(position, submitted.order, intended);
  return submitted;
}

export function watchLate(position: OrderOwner, order: OrderView, intended: Intended): void {
  position.day.beside(watchToTheClose(position, order, intended));
}

async function watchToTheClose(position: OrderOwner, order: OrderView, intended: Intended): Promise<void> {
  const { day } = position;
  for (let looks = 0; !day.over; looks += 1) {
    await condition(() => day.over, looks < OFTEN ? LOOK_EVERY_MS : LOOK_SELDOM_MS, {
      summary: `watching for ${order.tag} to the close`,
    });
    if (day.over || (await look(day, order, intended)).kind !== 'found') continue;
    day.log(
      'alert',
      'order_appeared',
      `${order.tag} appeared after it was given up. It is cancelled, its fills are undone.`,
    );
    await cancelToEnd(day, order);
    await position.undoLate();
    return;
  }
}
