/** A carried position's morning: protected first, without any start signal (TRADING section 6). */
import { condition, isCancellation } from '@temporalio/workflow';
import { indexStopHit } from '../src/domain/strategy/index-stop.ts';
import type { Paise } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import { restStop } from './entry.ts';
import type { ManualPosition } from './manual-position.ts';
import type { Position } from './position.ts';
import { asking } from './proxies.ts';
import { settle } from './settlement.ts';

/** Protection does not wait longer than this for the comparison of ledger and broker. Wall milliseconds. */
const COMPARED_WITHIN_MS = 5_000;

/** From the open on: whatever has expired is settled, what was being left is left, and the rest is protected anew. */
export async function carryOn(position: Position): Promise<void> {
  const { day } = position;
  const { timetable } = day;
  if (!timetable) return;
  if (position.plan.main.expiry < day.identity.date) {
    await settle(day, [position], position.plan.main.expiry);
    if (!position.isOpen()) return;
    position.state = position.short() > 0 ? 'not_flat' : 'residual_hedge';
    await condition(() => day.over);
    return;
  }
  await day.until(timetable.open, `open: ${position.id} is protected`, () => day.over);
  await condition(() => day.session !== null || day.over);
  await day.hold(`position:${position.id}`, true);
  await condition(() => day.compared || day.over, COMPARED_WITHIN_MS, { summary: 'ledger and broker are compared' });
  if (day.over) return;
  if (day.compared) await position.lookForHands();
  // Its own day of leaving may have passed while nobody was there.
  const overdue = position.carried?.leaving || position.plan.exitOn < day.identity.date;
  if (overdue || position.state === 'residual_hedge') position.requestExit('leftover');
  if (position.exitReason !== null || day.over) return;
  if (await indexIsBeyond(position)) {
    position.requestExit('index_stop');
    return;
  }
  for (const slice of position.slices()) if (position.exitReason === null) await restStop(position, slice);
}

/** What was opened by hand and could not be closed on its day leaves at the next open. */
export async function leaveAtOpen(position: ManualPosition): Promise<void> {
  const { day } = position;
  const { expiry } = position.plan.main;
  if (!day.timetable) return;
  if (expiry < day.identity.date) {
    await settle(day, [position], expiry);
    return;
  }
  await day.until(day.timetable.open, `open: ${position.id} is left`, () => day.over);
  await condition(() => day.session !== null || day.over);
  await condition(() => day.compared || day.over, COMPARED_WITHIN_MS, { summary: 'ledger and broker are compared' });
  if (!day.over) position.requestExit('leftover');
}

/** A gap over night may have passed the stop already: then nothing waits for the first hourly close. */
async function indexIsBeyond(position: Position): Promise<boolean> {
  const { day } = position;
  const { optionType, strike } = position.plan.main;
  const index = await readIndex(day);
  if (index === null || !indexStopHit(optionType, strike, index)) return false;
  day.log('warn', 'index_stop', `${position.id}: the index opened at ${index / 100}, at or beyond ${strike / 100}.`);
  return true;
}

/** Null when the broker does not say it at once: the stop rests first, and the first hourly close decides. */
async function readIndex(day: Day): Promise<Paise | null> {
  try {
    return await day.withSession(() =>
      asking.readIndex.executeWithOptions({ summary: 'Where did the index open?' }, [day.identity]),
    );
  } catch (error) {
    if (isCancellation(error) || error instanceof MarketOver) throw error;
    day.log('warn', 'index_stop', 'The index of the open could not be read: the stop rests without it.');
    return null;
  }
}
