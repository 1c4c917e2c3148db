/** The watch over a position by hand: its live orders are followed and its price kept, as long as it is open. */
import { condition, isCancellation } from '@temporalio/workflow';
import type { ManualWatchResult } from '../activities/contract.ts';
import { istTime } from '../src/domain/clock.ts';
import type { MarketMs } from '../src/domain/types.ts';
import { heldBefore } from './by-hand.ts';
import { MarketOver } from './day.ts';
import type { ManualPosition } from './manual-position.ts';
import { isLive } from './order-state.ts';
import { absorb } from './orders.ts';
import { guarding } from './proxies.ts';

/** Between two watches of which the first failed. Wall milliseconds. */
const AFTER_FAILURE_MS = 5_000;

export async function watchManual(position: ManualPosition): Promise<void> {
  const { day } = position;
  while (position.isOpen() && !day.over) {
    const anew = () => position.isBusy() || !position.isOpen() || day.over;
    const until = nextEnd(position);
    if (position.isBusy() || until === null) {
      await condition(() => day.over || !position.isOpen() || (until !== null && !position.isBusy()));
      continue;
    }
    const seen = await watchOnce(position, until, anew);
    if (seen === null) await condition(anew, AFTER_FAILURE_MS, { summary: `a new watch for ${position.id}` });
    else if (seen.kind === 'quiet') await day.until(seen.until, `watching ${position.id}`, anew);
    else if (seen.kind === 'changed') await takeOver(position, seen);
    else if (!position.isBusy()) await position.takeHands();
  }
}

function nextEnd({ day }: ManualPosition): MarketMs | null {
  const { timetable } = day;
  if (!timetable) return null;
  const ahead = [...timetable.checks, timetable.squareOff, timetable.close].filter((at) => at > day.now());
  return ahead.length > 0 ? Math.min(...ahead) : null;
}

async function takeOver(
  position: ManualPosition,
  { orders }: Extract<ManualWatchResult, { kind: 'changed' }>,
): Promise<void> {
  const { day } = position;
  for (const seen of orders) {
    const order = position.orders().find(({ orderId }) => orderId === seen.orderId);
    if (!order) continue;
    absorb(day, order, seen);
    const stop = [...position.stops.values()].includes(order);
    if (stop && (seen.state !== 'live' || seen.status === 'OPEN' || order.filledQuantity > 0)) {
      day.log('warn', 'guard_triggered', `${position.id}: the resting stop is ${seen.status}.`);
      position.requestExit('catastrophe_stop');
    } else {
      await position.takeFill(order);
    }
  }
}

/** Null when it failed, or when it is left alone: a watch ends by itself, with its orders or at the next full hour. */
async function watchOnce(
  position: ManualPosition,
  until: MarketMs,
  anew: () => boolean,
): Promise<ManualWatchResult | null> {
  const { day } = position;
  let result: ManualWatchResult | null = null;
  let done = false;
  const orders = position.orders().flatMap((order) => {
    const { orderId, status, filledQuantity } = order;
    return orderId !== null && isLive(order) ? { orderId, status, filledQuantity } : [];
  });
  const { main: contract, product } = position.plan;
  const { tradingsymbol } = contract;
  const foreign = heldBefore(day, product, tradingsymbol);
  const moved = position.outside.moved[tradingsymbol] ?? 0;
  const { id: positionId } = position;
  const input = { positionId, contract, orders, identity: day.identity, product, foreign, moved, until };
  const summary = `Watching ${position.id} until ${istTime(until)}`;
  day
    .withSession(() => guarding().watchManual.executeWithOptions({ summary }, [input]))
    .then((seen) => {
      result = seen;
    })
    .catch((error) => {
      if (isCancellation(error) || error instanceof MarketOver) return;
      day.log('alert', 'guard_failed', `${position.id}: its watch failed and is started again. ${String(error)}`);
    })
    .finally(() => {
      done = true;
    });
  await condition(() => done || anew());
  return result;
}
