/** The day as its query shows it. */
import type { DayStateName, DayView, LegView, PositionState, PositionView } from '../../src/contract/views.ts';
import type { Leg, Order, Position } from '../../src/domain/control/facts.ts';
import {
  averageOf,
  heldOf,
  isLive,
  isResidual,
  ordersOf,
  ordersOfLeg,
  surely,
} from '../../src/domain/control/intervals.ts';
import type { IsoDate, Side } from '../../src/domain/types.ts';
import type { DayFacts } from './facts.ts';
import { limitsOf, manualWorstLoss } from './limits.ts';
import { earlierOf, pnlOfPosition, targetAmount } from './pnl.ts';

export function stateOf(facts: DayFacts): DayStateName {
  if (facts.holiday !== null) return 'holiday';
  if (facts.report !== null) return 'closed';
  if (facts.squaringOff) return 'squaring_off';
  if (!facts.sessionLives) return 'awaiting_auth';
  if (!facts.noNewRisk) return 'trading';
  return facts.started ? 'stopped' : 'ready';
}

export function viewOf(facts: DayFacts): DayView {
  const positions = facts.positions.map((position) => viewOfPosition(facts, position));
  return {
    identity: facts.identity,
    state: stateOf(facts),
    enabled: !facts.noNewRisk,
    started: facts.started,
    entriesOff: facts.entriesOff,
    handsOff: facts.handsOff,
    acknowledged: facts.acknowledged,
    clock: facts.clock,
    session: facts.session,
    authAttempts: facts.authAttempts,
    timetable: facts.timetable,
    holiday: facts.holiday,
    plan: facts.plan,
    limits: facts.plan ? limitsOf(facts) : null,
    positions,
    orders: Object.values(facts.orders),
    decisions: facts.decisions,
    warnings: facts.warnings,
    pages: Object.entries(facts.watched).flatMap(([id, { since, text, pages }]) => {
      const [cause = '', ...subject] = id.split(':');
      const deliveredAt = facts.delivered[id] ?? null;
      return pages > 0 ? [{ id, cause, subject: subject.join(':'), text, since, deliveredAt }] : [];
    }),
    answers: facts.answers,
    nextCheckAt: facts.nextCheckAt,
    squareOffAt: facts.timetable?.squareOff ?? null,
    pnl: {
      realised: positions.reduce((sum, position) => sum + position.realised, 0),
      charges: positions.reduce((sum, position) => sum + position.charges, 0),
    },
    busy: isBusy(facts),
    report: facts.report,
  };
}

/** An entry, an exit or an order without a clear answer is under way: in a replay the market runs at its own pace meanwhile. */
export function isBusy(facts: DayFacts, canLeave = true): boolean {
  return facts.positions.some((position) => {
    const state = stateOfPosition(facts, position);
    // A manual order may rest for hours.
    const opening = state === 'opening' && position.signal !== 'manual';
    return opening || (state === 'closing' && canLeave) || ordersOf(facts, position).some(isUnderWay);
  });
}

function isUnderWay(order: Order): boolean {
  if (order.phase === 'intended' || order.phase === 'in_flight' || order.phase === 'doubt') return true;
  return isLive(order) && (order.change !== undefined || order.phase === 'accepted');
}

export function stateOfPosition(facts: DayFacts, position: Position): PositionState {
  if (position.closedAt !== null) return 'closed';
  const orders = ordersOf(facts, position);
  if (position.entry !== null && !position.exit) return 'opening';
  const held = (opens: Side) =>
    position.legs
      .filter((leg) => leg.opens === opens)
      .reduce((sum, leg) => sum + heldOf(orders, leg, position.unheard).hi, 0);
  const [short, long] = [held('SELL'), held('BUY')];
  if (!position.exit) return isFilled(position, orders) || position.carried ? 'open' : 'opening';
  if (isResidual(position, orders)) return 'residual_hedge';
  if (!facts.over) return 'closing';
  return short <= 0 && long > 0 ? 'residual_hedge' : 'not_flat';
}

