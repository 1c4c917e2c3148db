/** An open position: its short is protected at the exchange, its cover fits, or it is left (TRADING section 5). */
import { restingStop } from '../stops.ts';
import type { Look } from './action.ts';
import { cancelExcess, trade } from './closing.ts';
import { awaitsMissingSell, surplusOf } from './entry.ts';
import type { Leg, Order } from './facts.ts';
import { mayPlace } from './hours.ts';
import {
  coverSlack,
  heldOf,
  isLive,
  isOver,
  lackOf,
  mayFill,
  nakedOf,
  needsCover,
  openedAtPrice,
  ordersOfLeg,
  seriesOf,
} from './intervals.ts';

/** Fills of one order come close together: they share a stop. Wall milliseconds. */
const GATHER_MS = 5_000;
/** A stop refused so often closes the position. */
const REFUSALS = 2;
const AGAIN_MS = 2_000;
/** From so many in a row that were never sent on, attempts go in one activity, so that a day of them stays within its history. */
const UNSENT_OFTEN = 15;
const REPEATS = { attempts: 12, pauseMs: 10_000 };
/** The exchange's first seconds refuse what they take later. Market time. */
const OPENING_MS = 30_000;
/** A triggered stop that is not filled by then is left through. Wall milliseconds. */
const TRIGGERED_MS = 2_000;
const UNEXPLAINED_MS = 3_000;

export function protect(look: Look): void {
  const { position, orders } = look;
  if (position.signal !== 'manual') for (const leg of position.legs) cancelUnwanted(look, leg);
  const shorts = position.legs.filter(({ opens }) => opens === 'SELL');
  for (const leg of shorts) if (protectShort(look, leg) === 'leave') return;
  if (isGivenInVain(look)) look.add({ do: 'exit', reason: 'entry_failed', why: 'nothing of it is sold' });
  if (position.entry !== null || position.signal === 'manual') return;
  if (shorts.every((leg) => heldOf(orders, leg, position.unheard).hi <= 0)) {
    // One without an answer may still show: it is protected then.
    if (awaitsMissingSell(look)) return;
    const closedOutside = orders.some(({ takenFrom }) => takenFrom !== undefined);
    look.add({ do: 'exit', reason: closedOutside ? 'external' : 'entry_failed', why: 'nothing of it is sold' });
    return;
  }
  for (const leg of position.legs) if (leg.opens === 'BUY') trimHedge(look, leg);
}

/** A person's short was given another position's cover, which was to be left, and then nothing was sold. */
function isGivenInVain(look: Look): boolean {
  const { position, orders } = look;
  if (position.signal !== 'manual' || !orders.some(({ takenFrom }) => takenFrom === 'transfer')) return false;
  const own = orders.filter(({ takenFrom }) => takenFrom !== 'transfer');
  return own.every((order) => isOver(order) && order.filledQuantity === 0) && !awaitsMissingSell(look);
}

/**
 * A limit that closes what nobody wants to leave, or opens what nobody enters any more: an order of a run that was lost, or one that came late.
 * What is short is protected by a stop.
 */
function cancelUnwanted(look: Look, leg: Leg): void {
  const isEntering = look.position.entry !== null;
  for (const order of ordersOfLeg(look.orders, leg)) {
    const isUnwanted = order.purpose === 'exit' || (order.purpose === 'entry' && !isEntering);
    if (isUnwanted && order.takenFrom === undefined && mayFill(order)) look.cancel(order);
  }
}

/** Rests its stop. `leave`: the position is to be left instead. */
function protectShort(look: Look, leg: Leg): 'leave' | 'stay' {
  const { facts, position, orders, now } = look;
  const ours = ordersOfLeg(orders, leg).filter(({ takenFrom }) => takenFrom === undefined);
  const stops = ours.filter(({ purpose }) => purpose === 'stop');
  const fired = stops.find((stop) => hasFired(look, stop));
  if (fired) {
    look.add({ do: 'exit', reason: 'resting_stop', why: `the resting stop is ${fired.status}` });
    return 'leave';
  }
  const held = heldOf(orders, leg, position.unheard);
  if (held.lo < 0) {
    const buying = ours.filter(({ side }) => side === 'BUY');
    cancelExcess(look, buying, -held.lo);
    return 'stay';
  }
  const bought = mendCover(look, leg, held.lo);
  if (bought === 'leave') return 'leave';
  const units = held.lo - bought;
  if (units === 0 || isGathering(look, leg) || !mayPlace(facts, position, leg.contract, now)) return 'stay';
  return restStop(look, leg, stops, units);
}

