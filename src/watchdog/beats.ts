/**
 * Whether anybody watches: guards and the book's watcher let hear of themselves each few seconds, and one whose worker has died, or that fails
 * each time, no more. By changes from look to look, so that no clock is compared with the server's.
 */
import type { WallMs } from '../domain/types.ts';
import type { Watch } from '../temporal/day-look.ts';

/** Watches of which nothing was heard, since when at the least, and what the last of them failed with. */
export type Unwatched = { names: string[]; since: WallMs; reason: string | null };

export function createBeats(wall: () => WallMs): { look(watches: readonly Watch[]): Unwatched | null } {
  /** By the activity's id: its last beat, and when a look first found it. */
  let known = new Map<string, { beatAt: WallMs | null; since: WallMs }>();
  return {
    look(watches) {
      const now = wall();
      const before = known;
      known = new Map(
        watches.map(({ id, beatAt }) => {
          const last = before.get(id);
          return [id, last && last.beatAt === beatAt ? last : { beatAt, since: now }];
        }),
      );
      const silent = watches.filter(({ id }) => (known.get(id)?.since ?? now) < now);
      if (silent.length === 0) return null;
      return {
        names: [...new Set(silent.map(({ name }) => name))].sort(),
        since: Math.min(...silent.map(({ id }) => known.get(id)?.since ?? now)),
        reason: silent.findLast(({ reason }) => reason !== null)?.reason ?? null,
      };
    },
  };
}
