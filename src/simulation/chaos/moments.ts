/** Waits for the moment of a kill: some time, or the next call that places or changes an order. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ports, simulator, steer } from './outside.ts';
import type { Moment } from './plan.ts';

/** Long enough to see the held call and to kill somebody meanwhile. Wall milliseconds. */
const HELD_MS = 600;
const METHODS = ['POST', 'PUT'];

/** Returns at the moment; false when the day was over before it came. */
export async function comes(at: Ports, moment: Moment, over: () => boolean): Promise<boolean> {
  if (moment.at === 'random') {
    await sleep(moment.afterMs);
    return !over();
  }
  let armed = false;
  while (!over()) {
    armed ||= await arm(at, moment.at === 'after');
    const waiting = armed ? await heldBack(at) : null;
    // One of the two is used up by the call that it holds. None is left of an exchange that was started again.
    if (waiting === METHODS.length - 1) return true;
    if (waiting === 0) armed = false;
    await sleep(10);
  }
  return false;
}

/** False while the exchange is away. */
async function arm(at: Ports, after: boolean): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${at.exchangePort}/simulator/faults`, {
      method: 'DELETE',
      signal: AbortSignal.timeout(1_000),
    });
    for (const method of METHODS) {
      await steer(at, '/faults', { kind: 'slow', path: '/orders', method, ms: HELD_MS, after });
    }
    return true;
  } catch {
    return false;
  }
}

async function heldBack(at: Ports): Promise<number | null> {
  const answer = await simulator<{ faults: { kind: string }[] }>(at, '/faults');
  return answer === null ? null : answer.faults.filter(({ kind }) => kind === 'slow').length;
}
