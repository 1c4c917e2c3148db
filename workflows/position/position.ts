/** One position, of a signal or manual: its loop looks at all facts, begins what is to be done now, and looks again when something changed. */

import type { Position } from '../../src/domain/control/facts.ts';
import { type Action, type Due, fallbackTags, nextActions } from '../../src/domain/control/index.ts';
import { averageOf, openedAtPrice, ordersOf } from '../../src/domain/control/intervals.ts';
import type { Day } from '../day/day.ts';
import { earlierOf, pnlOfPosition } from '../day/pnl.ts';
import { bookOther } from '../orders/ledger.ts';
import { cancel, change, leaves, send } from '../orders/perform.ts';
import { markNotSent } from '../orders/phases.ts';
import { checkDayLoss, requestExit } from './request-exit.ts';

/** A defect in the decision is looked at again; it never becomes a tight circle. */
const AFTER_DEFECT_MS = 5_000;
/** At one instant: each look begins what it can, so that few are needed. */
const MOST_LOOKS_AT_ONCE = 100;

export function runPosition(day: Day, position: Position): void {
  day.run(`position ${position.id}`, () => loop(day, position));
}

async function loop(day: Day, position: Position): Promise<void> {
  let looks = { at: 0, count: 0 };
  while (!day.ending && !day.facts.over) {
    const seen = day.version;
    const due = act(day, position);
    const now = Date.now();
    looks = { at: now, count: looks.at === now ? looks.count + 1 : 1 };
    if (looks.count <= MOST_LOOKS_AT_ONCE) await day.changedOrDue(position.id, seen, due);
    else {
      day.defect(`the loop of ${position.id}`, new Error('it decides without end'));
      await day.pause(`${position.id}: after a defect`, AFTER_DEFECT_MS);
    }
  }
}

/** One look and what it begins. Answers when to look again. */
function act(day: Day, position: Position): number | null {
  let next: { actions: readonly Action[]; due: Due };
  try {
    next = nextActions(day.facts, position.id, day.instant());
  } catch (error) {
    day.defect(`deciding about ${position.id}`, error);
    for (const tag of fallbackTags(day.facts, position.id, day.instant()))
      change(day, position, { do: 'change', tag, kind: 'to_limit', widen: 0, noWorseThan: null });
    return Date.now() + AFTER_DEFECT_MS;
  }
  day.mended(`deciding about ${position.id}`);
  for (const action of next.actions) begin(day, position, action);
  return day.dueOf(next.due);
}

function begin(day: Day, position: Position, action: Action): void {
  const { orders } = day.facts;
  switch (action.do) {
    case 'send':
      send(day, position, action);
      return;
    case 'begin': {
      const order = orders[action.tag];
      if (order) leaves(day, position, order);
      return;
    }
    case 'change':
      change(day, position, action);
      return;
    case 'cancel':
      cancel(day, ownerOf(day, position, action.tag), action.tag, action.onlyIfPriced);
      return;
    case 'drop': {
      const order = orders[action.tag];
      if (order) markNotSent(day, order, 'NOT SENT', action.why);
      return;
    }
    case 'forget':
      delete orders[action.tag];
      day.changed();
      return;
    case 'give_up_change': {
      const order = orders[action.tag];
      if (order?.change?.kind === 'to_limit') order.conversionRefused = true;
      if (order) delete order.change;
      day.changed();
      return;
    }
    case 'nearer_hedge':
      takeNearerHedge(day, position);
      return;
    case 'entry_over':
      endEntry(day, position);
      return;
    case 'exit':
      if (!position.exit) day.log('warn', action.reason, `${position.id}: ${action.why}.`);
      requestExit(day, position, action.reason);
      return;
    case 'hand_cover':
      handCover(day, position, action);
      return;
    case 'closed':
      close(day, position);
  }
}

/** An order that this position would trade with may be another one's. */
function ownerOf(day: Day, position: Position, tag: string): Position {
  return day.facts.positions.find(({ id }) => id === day.facts.orders[tag]?.positionId) ?? position;
}

