/** The day as its query shows it. */
import type { Day } from './day.ts';
import type { DayStateName, DayView, LimitsView } from './messages.ts';

export function stateOf(day: Day): DayStateName {
  if (day.holiday !== null) return 'holiday';
  if (day.report !== null) return 'closed';
  if (day.squaringOff) return 'squaring_off';
  if (day.session === null) return 'awaiting_auth';
  if (day.enabled) return 'trading';
  return day.started ? 'stopped' : 'ready';
}

export function viewOf(day: Day): DayView {
  const positions = day.positions.map((position) => position.view());
  return {
    identity: day.identity,
    state: stateOf(day),
    enabled: day.enabled,
    started: day.started,
    entriesOff: day.entriesOff,
    acknowledged: [...day.acknowledged],
    clock: day.clock,
    session: day.session,
    authAttempts: day.authAttempts,
    timetable: day.timetable,
    holiday: day.holiday,
    plan: day.plan,
    limits: day.plan ? limitsOf(day) : null,
    positions,
    orders: [...day.orders.values()],
    decisions: day.decisions,
    warnings: day.warnings,
    nextCheckAt: day.nextCheckAt,
    squareOffAt: day.timetable?.squareOff ?? null,
    pnl: {
      realised: positions.reduce((sum, position) => sum + position.realised, 0),
      charges: positions.reduce((sum, position) => sum + position.charges, 0),
    },
    busy: day.doubts > 0 || day.positions.some((p) => p.state === 'opening' || p.state === 'closing'),
    report: day.report,
  };
}

/** What is reserved and lost: TRADING section 7. */
export function limitsOf(day: Day): LimitsView {
  const open = day.positions.filter((position) => position.isOpen()).map((position) => position.view());
  const net = day.positions
    .filter((position) => !position.isOpen())
    .map((position) => position.view())
    .reduce((sum, view) => sum + view.realised - view.charges, 0);
  return {
    reserved: open.reduce((sum, view) => sum + view.plannedLoss, 0),
    lostToday: Math.max(0, -net),
    maxLossPerDay: day.plan?.maxLossPerDay ?? 0,
    capitalAtRisk: open.reduce((sum, view) => sum + (view.worstLoss ?? 0), 0),
    maxCapitalAtRisk: day.plan?.maxCapitalAtRisk ?? 0,
    openPositions: open.length,
    maxPositions: day.plan?.maxPositions ?? 0,
  };
}
