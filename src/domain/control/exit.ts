/** Leaving: no leg short, then no leg long; it holds until it is true (TRADING section 5). */
import type { Look } from './action.ts';
import { surplusOf } from './entry.ts';
import type { Leg, Order } from './facts.ts';
import { mayPlace } from './hours.ts';
import { coverSlack, heldOf, isLive, isOver, mayFill, ordersOf, ordersOfLeg, seriesOf } from './intervals.ts';
import { cancelExcess } from './protection.ts';

/** Wall milliseconds. */
const STEP_MS = 2_000;
/** An order that shows the best price that it may already: how often it is looked at, and how often later. */
const AT_BEST_MS = 10_000;
const AT_BEST_LATER_MS = 60_000;
const AT_BEST_OFTEN = 60;
/** After so many refusals in a row the next attempt waits longer, but never above ten seconds while something is short. */
const PAUSES: readonly { refusals: number; short: number; long: number }[] = [
  { refusals: 3, short: 1_000, long: 1_000 },
  { refusals: 15, short: 2_000, long: 5_000 },
  { refusals: 60, short: 10_000, long: 30_000 },
  // An exchange that has refused for ten minutes: a day of it has to fit into a history.
  { refusals: Number.POSITIVE_INFINITY, short: 40_000, long: 40_000 },
];
/** Of the broker's 25 modifications, four are kept for the square-off (TRADING section 4). */
const MODIFICATIONS = 21;
const SQUARE_OFF_MODIFICATIONS = 25;
/** A stop is cancelled only where its replacement has so long to be placed. Market milliseconds. */
const ROOM_TO_REPLACE_MS = 10_000;
/** An order of ours that an exit would cross is cancelled first; it is waited for so long. */
const CROSSING_MS = 5_000;

export function leave(look: Look): void {
  const { position, orders } = look;
  cancelOpenings(look);
  const shorts = position.legs.filter(({ opens }) => opens === 'SELL');
  for (const leg of shorts) close(look, leg, heldOf(orders, leg, position.unheard).lo);
  if (shorts.some((leg) => heldOf(orders, leg, position.unheard).hi > 0)) return;
  for (const leg of position.legs.filter(({ opens }) => opens === 'BUY')) closeLong(look, leg);
}

/** What still opens is not wanted any more. What of it fills all the same is left with the rest. */
function cancelOpenings(look: Look): void {
  for (const leg of look.position.legs)
    for (const order of ordersOfLeg(look.orders, leg))
      if (order.side === leg.opens && mayFill(order)) look.cancel(order);
}

function closeLong(look: Look, leg: Leg): void {
  const { facts, position, orders } = look;
  const held = heldOf(orders, leg, position.unheard);
  const free = Math.min(held.lo, surplusOf(look, leg));
  close(look, leg, held.lo < 0 ? held.lo : free);
  const kept = held.lo - free;
  const settled = !orders.some((order) => mayFill(order)) && free <= 0;
  if (kept <= 0 || !settled || coverSlack(facts, seriesOf(leg.contract, position)) >= held.lo) return;
  handCover(look, leg, kept);
}

/** What another position's short still needs is given to it: this one is then closed. */
function handCover(look: Look, leg: Leg, units: number): void {
  const { facts, position } = look;
  const series = seriesOf(leg.contract, position);
  const needs = facts.positions.find((other) => {
    if (other.id === position.id) return false;
    const orders = ordersOf(facts, other);
    if (orders.some(({ phase }) => phase === 'in_flight' || phase === 'doubt')) return false;
    return other.legs.some(
      (short) => short.opens === 'SELL' && seriesOf(short.contract, other) === series && heldOf(orders, short).hi > 0,
    );
  });
  if (needs) look.add({ do: 'hand_cover', to: needs.id, leg, units });
}

/** Closes so many units of a leg beside what closes already. Below zero too much may be closed: that is taken back first. */
function close(look: Look, leg: Leg, units: number): void {
  const side = leg.opens === 'SELL' ? 'BUY' : 'SELL';
  const closings = ordersOfLeg(look.orders, leg).filter(
    (order) => order.side === side && order.takenFrom === undefined,
  );
  const live = closings.filter(mayFill);
  if (units < 0) {
    cancelExcess(look, live, -units);
    return;
  }
  for (const order of live) advance(look, leg, order);
  if (units > 0) place(look, leg, side, closings, units);
}

/** Moves an order that closes one step on: a stop becomes a limit, a limit widens. */
function advance(look: Look, leg: Leg, order: Order): void {
  if (!isLive(order)) return;
  if (order.change || crosses(look, leg, order.side)) return;
  if (order.orderType === 'LIMIT') reprice(look, leg, order);
  else convert(look, leg, order);
}

