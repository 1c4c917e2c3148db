/** When a guard sees no prices, and when it does again (FAULTS F13 and F14). */
import type { GuardResult } from '../src/contract/activities.ts';
import type { ContractRef } from '../src/domain/contracts.ts';
import type { WallMs } from '../src/domain/types.ts';
import type { PriceSight } from '../src/market/price-sight.ts';
import type { QuoteLook } from '../src/market/quote-look.ts';
import type { Feed } from '../src/market/types.ts';

/** Without a believable price of a leg for so long the ticker gets a new connection. */
const RECONNECT_AFTER_MS = 7_000;
/** So long a new connection is given to tell prices. */
const RECONNECT_TAKES_MS = 2_500;
const BLIND_AFTER_MS = 9_500;
/** While it stays blind the ticker is replaced so often. */
const RECONNECT_EVERY_MS = 30_000;
/** A bad feed is well again after so long without an impossible price. */
const WELL_AFTER_MS = 10_000;

type WithoutEpoch<T> = T extends unknown ? Omit<T, 'epoch'> : never;
export type Outcome = WithoutEpoch<GuardResult>;

export function createBlindness(of: {
  sight: PriceSight;
  quotes: QuoteLook;
  feed: Pick<Feed, 'reconnect' | 'status'>;
  legs: readonly ContractRef[];
  /** The day knows that it is blind: only sight is news. */
  known: boolean;
}) {
  const { sight, quotes, feed, legs, known } = of;
  /** Before it nobody had to see a price: the market was closed, or halted. */
  let owedSince: WallMs = Number.NEGATIVE_INFINITY;
  let reconnectedAt: number | null = null;

  function bad() {
    const feeds = legs.flatMap(({ instrumentToken }) => sight.badFeed(instrumentToken) ?? []);
    return feeds.sort((one, other) => other.last - one.last)[0] ?? null;
  }

  /** The leg that was not seen for longest. */
  function unseen(): { leg: ContractRef; since: WallMs } | null {
    const missing = legs
      .filter(({ instrumentToken }) => !sight.touch(instrumentToken))
      .map((leg) => ({ leg, since: Math.max(owedSince, sight.seenAt(leg.instrumentToken)) }));
    return missing.sort((one, other) => one.since - other.since)[0] ?? null;
  }

  function reconnect(why: string): void {
    const isDue = reconnectedAt === null || performance.now() - reconnectedAt >= RECONNECT_EVERY_MS;
    if (!isDue) return;
    reconnectedAt = performance.now();
    feed.reconnect(why);
  }

  function detailOf({ tradingsymbol }: ContractRef, seconds: number): string {
    const { connected, refused } = feed.status();
    const ticker = refused ? 'refused' : connected ? 'connected' : 'not connected';
    const failure = quotes.failure();
    const answers = failure === null ? 'answered without a believable price' : `failed: ${failure}`;
    return `no believable price of ${tradingsymbol} for ${seconds} s; the ticker is ${ticker}, quotes ${answers}`;
  }

  return {
    /** What the day has to hear, null while there is nothing new. `isOpen`: the contracts trade at this instant. */
    look(isOpen: boolean): Outcome | null {
      const now = Date.now();
      if (!isOpen || quotes.isHalted()) owedSince = now;
      const missing = unseen();
      const garbage = bad();
      const isBad = garbage !== null && now - garbage.last < WELL_AFTER_MS;
      if (known && !missing && !isBad) return { kind: 'sighted' };
      if (!known && isBad) return { kind: 'blind', since: garbage.since, detail: `bad feed: ${garbage.detail}` };
      if (!missing) return null;
      const silentMs = now - missing.since;
      const detail = detailOf(missing.leg, Math.round(silentMs / 1_000));
      if (silentMs >= RECONNECT_AFTER_MS) reconnect(detail);
      if (known || silentMs < BLIND_AFTER_MS || reconnectedAt === null) return null;
      // A machine that slept finds everything old: the new connection gets its time first.
      if (performance.now() - reconnectedAt < RECONNECT_TAKES_MS) return null;
      return { kind: 'blind', since: missing.since, detail };
    },
  };
}
