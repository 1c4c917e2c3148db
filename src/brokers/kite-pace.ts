/** Keeps this process below Kite's rate limits, so that a look never costs an exit its turn. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What Kite counts apart; orders are not held back here: a refusal of one is definite and answered with a new look. */
export type PacedKind = 'quote' | 'historical' | 'other';

/** Calls in any span of a second. Kite counts by its own calendar second: one below its ten leaves room for the way there. */
export const KITE_PACE: Readonly<Record<PacedKind, number>> = { quote: 1, historical: 3, other: 9 };

/** A little longer than Kite's second: two calls that leave a second apart may arrive closer together. */
const SPAN_MS = 1_050;

export type Pace = (kind: PacedKind) => Promise<void>;

/** Waits its turn, first come, first served, for each kind by itself. */
export function createPace(limits: Readonly<Record<PacedKind, number>> = KITE_PACE): Pace {
  const sent: Record<PacedKind, number[]> = { quote: [], historical: [], other: [] };
  const queue: Record<PacedKind, Promise<void>> = {
    quote: Promise.resolve(),
    historical: Promise.resolve(),
    other: Promise.resolve(),
  };

  async function turn(kind: PacedKind): Promise<void> {
    const recent = sent[kind];
    const [oldest] = recent.length >= limits[kind] ? recent : [];
    if (oldest !== undefined) {
      const wait = oldest + SPAN_MS - performance.now();
      if (wait > 0) await sleep(wait);
      recent.shift();
    }
    recent.push(performance.now());
  }

  return (kind) => {
    queue[kind] = queue[kind].then(() => turn(kind));
    return queue[kind];
  };
}

/** Kite's own counting, by path and method; null for orders, which POST, PUT and DELETE change. */
export function paceOf(method: string, path: string): PacedKind | null {
  if (path.startsWith('/quote')) return 'quote';
  if (path.startsWith('/instruments/historical')) return 'historical';
  if (path.startsWith('/orders') && method.toUpperCase() !== 'GET') return null;
  return 'other';
}
