import type { Context } from 'hono';
import type { DayIdentity } from '../contract/identity.ts';
import type { MarketMs } from '../domain/types.ts';
import { createDayAccess, type DayAccess } from './day.ts';
import type { ApiDeps } from './deps.ts';
import { explain } from './errors.ts';
import type { ApiEnv } from './gate.ts';
import { type Prices, pricesByToken } from './marks.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { StatusFacts } from './views.ts';

/** What the routes share. */
export type ApiContext = {
  deps: ApiDeps;
  tokens: Tokens;
  day: DayAccess;
  /** Reads what a status is made of, as far as the journal answers. Throws what `explain` maps to 503 while the day cannot be asked. */
  facts(): Promise<StatusFacts>;
  /** The last ones that the journal has; none while it is away. */
  prices(): Promise<Prices>;
};

export function createContext(deps: ApiDeps): ApiContext {
  const day = createDayAccess(deps);
  let awaySince: MarketMs | null = null;

  /** The day itself does not need the journal: nobody is left in the dark with open positions because it is away. */
  async function fromJournal(
    identity: DayIdentity,
  ): Promise<Pick<StatusFacts, 'session' | 'prices' | 'journalAwaySince'>> {
    try {
      const [session, prices] = await Promise.all([deps.journal.currentSession(identity), deps.journal.lastPrices()]);
      awaySince = null;
      return { session, prices: pricesByToken(prices), journalAwaySince: null };
    } catch (error) {
      if (explain(error)?.code !== 'journal_unavailable') throw error;
      awaySince ??= deps.clock.now();
      return { session: null, prices: pricesByToken([]), journalAwaySince: awaySince };
    }
  }

  return {
    deps,
    tokens: createTokens(deps.apiToken),
    day,
    prices: async () => (await fromJournal(await deps.identity())).prices,
    async facts() {
      const identity = await deps.identity();
      const [view, kept] = await Promise.all([day.view(identity), fromJournal(identity)]);
      return { identity, day: view, ...kept, now: deps.clock.now(), clock: deps.clock.current() };
    },
  };
}

/** Who asked, in the words of the day's log. */
export function askedBy(c: Context<ApiEnv>): string {
  return c.get('caller').by;
}
