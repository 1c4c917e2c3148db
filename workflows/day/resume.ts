/**
 * A run that was lost (terminated, or failed for good) is gone on with: positions and used tags are those of the journal, what happened
 * since shows in the book, and nothing is sent before that was read.
 */
import type { DayBefore } from '../../src/contract/journal.ts';
import type { HandedOver } from '../../src/contract/ledger.ts';
import type { PositionView, SessionView } from '../../src/contract/views.ts';
import { istDate } from '../../src/domain/clock.ts';
import { MISSING_SELL_MS } from '../../src/domain/control/entry.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { sumOf } from '../../src/domain/control/spent-orders.ts';
import { parseTag } from '../../src/domain/tags.ts';
import { recordForeignPosition } from '../external/trades.ts';
import { warnHandsOff } from './commands.ts';
import type { Day } from './day.ts';
import { takeOvernight } from './reconcile.ts';
import { isBusy } from './view.ts';

/** Without a book for so long exits go by the ledger. Wall milliseconds. */
const BOOK_WITHIN_MS = 10_000;
/** More than a run can have used since its last write. */
const ATTEMPTS_AHEAD = 100;

export function resume(day: Day, before: DayBefore, session: SessionView | null, handed: readonly HandedOver[]): void {
  const { facts } = day;
  facts.journal.batches = before.sequence;
  facts.journal.events = facts.journal.events.map((event, index) => ({ ...event, seq: before.logged + index + 1 }));
  facts.journal.logged = before.logged + facts.journal.events.length;
  facts.decisions = before.decisions;
  facts.journal.decided = before.decisions.length;
  facts.decided = before.decisions.map(({ at }) => at);
  const { overnight = null, keys = {}, ...switches } = before.switches ?? {};
  Object.assign(facts, switches);
  facts.keys = { ...keys, ...facts.keys };
  facts.waitsForBook = Date.now() + BOOK_WITHIN_MS;
  // An order whose position is not in the journal is left out: it is paged as unknown when the book shows it.
  const known = new Set(before.positions.map(({ view }) => view.id));
  for (const order of before.orders)
    if (known.has(order.positionId) && !isPast(order, before.orders)) facts.orders[order.tag] = inDoubt(order);
  const { attempt, calls } = sumOf(before.orders);
  facts.attemptsFrom = Math.max(attempt, before.spent.attempt) + ATTEMPTS_AHEAD;
  facts.rates.day = calls + before.spent.calls;
  facts.dropped.push(...before.spent.rows);
  // What was carried got its stop in the instant in which the index was looked at: where it stands later is for the hourly closes.
  facts.openJudged = before.orders.some(({ purpose, sentAt }) => purpose === 'stop' && sentAt !== null);
  // Of the night: what they have traded today is heard anew.
  for (const holding of handed.flatMap(({ foreign = [] }) => foreign)) recordForeignPosition(day, holding);
  for (const { view, handedOver } of before.positions) if (handedOver) takeUp(day, view, handedOver);
  // By what is held since then, an order in doubt may be known that no list shows.
  if (overnight) takeOvernight(day, overnight);
  // The lost run may have held the replayed market or not. Assume the opposite of what is wanted, so that the market clock is set in any case.
  if (facts.clock.length > 0) facts.held = !isBusy(facts);
  if (session) {
    facts.session = session;
    facts.sessionLives = true;
  }
  if (facts.handsOff) warnHandsOff(day, facts.handsOff.by);
  const open = facts.positions.filter(({ closedAt }) => closedAt === null).map(({ id }) => id);
  const what = open.length > 0 ? `Open: ${open.join(', ')}.` : 'Nothing is open.';
  const text = `The day's run was lost and goes on in a new one. ${what} New entries wait for a start of trading.`;
  day.page('day_resumed', 'day', text);
}

/**
 * The whole of several attempts, which is never sent itself and is forgotten when they are over: another order has its place by then. In doubt it
 * would hold up an exit for orders that no book can show.
 */
function isPast({ tag, repeats, ...whole }: Order, orders: readonly Order[]): boolean {
  if (repeats !== tag) return false;
  const attempt = parseTag(tag)?.attempt ?? 0;
  const { positionId, role, purpose, slice } = whole;
  return orders.some(
    (order) =>
      order.positionId === positionId &&
      order.role === role &&
      order.purpose === purpose &&
      order.slice === slice &&
      (parseTag(order.tag)?.attempt ?? 0) > attempt,
  );
}

/** What was on its way when the run was lost may be in the book. */
function inDoubt({ change: _, watched: __, ...order }: Order): Order {
  if (order.phase !== 'intended' && order.phase !== 'in_flight') return order;
  return { ...order, phase: 'doubt', status: 'IN DOUBT', since: Date.now() };
}

function takeUp(
  day: Day,
  view: PositionView,
  { plan, legs, orders, enteredOn, openedAt, signal, unheard = [] }: HandedOver,
): void {
  const { facts } = day;
  // By their date: a booking of today may be called like one of another day.
  const carried = orders.filter(({ intendedAt }) => istDate(intendedAt) < facts.identity.date);
  facts.carriedOrders.push(...carried.map((order) => ({ ...order, positionId: view.id })));
  const position: Position = {
    ...{ id: view.id, number: Number(view.id.slice(1)), signal, plan, enteredOn, openedAt, legs: legs ?? [] },
    ...{
      closedAt: view.closedAt,
      entry: null,
      inJournal: true,
      carried: enteredOn < facts.identity.date,
      guardEpoch: 0,
      problem: null,
    },
    exit: view.exitReason === null ? null : { reason: view.exitReason, askedAt: Date.now() },
    unheard,
    ...(view.state === 'opening' ? { keepsHedgeUntil: Date.now() + MISSING_SELL_MS } : {}),
  };
  facts.positions.push(position);
}