/** Something of it is held, whatever may still fill. */
function isFilled({ legs }: Position, orders: readonly Order[]): boolean {
  return legs.some((leg) =>
    ordersOfLeg(orders, leg).some((order) => order.side === leg.opens && order.filledQuantity > 0),
  );
}

/** Open over the night on purpose: nothing wants to leave, or only a hedge is left, which is bounded. */
export function staysOvernight(facts: DayFacts, position: Position): boolean {
  const expiry = expiryOf(position);
  if (position.signal === 'manual' || position.plan.product !== 'NRML' || expiry <= facts.identity.date) return false;
  const state = stateOfPosition(facts, position);
  // A hedge of which nobody knows whether it is there is no hedge that stays.
  return state === 'residual_hedge' ? isSurelyHeld(facts, position) : state === 'open' && !position.exit;
}

function isSurelyHeld(facts: DayFacts, position: Position): boolean {
  const orders = ordersOf(facts, position);
  return position.legs.some((leg) => leg.opens === 'BUY' && heldOf(orders, leg, position.unheard).lo > 0);
}

/** Of its legs: all expire together. */
export function expiryOf({ plan }: Position): IsoDate {
  return plan.main.expiry;
}

/** Whether its own exit time is the square-off of this day: the exit policy's day, or the last one of its contract. */
export function leavesToday(facts: DayFacts, position: Position): boolean {
  const { date } = facts.identity;
  return position.signal === 'manual' || position.plan.exitOn <= date || expiryOf(position) <= date;
}

export function viewOfPosition(facts: DayFacts, position: Position): PositionView {
  const { plan } = position;
  const { main } = plan;
  const orders = ordersOf(facts, position);
  const stop = orders.findLast(({ purpose }) => purpose === 'stop');
  const { gross, charges } = pnlOfPosition(facts, position);
  const manual = position.signal === 'manual';
  const worst = manual ? manualWorstLoss(facts, position, charges.total) : plan.worstLoss;
  const legs = position.legs
    .map((leg) => legView(orders, leg))
    .filter(({ quantity }, at) => quantity > 0 || at >= position.legs.length - 2);
  return {
    id: position.id,
    signal: position.signal,
    state: stateOfPosition(facts, position),
    optionType: main.optionType,
    strike: main.strike,
    expiry: main.expiry,
    product: plan.product,
    lots: manual ? Math.max(...legs.map(({ quantity }) => quantity)) / main.lotSize : plan.lots,
    legs,
    indexStop: manual ? null : main.strike,
    restingStop: stop
      ? {
          tag: stop.tag,
          orderId: stop.orderId,
          triggerPrice: stop.triggerPrice,
          limitPrice: stop.price,
          state: stop.status,
        }
      : null,
    target: targetAmount(facts, position),
    plannedLoss: manual ? (worst ?? 0) : plan.plannedLoss,
    worstLoss: worst,
    realised: gross,
    charges: charges.total,
    earlier: earlierOf(facts, position),
    enteredOn: position.enteredOn,
    exitOn: plan.exitOn,
    openedAt: position.openedAt,
    closedAt: position.closedAt,
    exitReason: position.exit?.reason ?? null,
    problem: position.problem,
  };
}

function legView(orders: readonly Order[], leg: Leg): LegView {
  const closes = leg.opens === 'SELL' ? 'BUY' : 'SELL';
  const filled = ordersOfLeg(orders, leg).filter((order) => order.side === leg.opens);
  const open = ordersOfLeg(orders, leg).reduce(
    (sum, order) => sum + (order.side === leg.opens ? 1 : -1) * surely(order),
    0,
  );
  return {
    role: leg.role,
    tradingsymbol: leg.contract.tradingsymbol,
    instrumentToken: leg.contract.instrumentToken,
    side: leg.opens,
    quantity: filled.reduce((sum, order) => sum + order.filledQuantity, 0),
    openQuantity: open,
    entryPrice: averageOf(orders, leg, leg.opens),
    exitPrice: averageOf(orders, leg, closes),
  };
}
