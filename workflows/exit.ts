/** Exit: one buy order a slice, whatever happens; then the hedge is sold (TRADING section 5). */
import { condition } from '@temporalio/workflow';
import type { ContractRef } from '../activities/contract.ts';
import type { Product } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import { type OrderOwner, submitWatched } from './late.ts';
import type { LegRole, OrderView } from './messages.ts';
import type { OrderOf } from './order-of.ts';
import { isFinal } from './order-state.ts';
import { cancelToEnd, change, follow, type Intended } from './orders.ts';

/** A modified stop counts as the exit only when the book shows it within this time. Wall milliseconds. */
const CONVERSION_MS = 2_000;
const CHASE_STEP_MS = 2_000;
const AFTER_REFUSAL_MS = 1_000;
/** An order that shows the best price it may already, such as a hedge offered at one tick, is looked at so often. */
const RESTING_MS = 10_000;
/** A hedge may be offered for a whole day: later it is looked at more seldom. */
const RESTING_OFTEN = 120;
const RESTING_SELDOM_MS = 60_000;
/** So many tries follow each other fast; later ones are this far apart until the square-off: a history holds 51,200 events. */
const URGENT_TRIES = 15;
const PATIENT_MS = 30_000;
/** Of the broker's 25 modifications, four are kept for the square-off. */
const BUDGET = 21;
const SQUARE_OFF_BUDGET = 25;

/** What an exit needs to know of a position: its short is bought back as `main`, then its long is sold as `hedge`. */
export interface Leaver extends OrderOwner {
  readonly id: string;
  readonly plan: { main: ContractRef; product: Product };
  /** Resting protection by slice of the main leg. */
  readonly stops: Map<number, OrderView>;
  readonly guardSent: boolean;
  orders(): OrderView[];
  slices(): number[];
  short(slice?: number): number;
  toBuyBack(slice: number): number;
  toSellOfHedge(): number;
  /** What others have traded of it is not bought or sold again. */
  lookForHands(): Promise<void>;
  contract(role: LegRole): ContractRef;
  intend(of: OrderOf): Intended;
}

/** Live entries come to their end first: what they still fill is left with the rest. */
export async function endEntries(position: Leaver): Promise<void> {
  for (const order of position.orders()) {
    const entry = order.purpose === 'entry' || order.purpose === 'unwind';
    if (entry && order.orderId !== null && !isFinal(order)) await cancelToEnd(position.day, order);
  }
}

export async function exitMain(position: Leaver): Promise<void> {
  const ends = await Promise.allSettled(position.slices().map((slice) => exitSlice(position, slice)));
  // Every slice has come to its end before one's failure is told: no two exits of a slice run beside each other.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function exitSlice(position: Leaver, slice: number): Promise<void> {
  const { day } = position;
  const stop = position.stops.get(slice);
  if (stop && !isFinal(stop)) {
    await leaveThroughStop(position, stop, slice);
    await lookAfter(position, stop);
  }
  // Exit buy prices never fall while an exit is on.
  let shown = stop?.orderType === 'LIMIT' ? stop.price : null;
  for (let tries = 0; position.toBuyBack(slice) > 0 && mayPlace(position); tries += 1) {
    if (tries > 0) await pause(day, tries, 'trying the exit again');
    if (position.toBuyBack(slice) === 0) return;
    const intended = position.intend({
      role: 'main',
      purpose: 'exit',
      side: 'BUY',
      slice,
      quantity: position.toBuyBack(slice),
      pricing: { kind: 'cross', widen: tries, noWorseThan: shown },
    });
    const submitted = await submitWatched(position, intended);
    if (submitted.kind === 'in_book') {
      await chaseToEnd(position, submitted.order, tries);
      await lookAfter(position, submitted.order);
    } else if (submitted.kind === 'halted') return;
    // Somebody else's trade may be why it was looked for so long.
    else if (submitted.kind === 'absent') await position.lookForHands();
    // A price that the exchange refused was never shown.
    if (submitted.order.price > 0 && submitted.order.status !== 'REJECTED') shown = submitted.order.price;
  }
}

/** Whoever has cancelled an exit of ours, a person or the broker, may have closed the position instead. */
async function lookAfter(position: Leaver, order: OrderView): Promise<void> {
  if (order.status === 'CANCELLED') await position.lookForHands();
}

