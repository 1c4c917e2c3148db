/** Bringing a leg's quantity down by limit orders: a stop becomes a limit, a limit widens, what nothing closes is placed. */

import type { Paise } from '../types.ts';
import { type Action, type Look, nextCancelAt } from './action.ts';
import type { Leg, Order, OrderPurpose } from './facts.ts';
import { mayPlace } from './hours.ts';
import { isLive, isOver, mayFill, ordersOfLeg, priceAsked } from './intervals.ts';
import { callsLeft, shareUsed } from './rates.ts';

/** Wall milliseconds. */
const STEP_MS = 2_000;
/** An order that shows the best price that it may already: how often it is looked at; after some steps in one activity for some minutes. */
const AT_BEST_MS = 10_000;
const AT_BEST_STEPS = 12;
const WATCHED_FOR_MS = 300_000;
/** The same where so many attempts in a row have found no price. */
const PRICELESS = 12;
const WATCHED_BLIND = { everyMs: STEP_MS, forMs: WATCHED_FOR_MS, crossings: 1 };
/** An order is replaced that so many looks in a row have found unfilled at a price that somebody offers; more where that has not helped. */
const CROSSED = { looks: 2, replacements: 3, looksLater: 30 };
/** After so many failures in a row the next attempt waits longer, but never above ten seconds while something is short. */
const PAUSES: readonly { failures: number; short: number; long: number }[] = [
  { failures: 3, short: 1_000, long: 1_000 },
  { failures: 15, short: 2_000, long: 5_000 },
  // Also a hedge is left within a minute of an exchange that answers again.
  { failures: Number.POSITIVE_INFINITY, short: 10_000, long: 30_000 },
];
/** From so many on, refused or never answered, attempts go in one activity, so that a day of them stays within its history. */
const REPEATED_FROM = 15;
const REPEATS = 12;
/** Of the broker's 25 modifications, four are kept for the square-off (TRADING section 4). */
const MODIFICATIONS = 21;
const SQUARE_OFF_MODIFICATIONS = 25;
/** A stop is cancelled only where its replacement has so long to be placed. Market milliseconds. */
const ROOM_TO_REPLACE_MS = 10_000;
/** An order of ours that another one would trade with is waited for so long. */
const CROSSING_MS = 5_000;

/** What is traded, and the orders that do it already. */
export type Trade = { leg: Leg; side: Order['side']; purpose: OrderPurpose; orders: readonly Order[] };

/** Moves what is live one step on, and places so many units more. Answers how many it has placed. */
export function trade(look: Look, what: Trade, units: number): number {
  for (const order of what.orders) if (mayFill(order)) advance(look, what.leg, order);
  return units > 0 ? place(look, what, units) : 0;
}

/** Buys (or sales) that may trade more than is held: as few as it takes are cancelled. Answers those that are not wanted. */
export function cancelExcess(look: Look, orders: readonly Order[], excess: number): Set<Order> {
  const left = (order: Order) => order.quantity - order.filledQuantity;
  const live = orders.filter((order) => isLive(order) && mayFill(order));
  const unwanted = new Set(live.filter(({ change }) => change?.kind === 'cancel'));
  let missing = excess - [...unwanted].reduce((sum, order) => sum + left(order), 0);
  const others = live.filter((order) => !unwanted.has(order)).sort((one, other) => left(one) - left(other));
  while (missing > 0 && others.length > 0) {
    const enough = others.findIndex((order) => left(order) >= missing);
    const [chosen] = others.splice(enough < 0 ? others.length - 1 : enough, 1);
    if (!chosen) break;
    unwanted.add(chosen);
    missing -= left(chosen);
  }
  // Without a book its end would not be seen, and nothing could be placed after it.
  if (look.facts.book.unreadableSince === null) for (const order of unwanted) look.cancel(order);
  return unwanted;
}

function advance(look: Look, leg: Leg, order: Order): void {
  if (!isLive(order) || order.change || order.watched || look.isTouched(order.tag)) return;
  if (crosses(look, leg, order.side, order.purpose)) return;
  if (order.orderType === 'LIMIT') reprice(look, leg, order);
  else convert(look, leg, order);
}