/** Naked without our doing: what may sell still is cancelled, and what is surely naked is bought back. Answers the units of it. */
function mendCover(look: Look, leg: Leg, free: number): number | 'leave' {
  const { facts, position, orders } = look;
  const series = seriesOf(leg.contract, position);
  if (!needsCover(position)) return 0;
  if (coverSlack(facts, series) >= 0) {
    // The cover is back: what was to be bought for want of it stays sold.
    for (const order of ordersOfLeg(orders, leg)) if (isBuyingBack(order) && mayFill(order)) look.cancel(order);
    return 0;
  }
  if (lackOf(orders, position, series) > 0)
    for (const order of orders)
      if (order.side === 'SELL' && order.takenFrom === undefined && mayFill(order)) look.cancel(order);
  const buying = ordersOfLeg(orders, leg).filter(isBuyingBack);
  const coming = buying.reduce((sum, order) => sum + (mayFill(order) ? order.quantity - order.filledQuantity : 0), 0);
  const naked = nakedOf(facts, position, series) - coming;
  const bought = trade(look, { leg, side: 'BUY', purpose: 'unwind', orders: buying }, Math.min(naked, free));
  if (naked <= free) return bought;
  look.add({ do: 'exit', reason: 'cover_lost', why: `${naked} units sold have lost their cover` });
  return 'leave';
}

function isBuyingBack({ side, purpose, takenFrom }: Order): boolean {
  return side === 'BUY' && purpose !== 'stop' && takenFrom === undefined;
}

/** Triggered, filled, or ended by anybody but us. */
function hasFired(look: Look, stop: Order): boolean {
  // Turned into a limit by a guard whose word never came: a moment is left for it.
  if (stop.orderType === 'LIMIT' && isLive(stop)) {
    look.again(stop.since + UNEXPLAINED_MS);
    return look.now.wall >= stop.since + UNEXPLAINED_MS;
  }
  if (stop.filledQuantity > 0) return true;
  // One of the day before, also one that nobody had heard of again, has died at its close.
  if (stop.intendedAt < (look.facts.timetable?.open ?? 0)) return false;
  if (stop.phase === 'ended') return !stop.cancelAsked && stop.status !== 'REJECTED';
  if (stop.phase !== 'working') return false;
  look.again(stop.since + TRIGGERED_MS);
  return look.now.wall >= stop.since + TRIGGERED_MS;
}

/** An entry that still fills in parts is given a moment, so that its fills share a stop. */
function isGathering(look: Look, leg: Leg): boolean {
  const filling = ordersOfLeg(look.orders, leg).filter((order) => order.side === leg.opens && mayFill(order));
  const until = Math.max(0, ...filling.map(({ firstFillAt }) => (firstFillAt ?? Number.NEGATIVE_INFINITY) + GATHER_MS));
  look.again(until);
  return look.now.wall < until;
}

/** Rests stops for so many units. Two refusals mean leaving; the exchange's opening seconds are forgiven. */
function restStop(look: Look, leg: Leg, stops: readonly Order[], units: number): 'leave' | 'stay' {
  const { facts, orders, now } = look;
  const entry = openedAtPrice(orders, leg);
  if (entry === null) return 'stay';
  const failed = stops.filter(hasFailed);
  if (failed.some(({ status }) => status === 'TRIGGER PASSED')) {
    look.add({ do: 'exit', reason: 'resting_stop', why: 'the last price has passed the trigger' });
    return 'leave';
  }
  const last = failed.at(-1);
  if (last && now.wall < last.since + AGAIN_MS) {
    look.again(last.since + AGAIN_MS);
    return 'stay';
  }
  if (wasRefusedTwice(stops, (facts.timetable?.open ?? 0) + OPENING_MS)) {
    look.add({ do: 'exit', reason: 'protection_refused', why: 'its resting stop was refused twice' });
    return 'leave';
  }
  const { triggerPrice, limitPrice } = restingStop(entry, leg.contract.tickSize);
  const unsent = stops.length - 1 - stops.findLastIndex((stop) => !hasFailed(stop) || stop.status !== 'NOT SENT');
  const repeats = unsent > UNSENT_OFTEN ? REPEATS : undefined;
  look.send(leg, 'stop', 'BUY', units, { kind: 'stop', triggerPrice, price: limitPrice }, repeats);
  return 'stay';
}

function hasFailed(stop: Order): boolean {
  return isOver(stop) && stop.filledQuantity === 0 && !stop.cancelAsked;
}

/** The same slice, twice in a row. What the exchange refused before `from` does not count. */
function wasRefusedTwice(stops: readonly Order[], from: number): boolean {
  const inARow = new Map<number, number>();
  for (const stop of stops) {
    const { slice, status, phase, intendedAt } = stop;
    const refused = status === 'REJECTED' || status === 'REFUSED' || phase === 'absent';
    if (hasFailed(stop) && refused && intendedAt >= from) inARow.set(slice, (inARow.get(slice) ?? 0) + 1);
    else if (stop.orderId !== null) inARow.delete(slice);
  }
  return [...inARow.values()].some((count) => count >= REFUSALS);
}

/** The hedge never stays larger than what it covers. */
function trimHedge(look: Look, leg: Leg): void {
  const orders = ordersOfLeg(look.orders, leg).filter(
    ({ side, takenFrom }) => side === 'SELL' && takenFrom === undefined,
  );
  trade(look, { leg, side: 'SELL', purpose: 'unwind', orders }, surplusOf(look, leg));
}
