/** An order whose answer never came: looked for until it is known whether the book has it (TRADING section 4). */
import { condition } from '@temporalio/workflow';
import type { FindResult, OrderIntent } from '../activities/contract.ts';
import { heldBefore } from './by-hand.ts';
import type { Day } from './day.ts';
import type { OrderView } from './messages.ts';
import { absorb, endUnsent, type Intended, type Submitted } from './orders.ts';
import { world } from './proxies.ts';

/** A doubtful order is looked for at 3 s and at 15 s after the doubt: absent is only what is missing both times. */
const LOOKS_MS = [3_000, 15_000] as const;
const ACKNOWLEDGE =
  'Look at Kite: acknowledge this when the order is not there and the holding was moved by somebody else. What is left is traded on then.';

/** One more look for a tag whose answer never came; adopts the order when it is there. */
export async function look(day: Day, order: OrderView, intended: Intended): Promise<FindResult> {
  const intent: OrderIntent = { ...intended, sendBy: 0 };
  const found = await day.withSession(() =>
    world.findOrder.executeWithOptions({ summary: `Looking for ${order.tag} in the book` }, [
      { intent, expectedNet: null },
    ]),
  );
  if (found.kind === 'found') absorb(day, order, found.order);
  return found;
}

/**
 * Looks for an order whose answer never came until it is known whether the book has it. Where the broker's net has moved and nothing
 * in its lists says by whom, only seeing the order settles it, or a person who acknowledges that it was not there.
 */
export async function lookInto(day: Day, order: OrderView, intent: OrderIntent, message: string): Promise<Submitted> {
  order.status = 'IN DOUBT';
  order.statusMessage = message;
  day.touchOrder(order);
  day.doubts += 1;
  day.log('warn', 'order_in_doubt', `No clear answer for ${order.tag}: ${message}. Looking for it in the book.`);
  const since = Date.now();
  const unclear = `unclear:${order.tag}`;
  try {
    for (let i = 0; ; i += 1) {
      // Past the two looks an order is absent, unless the broker's net moved: then only seeing it settles the doubt.
      const due = since + (LOOKS_MS[i] ?? 15_000 * i);
      const settled = () => day.over || day.acknowledged.has(unclear);
      await condition(settled, Math.max(1, due - Date.now()), { summary: `looking for ${order.tag}` });
      const found = await day.withSession(() =>
        world.findOrder.executeWithOptions({ summary: `Looking for ${order.tag} in the book` }, [
          { intent, expectedNet: expectedNet(day, intent) },
        ]),
      );
      if (found.kind === 'found') {
        absorb(day, order, found.order);
        day.clearWarning(unclear);
        day.log('info', 'order_found', `${order.tag} is in the book as ${found.order.status}.`);
        return { kind: 'in_book', order };
      }
      if (found.kind === 'mismatch') {
        day.warn(`halted:${order.tag}`, 'halted', found.message, true);
        return { kind: 'halted', order, message: found.message };
      }
      if (found.kind === 'unclear') day.warn(unclear, 'difference', `${found.message}. ${ACKNOWLEDGE}`, true);
      const looked = i + 1 >= LOOKS_MS.length;
      if (looked && (found.kind === 'absent' || day.over || day.acknowledged.has(unclear))) {
        if (found.kind === 'unclear' && !day.acknowledged.has(unclear)) {
          endUnsent(day, order, 'IN DOUBT', found.message);
          return { kind: 'absent', order };
        }
        if (found.kind === 'absent') day.clearWarning(unclear);
        endUnsent(day, order, 'ABSENT', message);
        day.log(
          'warn',
          'order_absent',
          `${order.tag} is in neither orders, trades nor positions: it is taken as not placed.`,
        );
        return { kind: 'absent', order };
      }
    }
  } finally {
    day.doubts -= 1;
  }
}

/** What the broker's net of this contract would be if the doubtful order had not happened: ours, by the ledger. */
function expectedNet(day: Day, intent: OrderIntent): number {
  let net = 0;
  for (const order of day.orders.values()) {
    // What was taken from others is among what was held beside ours.
    if (order.takenFrom !== undefined) continue;
    if (order.tradingsymbol !== intent.contract.tradingsymbol || order.product !== intent.product) continue;
    net += (order.side === 'BUY' ? 1 : -1) * order.filledQuantity;
  }
  return net + heldBefore(day, intent.product, intent.contract.tradingsymbol);
}
