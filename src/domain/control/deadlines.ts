/** Nobody waits in silence: what holds for longer than it may is paged (`pages-due.ts`). Pure. */
import type { MarketMs, WallMs } from '../types.ts';
import { nextCancelAt } from './action.ts';
import type { ControlFacts, Leg, Now, Order, Position } from './facts.ts';
import { filledOf, heldOf, isOver, isResidual, isUnseen, mayFill, ordersOf, unansweredOf } from './intervals.ts';
import { shareUsed } from './rates.ts';
import { unprotected, unprotectedSince } from './unprotected.ts';

/**
 * Something that a person has to know when it lasts. `afterMs` in wall time from when it began to hold: `since` says when by the facts, where
 * they were heard of later.
 */
export type Condition = { cause: string; subject: string; text: string; afterMs: number; since?: WallMs };

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** An address that was refused is tried again each thirty seconds while there is anything to send: silence means that there is not. */
const ADDRESS_STANDS_MS = MINUTE_MS;
/** From when a cancellation may be asked for anew until it is: a look at its price may have to end first. */
const CANCEL_ASKED_WITHIN_MS = 10_000;
/** Nobody logged in matters from fifteen minutes before the open on. */
const LOGIN_BEFORE_OPEN_MS = 15 * MINUTE_MS;

/** Instants at which a condition may begin without anything having changed. */
export function beginsByClock(facts: ControlFacts): MarketMs[] {
  const { timetable, positions, orders } = facts;
  const isFlat = !positions.some((position) => isOpen(facts, position)) && Object.values(orders).every(isOver);
  return timetable === null || isFlat ? [] : [timetable.open - LOGIN_BEFORE_OPEN_MS, timetable.open];
}

/** `wallOf`: when the market showed an instant that has passed. */
export function conditionsOf(facts: ControlFacts, now: Now, wallOf = (at: MarketMs): WallMs => at): Condition[] {
  if (!facts.timetable) return [];
  const open = facts.positions.filter((position) => isOpen(facts, position));
  const trading = now.market >= facts.timetable.open;
  return [
    ...(trading ? open.flatMap((position) => ofPosition(facts, position, wallOf)) : []),
    ...(trading ? Object.values(facts.orders).flatMap((order) => ofOrder(facts, order, now)) : []),
    ...ofAccount(facts, open, now),
    ...(trading ? ofCalls(facts, open, now) : []),
  ];
}

function isOpen(facts: ControlFacts, position: Position): boolean {
  const orders = ordersOf(facts, position);
  return (
    orders.some(mayFill) ||
    (position.closedAt === null && isUnseen(facts, position)) ||
    position.legs.some((leg) => {
      const held = heldOf(orders, leg, position.unheard);
      return held.lo !== 0 || held.hi !== 0;
    })
  );
}

