import type { Context } from 'hono';
import { createDayAccess, type DayAccess } from './day.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './gate.ts';
import { pricesByToken } from './marks.ts';
import { createTokens, type Tokens } from './tokens.ts';
import type { StatusFacts } from './views.ts';

/** What the routes share. */
export type ApiContext = {
  deps: ApiDeps;
  tokens: Tokens;
  day: DayAccess;
  /** Reads what a status is made of. Throws what `explain` maps to 503 while the day cannot be asked. */
  facts(): Promise<StatusFacts>;
};

export function createContext(deps: ApiDeps): ApiContext {
  const day = createDayAccess(deps);
  return {
    deps,
    tokens: createTokens(deps.apiToken),
    day,
    async facts() {
      const identity = await deps.identity();
      const [view, session, prices] = await Promise.all([
        day.view(identity),
        deps.journal.currentSession(identity),
        deps.journal.lastPrices(),
      ]);
      return {
        identity,
        day: view,
        session,
        prices: pricesByToken(prices),
        now: deps.clock.now(),
        clock: deps.clock.current(),
      };
    },
  };
}

/** Who asked, in the words of the day's log. */
export function askedBy(c: Context<ApiEnv>): string {
  return c.get('caller').by;
}