/** First choice: the resting stop becomes the exit. It is the same order, so nothing can be bought twice. */
async function leaveThroughStop(position: Leaver, stop: OrderView, slice: number): Promise<void> {
  const { day } = position;
  // What somebody has bought back by hand may not be bought again: then the stop, which is for all of it, goes.
  if (position.short(slice) > 0 && position.toBuyBack(slice) === position.short(slice)) {
    const conversion = {
      contract: position.plan.main,
      side: 'BUY',
      how: 'to_limit',
      widen: 0,
      noWorseThan: null,
      budget: budgetOf(day),
    } as const;
    const [guarded] = position.stops.values();
    if (!(position.guardSent && stop === guarded)) {
      // A machine whose changes are refused could not cancel it either: it stays, as all the protection that there is.
      while ((await change(day, stop, conversion)).kind === 'ip_refused' && mayPlace(position)) {}
    }
    const seen = await follow(day, stop, 'limit', CONVERSION_MS);
    if (seen.state !== 'live') return;
    if (seen.orderType === 'LIMIT') {
      await chaseToEnd(position, stop, 0);
      return;
    }
    if (!mayPlace(position)) {
      // Nothing may be placed in its stead any more: the stop stays, and is asked again to become the exit.
      await chaseToEnd(position, stop, 0, 'to_limit');
      return;
    }
    day.log(
      'warn',
      'conversion_refused',
      `${position.id}: the stop did not become a limit order; it is cancelled and replaced.`,
    );
  }
  await cancelToEnd(day, stop);
}

/** Widens inside the price protection until the order is final; cancels it when no modification is left. */
async function chaseToEnd(
  position: Leaver,
  order: OrderView,
  from: number,
  how: 'reprice' | 'to_limit' = 'reprice',
): Promise<void> {
  const { day } = position;
  const contract = position.contract(order.role);
  let wait = CHASE_STEP_MS;
  let rested = false;
  for (let tries = 1; !ended(day, contract.tradesUntil); tries += 1) {
    const seen = await follow(day, order, 'terminal', wait);
    if (seen.state !== 'live') return;
    // A late order may have done part of its work: what is not needed any more is not waited for.
    if (stillNeeded(position, order) < order.quantity - order.filledQuantity) {
      await cancelToEnd(day, order);
      return;
    }
    const changed = await change(day, order, {
      contract,
      side: order.side,
      how,
      widen: from + tries,
      noWorseThan: order.side === 'BUY' && order.orderType === 'LIMIT' ? order.price : null,
      budget: budgetOf(day),
    });
    if (changed.kind === 'final') {
      await follow(day, order, 'terminal', 0);
      return;
    }
    if (changed.kind === 'budget' && mayPlace(position)) {
      await cancelToEnd(day, order);
      return;
    }
    wait = changed.kind === 'unchanged' ? 0 : CHASE_STEP_MS;
    if (changed.kind === 'unchanged') {
      // Nothing is done until somebody takes it: in a replay the market may run on.
      if (!rested) await day.hold(`position:${position.id}`, false);
      rested = true;
      await condition(() => day.over, tries <= RESTING_OFTEN ? RESTING_MS : RESTING_SELDOM_MS, {
        summary: 'it shows the best price that it may',
      });
    } else if (changed.kind !== 'modified' || tries >= URGENT_TRIES) await pause(day, tries, 'before a new price');
  }
  // What it filled in its last moment belongs into the report.
  await follow(day, order, 'terminal', 0);
}

function stillNeeded(position: Leaver, order: OrderView): number {
  return order.role === 'main' ? position.toBuyBack(order.slice) : position.toSellOfHedge();
}

/** Sells what is left of the hedge: never before the short is bought back, never more than is held. */
export async function sellHedge(position: Leaver): Promise<void> {
  const { day } = position;
  for (let tries = 0; position.toSellOfHedge() > 0 && mayPlace(position); tries += 1) {
    if (tries > 0) await pause(day, tries, 'selling the hedge again');
    if (position.toSellOfHedge() === 0) return;
    const most = position.contract('hedge').maxOrderQuantity;
    const intended = position.intend({
      role: 'hedge',
      purpose: 'exit',
      side: 'SELL',
      slice: 1,
      quantity: Math.min(most, position.toSellOfHedge()),
      pricing: { kind: 'cross', widen: tries, noWorseThan: null },
    });
    const submitted = await submitWatched(position, intended);
    if (submitted.kind === 'in_book') {
      await chaseToEnd(position, submitted.order, tries);
      await lookAfter(position, submitted.order);
    } else if (submitted.kind === 'halted') return;
    else if (submitted.kind === 'absent') await position.lookForHands();
  }
}

function budgetOf(day: Day): number {
  return day.squaringOff ? SQUARE_OFF_BUDGET : BUDGET;
}

/** Under MIS nothing new is placed from two minutes before the broker's own square-off; then only live orders are moved. */
function mayPlace(position: Leaver): boolean {
  const { day, plan } = position;
  const last = plan.product === 'MIS' ? (day.timetable?.lastPlacement ?? 0) : plan.main.tradesUntil;
  return !ended(day, last);
}

function ended(day: Day, at: number): boolean {
  return day.over || day.now() >= at;
}

async function pause(day: Day, tries: number, summary: string): Promise<void> {
  const { squaringOff } = day;
  const urgent = squaringOff || tries < URGENT_TRIES;
  await condition(() => day.over || day.squaringOff !== squaringOff, urgent ? AFTER_REFUSAL_MS : PATIENT_MS, {
    summary,
  });
}
