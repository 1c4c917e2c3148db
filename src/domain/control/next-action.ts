/**
 * What to do for one position now, from all facts: no clock of its own, no I/O. To read it is to know what the product does with orders;
 * docs/order-policy.md has it as a table.
 */
import { type Action, CANCEL_LATER_MS, CANCEL_OFTEN, type Due, Look, nextCancelAt } from './action.ts';
import { isUsedUp, trade } from './closing.ts';
import { beginCommanded, enter } from './entry.ts';
import { leave } from './exit.ts';
import type { ControlFacts, Now } from './facts.ts';
import { heldOf, isBrokers, isUnseen, mayFill, ordersOfLeg } from './intervals.ts';
import { protect } from './protection.ts';
import { withinRates } from './rates.ts';

/** Wall milliseconds after the broker's answer. */
const CHANGE_SHOWN_MS = 2_000;
const CANCEL_SHOWN_MS = 5_000;
/** An order of the broker's square-off that fills nothing for so long, or was a person's, is not waited for any more. */
const BROKER_FILLS_WITHIN_MS = 60_000;

export function nextActions(facts: ControlFacts, positionId: string, now: Now): { actions: Action[]; due: Due } {
  const position = facts.positions.find(({ id }) => id === positionId);
  if (!position) return { actions: [], due: { wall: null, market: null } };
  const look = new Look(facts, position, now);
  if (isClosed(look)) {
    if (position.closedAt === null) look.add({ do: 'closed' });
    return look;
  }
  if (facts.over || facts.handsOff || !facts.sessionLives) return look;
  if (facts.waitsForBook !== null && facts.book.readAt === null && now.wall < facts.waitsForBook) {
    look.again(facts.waitsForBook);
    return look;
  }
  look.againAt(facts.timetable?.open ?? 0);
  if (facts.rates.held && now.wall < facts.rates.held.until) {
    look.again(facts.rates.held.until);
    return look;
  }
  decide(look);
  return { actions: withinRates(look), due: look.due };
}

function decide(look: Look): void {
  const { facts, position, now } = look;
  if (facts.timetable && now.market < facts.timetable.open) return;
  // Others may have closed it before anybody was logged in: it is looked at first.
  if (position.carried && facts.book.readAt === null && facts.book.unreadableSince === null) return;
  giveUpChanges(look);
  beginCommanded(look);
  cancelForBroker(look);
  undoOverclosed(look);
  if (position.exit) leave(look);
  else {
    if (position.entry) enter(look);
    protect(look);
  }
}

/** A change counts only when the book shows it in time; then it is asked for again, or another way is taken. */
function giveUpChanges(look: Look): void {
  const { unreadableSince } = look.facts.book;
  for (const order of look.orders) {
    const { tag, change, cancelAsked, purpose } = order;
    if (!change || change.inFlight) continue;
    // The broker has taken it, and nobody can see it: taking another way would take it back.
    if (unreadableSince !== null && change.price !== null) continue;
    const often = (cancelAsked?.times ?? 0) > CANCEL_OFTEN;
    const cancelled = change.since + (often ? CANCEL_LATER_MS : CANCEL_SHOWN_MS);
    // Where there is no other way it is waited for until it is asked for anew: for an entry, and for a stop that can be changed no more.
    const isOnlyWay = purpose === 'entry' || (often && isUsedUp(look, order));
    const asked = isOnlyWay ? Math.max(cancelled, nextCancelAt(order, look.orders)) : cancelled;
    const until = change.kind === 'cancel' ? asked : change.since + CHANGE_SHOWN_MS;
    if (look.now.wall >= until) look.add({ do: 'give_up_change', tag });
    else look.again(until);
  }
}

/** Nothing is held, nothing may fill, and nothing more is to come. */
function isClosed({ facts, position, orders }: Look): boolean {
  if (orders.some(mayFill) || isUnseen(facts, position)) return false;
  // An entry goes on until it is left, and a position that a command has just opened has no order yet.
  if (!position.exit && (position.entry !== null || orders.length === 0)) return false;
  return position.legs.every((leg) => {
    const held = heldOf(orders, leg, position.unheard);
    return held.lo === 0 && held.hi === 0;
  });
}

/** Once the broker squares a contract off itself, a live buy of ours would buy it twice. */
function cancelForBroker(look: Look): void {
  for (const leg of look.position.legs) {
    const orders = ordersOfLeg(look.orders, leg);
    const brokers = orders.filter(isBrokers);
    for (const { tag, since } of brokers) {
      const until = since + BROKER_FILLS_WITHIN_MS;
      if (look.now.wall < until) look.again(until);
      else if (!look.isTouched(tag)) look.add({ do: 'forget', tag });
    }
    if (brokers.length > 0)
      for (const order of orders) if (order.takenFrom === undefined && mayFill(order)) look.cancel(order);
  }
}

/** What was surely closed twice, by an order that came after it was settled as absent, is undone first of all. */
function undoOverclosed(look: Look): void {
  const { position } = look;
  for (const leg of position.legs) {
    const ours = ordersOfLeg(look.orders, leg).filter(({ takenFrom }) => takenFrom === undefined);
    const undoing = ours.filter(({ side, purpose }) => side === leg.opens && purpose === 'unwind');
    const missing = -heldOf(look.orders, leg, position.unheard).hi;
    const coming = undoing.reduce(
      (sum, order) => sum + (mayFill(order) ? order.quantity - order.filledQuantity : 0),
      0,
    );
    if (missing + coming <= 0) {
      for (const order of undoing) if (mayFill(order)) look.cancel(order);
      continue;
    }
    for (const order of ours) if (order.side !== leg.opens && mayFill(order)) look.cancel(order);
    trade(look, { leg, side: leg.opens, purpose: 'unwind', orders: undoing }, missing);
  }
}
