/** A position as people see it, computed from its orders' fills. */
import type { ContractRef } from '../activities/contract.ts';
import { pnlOf } from '../src/domain/pnl.ts';
import type { Side } from '../src/domain/types.ts';
import type { LegRole, LegView, PositionView } from './messages.ts';
import type { Position } from './position.ts';

export function viewOfPosition(position: Position): PositionView {
  const { main, hedge } = position.plan;
  const stop = [...position.stops.values()].at(-1);
  const { gross, charges } = pnlOf(position.orders(), position.day.identity.date);
  return {
    id: position.id,
    signal: position.signal,
    state: position.state,
    optionType: main.optionType,
    strike: main.strike,
    expiry: main.expiry,
    product: position.plan.product,
    lots: position.plan.lots,
    legs: [...(hedge ? [legOf(position, 'hedge', hedge)] : []), legOf(position, 'main', main)],
    indexStop: main.strike,
    catastropheStop: stop
      ? {
          tag: stop.tag,
          orderId: stop.orderId,
          triggerPrice: stop.triggerPrice,
          limitPrice: stop.price,
          state: stop.status,
        }
      : null,
    target: position.targetAmount(),
    plannedLoss: position.plan.plannedLoss,
    worstLoss: position.plan.worstLoss,
    realised: gross,
    charges: charges.total,
    openedAt: position.openedAt,
    closedAt: position.closedAt,
    exitReason: position.exitReason,
    problem: position.problem,
  };
}

function legOf(position: Position, role: LegRole, contract: ContractRef): LegView {
  const side: Side = role === 'main' ? 'SELL' : 'BUY';
  return {
    role,
    tradingsymbol: contract.tradingsymbol,
    instrumentToken: contract.instrumentToken,
    side,
    quantity: position.filled(role, side),
    openQuantity: role === 'main' ? position.short() : position.long(),
    entryPrice: position.average(role, side),
    exitPrice: position.average(role, side === 'SELL' ? 'BUY' : 'SELL'),
  };
}
