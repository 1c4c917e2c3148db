import { openStage } from './replayed-day.ts';
import type { ReplayedStage } from './stage.ts';

/** A day takes seconds. */
const DAY_WITHIN_MS = 20_000;
const SERVERS = 8;

/**
 * Stages for days whose histories are kept: what the workflow calls off is called off. The time-skipping server refuses a workflow task that
 * calls off what ends in the same instant, and never hands the task out again, or keeps half of it (sdk-java issues 2606 and 3088; a server
 * of production does neither): such a day is played on a fresh server. One that stands still on each is its own failure, and so is any other error.
 */
export function onFreshServers() {
  const open = () => openStage({ asInProduction: true });
  let stage: ReplayedStage | null = null;
  return {
    async play<T>(play: (stage: ReplayedStage, attempt: number, withinMs: number) => Promise<T>): Promise<T> {
      for (let attempt = 1; ; attempt += 1) {
        stage ??= await open();
        try {
          return await play(stage, attempt, DAY_WITHIN_MS);
        } catch (error) {
          if (attempt === SERVERS || !/never (ended|seen)/.test(String(error))) throw error;
          console.warn(`once more on a fresh server: ${String(error).slice(0, 200)}`);
          await stage.close().catch(() => undefined);
          stage = null;
        }
      }
    },
    async close(): Promise<void> {
      await stage?.close();
    },
  };
}