function convert(look: Look, leg: Leg, order: Order): void {
  const { facts, now } = look;
  const { held } = facts.rates;
  const used = order.modifications >= budgetOf(look);
  // What keeps order calls off is over once one was taken: the conversion asks, or the cancellation where no conversion is left.
  const isWanted = used || (order.conversionRefused && held === null);
  if (isWanted && isReplaceable(look, leg) && look.cancel(order, true)) return;
  if (used) return;
  const steppedAt = order.steppedAt ?? 0;
  // Too many requests: again in the next second.
  const again = held && held.until > steppedAt ? held.until : steppedAt + STEP_MS;
  const change: Action = { do: 'change', tag: order.tag, kind: 'to_limit', widen: order.steps, noWorseThan: null };
  if (now.wall < again) look.again(again);
  else look.add(isPriceless(order) ? { ...change, watch: WATCHED_BLIND } : change);
}

/** Cancelled only where its replacement can be placed: there is time, the book shows its end, and calls are left. */
function isReplaceable(look: Look, leg: Leg): boolean {
  const { facts, position, now } = look;
  if (facts.book.unreadableSince !== null) return false;
  return mayPlace(facts, position, leg.contract, now, ROOM_TO_REPLACE_MS) && callsLeft(facts, now);
}

function reprice(look: Look, leg: Leg, order: Order): void {
  if (order.phase === 'accepted') return;
  const isWatched = order.atBest === true && order.steps >= AT_BEST_STEPS;
  const crossings = crossingsOf(look, leg, order);
  const isUsed = order.modifications >= budgetOf(look) || (order.crossed ?? 0) >= crossings;
  const pause = order.atBest && !isWatched ? AT_BEST_MS : STEP_MS;
  const next = (order.steppedAt ?? order.since) + pause;
  // What is asked for in vain and watched between goes from one to the other at once: a day of it has to fit into a history.
  if (look.now.wall < next && !(isWatched && isUsed)) {
    look.again(next);
    return;
  }
  if (isUsed && isReplaceable(look, leg) && look.cancel(order, true)) return;
  if (order.modifications >= budgetOf(look)) return;
  // The price of an exit never falls while it is on.
  const noWorseThan = order.side === 'BUY' ? priceAsked(order) : null;
  const change: Action = { do: 'change', tag: order.tag, kind: 'reprice', widen: order.steps + 1, noWorseThan };
  const watched = isPriceless(order) ? WATCHED_BLIND : { everyMs: AT_BEST_MS, forMs: WATCHED_FOR_MS, crossings };
  if (!isWatched && !isPriceless(order)) look.add(change);
  else look.add({ ...change, watch: isUsed ? untilCancelled(look, order) : watched });
}

/** What cannot be replaced now is looked at until its cancellation may be asked for again. */
function untilCancelled({ now, orders }: Look, order: Order) {
  const forMs = Math.max(AT_BEST_MS, Math.min(nextCancelAt(order, orders) - now.wall, WATCHED_FOR_MS));
  return { everyMs: isPriceless(order) ? STEP_MS : AT_BEST_MS, forMs, crossings: Number.MAX_SAFE_INTEGER };
}

const isPriceless = ({ priceless = 0 }: Order): boolean => priceless >= PRICELESS;

/** An exchange that answers would have filled it: after so many looks that found it crossed another order in its place is. */
function crossingsOf({ orders }: Look, leg: Leg, { side }: Order): number {
  const over = ordersOfLeg(orders, leg)
    .filter((order) => order.side === side && isOver(order))
    .toReversed();
  const since = over.findIndex(({ cancelAsked, filledQuantity }) => !cancelAsked || filledQuantity > 0);
  const replaced = since < 0 ? over.length : since;
  return replaced < CROSSED.replacements ? CROSSED.looks : CROSSED.looksLater;
}

/** A stop that can become a limit no more. */
export function isUsedUp(look: Look, { orderType, modifications }: Order): boolean {
  return orderType !== 'LIMIT' && modifications >= budgetOf(look);
}

function budgetOf({ facts }: Look): number {
  return facts.squaringOff ? SQUARE_OFF_MODIFICATIONS : MODIFICATIONS;
}

