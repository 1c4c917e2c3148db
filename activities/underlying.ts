/** The index where a carried position needs it: as it stands at the open, and the close on which contracts settle. */

import type { DayActivities } from '../src/contract/activities.ts';
import { istAt } from '../src/domain/clock.ts';
import type { Account } from '../src/journal/types.ts';
import { NIFTY_TOKEN } from '../src/market/types.ts';
import type { Deps } from './deps.ts';

const INDEX = 'NSE:NIFTY 50';

export function createUnderlyingActivities(
  deps: Deps & { account: Account },
): Pick<DayActivities, 'readIndex' | 'readOfficialClose'> {
  return {
    readIndex: (identity) =>
      deps.sessions.use(identity, async (session) => (await session.quotes([INDEX])).get(INDEX)?.lastPrice ?? null),

    /** Kite's candle of the day closes at the exchange's official close once that is out (STRATEGY section 9, D2). */
    readOfficialClose: ({ identity, date }) =>
      deps.sessions.use(identity, async (session) => {
        const from = istAt(date, '00:00');
        const bars = await session.historical(NIFTY_TOKEN, 'day', from, istAt(date, '23:59'));
        return bars.find((bar) => bar.start >= from)?.close ?? null;
      }),
  };
}
