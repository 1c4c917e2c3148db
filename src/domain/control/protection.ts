/** An open position: its short is protected at the exchange, its cover fits, or it is left (TRADING section 5). */
import { restingStop } from '../stops.ts';
import type { Look } from './action.ts';
import { awaitsMissingSell, surplusOf } from './entry.ts';
import type { Leg, Order } from './facts.ts';
import { mayPlace } from './hours.ts';
import {
  averageOf,
  coverSlack,
  heldOf,
  isLive,
  isOver,
  mayFill,
  needsCover,
  ordersOfLeg,
  seriesOf,
} from './intervals.ts';

/** Fills of one order come close together: they share a stop. Wall milliseconds. */
const GATHER_MS = 5_000;
/** A stop refused so often closes the position. */
const REFUSALS = 2;
const AGAIN_MS = 2_000;
/** The exchange's first seconds refuse what they take later. Market time. */
const OPENING_MS = 30_000;
/** A triggered stop that is not filled by then is left through. Wall milliseconds. */
const TRIGGERED_MS = 2_000;
const UNEXPLAINED_MS = 3_000;

export function protect(look: Look): void {
  const { position, orders } = look;
  for (const leg of position.legs) {
    if (position.signal !== 'manual') cancelUnwanted(look, leg);
    if (leg.opens === 'SELL') protectShort(look, leg);
    else if (position.entry === null && position.signal !== 'manual') trimHedge(look, leg);
  }
  if (position.entry !== null || position.signal === 'manual') return;
  const shorts = position.legs.filter(({ opens }) => opens === 'SELL');
  if (shorts.some((leg) => heldOf(orders, leg, position.unheard).hi > 0)) return;
  // One without an answer may still show: it is protected then.
  if (awaitsMissingSell(look)) return;
  const closedOutside = orders.some(({ takenFrom }) => takenFrom !== undefined);
  look.add({ do: 'exit', reason: closedOutside ? 'external' : 'entry_failed', why: 'nothing of it is sold' });
}

/** A limit that closes what nobody wants to leave: an order that was not remembered. Its units are protected by a stop instead. */
function cancelUnwanted(look: Look, leg: Leg): void {
  for (const order of ordersOfLeg(look.orders, leg))
    if (order.purpose === 'exit' && order.takenFrom === undefined && mayFill(order)) look.cancel(order);
}

function protectShort(look: Look, leg: Leg): void {
  const { facts, position, orders, now } = look;
  const stops = ordersOfLeg(orders, leg).filter(({ purpose }) => purpose === 'stop');
  const fired = stops.find((stop) => hasFired(look, stop));
  if (fired) {
    look.add({ do: 'exit', reason: 'resting_stop', why: `the resting stop is ${fired.status}` });
    return;
  }
  const held = heldOf(orders, leg, position.unheard);
  if (held.lo < 0) {
    cancelExcess(look, stops, -held.lo);
    return;
  }
  const naked = needsCover(position) ? Math.max(0, -coverSlack(facts, seriesOf(leg.contract, position))) : 0;
  // What is in flight itself may be what seems naked: only what is surely sold is bought back.
  if (naked > 0 && !awaitsAnswers(orders)) {
    const bought = mayPlace(facts, position, leg.contract, now) ? buyBackNaked(look, leg, Math.min(naked, held.lo)) : 0;
    if (bought < naked)
      look.add({ do: 'exit', reason: 'cover_lost', why: `${naked} units sold have lost their cover` });
    return;
  }
  if (held.lo === 0 || isGathering(look, leg) || !mayPlace(facts, position, leg.contract, now)) return;
  restStop(look, leg, stops, held.lo);
}

/** Triggered, filled, or ended by anybody but us. */
function hasFired(look: Look, stop: Order): boolean {
  // Turned into a limit by a guard whose word never came: a moment is left for it.
  if (stop.orderType === 'LIMIT' && isLive(stop)) {
    look.again(stop.since + UNEXPLAINED_MS);
    return look.now.wall >= stop.since + UNEXPLAINED_MS;
  }
  if (stop.filledQuantity > 0) return true;
  if (stop.phase === 'ended') return !stop.cancelAsked && stop.status !== 'REJECTED';
  if (stop.phase !== 'working') return false;
  look.again(stop.since + TRIGGERED_MS);
  return look.now.wall >= stop.since + TRIGGERED_MS;
}

