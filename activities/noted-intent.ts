/** What is about to be sent, in the journal: a run that is lost in the same second has not written of it. */
import type { OrderIntent } from '../src/contract/activities.ts';
import { intendedOrder } from '../src/domain/control/new-order.ts';
import { parseTag, positionIdOf } from '../src/domain/tags.ts';
import type { Deps } from './deps.ts';

/** Nobody waits for it: a journal that is away holds no order up. */
export function noteIntent({ journal, clock }: Pick<Deps, 'journal' | 'clock'>, intent: OrderIntent): void {
  const { tag, role, purpose, side, quantity, product, pricing, contract, identity } = intent;
  const parsed = parseTag(tag);
  if (!parsed) return;
  const of = {
    ...{ tag, positionId: positionIdOf(parsed), role, purpose, slice: parsed.slice, side, quantity, product },
    tradingsymbol: contract.tradingsymbol,
  };
  const wall = Date.now();
  const order = intendedOrder(of, pricing, { market: clock.now(), wall });
  journal.noteIntent(identity, { ...order, phase: 'in_flight', sentAt: wall }).catch(() => {});
}
