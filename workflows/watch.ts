/** An open position's watch: one guard activity after the other, each to the next hourly close (DESIGN section 5). */
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { GuardInput, GuardResult } from '../activities/contract.ts';
import { istTime } from '../src/domain/clock.ts';
import type { MarketMs } from '../src/domain/types.ts';
import { fitStops, heldBefore, isAnswered, lookForHands, refit, takeAnswer } from './by-hand.ts';
import { MarketOver } from './day.ts';
import { isFinal } from './order-state.ts';
import type { Position } from './position.ts';
import { guarding } from './proxies.ts';

/** Between two guards of which the first failed for good. */
const AFTER_FAILURE_MS = 5_000;

/** Comes back when somebody wants to leave, the guard itself included. */
export async function watchUntilLeaving(position: Position): Promise<void> {
  const { day } = position;
  const leaving = () => position.exitReason !== null || day.over;
  const called = () => leaving() || position.outside.unfit || position.outside.stale || isAnswered(position);
  while (!leaving()) {
    const until = nextClose(position);
    if (until === null) {
      await condition(leaving);
      return;
    }
    if (isAnswered(position)) await takeAnswer(position);
    if (position.outside.stale) await lookAgain(position);
    if (position.outside.unfit) await refit(position);
    if (leaving()) return;
    const seen = await guardOnce(position, until, called);
    if (seen === null) {
      await condition(called, AFTER_FAILURE_MS, { summary: `a new guard for ${position.id}` });
    } else if (seen.kind === 'quiet') {
      await day.until(seen.until, `guarding ${position.id}`, called);
    } else if (seen.kind === 'traded_outside') {
      if (seen.at > day.now()) await day.until(seen.at, `guard of ${position.id}`, called);
      const before = JSON.stringify(position.outside.moved);
      await lookAgain(position);
      // The broker did not say it again: the next guard would see the same at once.
      if (JSON.stringify(position.outside.moved) === before)
        await condition(called, AFTER_FAILURE_MS, { summary: `another look at who trades ${position.id}` });
    } else {
      if (seen.at > day.now()) await day.until(seen.at, `guard of ${position.id}`, leaving);
      position.guardSent = seen.sent;
      const planned = seen.reason === 'exit_time' || seen.reason === 'target';
      day.log(planned ? 'info' : 'warn', 'guard_triggered', `${position.id}: ${seen.detail}.`, {
        reason: seen.reason,
        sent: seen.sent,
      });
      position.requestExit(seen.reason);
    }
  }
}

async function lookAgain(position: Position): Promise<void> {
  await lookForHands(position);
  await fitStops(position);
}

function nextClose(position: Position): MarketMs | null {
  const { day } = position;
  const { timetable } = day;
  if (!timetable) return null;
  const last = position.leavesToday() ? timetable.squareOff : timetable.close;
  const ahead = [...timetable.checks, timetable.squareOff, last].filter((at) => at > day.now());
  return ahead.length > 0 ? Math.min(...ahead) : null;
}

async function guardOnce(position: Position, until: MarketMs, called: () => boolean): Promise<GuardResult | null> {
  const { day } = position;
  const scope = new CancellationScope();
  let result: GuardResult | null = null;
  let done = false;
  const summary = `Guarding ${position.id} until ${istTime(until)}`;
  const watch = scope
    .run(() =>
      day.withSession(() => guarding().guardPosition.executeWithOptions({ summary }, [guardInput(position, until)])),
    )
    .then((seen) => {
      result = seen;
    })
    .catch((error) => {
      if (isCancellation(error) || error instanceof MarketOver) return;
      day.log('alert', 'guard_failed', `${position.id}: the guard failed and is started again. ${String(error)}`);
    })
    .finally(() => {
      done = true;
    });
  await condition(() => done || called());
  // Whoever leaves does not wait for the guard: its one modification is looked for in the order itself.
  if (!done) scope.cancel();
  else await watch;
  return result;
}

function guardInput(position: Position, until: MarketMs): GuardInput {
  const { day, outside, plan } = position;
  const { main, hedge } = plan;
  return {
    identity: day.identity,
    positionId: position.id,
    main: {
      contract: main,
      quantity: position.short() - outside.bought,
      entryPrice: position.average('main', 'SELL') ?? 0,
    },
    hedge: hedge
      ? { contract: hedge, quantity: position.long() - outside.sold, entryPrice: position.average('hedge', 'BUY') ?? 0 }
      : null,
    product: plan.product,
    foreign: Object.fromEntries(
      [main, ...(hedge ? [hedge] : [])].map(({ tradingsymbol }) => [
        tradingsymbol,
        heldBefore(day, plan.product, tradingsymbol),
      ]),
    ),
    moved: outside.moved,
    stops: [...position.stops.values()].flatMap((stop) =>
      stop.orderId && !isFinal(stop) ? [{ orderId: stop.orderId, tag: stop.tag }] : [],
    ),
    maxLoss: plan.maxLoss,
    target: position.targetAmount(),
    charges: position.paidCharges() - position.realised(),
    exitAt: position.leavesToday() ? (day.timetable?.squareOff ?? null) : null,
    until,
  };
}
