/** A position's guard: one activity after the other, each to the next hourly close; it watches ticks and fires at once (DESIGN section 5). */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { GuardInput, GuardResult } from '../../src/contract/activities.ts';
import { istTime } from '../../src/domain/clock.ts';
import type { Position } from '../../src/domain/control/facts.ts';
import { heldOf, mayFill, openedAtPrice, ordersOf } from '../../src/domain/control/intervals.ts';
import { PRICE_EXITS } from '../../src/domain/price-exits.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import { lostSession, watching, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { earlierOf, pnlOfPosition, targetAmount } from '../day/pnl.ts';
import { leavesToday } from '../day/view.ts';
import { requestExit } from './request-exit.ts';

/** Pause before restarting a guard that failed permanently. Wall milliseconds. */
const AFTER_FAILURE_MS = 5_000;

/** Runs while a signal's position is open and not being left. */
export function runGuard(day: Day, position: Position): void {
  if (position.signal !== 'manual') day.run(`guard ${position.id}`, () => guard(day, position));
}

async function guard(day: Day, position: Position): Promise<void> {
  const { facts } = day;
  const over = () => position.exit !== null || position.closedAt !== null || facts.over;
  while (!day.ending && !over()) {
    await day.until(`guard of ${position.id}`, () => over() || (facts.sessionLives && inputOf(day, position) !== null));
    const input = inputOf(day, position);
    if (day.ending || over() || !input) continue;
    position.guardEpoch += 1;
    await runOnce(day, position, { ...input, epoch: position.guardEpoch }, over);
  }
}

/** One run: it is called off when what it was told is not so any more. */
async function runOnce(day: Day, position: Position, input: GuardInput, over: () => boolean): Promise<void> {
  const { facts } = day;
  const told = fingerprint(input);
  const scope = new CancellationScope();
  let done = false;
  const summary = `Guarding ${position.id} until ${istTime(input.until)}`;
  const run = scope
    .run(() => watching().guardPosition.executeWithOptions({ summary }, [input]))
    .then((result) => {
      if (result.epoch === position.guardEpoch) apply(day, position, result);
      return result;
    })
    .catch((error: unknown) => {
      if (isCancellation(error)) return null;
      const lost = lostSession(error);
      if (lost !== null) day.loseSession(lost);
      else day.log('alert', 'guard_failed', `${position.id}: the guard failed and is started again. ${wordsOf(error)}`);
      return error instanceof Error ? 'failed' : null;
    })
    .finally(() => {
      done = true;
      day.changed();
    });
  const outdated = () => {
    const now = inputOf(day, position);
    return now === null || fingerprint({ ...now, until: input.until }) !== told;
  };
  await day.until(`guard of ${position.id}`, () => done || over() || !facts.sessionLives || outdated());
  // A position that leaves does not wait for its guard, whose one modification shows in the book.
  if (!done) {
    scope.cancel();
    if (day.ending) await run;
    return;
  }
  const ended = await run;
  if (ended === 'failed') await day.pause(`a new guard for ${position.id}`, AFTER_FAILURE_MS, over);
  else if (ended && typeof ended === 'object' && ended.kind === 'quiet')
    await day.untilMarket(ended.until, `guard of ${position.id}`, () => over() || outdated());
}

/** What makes a running guard outdated: its stop, quantities, target, and what was realised on parts. Time is not among it. */
function fingerprint({ main, hedge, stop, target, charges, exitAt, blind }: Omit<GuardInput, 'epoch'>): string {
  return JSON.stringify([
    main.quantity,
    main.entryPrice,
    hedge?.quantity,
    hedge?.entryPrice,
    hedge?.contract.tradingsymbol,
    stop?.orderId,
    stop?.quantity,
    target,
    charges,
    exitAt,
    blind,
  ]);
}

function apply(day: Day, position: Position, result: GuardResult): void {
  const { facts } = day;
  if (result.kind === 'blind') facts.blind[position.id] = result.detail;
  else if (result.kind === 'sighted') delete facts.blind[position.id];
  else if (result.kind === 'triggered') {
    const { reason, sent } = result;
    const isLoss = PRICE_EXITS.some((rule) => rule.reason === reason && rule.isLoss);
    day.log(isLoss ? 'warn' : 'info', 'guard_triggered', `${position.id}: ${result.detail}.`, { reason, sent });
    if (sent) {
      // Its modification is a change like any other: the book has to show it.
      const stop = stopOf(day, position);
      if (stop && stop.orderType !== 'LIMIT') {
        stop.modifications += 1;
        stop.change = { kind: 'to_limit', since: Date.now(), inFlight: false, price: result.price };
        // It was asked for when the guard fired, however long its answer has taken.
        stop.changeSince ??= day.wallSince(result.at);
        day.touchOrder(stop.tag);
      }
    }
    requestExit(day, position, reason);
  }
  day.changed();
}

/** The one stop that the guard may change: it equals the short. */
function stopOf(day: Day, position: Position) {
  const orders = ordersOf(day.facts, position);
  return orders.find(({ purpose, phase, change }) => purpose === 'stop' && phase === 'resting' && !change);
}

function inputOf(day: Day, position: Position): Omit<GuardInput, 'epoch'> | null {
  const { facts } = day;
  const { timetable } = facts;
  const orders = ordersOf(facts, position);
  const main = position.legs.find(({ opens }) => opens === 'SELL');
  const hedge = position.legs.findLast(({ opens }) => opens === 'BUY');
  // Hands off: the guard's one modification is an order call too.
  if (facts.handsOff) return null;
  if (!timetable || !main || day.now() < timetable.open) return null;
  const short =
    heldOf(orders, main).lo +
    orders
      .filter((order) => order.purpose === 'stop' && mayFill(order))
      .reduce((sum, order) => sum + order.quantity - order.filledQuantity, 0);
  const until = nextClose(day, position);
  const sold = openedAtPrice(orders, main);
  // Without its price no loss can be judged.
  if (short <= 0 || until === null || sold === null) return null;
  const stop = stopOf(day, position);
  const earlier = earlierOf(facts, position);
  const { gross, charges } = pnlOfPosition(facts, position);
  return {
    identity: day.identity,
    positionId: position.id,
    main: { contract: main.contract, quantity: short, entryPrice: sold },
    hedge: hedge
      ? {
          contract: hedge.contract,
          quantity: Math.max(0, heldOf(orders, hedge).lo),
          entryPrice: openedAtPrice(orders, hedge) ?? 0,
        }
      : null,
    product: position.plan.product,
    stop:
      stop?.orderId && stop.quantity === short
        ? { orderId: stop.orderId, tag: stop.tag, quantity: stop.quantity, modifications: stop.modifications }
        : null,
    maxLoss: position.plan.maxLoss,
    // What it can earn is known once its entry is over.
    target: position.entry === null ? targetAmount(facts, position) : null,
    charges: charges.total + earlier.charges - gross - earlier.realised,
    exitAt: leavesToday(facts, position) ? timetable.squareOff : null,
    blind: facts.blind[position.id] !== undefined,
    until,
  };
}

function nextClose(day: Day, position: Position): MarketMs | null {
  const { timetable } = day.facts;
  if (!timetable) return null;
  const last = leavesToday(day.facts, position) ? timetable.squareOff : timetable.close;
  const ahead = [...timetable.checks, timetable.squareOff, last].filter((at) => at > day.now());
  return ahead.length > 0 ? Math.min(...ahead) : null;
}
