/** Entry: the hedge is bought and seen filled, then at most as much is sold (TRADING section 3). */
import { CHASE_STEPS } from '../limit-prices.ts';
import type { Action, Look } from './action.ts';
import { crosses } from './closing.ts';
import type { Leg, Order } from './facts.ts';
import { mayPlace } from './hours.ts';
import { coverSlack, heldOf, isLive, mayFill, needsCover, ordersOfLeg, seriesOf } from './intervals.ts';

/** Between two steps of a chase. Wall milliseconds. */
const STEP_MS = 3_000;
/** Before what was never sent is sent once more. */
const UNSENT_MS = 2_000;
const WRITTEN_WITHIN_MS = 3_000;
/** What is known to be absent may be sent once more; an opening sell never is. */
const HEDGE_SENDS = 2;
/** An opening sell without an answer may still show: its hedge is kept so long after it was sent, and an exit still ends within a minute. */
export const MISSING_SELL_MS = 50_000;

/** Why the entry opens nothing more; null while it may. */
function entryEnds({ facts, position, now }: Look): string | null {
  const { entry, plan } = position;
  if (position.exit) return 'it is being left';
  if (facts.entriesOff !== null) return `entries are off (${facts.entriesOff})`;
  if (facts.noNewRisk) return 'trading was stopped';
  if (facts.squaringOff && plan.exitOn <= position.enteredOn) return 'the square-off began';
  if (entry && now.market > entry.until) return 'the decision is too old';
  return null;
}

/** Opens leg after leg. Ends the entry when nothing more is to be opened and nothing of it can fill. */
export function enter(look: Look): void {
  const { position, orders } = look;
  const hedge = position.legs.findLast(({ opens }) => opens === 'BUY');
  const main = position.legs.find(({ opens }) => opens === 'SELL');
  const ends = entryEnds(look);
  if (!main) return;
  // What is wanted then is cancelled, and what waits is over.
  look.againAt((position.entry?.until ?? 0) + 1);
  if (hedge && !opened(look, hedge, position.plan.quantity, ends)) return;
  const covered = hedge ? heldOf(orders, hedge).lo : position.plan.quantity;
  const lot = main.contract.lotSize;
  if (!opened(look, main, Math.floor(Math.min(covered, position.plan.quantity) / lot) * lot, ends)) return;
  look.add({ do: 'entry_over' });
}

/** True when nothing more is opened of a leg, and nothing of it can fill any more. Otherwise the next step is taken. */
function opened(look: Look, leg: Leg, target: number, ends: string | null): boolean {
  const entries = ordersOfLeg(look.orders, leg).filter(({ purpose }) => purpose === 'entry');
  const pending = entries.filter(mayFill);
  for (const order of pending) chase(look, order, ends);
  if (pending.length > 0) return false;
  const left = target - entries.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0);
  const last = entries.at(-1);
  if (left <= 0 || ends !== null) return true;
  const again = last === undefined ? 'send' : after(look, last, entries, leg);
  if (again !== 'send') return again === 'over';
  const { facts, position, now } = look;
  // A book that cannot be read, or a market that does not stand at its own pace yet, is waited for until the decision is too old.
  if (facts.book.unreadableSince !== null || facts.book.readAt === null || !facts.held) return false;
  if (!isWritten(look)) return false;
  const bound = leg.opens === 'SELL' ? position.plan.bounds?.lowestSell : position.plan.bounds?.highestHedge;
  if (!mayPlace(facts, position, leg.contract, now) || crosses(look, leg, leg.opens, 'entry', bound)) return false;
  const slice = Math.min(left, leg.contract.maxOrderQuantity);
  const pricing = { kind: 'cross' as const, widen: 0, noWorseThan: null, ...(bound === undefined ? {} : { bound }) };
  return look.send(leg, 'entry', leg.opens, slice, pricing) === 0;
}

/** A position that a lost run had opened is found in the journal: it is there first, where the journal is not away. */
function isWritten(look: Look): boolean {
  const { inJournal, entry } = look.position;
  const until = (entry?.since ?? 0) + WRITTEN_WITHIN_MS;
  if (inJournal || look.now.wall >= until) return true;
  look.again(until);
  return false;
}