function ofPosition(facts: ControlFacts, position: Position, wallOf: (at: MarketMs) => WallMs): Condition[] {
  const orders = ordersOf(facts, position);
  const { id } = position;
  const conditions: Condition[] = [];
  const add = (cause: string, afterMs: number, text: string) => conditions.push({ cause, subject: id, text, afterMs });
  const shorts = position.legs.filter(({ opens }) => opens === 'SELL');
  const bare = shorts.flatMap((leg) => {
    const units = unprotected(orders, leg);
    return units > 0 ? [`${units} ${leg.contract.tradingsymbol}`] : [];
  });
  if (bare.length > 0)
    conditions.push({
      cause: 'unprotected',
      subject: id,
      afterMs: 20 * SECOND_MS,
      since: unprotectedSince(orders, shorts, facts.timetable?.open ?? 0, wallOf),
      text: `${id}: ${bare.join(' and ')} are short, and Zerodha shows no order of ours that buys them back. Look at Kite.`,
    });
  const held = holdings(orders, position);
  if (position.exit && held !== '' && !isResidual(position, orders))
    add(
      'not_flat',
      30 * SECOND_MS,
      `${id} is to be left (${position.exit.reason.replaceAll('_', ' ')}) and still holds ${held}.${lastWords(orders)} Close it in Kite if this goes on.`,
    );
  // An entry that cannot be cancelled is over all the same.
  const isStuck = orders.some((order) => order.purpose === 'entry' && order.cancelAsked && mayFill(order));
  if (position.exit || position.entry === null || isStuck) {
    // What is offered for sale is held until it is sold.
    const longs = position.legs.filter(
      (leg) =>
        leg.opens === 'BUY' && (position.signal !== 'manual' || position.exit !== null) && leftOf(orders, leg) > 0,
    );
    const covered = shorts.reduce((sum, leg) => sum + Math.max(0, heldOf(orders, leg).hi), 0);
    const surplus = longs.reduce((sum, leg) => sum + leftOf(orders, leg), 0) - covered;
    const names = longs.map(({ contract }) => contract.tradingsymbol).join(' and ');
    if (surplus > 0)
      add(
        'surplus_hedge',
        5 * MINUTE_MS,
        `${id}: ${surplus} ${names} cover nothing and are not sold.${lastWords(orders)} They can lose no more than they cost.`,
      );
  }
  const over = position.legs.flatMap((leg) => {
    const units = -filledOf(orders, leg, position.unheard);
    return units > 0
      ? [`${units} ${leg.contract.tradingsymbol} too many were ${leg.opens === 'SELL' ? 'bought' : 'sold'}`]
      : [];
  });
  if (over.length > 0)
    add(
      'overclosed',
      5 * SECOND_MS,
      `${id}: ${over.join(' and ')}: more than was open. They are traded back while orders may be placed; look at Kite.`,
    );
  const external = externalWords(orders, position);
  if (external !== null) add('external', 0, external);
  // What is being left is judged by no price any more.
  const blind = position.exit ? undefined : facts.blind[id];
  if (blind !== undefined)
    add('blind', 0, `${id}: no believable price (${blind}). Its loss cap cannot be judged; its stop rests at Zerodha.`);
  return conditions;
}

/** What others have closed of it, as far as nobody has said yet whose trades they were; null where there is nothing. */
export function externalWords(orders: readonly Order[], position: Position): string | null {
  const closed = position.legs.flatMap((leg) => {
    const units = unansweredOf(orders, leg);
    if (units === 0) return [];
    return [`${units} ${leg.contract.tradingsymbol} were ${leg.opens === 'SELL' ? 'bought back' : 'sold'}`];
  });
  if (closed.length === 0) return null;
  return `${position.id}: ${closed.join(' and ')} in Kite, not from here. Only what is left is protected and closed here. Acknowledge it if the trade was yours: it is then booked.`;
}

/** What may be held of a leg still: what others have closed of it is asked about by a condition of its own. Units. */
function leftOf(orders: readonly Order[], leg: Leg, unheard: Position['unheard'] = []): number {
  return Math.max(0, heldOf(orders, leg, unheard).hi - unansweredOf(orders, leg));
}

/** What of it is to be closed in Kite where it is not closed from here; empty where nothing is. */
function holdings(orders: readonly Order[], position: Position): string {
  return position.legs
    .map((leg) => ({ leg, units: leftOf(orders, leg, position.unheard) }))
    .filter(({ units }) => units > 0)
    .map(({ leg, units }) => `${units} ${leg.contract.tradingsymbol} ${leg.opens === 'SELL' ? 'short' : 'long'}`)
    .join(' and ');
}

function lastWords(orders: readonly Order[]): string {
  const last = orders.findLast((order) => isOver(order) && order.filledQuantity === 0 && order.statusMessage !== null);
  return last?.statusMessage ? ` Zerodha's last word: "${last.statusMessage}".` : '';
}

function ofOrder(facts: ControlFacts, order: Order, now: Now): Condition[] {
  const what = `${order.side} ${order.quantity} ${order.tradingsymbol} (${order.tag})`;
  if (order.repeats === order.tag) return [];
  if (order.phase === 'doubt' || (order.phase === 'in_flight' && order.sentAt !== null))
    return [
      {
        cause: 'doubt',
        subject: order.tag,
        afterMs: 30 * SECOND_MS,
        text: `${what}: no clear answer, and nothing shows whether Zerodha has it. Look at Kite, and settle it here if you know.`,
      },
    ];
  if (order.phase === 'accepted')
    return [
      {
        cause: 'doubt',
        subject: order.tag,
        afterMs: 30 * SECOND_MS,
        since: order.since,
        text: `${what}: Zerodha accepted it, but its lists do not show it. Look at Kite: cancel it there if it hangs; if it is not there, settle it here.`,
      },
    ];
  if (order.cancelAsked && isCancelling(facts, order, now))
    return [
      {
        cause: 'cancel_pending',
        subject: order.tag,
        afterMs: 10 * SECOND_MS,
        // One that follows a change that did not come goes on with its wait.
        since: order.changeSince ?? order.cancelAsked.first,
        text: `${what}: its cancellation was asked for ${order.cancelAsked.times} time(s) and is not done.`,
      },
    ];
  if (order.changeSince !== undefined && !isOver(order))
    return [
      {
        cause: 'change_pending',
        subject: order.tag,
        afterMs: 10 * SECOND_MS,
        text: `${what}: a change of its price or type is not shown by Zerodha.`,
      },
    ];
  return [];
}

