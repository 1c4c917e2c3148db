/**
 * What to do for one position now, from all facts: no clock of its own, no I/O. To read it is to know what the product does with orders;
 * docs/order-policy.md has it as a table.
 */
import { type Action, type Due, Look, nextCancelAt } from './action.ts';
import { beginCommanded, enter } from './entry.ts';
import { DAY_BUDGET, leave, MINUTE_BUDGET } from './exit.ts';
import type { ControlFacts, Leg, Now, Order, Position } from './facts.ts';
import { mayPlace } from './hours.ts';
import { heldOf, isLive, isOver, mayFill, ordersOfLeg } from './intervals.ts';
import { protect } from './protection.ts';

/** Shares of the minute's and the day's orders: entries stop first, the rest is for exits (CONTROL, rates). */
const FOR_ENTRIES = 0.6;
const FOR_OTHERS = 0.8;
/** Wall milliseconds after the broker's answer. */
const CHANGE_SHOWN_MS = 2_000;
const CANCEL_SHOWN_MS = 5_000;

export function nextActions(facts: ControlFacts, positionId: string, now: Now): { actions: Action[]; due: Due } {
  const position = facts.positions.find(({ id }) => id === positionId);
  if (!position) return { actions: [], due: { wall: null, market: null } };
  const look = new Look(facts, position, now);
  if (isClosed(look)) {
    if (position.closedAt === null) look.add({ do: 'closed' });
    return look;
  }
  if (facts.over || facts.handsOff || !facts.sessionLives) return look;
  look.againAt(facts.timetable?.open ?? 0);
  if (facts.rates.held && now.wall < facts.rates.held.until) {
    look.again(facts.rates.held.until);
    return look;
  }
  decide(look);
  return { actions: withinRates(facts, position, look.actions), due: look.due };
}

function decide(look: Look): void {
  const { facts, position, now } = look;
  if (facts.timetable && now.market < facts.timetable.open) return;
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
  for (const order of look.orders) {
    const { tag, change } = order;
    if (!change || change.inFlight) continue;
    // One that is asked for again and again is given up when it is asked for anew.
    const until =
      change.kind === 'cancel'
        ? Math.max(change.since + CANCEL_SHOWN_MS, nextCancelAt(order))
        : change.since + CHANGE_SHOWN_MS;
    if (look.now.wall >= until) look.add({ do: 'give_up_change', tag });
    else look.again(until);
  }
}

/** Nothing is held, nothing may fill, and nothing more is to come. */
function isClosed({ position, orders }: Look): boolean {
  if (orders.some(mayFill)) return false;
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
    const broker = orders.some((order) => order.takenFrom === 'broker' && mayFill(order));
    if (broker) for (const order of orders) if (order.takenFrom === undefined && mayFill(order)) look.cancel(order);
  }
}

/** What was surely closed twice, by an order that came after it was settled as absent, is undone first of all. */
function undoOverclosed(look: Look): void {
  const { facts, position, orders, now } = look;
  for (const leg of position.legs) {
    const held = heldOf(orders, leg, position.unheard);
    if (held.hi >= 0) continue;
    for (const order of closingsOf(look, leg)) look.cancel(order);
    if (!mayPlace(facts, position, leg.contract, now)) continue;
    if (retriesTooSoon(look, leg)) continue;
    look.send(leg, 'unwind', leg.opens, -held.hi, { kind: 'cross', widen: 0, noWorseThan: null });
  }
}

function closingsOf({ orders }: Look, leg: Leg): Order[] {
  return ordersOfLeg(orders, leg).filter((order) => order.side !== leg.opens && isLive(order) && mayFill(order));
}

function retriesTooSoon(look: Look, leg: Leg): boolean {
  const last = ordersOfLeg(look.orders, leg).findLast((order) => order.purpose === 'unwind' && isOver(order));
  if (!last || last.filledQuantity > 0 || look.now.wall >= last.since + 1_000) return false;
  look.again(last.since + 1_000);
  return true;
}

/** In CONTROL's order; what the minute or the day has no room for waits. */
function withinRates(facts: ControlFacts, position: Position, actions: readonly Action[]): Action[] {
  const used = Math.max(facts.rates.minute.sent / MINUTE_BUDGET, facts.rates.day / DAY_BUDGET);
  const rankOf = (action: Action): number => {
    if (action.do === 'cancel') return 0;
    if (action.do === 'send')
      return action.purpose === 'entry' ? 5 : action.purpose === 'stop' ? 3 : action.side === 'BUY' ? 1 : 4;
    if (action.do === 'begin') return facts.orders[action.tag]?.purpose === 'entry' ? 5 : 2;
    if (action.do === 'change') return action.kind === 'to_limit' ? 1 : 6;
    return -1;
  };
  return actions
    .filter((action) => {
      const rank = rankOf(action);
      if (rank === 5) return used < FOR_ENTRIES;
      if (rank === 4 || rank === 6) return used < FOR_OTHERS || position.exit !== null;
      return used < 1 || rank < 0 || (action.do === 'change' && action.kind === 'to_limit');
    })
    .toSorted((a, b) => rankOf(a) - rankOf(b));
}
