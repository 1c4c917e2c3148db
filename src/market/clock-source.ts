import { z } from 'zod';
import { type ClockSegments, marketAt } from '../domain/clock.ts';
import { AppError } from '../errors.ts';
import type { ClockSource } from './types.ts';

const POLL_MS = 250;
const ANSWER_WITHIN_MS = 2_000;

const answerSchema = z.object({
  segments: z.array(z.object({ real: z.number(), market: z.number(), speed: z.number().nonnegative() })),
  speed: z.number(),
  holds: z.array(z.string()),
});

/** The replayed market's clock as its keeper sees it, in this process or another. */
export type KeptClock = {
  look(): Promise<{ segments: ClockSegments; speed: number; holds: string[] }>;
  /** From now on the market stands still when this was not called for so long. Wall seconds. */
  lease(seconds: number): Promise<unknown>;
};

export type SimulatorClock = ClockSource & KeptClock & { stop(): Promise<void> };

/** Live and paper: the market's time is the wall clock. */
export function createLiveClock(): ClockSource {
  return {
    read: () => Promise.resolve([]),
    current: () => [],
    now: () => Date.now(),
    hold: () => Promise.resolve([]),
  };
}

/**
 * Replay: the simulated exchange owns the market's time. Looks at it every 250 ms of the wall clock, until stop(); while it does not
 * answer, the market stands still here as it does there. `read` and `hold` reject with AppError when it cannot be reached, and so does
 * the first look, which this waits for.
 */
export async function createSimulatorClock(options: { root: string }): Promise<SimulatorClock> {
  const address = `${options.root}/simulator/clock`;
  let known: ClockSegments = [];
  let asked = 0;
  let answered = 0;
  let changed = 0;

  async function ask(path: string, body?: unknown): Promise<z.infer<typeof answerSchema>> {
    const number = ++asked;
    const answer = await fetchClock(address + path, body);
    const changes = body !== undefined;
    // An answer that was overtaken by a later one must not turn the clock back. What changes the clock overtakes every look that is
    // under way: who asked first says nothing of who was heard first.
    if (number > (changes ? changed : answered)) {
      answered = changes ? asked : number;
      if (changes) changed = number;
      known = answer.segments;
    }
    return answer;
  }

  function standStill(): void {
    const real = Date.now();
    const frozen = known.at(-1)?.speed === 0;
    if (!frozen) known = [{ real, market: marketAt(known, real), speed: 0 }];
  }

  await ask('');
  let looking: Promise<unknown> | null = null;
  const look = setInterval(() => {
    looking ??= ask('')
      .catch(standStill)
      .finally(() => {
        looking = null;
      });
  }, POLL_MS);
  look.unref();

  return {
    read: async () => (await ask('')).segments,
    current: () => known,
    now: () => marketAt(known, Date.now()),
    hold: async (key, on) => (await ask('/holds', { key, on })).segments,
    look: () => ask(''),
    lease: (seconds) => ask('/lease', { seconds }),
    async stop() {
      clearInterval(look);
      await looking;
    },
  };
}

async function fetchClock(address: string, body: unknown): Promise<z.infer<typeof answerSchema>> {
  try {
    const response = await fetch(address, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return answerSchema.parse(await response.json());
  } catch (cause) {
    throw new AppError({
      code: 'market_clock_unreachable',
      message: `The simulated exchange did not tell the market's time (${address}). Is it running? EXCHANGE_URL or EXCHANGE_PORT says where.`,
      httpStatus: 503,
      retryable: true,
      cause,
    });
  }
}
