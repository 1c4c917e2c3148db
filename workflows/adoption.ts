/** Orders with a tag of ours that the ledger does not remember: taken over when they fit a position, or said loudly (TRADING section 1). */
import { condition } from '@temporalio/workflow';
import type { Reconciliation, UnknownOrder } from '../activities/contract.ts';
import { type OrderTag, parseTag } from '../src/domain/tags.ts';
import type { Side } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import { absorb, cancelToEnd, recordIntent } from './orders.ts';
import type { Position } from './position.ts';
import { compareWithBroker } from './report.ts';
import { signalPositions } from './signal-positions.ts';

/** Each later login may show what an earlier session did not: beside the day, to its end. */
export async function adoptAfterLogins(day: Day): Promise<void> {
  let seen = day.session?.number;
  for (;;) {
    await condition(() => day.over || (day.session !== null && day.session.number !== seen));
    if (day.over) return;
    seen = day.session?.number;
    const compared = await compareWithBroker(day);
    if (compared) await adoptUnknown(day, compared);
  }
}

/** True when something was taken over. An order of a position that this day does not have stays a difference. */
export async function adoptUnknown(day: Day, { unknownOrders }: Reconciliation): Promise<boolean> {
  let adopted = false;
  for (const order of unknownOrders) {
    const tag = parseTag(order.tag);
    const position = tag && !tag.manual && signalPositions(day).find(({ number }) => number === tag.position);
    if (!position || day.orders.has(order.tag)) continue;
    if (fits(position, tag, order)) {
      await adopt(position, tag, order);
      adopted = true;
    } else {
      const text = `An order with tag ${order.tag} of ${position.id} is in the book, but it is ${order.side} ${order.quantity} ${order.tradingsymbol} ${order.product}. Nothing is assumed of it.`;
      day.warn(`halted:${order.tag}`, 'halted', text, true);
    }
  }
  return adopted;
}

function fits(position: Position, tag: OrderTag, order: UnknownOrder): boolean {
  const { main, hedge, product } = position.plan;
  const contract = tag.role === 'main' ? main : hedge;
  return contract?.tradingsymbol === order.tradingsymbol && order.product === product && order.side === sideOf(tag);
}

function sideOf({ role, purpose }: OrderTag): Side {
  if (role === 'hedge') return purpose === 'entry' ? 'BUY' : 'SELL';
  return purpose === 'stop' || purpose === 'exit' ? 'BUY' : 'SELL';
}

/** What it filled is ours; what it might still fill is not wanted by anybody. */
async function adopt(position: Position, tag: OrderTag, unknown: UnknownOrder): Promise<void> {
  const { day, plan } = position;
  const { role, purpose, slice } = tag;
  position.remember(tag);
  const order = recordIntent(day, {
    tag: unknown.tag,
    positionId: position.id,
    ...{ role, purpose, slice },
    contract: position.contract(role),
    side: unknown.side,
    quantity: unknown.quantity,
    product: plan.product,
    pricing: { kind: 'cross', widen: 0, noWorseThan: null },
  });
  absorb(day, order, unknown);
  day.log(
    'alert',
    'order_adopted',
    `${position.id}: ${order.side} ${order.quantity} ${order.tradingsymbol} (${order.tag}) was not remembered and is taken over.`,
  );
  if (unknown.state === 'live' && !day.over) await cancelToEnd(day, order);
  if (day.over) position.settle();
  else await position.takeIn();
}
