import { type ClockSegment, marketAt } from '../../domain/clock.ts';
import type { MarketMs, WallMs } from '../../domain/types.ts';
import { type SimClock, SimRefusal } from './types.ts';

/** What of the clock survives the process. `market` is where it stood when this was written. */
export type ClockState = { market: MarketMs; speed: number; holds: string[]; leased: boolean };

export type ClockHooks = {
  /** Before market time is set; may refuse by throwing. */
  jumping(to: MarketMs): void;
  /** After every change, whatever it was. */
  changed(): void;
};

/** As many as a reader can need who looks up an instant that has just passed. */
const KEPT_SEGMENTS = 10;
const FASTEST = 100_000;
/** How long a market that replays fast runs at 1x from each of its slow instants on. */
const SLOW_MS = 3_000;

/**
 * The market's clock. It starts at `state.market` and never counts the time in which no process ran. A state that was under a lease
 * starts frozen, until the lease is renewed or somebody sets a speed: its owner may not be back yet. From each of the `slowAt` instants
 * it runs at 1x for three seconds: at 600x the moment in which a machine wakes up is minutes of the market, and orders have their hours.
 * Who stood still in these seconds has them anew.
 */
export function createClock(
  state: ClockState,
  hooks: ClockHooks,
  slowAt: readonly MarketMs[] = [],
): SimClock & { state(): ClockState } {
  let wanted = state.speed;
  const holds = new Set(state.holds);
  let leased = state.leased;
  let frozen = state.leased;
  let leaseEnds: WallMs | null = null;
  let slowFrom = slowAt;
  let edges = edgesOf(slowFrom);
  let current: ClockSegment = { real: Date.now(), market: state.market, speed: speedInForce(state.market) };
  let segments: ClockSegment[] = [current];

  function speedInForce(market: MarketMs): number {
    if (frozen) return 0;
    const slow = holds.size > 0 || isSlow(market);
    return slow ? Math.min(1, wanted) : wanted;
  }

  function isSlow(market: MarketMs): boolean {
    return slowFrom.some((at) => at <= market && market < at + SLOW_MS);
  }

  function slowAnew(market: MarketMs): void {
    if (!isSlow(market)) return;
    slowFrom = [...slowFrom, market];
    edges = edgesOf(slowFrom);
  }

  function begin(real: WallMs, market: MarketMs): void {
    current = { real, market, speed: speedInForce(market) };
    segments = [...segments.slice(1 - KEPT_SEGMENTS), current];
  }

  /** What happened to the clock by itself is put where it belongs, however late that is noticed. */
  function catchUp(): void {
    const real = Date.now();
    const expired = leaseEnds !== null && !frozen && real >= leaseEnds ? leaseEnds : null;
    const before = current;
    slowDown(expired ?? real);
    if (expired !== null) {
      const market = marketAt(segments, expired);
      frozen = true;
      leaseEnds = null;
      begin(expired, market);
    }
    if (current !== before) hooks.changed();
  }

  function slowDown(until: WallMs): void {
    for (;;) {
      const { real, market, speed } = current;
      const edge = edges.find((at) => at > market);
      if (edge === undefined || speed === 0) return;
      const reached = real + (edge - market) / speed;
      if (reached > until) return;
      begin(reached, edge);
    }
  }

  function now(): MarketMs {
    catchUp();
    return marketAt(segments, Date.now());
  }

  function change(apply: () => void, market?: MarketMs): void {
    const at = market ?? now();
    apply();
    begin(Date.now(), at);
    hooks.changed();
  }

  return {
    now,
    segments: () => {
      catchUp();
      return segments;
    },
    speed: () => {
      catchUp();
      return current.speed;
    },
    set({ market, speed }) {
      if (speed !== undefined && !(speed >= 0 && speed <= FASTEST))
        throw new SimRefusal(400, 'InputException', `The speed must be between 0 and ${FASTEST}.`);
      if (market !== undefined) {
        if (!Number.isFinite(market)) throw new SimRefusal(400, 'InputException', 'The market time is not a time.');
        hooks.jumping(market);
      }
      change(() => {
        if (speed === undefined) return;
        wanted = speed;
        // A caller that sets a speed takes the clock over from a lease that ran out.
        if (frozen) leased = frozen = false;
      }, market);
    },
    hold(key, on) {
      if (holds.has(key) === on) return;
      change(() => (on ? holds.add(key) : holds.delete(key)));
    },
    holds: () => [...holds],
    lease(seconds) {
      if (!(seconds > 0)) throw new SimRefusal(400, 'InputException', 'A lease lasts more than 0 seconds.');
      catchUp();
      leaseEnds = Date.now() + seconds * 1000;
      if (leased && !frozen) return;
      change(() => {
        leased = true;
        if (frozen) slowAnew(current.market);
        frozen = false;
      });
    },
    state: () => ({ market: now(), speed: wanted, holds: [...holds], leased }),
  };
}

function edgesOf(slowFrom: readonly MarketMs[]): MarketMs[] {
  return slowFrom.flatMap((at) => [at, at + SLOW_MS]).sort((a, b) => a - b);
}
