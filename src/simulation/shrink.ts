/** Makes a failing case smaller while it fails in the same way: fewer events, fewer lots, one day, one worker, a plain market. */
import type { Case } from './case.ts';
import type { Finding } from './invariants/findings.ts';
import type { Runner } from './run-case.ts';

const MOST_RUNS = 60;

export async function shrink(
  runner: Runner,
  of: Case,
  { invariant, cause }: Pick<Finding, 'invariant' | 'cause'>,
): Promise<Case> {
  let runs = 0;
  let smallest = of;
  async function fails(candidate: Case): Promise<boolean> {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const { findings } = await runner.run(candidate);
    return findings.some((found) => found.invariant === invariant && found.cause === cause);
  }
  async function attempt(candidate: Case): Promise<boolean> {
    if (JSON.stringify(candidate) === JSON.stringify(smallest) || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  }

  // Halves first, then one by one, until none can go.
  for (let size = Math.ceil(smallest.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < smallest.events.length; ) {
      const events = smallest.events.filter((_, index) => index < start || index >= start + size);
      if (!(await attempt({ ...smallest, events }))) start += size;
    }
  }
  await attempt({ ...smallest, workers: 1 });
  const { signal } = smallest.market;
  await attempt({ ...smallest, market: signal ? { signal } : {} });
  await attempt({ ...smallest, pace: 'coarse' });
  await attempt({ ...smallest, typeChange: 'allow' });
  if (smallest.dates.length > 1) await attempt({ ...smallest, dates: smallest.dates.slice(0, -1) });
  for (const numLots of [1, 10, 24]) {
    if (numLots < smallest.plan.numLots && (await attempt({ ...smallest, plan: { ...smallest.plan, numLots } }))) break;
  }
  return smallest;
}
