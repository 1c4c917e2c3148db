/** Waiting at the start for what other machines have to bring up first. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Program } from './program.ts';

const TRY_AGAIN_MS = 1_000;
const SAY_AGAIN_MS = 30_000;

/**
 * Opens it, again and again while an AppError says that trying again can help; says why every half minute of the wall clock. Rejects with
 * the signal's reason when the program is stopped meanwhile.
 */
export async function waitUntilUp<T>({ logger, signal }: Program, open: () => Promise<T>): Promise<T> {
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable) throw error;
      if (performance.now() - saidAt > SAY_AGAIN_MS) {
        saidAt = performance.now();
        logger.warn({}, `${error.message} Waiting for it …`);
      }
    }
    await sleep(TRY_AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}
