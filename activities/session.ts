/** Logins: a request token is exchanged once, the access token is sealed into the journal, calls use the newest session. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import type { Kite, KiteSession } from '../src/brokers/types.ts';
import { type DayActivities, SESSION_LOST } from '../src/contract/activities.ts';
import type { DayIdentity } from '../src/contract/identity.ts';
import { addDays, istAt, istDate } from '../src/domain/clock.ts';
import { AppError, BrokerError } from '../src/errors.ts';
import type { Account, Journal, StoredSession } from '../src/journal/types.ts';
import type { ClockSource } from '../src/market/types.ts';
import type { Sealer } from '../src/platform/secrets.ts';

/** So long a login is looked for, also a newer one before the one that was refused counts as lost. Wall milliseconds. */
const JOURNAL_WITHIN_MS = 2_000;
/** Zerodha ends every session at 06:00 IST of the next day. Source: Kite Connect documentation, user login. */
const SESSIONS_END = '06:00';

type SessionDeps = { kite: Kite; journal: Journal; sealer: Sealer; clock: ClockSource; sessions: Sessions };

export type Sessions = {
  /**
   * Runs a call with the newest session. A token that is refused is loaded once more, then it is `session_lost`. Where the login cannot be
   * read the call was not sent, and the error says so.
   */
  use<T>(account: Account, call: (kite: KiteSession) => Promise<T>): Promise<T>;
  /** The newest session's calls, or null without one: for looks that may go without. */
  current(account: Account): Promise<KiteSession | null>;
  /** Takes up a login that another process made since; the newest one goes on being used where there is none. */
  renew(account: Account): Promise<void>;
  forget(account: Account): void;
};

export function createSessions(deps: {
  kite: Kite;
  journal: Journal;
  sealer: Sealer;
  onSession(accessToken: string): void;
  warn(text: string): void;
}): Sessions {
  const loaded = new Map<string, { stored: StoredSession; kite: KiteSession }>();
  const unreadable = new Map<string, number>();

  /** `kite` is null where the newest login was sealed with another key: it is as good as none, and only a new one helps. */
  async function load(account: Account, fresh: boolean) {
    const key = keyOf(account);
    const last = loaded.get(key);
    if (last && !fresh) return last;
    const stored = await deps.journal.currentSession(account);
    if (!stored) return null;
    if (last?.stored.number === stored.number) return last;
    const accessToken = openedOrNull(deps.sealer, stored.sealedAccessToken);
    if (accessToken === null) {
      if (unreadable.get(key) !== stored.number) deps.warn(UNREADABLE);
      unreadable.set(key, stored.number);
      return { stored, kite: null };
    }
    const newest = { stored, kite: deps.kite.session(accessToken) };
    loaded.set(key, newest);
    deps.onSession(accessToken);
    return newest;
  }

  /** Null where the journal does not say in time: that a session has died is told also while it is away. */
  async function loadSoon(account: Account) {
    const late = sleep(JOURNAL_WITHIN_MS, null);
    return Promise.race([load(account, true).catch(() => late), late]);
  }

  /** The login at hand, else the journal's. Where that does not say in time, nothing was sent: it is no doubt. */
  async function atHand(account: Account) {
    const known = loaded.get(keyOf(account));
    if (known) return known;
    try {
      const late = sleep(JOURNAL_WITHIN_MS).then(() => Promise.reject(new Error('the journal does not answer')));
      return await Promise.race([load(account, false), late]);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new BrokerError('kite', 'refused', `the login cannot be read: ${words}`, { not_sent: true });
    }
  }

  return {
    async use(account, call) {
      const first = await atHand(account);
      if (!first) throw lost(0);
      if (!first.kite) throw lost(first.stored.number);
      try {
        return await call(first.kite);
      } catch (error) {
        if (!isTokenError(error)) throw error;
        const newer = await loadSoon(account);
        if (!newer || newer.stored.number === first.stored.number) throw lost(first.stored.number);
        if (!newer.kite) throw lost(newer.stored.number);
        try {
          return await call(newer.kite);
        } catch (again) {
          throw isTokenError(again) ? lost(newer.stored.number) : again;
        }
      }
    },
    async current(account) {
      return (await load(account, false))?.kite ?? null;
    },
    async renew(account) {
      await load(account, true);
    },
    forget(account) {
      loaded.delete(keyOf(account));
    },
  };
}

/** As the journal tells logins apart. */
function keyOf({ mode, account, run }: Account): string {
  return JSON.stringify([mode, account, run]);
}

const UNREADABLE =
  'The stored login was sealed with another key (SECRETS_KEY, or secrets.key in the data folder) and cannot be used. Log in again; where several processes run, give all of them the same SECRETS_KEY.';

function openedOrNull(sealer: Sealer, sealed: string): string | null {
  try {
    return sealer.open(sealed);
  } catch (error) {
    if (error instanceof AppError && error.code === 'sealed_with_another_key') return null;
    throw error;
  }
}

function isTokenError(error: unknown): boolean {
  return error instanceof BrokerError && error.kind === 'token';
}

function lost(number: number): ApplicationFailure {
  return ApplicationFailure.nonRetryable('the Zerodha session is not valid any more', SESSION_LOST, number);
}

const OTHER_KEY =
  'the API seals logins with another key than this worker opens them with: give both the same SECRETS_KEY, start them again, then log in';

export function createSessionActivities(
  deps: SessionDeps & { expectedUserId: string | null },
): Pick<DayActivities, 'exchangeRequestToken'> {
  return {
    async exchangeRequestToken({ identity, auth }) {
      const sealed = 'sealedRequestToken' in auth ? auth.sealedRequestToken : auth.sealedAccessToken;
      const token = openedOrNull(deps.sealer, sealed);
      if (token === null) return { ok: false, reason: OTHER_KEY };
      // A replay may have gone to this morning just now: by yesterday's clock the session would end before the market opens. Asked
      // before the token is used up.
      await deps.clock.read();
      try {
        const login = await ('sealedRequestToken' in auth ? deps.kite.exchange(token) : whose(deps.kite, token));
        if (deps.expectedUserId !== null && login.userId !== deps.expectedUserId) {
          return {
            ok: false,
            reason: `this is the login of ${login.userId}, but the account is ${deps.expectedUserId}`,
          };
        }
        return { ok: true, session: await keep(deps, identity, login) };
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        return { ok: false, reason: error.kind === 'doubt' ? 'no clear answer to the exchange' : error.message };
      }
    },
  };
}

async function whose(kite: Kite, accessToken: string): Promise<{ accessToken: string; userId: string }> {
  return { accessToken, ...(await kite.session(accessToken).profile()) };
}

async function keep(deps: SessionDeps, identity: DayIdentity, login: { accessToken: string; userId: string }) {
  const since = deps.clock.now();
  const today = istDate(since);
  const sixToday = istAt(today, SESSIONS_END);
  const stored = await deps.journal.addSession(identity, {
    userId: login.userId,
    sealedAccessToken: deps.sealer.seal(login.accessToken),
    since,
    expiresAt: since < sixToday ? sixToday : istAt(addDays(today, 1), SESSIONS_END),
  });
  deps.sessions.forget(identity);
  await deps.sessions.current(identity);
  return { number: stored.number, userId: stored.userId, expiresAt: stored.expiresAt, since: stored.since };
}
