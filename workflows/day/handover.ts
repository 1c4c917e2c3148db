/** What one day hands to the next, and how the next takes it over before anything else (TRADING section 6). */

import type { Handover } from '../../src/contract/journal.ts';
import type { HandedOver, Holding } from '../../src/contract/ledger.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { mayFill, ordersOf, possibly } from '../../src/domain/control/intervals.ts';
import { positionIdOf } from '../../src/domain/tags.ts';
import { reads } from '../activity-proxies.ts';
import { movedSince, recordForeignPosition, signed } from '../external/trades.ts';
import { legsOf } from '../position/from-signal.ts';
import type { Day } from './day.ts';
import type { DayFacts } from './facts.ts';
import { judgeLater } from './hourly-close.ts';
import { staysOvernight } from './view.ts';

/** After a night without power the day before ends at the same time as this one begins: it is waited for so often. */
const ENDING_LOOKS = 24;
/** Past the open protection waits no longer than this. */
const ENDING_LOOKS_LATE = 2;
const ENDING_LOOK_MS = 5_000;

export function handOver(facts: DayFacts, position: Position): HandedOver {
  const { id, signal, enteredOn, openedAt, plan, legs, unheard = [] } = position;
  const orders = ordersOf(facts, position).filter(
    (order) =>
      order.fills.length > 0 ||
      order.filledQuantity > 0 ||
      mayFill(order) ||
      order.phase === 'absent' ||
      unheard.some(({ tag }) => tag === order.tag),
  );
  const foreign = foreignBeside(facts, position);
  const leaving = !staysOvernight(facts, position);
  return {
    ...{ id, signal, enteredOn, openedAt, plan, legs, leaving, orders },
    ...(foreign.length > 0 ? { foreign } : {}),
    ...(unheard.length > 0 ? { unheard } : {}),
  };
}

/** What others hold of its contracts: without it theirs would be a difference, or taken for ours. */
function foreignBeside(facts: DayFacts, { legs, plan }: Position): Holding[] {
  return legs.flatMap(({ contract: { tradingsymbol } }) => {
    const quantity = theirsOf(facts, plan.product, tradingsymbol);
    return quantity === 0 ? [] : [{ product: plan.product, tradingsymbol, quantity }];
  });
}

/** What they hold now. What nobody has answered for goes along with the position that it closed. */
function theirsOf(facts: DayFacts, product: string, tradingsymbol: string): number {
  const external = facts.external.find((one) => one.product === product && one.tradingsymbol === tradingsymbol);
  if (!external) return 0;
  const asked = Object.values(facts.orders)
    .filter((order) => order.product === product && order.tradingsymbol === tradingsymbol && order.booked === false)
    .reduce((sum, { side, filledQuantity: quantity }) => sum + signed({ side, quantity }), 0);
  return external.foreign + movedSince(facts, external) - asked;
}

/** Takes over what is open. Its loops run from here on; nothing is sent before the open. */
export async function takeOver(day: Day, first: Handover): Promise<void> {
  const handed = await endedHandover(day, first);
  for (const { id, legs } of handed.unknown) {
    const open = legs.map((leg) => `${leg.openQuantity} ${leg.tradingsymbol}`).join(', ');
    const text = `${id} of ${handed.from} was left open (${open}), and nothing is known to go on with it. Close it in Kite.`;
    day.warn(`unknown:${id}`, 'difference', text, true);
    day.page('unknown_position', id, text);
  }
  for (const left of handed.positions) takeUp(day, left, handed.from ?? '');
  for (const bar of handed.bars) judgeLater(day, bar);
}

function takeUp(day: Day, left: HandedOver, from: string): void {
  const { facts } = day;
  const manual = left.signal === 'manual';
  const number = facts.positions.filter((known) => (known.signal === 'manual') === manual).length + 1;
  const id = positionIdOf({ manual, position: number });
  const { date } = facts.identity;
  // Its own day of leaving may have passed while nobody was there.
  const overdue = left.leaving || manual || left.plan.exitOn < date;
  const position: Position = {
    ...{ id, number, signal: left.signal, plan: left.plan, enteredOn: left.enteredOn, openedAt: left.openedAt },
    legs: left.legs ?? legsOf(left.plan),
    ...{ closedAt: null, entry: null, inJournal: true, carried: true, guardEpoch: 0, problem: null },
    exit: facts.closing || overdue ? { reason: facts.closing ?? 'leftover', askedAt: Date.now() } : null,
    unheard: [
      ...(left.unheard ?? []),
      ...left.orders
        .filter(mayFill)
        .map((order) => ({ tag: order.tag, units: possibly(order) - order.filledQuantity })),
    ],
  };
  for (const holding of left.foreign ?? []) recordForeignPosition(day, holding);
  facts.carriedOrders.push(...left.orders.map((order) => ended({ ...order, positionId: id })));
  facts.positions.push(position);
  day.touchPosition(position);
  const next = position.exit ? 'It is left at the open.' : 'Its stop rests again at the open, after the login.';
  day.log('info', 'taken_over', `${id}: ${left.id} of ${from}, entered on ${left.enteredOn}. ${next}`);
}

/** DAY orders died at the close, whatever was heard of them last. */
function ended({ change: _, intent: __, watched: ___, ...order }: Order): Order {
  const status = order.filledQuantity < order.quantity ? 'CANCELLED' : 'COMPLETE';
  return order.phase === 'ended' ? order : { ...order, phase: 'ended', status };
}

async function endedHandover(day: Day, first: Handover): Promise<Handover> {
  const { facts } = day;
  let handed = first;
  for (let looks = 1; ; looks += 1) {
    const late = facts.timetable !== null && day.now() >= facts.timetable.open;
    if (handed.ended || looks >= (late ? ENDING_LOOKS_LATE : ENDING_LOOKS)) {
      if (!handed.ended) {
        const text = `${handed.from} has not ended: its positions are taken over as they were written last. Compare them with Kite.`;
        day.warn(`not_ended:${handed.from}`, 'difference', text, true);
      }
      return handed;
    }
    await day.pause(`waiting for ${handed.from} to end`, ENDING_LOOK_MS);
    handed = await reads.loadHandover.executeWithOptions({ summary: 'What did the day before leave open?' }, [
      day.identity,
    ]);
  }
}
