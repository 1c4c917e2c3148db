/** What a day of a test is put into: a clock that the test moves, a log that it reads, the simulator's addresses. */
import type { DayActivities, FollowInput } from '../../activities/contract.ts';
import type { Log } from '../../activities/deps.ts';
import type { ClockSegments } from '../../src/domain/clock.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import type { ExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import type { ClockSource } from '../../src/market/types.ts';

/** The simulated exchange fills within milliseconds, so that what is not filled soon is not filled at all. */
const FOLLOWED = 0.25;
/** So often it looks at its book within that time on a machine that has nothing else to do, or more often. */
const FOLLOWED_STEPS = 4;
/** What ends sooner has found what it waited for. */
const SHORTEST_VAIN_MS = 450;

export async function passed(ms: number): Promise<null> {
  await new Promise((done) => setTimeout(done, ms).unref());
  return null;
}

/** The day's own log, for the message of a test that waited in vain. */
export function told(lines: readonly string[]): string {
  const events = lines.map((line) => JSON.parse(line) as { market_time?: string; text: string });
  return events.map(({ market_time = '', text }) => `${market_time} ${text}`).join('\n');
}

type Playing = { parts: { day: DayActivities }; exchange: Exchange };

/** Activities of whichever day is playing. An order is followed for a part of its time: nothing else of a test is waited for. */
export function handedOn(names: DayActivities, current: () => Playing): object {
  const handed = Object.keys(names).map((name) => [
    name,
    (...args: unknown[]) => Reflect.apply(Reflect.get(current().parts.day, name), undefined, args),
  ]);
  const followOrder = followingShortly(() => current().parts.day.followOrder);
  return {
    ...Object.fromEntries(handed),
    followOrder: (input: FollowInput) => inTheExchangesTime(current().exchange, () => followOrder(input)),
  };
}

/** Follows an order for a part of its time. */
export function followingShortly(of: () => DayActivities['followOrder']): DayActivities['followOrder'] {
  return (input) => of()({ ...input, waitMs: input.waitMs * FOLLOWED });
}

/** On a machine that has other work the exchange is late as well: whoever has waited in vain goes on until it has looked at its book. */
async function inTheExchangesTime<T>(exchange: Exchange, wait: () => Promise<T>): Promise<T> {
  let steps = 0;
  const stop = exchange.onStep(() => {
    steps += 1;
  });
  try {
    for (;;) {
      const began = performance.now();
      const seen = await wait();
      if (steps >= FOLLOWED_STEPS || performance.now() - began < SHORTEST_VAIN_MS) return seen;
    }
  } finally {
    stop();
  }
}

/** What activities log, as JSON and not redacted. */
export function logTo(lines: string[]): Log {
  const write = (level: string) => (data: object, text: string) =>
    void lines.push(JSON.stringify({ level, ...data, text }));
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The test's clock: the day's own segments, which the simulator is made to follow. */
export function fixedClock(segments: ClockSegments, exchange: Exchange): ClockSource {
  return {
    read: async () => [...segments],
    current: () => [...segments],
    now: () => exchange.clock.now(),
    hold: async () => [...segments],
  };
}

/** Puts the exchange at a time of the market; without `stillMinutes` it goes on from there. */
export function keepTime(exchange: Exchange, market: MarketMs, stillMinutes = false): void {
  const at = stillMinutes ? Math.floor(market / 60_000) * 60_000 : market;
  if (at > exchange.clock.now()) exchange.clock.set({ market: at, speed: stillMinutes ? 0 : 1 });
}

export function addressesOf({ addresses }: ExchangeServer, userId: string | null = null) {
  return {
    kite: {
      apiKey: addresses.api_key,
      apiSecret: addresses.api_secret,
      root: addresses.kite_root,
      tickerRoot: addresses.ticker_root,
      loginUrl: addresses.login_url,
    },
    breeze: {
      apiKey: addresses.breeze_api_key,
      apiSecret: addresses.breeze_api_secret,
      session: addresses.breeze_session,
      root: addresses.breeze_root,
      securityMasterUrl: addresses.security_master_url,
    },
    userId,
  };
}