/** Not where it could have been asked for anew and was not: what was to be cancelled is wanted again. */
function isCancelling(facts: ControlFacts, order: Order, now: Now): boolean {
  if (isOver(order)) return false;
  const { sessionLives, book, handsOff, rates } = facts;
  const couldAsk = sessionLives && book.unreadableSince === null && !handsOff && rates.held === null;
  const among = Object.values(facts.orders).filter(({ positionId }) => positionId === order.positionId);
  const askedBy = nextCancelAt(order, among) + CANCEL_ASKED_WITHIN_MS;
  return !couldAsk || order.change?.kind === 'cancel' || now.wall <= askedBy;
}

function ofAccount(facts: ControlFacts, open: readonly Position[], now: Now): Condition[] {
  const conditions: Condition[] = [];
  const add = (cause: string, afterMs: number, text: string) =>
    conditions.push({ cause, subject: 'day', text, afterMs });
  const ids = open.map(({ id }) => id).join(', ');
  const { timetable } = facts;
  for (const [where, words] of Object.entries(facts.defects))
    conditions.push({
      cause: 'defect',
      subject: where,
      afterMs: 0,
      text: `${where}: ${words}. The rest of the day goes on; look at Kite.`,
    });
  if (!timetable || open.length === 0) return conditions;
  const hours = now.market >= timetable.open;
  if (!facts.sessionLives && now.market >= timetable.open - LOGIN_BEFORE_OPEN_MS && now.market < timetable.close)
    add(
      'no_session',
      30 * SECOND_MS,
      `Nobody is logged in at Zerodha, and ${ids} ${open.length > 1 ? 'are' : 'is'} open: nothing can be changed or closed from here. Log in now.`,
    );
  if (hours && facts.sessionLives && facts.book.unreadableSince !== null)
    add('book', 0, `Zerodha's order book cannot be read. ${ids}: exits go by our own ledger.`);
  if (facts.handsOff)
    add(
      'hands_off',
      0,
      `Hands off by ${facts.handsOff.by}: ${ids} ${open.length > 1 ? 'are' : 'is'} open and nothing is sent. Stops rest at Zerodha.`,
    );
  for (const [contract, text] of Object.entries(facts.unexplained))
    conditions.push({ cause: 'unexplained', subject: contract, text, afterMs: 10 * SECOND_MS });
  return conditions;
}

/** What keeps order calls off. An entry that it holds up goes on, whether something of it is out at this moment or not. */
function ofCalls(facts: ControlFacts, open: readonly Position[], now: Now): Condition[] {
  const concerned = facts.positions.filter((position) => position.entry !== null || open.includes(position));
  if (concerned.length === 0) return [];
  const ids = concerned.map(({ id }) => id).join(', ');
  const conditions: Condition[] = [];
  const { held } = facts.rates;
  const add = (cause: string, text: string) => conditions.push({ cause, subject: 'day', afterMs: 0, text });
  if (held?.kind === 'address' && now.wall < held.until + ADDRESS_STANDS_MS)
    add(
      'address',
      `Zerodha refuses orders from this machine: "${held.message}". Add its address on the Kite developer console. ${ids} cannot be traded from here.`,
    );
  if (shareUsed(facts, now) >= 1)
    add(
      'rates',
      `The orders that Zerodha takes of an account in a minute or a day are used up (${facts.rates.day} today). ${ids}: stops are still turned into exits, nothing else is sent. Close in Kite what cannot wait.`,
    );
  return conditions;
}
