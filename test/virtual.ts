import { installVirtualTime, resetTime, runTime } from '../src/simulation/virtual-time.ts';

export { later, virtualNow } from '../src/simulation/virtual-time.ts';

/**
 * A test's body on the simulation's clock, for rules about time: it begins at 0, passes from timer to timer, and a machine that is
 * busy takes nothing of it. Sockets and files stay on real time, so they have no place in `work`.
 */
export function virtually(work: () => Promise<void>): () => Promise<void> {
  return async () => {
    const realTime = installVirtualTime(() => null);
    try {
      resetTime(0);
      let isOver = false;
      const working = work().finally(() => {
        isOver = true;
      });
      await Promise.all([working, runTime(() => isOver)]);
    } finally {
      realTime();
    }
  };
}
