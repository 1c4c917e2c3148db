import type { Exchange } from '../core/types.ts';
import type { ExchangeKeys } from './keys.ts';
import type { RateLimiter } from './rate-limits.ts';

/** What every protocol of the simulated exchange is built on. */
export type Wire = {
  exchange: Exchange;
  keys: ExchangeKeys;
  /** Where the login page sends the browser. */
  redirectUrl: string;
  limiter: RateLimiter;
  /** Aborted when the server closes, so that no answer that is being held back outlives it. */
  closing: AbortSignal;
};

/** Waits `ms` of wall time, or less when the server closes. */
export function pause(wire: Pick<Wire, 'closing'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (wire.closing.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      wire.closing.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    wire.closing.addEventListener('abort', done);
  });
}
