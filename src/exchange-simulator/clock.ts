import { type ClockSegment, marketAt } from '../domain/clock.ts';
import type { MarketMs, WallMs } from '../domain/types.ts';
import { type SimClock, SimRefusal } from './types.ts';

/** What of the clock survives the process. `market` is where it stood when this was written. */
export type ClockState = { market: MarketMs; speed: number; holds: string[]; leased: boolean };

export type ClockHooks = {
  /** Before market time is moved by hand; may refuse by throwing. */
  jumping(to: MarketMs): void;
  /** After every change, whatever it was. */
  changed(): void;
};

/** As many as a reader can need who looks up an instant that has just passed. */
const KEPT_SEGMENTS = 10;
const FASTEST = 100_000;

/**
 * The market's clock. It starts at `state.market` and never counts the time in which no process ran. A state that was under a lease
 * starts frozen, until the lease is renewed or somebody sets a speed: its owner may not be back yet.
 */
export function createClock(state: ClockState, hooks: ClockHooks): SimClock & { state(): ClockState } {
  let wanted = state.speed;
  const holds = new Set(state.holds);
  let leased = state.leased;
  let frozen = state.leased;
  let leaseEnds: WallMs | null = null;
  let segments: ClockSegment[] = [{ real: Date.now(), market: state.market, speed: speedInForce() }];

  function speedInForce(): number {
    if (frozen) return 0;
    return holds.size > 0 ? Math.min(1, wanted) : wanted;
  }

  function begin(real: WallMs, market: MarketMs): void {
    segments = [...segments.slice(1 - KEPT_SEGMENTS), { real, market, speed: speedInForce() }];
  }

  /** The clock stops at the instant at which the lease ran out, however late that is noticed. */
  function expire(): void {
    if (leaseEnds === null || frozen || Date.now() < leaseEnds) return;
    const market = marketAt(segments, leaseEnds);
    frozen = true;
    begin(leaseEnds, market);
    leaseEnds = null;
    hooks.changed();
  }

  function now(): MarketMs {
    expire();
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
      expire();
      return segments;
    },
    speed: () => {
      expire();
      return speedInForce();
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
        // Whoever sets a speed takes the clock over from a lease that ran out.
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
      expire();
      leaseEnds = Date.now() + seconds * 1000;
      if (leased && !frozen) return;
      change(() => {
        leased = true;
        frozen = false;
      });
    },
    state: () => ({ market: now(), speed: wanted, holds: [...holds], leased }),
  };
}