function convert(look: Look, leg: Leg, order: Order): void {
  const { facts, position, now } = look;
  const replaceable = mayPlace(facts, position, leg.contract, now, ROOM_TO_REPLACE_MS);
  const step = order.conversionRefused ? (order.steppedAt ?? order.since) + STEP_MS : 0;
  if (order.conversionRefused && replaceable && callsLeft(look)) {
    look.cancel(order, true);
    return;
  }
  if (now.wall < step) {
    look.again(step);
    return;
  }
  if (order.modifications < budgetOf(look)) {
    look.add({ do: 'change', tag: order.tag, kind: 'to_limit', widen: order.steps, noWorseThan: null });
  } else if (replaceable && callsLeft(look)) look.cancel(order, true);
}

function reprice(look: Look, leg: Leg, order: Order): void {
  const { facts, position, now } = look;
  if (order.phase === 'accepted') return;
  const pause = order.atBest ? (order.steps < AT_BEST_OFTEN ? AT_BEST_MS : AT_BEST_LATER_MS) : STEP_MS;
  const next = (order.steppedAt ?? order.since) + pause;
  if (now.wall < next) {
    look.again(next);
    return;
  }
  if (order.modifications >= budgetOf(look)) {
    if (mayPlace(facts, position, leg.contract, now, ROOM_TO_REPLACE_MS) && callsLeft(look)) look.cancel(order, true);
    return;
  }
  // The price of an exit never falls while it is on.
  const noWorseThan = order.side === 'BUY' ? order.price : null;
  look.add({ do: 'change', tag: order.tag, kind: 'reprice', widen: order.steps + 1, noWorseThan });
}

function budgetOf({ facts }: Look): number {
  return facts.squaringOff ? SQUARE_OFF_MODIFICATIONS : MODIFICATIONS;
}

/** Cancelling and placing takes two calls, and one more where the first is not heard. */
function callsLeft({ facts }: Look): boolean {
  return facts.rates.held === null && facts.rates.minute.sent <= MINUTE_BUDGET - 3 && facts.rates.day <= DAY_BUDGET - 3;
}

/** Orders a minute and a day that Kite takes of an account, less some for what it counts otherwise (FACTS section 3). */
export const MINUTE_BUDGET = 380;
export const DAY_BUDGET = 4_900;

function place(look: Look, leg: Leg, side: 'BUY' | 'SELL', closings: readonly Order[], units: number): void {
  const { facts, position, now } = look;
  if (!mayPlace(facts, position, leg.contract, now)) return;
  if (crosses(look, leg, side)) return;
  const { refusals, last } = refusedInARow(closings);
  const step = PAUSES.find((pause) => refusals <= pause.refusals);
  const pause = refusals === 0 || !step ? 0 : side === 'BUY' ? step.short : step.long;
  if (last && now.wall < last.since + pause) {
    look.again(last.since + pause);
    return;
  }
  const shown = closings.findLast(
    ({ orderType, price, takenFrom }) => orderType === 'LIMIT' && price > 0 && !takenFrom,
  );
  const noWorseThan = side === 'BUY' && shown && !wasRefused(shown) ? shown.price : null;
  look.send(leg, 'exit', side, units, { kind: 'cross', widen: refusals, noWorseThan });
}

/** A live order of ours on the other side of the same contract would trade with this one: it goes first, for a moment. */
function crosses(look: Look, leg: Leg, side: 'BUY' | 'SELL'): boolean {
  const { facts, now } = look;
  const others = Object.values(facts.orders).filter(
    (order) =>
      order.tradingsymbol === leg.contract.tradingsymbol && order.side !== side && isLive(order) && mayFill(order),
  );
  const waiting = others.filter((order) => order.phase !== 'resting');
  for (const order of waiting) look.cancel(order);
  const until = Math.min(...waiting.map((order) => (order.cancelAsked?.first ?? now.wall) + CROSSING_MS));
  if (waiting.length === 0 || now.wall >= until) return false;
  look.again(until);
  return true;
}

function wasRefused({ status }: Order): boolean {
  return status === 'REJECTED' || status === 'REFUSED';
}

/** Attempts that ended without a fill since the last one that filled, or that we cancelled ourselves. */
function refusedInARow(closings: readonly Order[]): { refusals: number; last: Order | null } {
  const over = closings.filter((order) => isOver(order) && order.purpose !== 'stop');
  let refusals = 0;
  for (const order of over.toReversed()) {
    if (order.filledQuantity > 0 || order.cancelAsked || order.phase === 'absent') break;
    refusals += 1;
  }
  return { refusals, last: over.at(-1) ?? null };
}
