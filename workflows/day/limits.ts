/** What is reserved and lost: TRADING section 7. Money in paise. */
import type { LimitsView } from '../../src/contract/views.ts';
import type { Position } from '../../src/domain/control/facts.ts';
import { heldOf, mayFill, ordersOf, possibly } from '../../src/domain/control/intervals.ts';
import { gapLosses, type ManualHolding, seriesOf } from '../../src/domain/manual-orders.ts';
import type { Paise } from '../../src/domain/types.ts';
import type { DayFacts } from './facts.ts';
import { pnlOfPosition } from './pnl.ts';

export function limitsOf(facts: DayFacts): LimitsView {
  const open = facts.positions.filter(({ closedAt }) => closedAt === null);
  // Closed parts of open positions count as what is closed does.
  const net = facts.positions.reduce((sum, position) => sum + pnlOfPosition(facts, position).net, 0);
  const reserved = open.reduce((sum, position) => sum + plannedLossOf(facts, position), 0);
  const risked = open.reduce((sum, position) => sum + (worstLossOf(facts, position) ?? 0), 0);
  return {
    reserved,
    lostToday: Math.max(0, -net),
    maxLossPerDay: facts.plan?.maxLossPerDay ?? 0,
    capitalAtRisk: risked,
    maxCapitalAtRisk: facts.plan?.maxCapitalAtRisk ?? 0,
    openPositions: open.length,
    maxPositions: facts.plan?.maxPositions ?? 0,
  };
}

function worstLossOf(facts: DayFacts, position: Position): Paise | null {
  if (position.signal !== 'manual') return position.plan.worstLoss;
  return manualWorstLoss(facts, position, pnlOfPosition(facts, position).charges.total);
}

/** Reserved until it is flat (TRADING section 7). */
function plannedLossOf(facts: DayFacts, position: Position): Paise {
  if (position.signal === 'manual') return worstLossOf(facts, position) ?? 0;
  return position.plan.plannedLoss;
}

export function openManual(facts: DayFacts): Position[] {
  return facts.positions.filter(({ signal, closedAt }) => signal === 'manual' && closedAt === null);
}

/** A manual position as the rules of covers see it. What others sold of it covers nothing. */
export function holdingOf(facts: DayFacts, position: Position): ManualHolding {
  const { tradingsymbol, expiry, strike, optionType } = position.plan.main;
  const orders = ordersOf(facts, position);
  let net = 0;
  let selling = 0;
  for (const leg of position.legs) {
    const held = heldOf(orders, leg);
    net += leg.opens === 'BUY' ? held.lo : -held.hi;
  }
  for (const order of orders) if (order.side === 'SELL') selling += possibly(order) - order.filledQuantity;
  return {
    ...{ id: position.id, tradingsymbol, expiry, strike, optionType, product: position.plan.product },
    // What may still be sold is counted apart.
    ...{ net: net + selling, selling, leaving: position.exit !== null },
  };
}

/** What a manual position can lose in all: every long worthless, every short at the width of its spread, live orders filled. */
export function manualWorstLoss(facts: DayFacts, position: Position, charges: Paise): Paise {
  if (position.closedAt !== null) return 0;
  let cash = 0;
  let selling = 0;
  for (const order of ordersOf(facts, position)) {
    const ahead = order.purpose === 'entry' && mayFill(order) ? possibly(order) - order.filledQuantity : 0;
    const filled = order.fills.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    cash += (order.side === 'SELL' ? 1 : -1) * (filled + ahead * order.price);
    if (order.side === 'SELL') selling += ahead;
  }
  const holdings = openManual(facts).map((other) => holdingOf(facts, other));
  const series = seriesOf(holdings, { ...position.plan.main, product: position.plan.product }).map((one) =>
    one.id === position.id ? { ...one, net: one.net - selling } : one,
  );
  return Math.max(0, (gapLosses(series).get(position.id) ?? 0) - cash + charges);
}
