import { performance } from 'node:perf_hooks';
import { AppError } from '../errors.ts';

const SAMPLES = 3;
const ANSWER_WITHIN_MS = 5_000;
/** HTTP's Date header counts whole seconds. */
const RESOLUTION_MS = 1_000;

/** Farther from the broker's clock than this nothing is sent in live mode. */
export const CLOCK_WITHIN_MS = 2_000;

/**
 * How far this machine's clock is ahead of the broker's (negative: behind), wall milliseconds, by the Date header of any answer at
 * `root`. Half of the round trip is allowed for, and 0 is whatever a header of whole seconds cannot tell apart. Needs no session.
 * Throws AppError `broker_clock_unknown` when nothing answers there.
 */
export async function clockAhead(root: string): Promise<number> {
  let best = { roundTrip: Number.POSITIVE_INFINITY, ahead: 0 };
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const taken = await lookOnce(root);
    if (taken.roundTrip < best.roundTrip) best = taken;
  }
  return best.ahead;
}

async function lookOnce(root: string): Promise<{ roundTrip: number; ahead: number }> {
  const wall = Date.now();
  const began = performance.now();
  try {
    const answer = await fetch(root, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const roundTrip = performance.now() - began;
    await answer.body?.cancel();
    const said = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(said)) throw new Error('its answer has no date');
    return { roundTrip, ahead: outside(wall + roundTrip / 2, said) };
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

/** The distance of an instant from the second that the header names. */
function outside(ours: number, second: number): number {
  if (ours < second) return Math.round(ours - second);
  return Math.max(0, Math.round(ours - (second + RESOLUTION_MS)));
}
