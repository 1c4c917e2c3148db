/** What its tasks say of the Temporal server's clock: each activity tells when it was scheduled there. */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { WallMs } from '../domain/types.ts';

export type ServerClock = {
  /** For the workers of this process. */
  listen: ActivityInterceptorsFactory;
  take(scheduledAt: WallMs): void;
  /** How far this machine's clock is ahead of the server's (negative: behind), wall milliseconds; null while too few tasks say so. */
  ahead(): number | null;
};

/** Tasks of so long are taken together: the quickest of them says most. Milliseconds. */
const OVER_MS = 60_000;
/** After a stop many tasks are late at once: that says nothing of a clock. */
const LATE_FOR_MS = 30_000;
const MOST_TASKS = 200;

export function createServerClock(): ServerClock {
  let tasks: { at: number; ahead: number }[] = [];
  const lately = () => tasks.filter(({ at }) => performance.now() - at < OVER_MS);
  const take = (scheduledAt: WallMs) => {
    tasks = [...lately(), { at: performance.now(), ahead: Date.now() - scheduledAt }].slice(-MOST_TASKS);
  };
  return {
    take,
    listen: ({ info }) => {
      if (info.attempt === 1) take(info.currentAttemptScheduledTimestampMs);
      return {};
    },
    ahead() {
      const all = lately();
      const [first, last] = [all[0], all.at(-1)];
      if (!first || !last) return null;
      const least = Math.min(...all.map(({ ahead }) => ahead));
      // Nothing is given out before it is scheduled; what is given out late may be the server's slowness.
      return least < 0 || last.at - first.at >= LATE_FOR_MS ? least : null;
    },
  };
}