function place(look: Look, { leg, side, purpose, orders }: Trade, units: number): number {
  const { facts, position, now } = look;
  if (!mayPlace(facts, position, leg.contract, now) || crosses(look, leg, side, purpose)) return 0;
  const { failures, unfilled, last } = failedInARow(orders);
  const step = PAUSES.find((pause) => failures <= pause.failures);
  const isRepeated = failures > REPEATED_FROM;
  // What is known to be absent has waited for that already.
  const isNow = failures === 0 || (last?.phase === 'absent' && !isRepeated);
  const pause = isNow || !step ? 0 : side === 'BUY' ? step.short : step.long;
  if (last && now.wall < last.since + pause) {
    look.again(last.since + pause);
    return 0;
  }
  const noWorseThan = side === 'BUY' ? highestShown(orders) : null;
  const repeats = isRepeated ? { attempts: REPEATS, pauseMs: pause } : undefined;
  // A price by the touch, beyond the protection of a last price that is stale, may be refused: the next one keeps to that.
  const byLast = last && wasRefused(last) ? { byLast: true as const } : {};
  return look.send(leg, purpose, side, units, { kind: 'cross', widen: unfilled, noWorseThan, ...byLast }, repeats);
}

/** Which of two orders of ours that would trade with each other goes: entries first, then sales, buys last. */
function rankOf(side: Order['side'], purpose: Order['purpose']): number {
  if (purpose === 'entry') return 0;
  return side === 'SELL' ? 1 : 2;
}

/**
 * A live order of ours on the other side of the same contract would trade with this one: one of them goes, for a moment. `bound`: the worst
 * price that this one may have; an order beyond it is none that it could meet.
 */
export function crosses(look: Look, leg: Leg, side: Order['side'], purpose: Order['purpose'], bound?: Paise): boolean {
  const { facts, now } = look;
  const meets = ({ price }: Order) => bound === undefined || (side === 'BUY' ? price <= bound : price >= bound);
  const waiting = Object.values(facts.orders).filter(
    (order) =>
      order.tradingsymbol === leg.contract.tradingsymbol &&
      order.side !== side &&
      order.takenFrom === undefined &&
      (order.phase === 'working' || order.orderType === 'LIMIT') &&
      isLive(order) &&
      mayFill(order) &&
      meets(order),
  );
  // Without a call left nothing could be cancelled: it is not waited for.
  if (waiting.length === 0 || shareUsed(facts, now) >= 1) return false;
  const mine = rankOf(side, purpose);
  const goes = waiting.filter((order) => rankOf(order.side, order.purpose) < mine);
  for (const order of goes) look.cancel(order);
  if (mine === 0) return true;
  const since = (order: Order) => (goes.includes(order) ? (order.cancelAsked?.first ?? now.wall) : order.since);
  const until = Math.max(...waiting.map(since)) + CROSSING_MS;
  look.again(until);
  return now.wall < until;
}

/**
 * The price of an exit never falls while it is on, in whatever slice it was shown. What was refused was not shown, and what came before it is
 * too far away.
 */
function highestShown(orders: readonly Order[]): Paise | null {
  const shown = orders.slice(orders.findLastIndex(wasRefused) + 1).filter(({ orderType }) => orderType === 'LIMIT');
  const highest = Math.max(0, ...shown.map(priceAsked));
  return highest > 0 ? highest : null;
}

function wasRefused({ status }: Order): boolean {
  return status === 'REJECTED' || status === 'REFUSED';
}

/**
 * Attempts that ended without a fill since the last one that filled, or that we cancelled ourselves; and those of them that have stood in the
 * market: of what was refused, a price farther away is no better, and beyond price protection worse.
 */
function failedInARow(orders: readonly Order[]): { failures: number; unfilled: number; last: Order | null } {
  const over = orders.filter((order) => isOver(order) && order.purpose !== 'stop');
  const other = over.findLastIndex(({ filledQuantity, cancelAsked }) => filledQuantity > 0 || cancelAsked);
  const failed = over.slice(other + 1);
  const unfilled = failed.filter(({ status }) => status === 'CANCELLED').length;
  return { failures: failed.length, unfilled, last: over.at(-1) ?? null };
}
