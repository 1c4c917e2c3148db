/** The only place that mints an order: its intent, in the facts before anything is sent, under a tag that was never used. */
import type { Leg, Order, OrderPurpose, Position, Pricing } from '../../src/domain/control/facts.ts';
import { isOver } from '../../src/domain/control/intervals.ts';
import { intendedOrder } from '../../src/domain/control/new-order.ts';
import { makeTag, type OrderTag } from '../../src/domain/tags.ts';
import type { Side } from '../../src/domain/types.ts';
import type { Day } from '../day/day.ts';

export type Draft = { leg: Leg; purpose: OrderPurpose; side: Side; quantity: number; pricing: Pricing };

/** The intent, in the facts before anything is sent, under a tag that was never used. */
export function recordIntent(day: Day, position: Position, draft: Draft, sendBy: number): Order {
  const { leg, purpose, side, quantity, pricing } = draft;
  const slice = freeSlice(day, position, draft);
  const tag = nextTag(day, position, { role: leg.role, purpose, slice });
  const of = {
    ...{ tag, positionId: position.id, role: leg.role, purpose, slice, side, quantity },
    ...{ tradingsymbol: leg.contract.tradingsymbol, product: position.plan.product },
  };
  const order = { ...intendedOrder(of, pricing, day.instant()), intent: { pricing, sendBy } };
  day.facts.orders[tag] = order;
  day.touchOrder(tag);
  return order;
}

/** The lowest number that no order of the same purpose uses that may still fill. */
function freeSlice(day: Day, position: Position, { leg, purpose }: Draft): number {
  const used = Object.values(day.facts.orders).filter(
    (order) => order.positionId === position.id && order.role === leg.role && order.purpose === purpose,
  );
  if (purpose === 'entry') return used.length + 1;
  const live = new Set(used.filter((order) => !isOver(order)).map(({ slice }) => slice));
  let slice = 1;
  while (live.has(slice)) slice += 1;
  return slice;
}

function nextTag(day: Day, position: Position, of: Pick<OrderTag, 'role' | 'purpose' | 'slice'>): string {
  const key = `${position.id}:${of.role}:${of.purpose}:${of.slice}`;
  const attempt = (day.facts.attempts[key] ?? day.facts.attemptsFrom) + 1;
  day.facts.attempts[key] = attempt;
  const { run, date } = day.identity;
  const manual = position.signal === 'manual' ? { manual: true } : {};
  return makeTag({ run, date, position: position.number, ...manual, ...of, attempt });
}

/** A tag of a repeated exit: it counts for nothing before a row shows it. */
export function reserve(day: Day, position: Position, draft: Draft, repeats: string): Order {
  const order = recordIntent(day, position, draft, 0);
  delete order.intent;
  return Object.assign(order, { phase: 'not_sent', status: 'RESERVED', repeats });
}
