/** A position as people see it, computed from its orders' fills. */
import { istDate } from '../src/domain/clock.ts';
import { pnlOf } from '../src/domain/pnl.ts';
import type { IsoDate, Side } from '../src/domain/types.ts';
import type { ContractRef, LegRole, LegView, OrderView, PositionView } from './messages.ts';
import type { Position } from './position.ts';

export function viewOfPosition(position: Position): PositionView {
  const { main, hedge } = position.plan;
  const stop = [...position.stops.values()].at(-1);
  const { gross, charges } = position.pnl();
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
    earlier: earlierOf(position.carried?.orders ?? []),
    enteredOn: position.enteredOn,
    exitOn: position.plan.exitOn,
    openedAt: position.openedAt,
    closedAt: position.closedAt,
    exitReason: position.exitReason,
    problem: position.problem,
  };
}

/** What the days before have realised and paid, each by the rates of its date. */
export function earlierOf(orders: readonly OrderView[]): PositionView['earlier'] {
  const dates = [...new Set(orders.map(dateOf))].sort();
  const sum = { realised: 0, charges: 0 };
  for (const date of dates) {
    const { gross, charges } = pnlOf(
      orders.filter((order) => dateOf(order) === date),
      date,
      orders.filter((order) => dateOf(order) < date),
    );
    sum.realised += gross;
    sum.charges += charges.total;
  }
  return sum;
}

function dateOf(order: OrderView): IsoDate {
  return istDate(order.intendedAt);
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
