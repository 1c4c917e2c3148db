/** A position by hand as people see it, computed from its orders' fills. */
import { pnlOf } from '../src/domain/pnl.ts';
import type { ManualPosition } from './manual-position.ts';
import type { LegView, PositionView } from './messages.ts';
import { earlierOf } from './position-view.ts';

/** Without its losses, which depend on the other positions by hand. */
export function viewOfManual(position: ManualPosition): Omit<PositionView, 'plannedLoss' | 'worstLoss'> {
  const { main, product } = position.plan;
  const { date } = position.day.identity;
  const before = position.carried?.orders ?? [];
  const { gross, charges } = pnlOf(position.todaysOrders(), date, before);
  const stop = [...position.stops.values()].at(-1);
  const legs = legsOf(position);
  return {
    id: position.id,
    signal: 'manual',
    state: position.state,
    optionType: main.optionType,
    strike: main.strike,
    expiry: main.expiry,
    product,
    lots: Math.max(...legs.map(({ quantity }) => quantity)) / main.lotSize,
    legs,
    indexStop: null,
    catastropheStop: stop
      ? {
          tag: stop.tag,
          orderId: stop.orderId,
          triggerPrice: stop.triggerPrice,
          limitPrice: stop.price,
          state: stop.status,
        }
      : null,
    target: null,
    realised: gross,
    charges: charges.total,
    earlier: earlierOf(before),
    enteredOn: position.carried?.enteredOn ?? date,
    exitOn: date,
    openedAt: position.openedAt,
    closedAt: position.closedAt,
    exitReason: position.exitReason,
    problem: position.problem,
  };
}

/** What was bought stands where a hedge does, what was sold where a main leg does; what never traded is not shown beside the other. */
function legsOf(position: ManualPosition): LegView[] {
  const { tradingsymbol, instrumentToken } = position.plan.main;
  const leg = (role: 'hedge' | 'main'): LegView => {
    const [opens, closes] = role === 'hedge' ? (['BUY', 'SELL'] as const) : (['SELL', 'BUY'] as const);
    return {
      role,
      tradingsymbol,
      instrumentToken,
      side: opens,
      quantity: position.filled(role, opens),
      openQuantity: role === 'hedge' ? position.long() : position.short(),
      entryPrice: position.average(role, opens),
      exitPrice: position.average(role, closes),
    };
  };
  const roles = new Set(position.orders().map(({ role }) => role));
  const filled = [...roles].map(leg).filter(({ quantity }) => quantity > 0);
  return filled.length > 0 ? filled : [leg(roles.has('main') ? 'main' : 'hedge')];
}
