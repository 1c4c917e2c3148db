/** What a day of a test is put into: a clock that the test moves, a log that it reads, the simulator's addresses. */

import type { Log } from '../../activities/deps.ts';
import type { DayActivities } from '../../src/contract/activities.ts';
import type { ClockSegments } from '../../src/domain/clock.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import type { ExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import type { ClockSource } from '../../src/market/types.ts';

export async function passed(ms: number): Promise<null> {
  await new Promise((done) => setTimeout(done, ms).unref());
  return null;
}

/** The day's own log, for the message of a test that waited in vain. */
export function told(lines: readonly string[]): string {
  const events = lines.map((line) => JSON.parse(line) as { market_time?: string; text: string });
  return events.map(({ market_time = '', text }) => `${market_time} ${text}`).join('\n');
}

/** Activities of whichever day is playing. */
export function handedOn(names: DayActivities, current: () => { parts: { day: DayActivities } }): object {
  return Object.fromEntries(
    Object.keys(names).map((name) => [
      name,
      (...args: unknown[]) => Reflect.apply(Reflect.get(current().parts.day, name), undefined, args),
    ]),
  );
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
