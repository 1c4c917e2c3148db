/** What a position has made: computed from fills alone, in paise. */
import type { PositionView } from '../../src/contract/views.ts';
import { istDate } from '../../src/domain/clock.ts';
import type { Leg, Order, Position } from '../../src/domain/control/facts.ts';
import { heldOf, openedAtPrice, ordersOf } from '../../src/domain/control/intervals.ts';
import { type Pnl, pnlOf } from '../../src/domain/pnl.ts';
import { targetProfit } from '../../src/domain/stops.ts';
import type { Paise } from '../../src/domain/types.ts';
import type { DayFacts } from './facts.ts';

/** Of today: what was carried was opened, and its charges paid, on the days before. */
export function pnlOfPosition(facts: DayFacts, { id }: Position): Pnl {
  const of = (orders: readonly Order[]) => orders.filter(({ positionId }) => positionId === id);
  return pnlOf(of(Object.values(facts.orders)), facts.identity.date, of(facts.carriedOrders));
}

/** What the days before have realised and paid, each by the rates of its date. */
export function earlierOf(facts: DayFacts, { id }: Position): PositionView['earlier'] {
  const orders = facts.carriedOrders.filter(({ positionId }) => positionId === id);
  const dateOf = (order: Order) => istDate(order.intendedAt);
  const sum = { realised: 0, charges: 0 };
  for (const date of [...new Set(orders.map(dateOf))].sort()) {
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

export function targetAmount(facts: DayFacts, position: Position): Paise | null {
  const orders = ordersOf(facts, position);
  const main = position.legs.find(({ opens }) => opens === 'SELL');
  const hedge = position.legs.findLast(({ opens }) => opens === 'BUY');
  if (!main) return null;
  const quantity = heldOf(orders, main).hi;
  const held = (leg: Leg) => ({ quantity, entryPrice: openedAtPrice(orders, leg) ?? 0 });
  return targetProfit(position.plan.target, held(main), hedge ? held(hedge) : null);
}