/** Buys that may be more than is sold: as few as it takes are cancelled, and what is then uncovered is protected anew. */
export function cancelExcess(look: Look, buys: readonly Order[], excess: number): void {
  const live = buys.filter((order) => isLive(order) && mayFill(order));
  const left = (order: Order) => order.quantity - order.filledQuantity;
  const onTheirWay = live.filter(({ change }) => change?.kind === 'cancel');
  let missing = excess - onTheirWay.reduce((sum, order) => sum + left(order), 0);
  // What came late first: it is what is too much. Then the smallest that is enough, or else the largest.
  const rest = live.filter(({ change }) => !change).sort((a, b) => left(a) - left(b));
  while (missing > 0 && rest.length > 0) {
    const late = rest.findIndex((order) => order.ghost === true && left(order) <= missing);
    const enough = rest.findIndex((order) => left(order) >= missing);
    const [order] = rest.splice(late >= 0 ? late : enough >= 0 ? enough : rest.length - 1, 1);
    if (!order) return;
    look.cancel(order);
    missing -= left(order);
  }
}

function buyBackNaked(look: Look, leg: Leg, units: number): number {
  return look.send(leg, 'unwind', leg.opens === 'SELL' ? 'BUY' : 'SELL', units, {
    kind: 'cross',
    widen: 0,
    noWorseThan: null,
  });
}

function awaitsAnswers(orders: readonly Order[]): boolean {
  return orders.some(({ phase }) => phase === 'in_flight' || phase === 'doubt' || phase === 'intended');
}

/** An entry that still fills in parts is given a moment, so that its fills share a stop. */
function isGathering(look: Look, leg: Leg): boolean {
  const filling = ordersOfLeg(look.orders, leg).filter((order) => order.side === leg.opens && mayFill(order));
  const until = Math.max(0, ...filling.map(({ firstFillAt }) => (firstFillAt ?? Number.NEGATIVE_INFINITY) + GATHER_MS));
  look.again(until);
  return look.now.wall < until;
}

/** Rests stops for so many units. Two refusals mean leaving; the exchange's opening seconds are forgiven. */
function restStop(look: Look, leg: Leg, stops: readonly Order[], units: number): void {
  const { facts, orders, now } = look;
  const entry = averageOf(orders, leg, 'SELL');
  if (entry === null) return;
  const failed = stops.filter((stop) => isOver(stop) && stop.filledQuantity === 0 && !stop.cancelAsked);
  const passed = failed.find(({ status }) => status === 'TRIGGER PASSED');
  if (passed) {
    look.add({ do: 'exit', reason: 'resting_stop', why: 'the last price has passed the trigger' });
    return;
  }
  const last = failed.at(-1);
  if (last && now.wall < last.since + AGAIN_MS) {
    look.again(last.since + AGAIN_MS);
    return;
  }
  const opening = facts.timetable !== null && now.market < facts.timetable.open + OPENING_MS;
  const refused = failed.filter(
    ({ status, phase }) => status === 'REJECTED' || status === 'REFUSED' || phase === 'absent',
  );
  if (refused.length >= REFUSALS && !opening) {
    look.add({ do: 'exit', reason: 'protection_refused', why: 'its protective stop was refused twice' });
    return;
  }
  const { triggerPrice, limitPrice } = restingStop(entry, leg.contract.tickSize);
  look.send(leg, 'stop', 'BUY', units, { kind: 'stop', triggerPrice, price: limitPrice });
}

/** The hedge never stays larger than what it covers. */
function trimHedge(look: Look, leg: Leg): void {
  const { facts, position, now } = look;
  const surplus = surplusOf(look, leg);
  const selling = ordersOfLeg(look.orders, leg).some((order) => order.side === 'SELL' && mayFill(order));
  if (surplus <= 0 || selling || !mayPlace(facts, position, leg.contract, now)) return;
  look.send(leg, 'unwind', 'SELL', surplus, { kind: 'cross', widen: 0, noWorseThan: null });
}
