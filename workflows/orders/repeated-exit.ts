/** An exit or a stop that has failed again and again: its next attempts go in one activity, each under a tag that is in the facts before. */
import { CancellationScope } from '@temporalio/workflow';
import type { SendResult } from '../../src/contract/activities.ts';
import { overnightHash } from '../../src/domain/book/cursor.ts';
import type { Action } from '../../src/domain/control/action.ts';
import type { Order, Position } from '../../src/domain/control/facts.ts';
import { lastPlacement } from '../../src/domain/control/hours.ts';
import { heldOf, ordersOf } from '../../src/domain/control/intervals.ts';
import { repeatedCalls, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import type { DayFacts } from '../day/facts.ts';
import { unexplainedUnits } from '../day/reconcile.ts';
import { cursorOfDay } from './book.ts';
import { recordIntent, reserve } from './intents.ts';
import { applyRow } from './ledger.ts';
import { applySent, countCall, listNeeded, othersKnown } from './outcomes.ts';
import { doubtReserved, markInFlight, markNotSent, setPhase, settleReserved } from './phases.ts';

type Send = Extract<Action, { do: 'send' }>;

export function sendRepeatedly(
  day: Day,
  position: Position,
  action: Send,
  { attempts, pauseMs }: NonNullable<Send['repeats']>,
): void {
  const { leg, purpose, side, quantity, pricing, role } = action;
  const { contract } = leg;
  const stopAt = day.wallOf(lastPlacement(day.facts, position, contract)) ?? Date.now();
  // The whole stands for its attempts: it is in flight until one of them has got through, and is never sent itself.
  const whole = recordIntent(day, position, action, stopAt);
  const others = othersKnown(day, position, whole);
  const list = listNeeded(day, whole);
  const mayGoUnseen = list.seen === undefined && day.facts.book.readAt !== null;
  const reserved = Array.from({ length: attempts }, () => reserve(day, position, action, whole.tag));
  whole.repeats = whole.tag;
  markInFlight(day, whole);
  const tags = reserved.map(({ tag }) => tag);
  const { seen } = cursorOfDay(day.facts);
  const overnight = overnightFor(day.facts, whole);
  const input = {
    ...{
      identity: day.identity,
      tag: whole.tag,
      role,
      purpose,
      contract,
      side,
      quantity,
      product: position.plan.product,
    },
    ...{ pricing, sendBy: stopAt, mayGoUnseen, ...others, ...list },
    repeats: { tags, pauseMs, stopAt, known: { seen, overnight } },
  };
  const summary = `${side} ${quantity} ${contract.tradingsymbol} (${role} ${purpose}), up to ${attempts} attempts`;
  day.run(`send ${whole.tag}`, async () => {
    const scope = new CancellationScope();
    let result: SendResult | null = null;
    let done = false;
    const run = scope
      .run(() => repeatedCalls.sendOrder.executeWithOptions({ summary }, [input]))
      .then((answer) => {
        result = answer;
      })
      .catch((error: unknown) => {
        for (const order of reserved) doubtReserved(day, order, wordsOf(error));
      })
      .finally(() => {
        done = true;
        day.changed();
      });
    await day.until(`send ${whole.tag}`, () => done || isUnwanted(day, position, action, whole));
    if (!done) scope.cancel();
    await run;
    if (result) settle(day, reserved, result, summary);
    // Nothing of them was ever sent: the ledger needs to remember no more than their tags.
    for (const order of [whole, ...reserved]) {
      const unused = order === whole || order.status === 'RESERVED';
      if (unused) delete day.facts.orders[order.tag];
    }
    day.changed();
  });
}

/**
 * The overnight net that a look has to show to be good, as a hash. Where fewer units are held than the trades explain, a sale gets the net that no
 * look shows: it stays in doubt until the watcher, which compares with the newest positions, settles it.
 */
function overnightFor(facts: DayFacts, of: Order): string | null {
  const { overnight, overnightCompared } = facts;
  if (overnight === null) return null;
  const lacks = unexplainedUnits(facts).some(
    ({ product, tradingsymbol, quantity }) =>
      product === of.product && tradingsymbol === of.tradingsymbol && quantity < 0,
  );
  return overnightHash(of.side === 'SELL' && lacks ? overnightCompared : overnight);
}

/** What is held has changed under it, nothing may be sent any more, or the book shows one of them. */
function isUnwanted({ facts }: Day, position: Position, { leg, side }: Send, whole: Order): boolean {
  if (whole.phase !== 'in_flight' || (whole.purpose === 'stop' && position.exit !== null)) return true;
  if (facts.handsOff || facts.over || !facts.sessionLives) return true;
  const held = heldOf(ordersOf(facts, position), leg, position.unheard);
  // What was closed twice is opened again as far as it is missing; everything else closes what is surely held.
  return side === leg.opens ? held.hi > 0 : held.lo < 0;
}

function settle(day: Day, reserved: readonly Order[], result: SendResult, summary: string): void {
  for (const { tag, message, row, as } of result.refused ?? []) {
    const order = reserved.find((known) => known.tag === tag);
    if (!order) continue;
    countCall(day);
    if (row) applyRow(day, row, Date.now());
    else if (as === 'absent') settleReserved(day, order, message);
    else Object.assign(order, { status: as === 'refused' ? 'REFUSED' : 'NOT SENT', statusMessage: message });
    order.since = Date.now();
  }
  const last = reserved.find(({ tag }) => tag === result.tag);
  if (!last) return;
  if (last.phase === 'not_sent') setPhase(last, 'in_flight');
  countCall(day);
  applySent(day, last, result, summary);
  if (last.phase === 'in_flight') markNotSent(day, last, 'NOT SENT', 'nothing was sent');
}