/** What follows an entry order that is over: the next slice, once more, another hedge, or nothing. */
function after(look: Look, last: Order, entries: readonly Order[], leg: Leg): 'send' | 'over' | 'wait' {
  if (last.filledQuantity === last.quantity) return 'send';
  // Surely never sent: without a price, a session or a turn.
  if (last.phase === 'not_sent' && last.status !== 'REFUSED') {
    look.again(last.since + UNSENT_MS);
    return look.now.wall < last.since + UNSENT_MS ? 'wait' : 'send';
  }
  if (last.filledQuantity > 0 || leg.opens === 'SELL') return 'over';
  if (last.phase === 'absent') {
    const inARow = entries.length - 1 - entries.findLastIndex(({ phase }) => phase !== 'absent');
    return inARow < HEDGE_SENDS ? 'send' : 'over';
  }
  const refused = last.status === 'REFUSED' || last.status === 'REJECTED';
  const [nearer] = look.position.plan.nearerHedges;
  const untouched = entries.every(({ filledQuantity }) => filledQuantity === 0);
  if (!refused || !nearer || !untouched) return 'over';
  look.add({ do: 'nearer_hedge', hedge: nearer });
  return 'wait';
}

/** Widens step by step inside the plan's bounds; what is not filled in the end is cancelled. */
function chase(look: Look, order: Order, ends: string | null): void {
  if (!isLive(order) || order.change || look.isTouched(order.tag)) return;
  if (ends !== null || order.steps >= CHASE_STEPS) {
    const since = order.steppedAt ?? order.since;
    if (ends !== null || look.now.wall >= since + STEP_MS) look.cancel(order);
    else look.again(since + STEP_MS);
    return;
  }
  const next = (order.steppedAt ?? order.since) + STEP_MS;
  if (order.phase !== 'working' || look.now.wall < next) {
    look.again(next);
    return;
  }
  const { bounds } = look.position.plan;
  const bound = order.side === 'SELL' ? bounds?.lowestSell : bounds?.highestHedge;
  const widen = order.steps + 1;
  const change: Action = { do: 'change', tag: order.tag, kind: 'reprice', widen, noWorseThan: null };
  look.add(bound === undefined ? change : { ...change, bound });
}

/** Orders that a person has recorded leave, as far as the inequalities still allow. */
export function beginCommanded(look: Look): void {
  for (const order of look.orders) {
    if (order.unwanted && mayFill(order)) look.cancel(order);
    if (order.phase !== 'intended' || !order.intent) continue;
    const why = unwanted(look, order, order.intent.sendBy);
    if (why !== null) look.add({ do: 'drop', tag: order.tag, why });
    else {
      look.add({ do: 'begin', tag: order.tag });
      look.again(order.intent.sendBy + 1);
    }
  }
}

/** Why a recorded order is not sent any more. It counts in the bounds already. */
function unwanted({ facts, position, orders, now }: Look, order: Order, sendBy: number): string | null {
  const leg = position.legs.find((one) => ordersOfLeg([order], one).length > 0);
  if (!leg) return 'its contract is none of the position';
  if (position.exit && order.purpose === 'entry') return 'it is being closed';
  if (now.wall > sendBy) return 'it waited too long';
  if (!mayPlace(facts, position, leg.contract, now)) return 'nothing new is placed any more';
  if (order.side !== leg.opens && heldOf(orders, leg, position.unheard).lo < 0)
    return 'it would close more than is held';
  const naked =
    order.side === 'SELL' && needsCover(position) && coverSlack(facts, seriesOf(leg.contract, position)) < 0;
  return naked ? 'nothing covers it any more' : null;
}

/** An opening sell that was settled as absent may still show, for a while. */
export function awaitsMissingSell(look: Look): boolean {
  const missing = look.orders.filter(
    (order) => order.role === 'main' && order.purpose === 'entry' && order.phase === 'absent',
  );
  const until = Math.max(
    look.position.keepsHedgeUntil ?? 0,
    ...missing.map(({ sentAt, since }) => (sentAt ?? since) + MISSING_SELL_MS),
  );
  look.again(until);
  return look.now.wall < until;
}

/** Of the hedge, what covers no short any more and is not kept for a sell that may still show. Units. */
export function surplusOf(look: Look, hedge: Leg): number {
  const { facts, position, orders } = look;
  if (awaitsMissingSell(look)) return 0;
  const shorts = position.legs
    .filter(({ opens }) => opens === 'SELL')
    .reduce((sum, leg) => sum + Math.max(0, heldOf(orders, leg, position.unheard).hi), 0);
  const longs = position.legs
    .filter(({ opens }) => opens === 'BUY')
    .reduce((sum, leg) => sum + Math.max(0, heldOf(orders, leg).lo), 0);
  const own = Math.min(heldOf(orders, hedge).lo, longs - shorts);
  if (!needsCover(position)) return Math.max(0, own);
  return Math.max(0, Math.min(own, coverSlack(facts, seriesOf(hedge.contract, position))));
}
