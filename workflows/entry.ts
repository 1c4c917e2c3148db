/** Entry: the hedge is bought and seen filled, then at most as much is sold (TRADING section 3). */
import { condition } from '@temporalio/workflow';
import { catastropheStop } from '../src/domain/stops.ts';
import type { Day } from './day.ts';
import { look } from './doubt.ts';
import type { Leaver } from './exit.ts';
import { submitWatched, watchLate } from './late.ts';
import { CHASE_STEPS } from './limits.ts';
import type { LegRole, OrderPurpose, OrderView } from './messages.ts';
import { cancelToEnd, change, follow, type Intended, submit } from './orders.ts';
import type { Position } from './position.ts';

/** What a short has to answer to be protected. */
export type Protected = Leaver & Pick<Position, 'average' | 'requestExit' | 'exitReason'>;

/** How long each step of a chase is looked at. Wall milliseconds. */
const CHASE_STEP_MS = 3_000;
/** An entry may use this many of the broker's 25 modifications of an order. */
const CHASE_BUDGET = 20;
/** An opening sell without an answer is watched for this long before its hedge is sold. */
const WATCH_MISSING_SELL_MS = 60_000;
const WATCH_EVERY_MS = 5_000;
/** A stop refused so often closes the position (TRADING section 5). */
const REFUSALS_OF_A_STOP = 2;
const STOP_AGAIN_MS = 2_000;
/** Market time. */
const OPENING_MS = 30_000;

/**
 * Buys the hedge. Answers what was filled, in units. A far strike may be refused over night before its short exists: then a nearer one
 * is tried, as often as the plan has one. Never the short first (TRADING section 2).
 */
export async function enterHedge(position: Position): Promise<number> {
  for (;;) {
    const filled = await buyHedge(position);
    const [nearer, ...others] = position.plan.nearerHedges;
    if (filled > 0 || !nearer || !position.mayEnter() || !lastWasRefused(position)) return filled;
    const { day, plan } = position;
    day.log(
      'warn',
      'hedge_refused',
      `${position.id}: ${plan.hedge?.tradingsymbol} was refused as a hedge; trying ${nearer.tradingsymbol}.`,
    );
    position.plan = { ...plan, hedge: nearer, nearerHedges: others };
  }
}

function lastWasRefused(position: Position): boolean {
  const last = position.orders().findLast((order) => order.role === 'hedge' && order.purpose === 'entry');
  return last?.status === 'REFUSED' || last?.status === 'REJECTED';
}

async function buyHedge(position: Position): Promise<number> {
  for (const [index, quantity] of sliced(position, position.plan.quantity).entries()) {
    if (!position.mayEnter()) break;
    const filled = await fill(position, 'hedge', index + 1, quantity);
    if (filled < quantity) break;
  }
  return position.long();
}

/** Sells the main leg, a slice at a time, and rests protection for each before the next. */
export async function enterMain(position: Position, quantity: number): Promise<void> {
  for (const [index, part] of sliced(position, quantity).entries()) {
    if (!position.mayEnter()) return;
    const filled = await fill(position, 'main', index + 1, part);
    if (filled > 0) await restStop(position, index + 1);
    if (filled < part) return;
  }
}

/** The hedge never stays larger than what it covers, and nothing stays bought of the main leg. */
export async function unwindSurplus(position: Position): Promise<void> {
  const bought = -position.short();
  for (const part of sliced(position, bought)) await fill(position, 'main', 1, part, 'unwind');
  const surplus = position.plan.hedge ? position.surplusHedge() : 0;
  for (const part of sliced(position, surplus)) await fill(position, 'hedge', 1, part, 'unwind');
}

/** Quantities of at most the freeze quantity each, whole lots. */
function sliced(position: Position, quantity: number): number[] {
  const most = position.plan.main.maxOrderQuantity;
  const parts: number[] = [];
  for (let left = quantity; left > 0; left -= most) parts.push(Math.min(left, most));
  return parts;
}

