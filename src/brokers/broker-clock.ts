import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WallMs } from '../domain/types.ts';
import { AppError } from '../errors.ts';

/** Spread over more than a second, one of them comes soon after the broker's second has changed. */
const SAMPLES = 8;
const SAMPLE_EVERY_MS = 160;
const ANSWER_WITHIN_MS = 5_000;
/** HTTP's Date header counts whole seconds. */
const RESOLUTION_MS = 1_000;

/** Farther from the broker's clock than this nothing is sent in live mode. */
export const CLOCK_WITHIN_MS = 2_000;

/** What the clock at `root` shows, in whole seconds: epoch milliseconds. Rejects when it does not answer. */
export type AskBrokerClock = (root: string) => Promise<WallMs>;

/** Bounds of how far this machine's clock is ahead of the broker's, wall milliseconds. */
export type ClockBounds = { least: number; most: number };

/** How far it is ahead at least (negative: behind); 0 is what the bounds cannot tell apart. */
export const surelyAhead = ({ least, most }: ClockBounds): number =>
  Math.round(Math.max(least, 0) || Math.min(most, 0));

/**
 * How far this machine's clock is at least ahead of the broker's (negative: behind), wall milliseconds, by the Date headers of some
 * answers at `root`: to about a fifth of a second and the round trip. 0 is what they cannot tell apart. Needs no session; takes a good
 * second. Throws AppError `broker_clock_unknown` when nothing answers there.
 */
export async function clockAhead(root: string, ask: AskBrokerClock = askByHttp): Promise<number> {
  let { least, most } = await lookAtBrokerClock(root, ask);
  for (let sample = 1; sample < SAMPLES; sample += 1) {
    await sleep(SAMPLE_EVERY_MS);
    const seen = await lookAtBrokerClock(root, ask);
    least = Math.max(least, seen.least);
    most = Math.min(most, seen.most);
  }
  return surelyAhead({ least, most });
}

async function askByHttp(root: string): Promise<WallMs> {
  const answer = await fetch(root, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const date = Date.parse(answer.headers.get('date') ?? '');
  await answer.body?.cancel();
  if (Number.isNaN(date)) throw new Error('its answer has no date');
  return date;
}

/** The bounds by one answer. Throws as `clockAhead`. */
export async function lookAtBrokerClock(root: string, ask: AskBrokerClock = askByHttp): Promise<ClockBounds> {
  const wall = Date.now();
  const began = performance.now();
  try {
    const brokerTime = await ask(root);
    const roundTrip = performance.now() - began;
    // The header was written at some moment between the question and the answer, within the second that it names. A machine that slept
    // meanwhile shows it by its wall clock alone.
    return { least: wall - brokerTime - RESOLUTION_MS, most: Math.max(wall + roundTrip, Date.now()) - brokerTime };
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.message}${cause.cause ? ` (${cause.cause})` : ''}` : String(cause);
    throw new AppError({
      code: 'broker_clock_unknown',
      message: `Zerodha's clock could not be read at ${root}: ${reason}.`,
      httpStatus: 502,
      retryable: true,
      cause,
    });
  }
}