function takeNearerHedge(day: Day, position: Position): void {
  const [nearer, ...others] = position.plan.nearerHedges;
  if (!nearer) return;
  const { hedge: refused, bounds } = position.plan;
  day.log(
    'warn',
    'hedge_refused',
    `${position.id}: ${refused?.tradingsymbol} was refused as a hedge; trying ${nearer.tradingsymbol}.`,
  );
  position.plan = { ...position.plan, hedge: nearer, nearerHedges: others };
  // It may cost as much more as the spread is narrower: the worst loss stays the bound.
  const narrower = refused ? Math.abs(nearer.strike - refused.strike) : 0;
  if (bounds) position.plan.bounds = { ...bounds, highestHedge: bounds.highestHedge + narrower };
  position.legs.push({ role: 'hedge', contract: nearer, opens: 'BUY' });
  day.touchPosition(position);
}

function endEntry(day: Day, position: Position): void {
  position.entry = null;
  day.touchPosition(position);
  const main = position.legs.find(({ opens }) => opens === 'SELL');
  const orders = ordersOf(day.facts, position);
  const sold = main ? openedAtPrice(orders, main) : null;
  // Whether it is left then is decided as for any position of which nothing is sold.
  if (!main || sold === null) return;
  const hedge = position.legs.findLast(({ opens }) => opens === 'BUY');
  const credit = sold - (hedge ? (openedAtPrice(orders, hedge) ?? 0) : 0);
  const units = orders.reduce(
    (sum, order) => sum + (order.role === 'main' && order.side === 'SELL' ? order.filledQuantity : 0),
    0,
  );
  const text = `${position.id}: sold ${units} ${main.contract.tradingsymbol}, net credit ${(credit / 100).toFixed(2)} a unit.`;
  day.log('info', 'position_open', text);
}

/** What another position's short needs is booked from here to there, at what it was bought for: no order, no result. */
function handCover(day: Day, position: Position, { to, leg, units }: Extract<Action, { do: 'hand_cover' }>): void {
  const other = day.facts.positions.find(({ id }) => id === to);
  if (!other) return;
  const price = averageOf(ordersOf(day.facts, position), leg, 'BUY') ?? 0;
  // The same two may do it again: each booking stands for itself.
  const before = Object.values(day.facts.orders).filter(({ takenFrom }) => takenFrom === 'transfer').length;
  const tag = `TRANSFER-${position.id}-${to}-${leg.contract.tradingsymbol}-${before}`;
  const booking = (side: 'BUY' | 'SELL') => ({
    ...{
      tag: `${tag}-${side}`,
      side,
      quantity: units,
      status: 'TRANSFER',
      takenFrom: 'transfer' as const,
      booked: true,
    },
    statusMessage: `Hedge of ${position.id} kept for ${to}`,
    fills: [{ tradeId: `${tag}-${side}`, quantity: units, price, at: day.now() }],
  });
  const known = other.legs.find(
    ({ role, contract }) => role === leg.role && contract.tradingsymbol === leg.contract.tradingsymbol,
  );
  if (!known) other.legs.push({ ...leg });
  bookOther(day, position, leg, booking('SELL'));
  bookOther(day, other, leg, booking('BUY'));
  day.log(
    'warn',
    'hedge_kept',
    `${position.id}: ${units} ${leg.contract.tradingsymbol} are kept for ${to}, whose short needs them.`,
  );
}

function close(day: Day, position: Position): void {
  position.closedAt = day.now();
  position.entry = null;
  // Flat without anybody asking: by others, or because nothing was entered.
  const byOthers = ordersOf(day.facts, position).some(({ takenFrom }) => takenFrom !== undefined);
  const reason = position.signal === 'manual' ? 'manual' : byOthers ? 'external' : 'entry_failed';
  position.exit ??= { reason, askedAt: Date.now() };
  position.problem = null;
  for (const was of ['not_flat', 'residual_hedge', 'external']) day.clearWarning(`${was}:${position.id}`);
  delete day.facts.blind[position.id];
  const { net } = pnlOfPosition(day.facts, position);
  const earlier = earlierOf(day.facts, position);
  const rupees = ((net + earlier.realised - earlier.charges) / 100).toFixed(2);
  day.log('info', 'position_closed', `${position.id}: flat. Net ${rupees} rupees after charges.`);
  day.touchPosition(position);
  checkDayLoss(day);
}