async function fill(
  position: Position,
  role: LegRole,
  slice: number,
  quantity: number,
  purpose: OrderPurpose = 'entry',
): Promise<number> {
  const { day } = position;
  const side = role === 'hedge' && purpose === 'entry' ? 'BUY' : 'SELL';
  // What is known to be absent may be sent once more; an opening sell never is.
  const opening = role === 'main' && purpose === 'entry';
  for (let sends = 0; sends < (opening ? 1 : 2); sends += 1) {
    const intended = position.intend({
      role,
      purpose,
      side,
      slice,
      quantity,
      pricing: { kind: 'cross', widen: 0, noWorseThan: null },
    });
    const submitted = await (opening ? submit(day, intended) : submitWatched(position, intended));
    if (submitted.kind === 'in_book') return chase(position, submitted.order, intended);
    if (submitted.kind === 'absent' && opening) {
      return (await watchMissing(position, submitted.order, intended)) ? chase(position, submitted.order, intended) : 0;
    }
    if (submitted.kind !== 'absent') return 0;
    if (purpose === 'entry' && !position.mayEnter()) return 0;
  }
  return 0;
}

/** Looks, widens, looks again; what is not filled in the end is cancelled to its final state. */
async function chase(position: Position, order: OrderView, intended: Intended): Promise<number> {
  const { day } = position;
  for (let widen = 1; widen <= CHASE_STEPS; widen += 1) {
    const seen = await follow(day, order, 'terminal', CHASE_STEP_MS);
    if (seen.state !== 'live') return order.filledQuantity;
    if (intended.purpose === 'entry' && !position.mayEnter()) break;
    const changed = await change(day, order, {
      contract: intended.contract,
      side: intended.side,
      how: 'reprice',
      widen,
      noWorseThan: null,
      budget: CHASE_BUDGET,
    });
    if (changed.kind === 'budget') break;
  }
  await cancelToEnd(day, order);
  return order.filledQuantity;
}

/** True once the order appears. Otherwise its hedge is sold, and the watch goes on to the close. */
async function watchMissing(position: Position, order: OrderView, intended: Intended): Promise<boolean> {
  const { day } = position;
  const since = Date.now();
  while (Date.now() - since < WATCH_MISSING_SELL_MS && !day.over) {
    if ((await look(day, order, intended)).kind === 'found') return true;
    await condition(() => day.over, WATCH_EVERY_MS, { summary: `watching for ${order.tag}` });
  }
  watchLate(position, order, intended);
  return false;
}

/** The exchange's first seconds refuse what they take later. */
function isOpening(day: Day): boolean {
  return day.timetable !== null && day.now() < day.timetable.open + OPENING_MS;
}

/** Rests the catastrophe stop of a slice at the broker; a trigger already passed or two refusals mean leaving. */
export async function restStop(position: Protected, slice: number): Promise<void> {
  const { day } = position;
  const entry = position.average('main', 'SELL', slice);
  const quantity = position.toBuyBack(slice);
  if (entry === null || quantity === 0) return;
  const stop = catastropheStop(entry, position.plan.main.tickSize);
  for (let refusals = 0; refusals < REFUSALS_OF_A_STOP; ) {
    if (position.exitReason !== null || day.over) return;
    const intended = position.intend({
      role: 'main',
      purpose: 'stop',
      side: 'BUY',
      slice,
      quantity,
      pricing: { kind: 'stop', triggerPrice: stop.triggerPrice, price: stop.limitPrice },
    });
    const submitted = await submitWatched(position, intended);
    if (submitted.kind === 'trigger_passed') {
      position.requestExit('catastrophe_stop');
      return;
    }
    if (submitted.kind === 'refused' && (!submitted.final || isOpening(day))) {
      // Not the broker's word on this stop: a worker too late, no quote, an address to be mended, clocks that differ at the open.
      await condition(() => day.over || position.exitReason !== null, STOP_AGAIN_MS, { summary: 'the stop once more' });
      continue;
    }
    if (submitted.kind !== 'in_book') {
      refusals += 1;
      await condition(() => day.over || position.exitReason !== null, STOP_AGAIN_MS, { summary: 'the stop once more' });
      continue;
    }
    position.stops.set(slice, submitted.order);
    const seen = await follow(day, submitted.order, 'resting', 5_000);
    if (seen.state === 'live') {
      day.log(
        'info',
        'stop_rested',
        `${position.id}: stop rests at Zerodha, trigger ${(stop.triggerPrice / 100).toFixed(2)}, limit ${(stop.limitPrice / 100).toFixed(2)}.`,
      );
      return;
    }
    if (seen.filledQuantity > 0) {
      position.requestExit('catastrophe_stop');
      return;
    }
    if (!isOpening(day)) refusals += 1;
    await condition(() => day.over || position.exitReason !== null, STOP_AGAIN_MS, { summary: 'the stop once more' });
  }
  day.log(
    'alert',
    'protection_refused',
    `${position.id}: the protective stop was refused twice. The position is closed.`,
  );
  position.requestExit('protection_refused');
}
