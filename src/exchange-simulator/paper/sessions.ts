import { z } from 'zod';
import type { MarketMs, WallMs } from '../../domain/types.ts';
import type { StateFiles } from '../core/files.ts';
import { nextBrokerDay } from '../core/positions.ts';
import { SimRefusal } from '../core/types.ts';
import type { Upstream } from './upstream.ts';

/** A login at Kite, as its client shows it with each request. Kept in memory alone. */
export type PaperSession = { apiKey: string; accessToken: string; authorization: string };

export type PaperSessionsOptions = {
  upstream: Upstream;
  files: StateFiles;
  now(): MarketMs;
  /** Hears of each session once, when Kite has vouched for it. */
  onSession(session: PaperSession): void;
};

const FILE = 'account.json';
/** How long Kite's word for a session is taken without asking again. Wall clock. */
const BELIEVED_MS = 30_000;

const profile = z.object({ user_id: z.string().min(1) });
const login = profile.extend({ api_key: z.string(), access_token: z.string() });

type Known = { session: PaperSession; verifiedAt: WallMs; diesAt: MarketMs };

export type PaperSessions = ReturnType<typeof createPaperSessions>;

/** Whose sessions live: Kite decides. One paper book belongs to one account, for ever. */
export function createPaperSessions({ upstream, files, now, onSession }: PaperSessionsOptions) {
  const known = new Map<string, Known>();
  let userId = z.object({ userId: z.string() }).safeParse(files.read(FILE)).data?.userId ?? '';
  let newest: PaperSession | null = null;

  function remember(session: PaperSession, user: string): void {
    if (userId === '') {
      userId = user;
      files.write(FILE, { userId });
    }
    if (user !== userId)
      throw new SimRefusal(403, 'PermissionException', `This paper book belongs to ${userId}, not to ${user}.`);
    const isNew = !known.has(session.authorization);
    known.set(session.authorization, { session, verifiedAt: Date.now(), diesAt: nextBrokerDay(now()) });
    newest = session;
    if (isNew) onSession(session);
  }

  function forget(authorization: string): void {
    known.delete(authorization);
    if (newest?.authorization === authorization) newest = null;
  }

  return {
    userId: () => userId,
    /** The one that was vouched for last, null when it has died. */
    newest: () => newest,
    forget,

    /** A request with this header was answered by Kite as one of a living session. */
    seen(authorization: string): void {
      const one = known.get(authorization);
      if (one && now() < one.diesAt) one.verifiedAt = Date.now();
    },

    /** Kite's answer to a login. */
    loggedIn(answer: unknown): void {
      const read = login.safeParse(answer).data;
      if (read) remember(sessionOf(read.api_key, read.access_token), read.user_id);
    },

    /**
     * The session of a request. Throws what Kite says of it, as it is; while Kite cannot be asked, a session that it has vouched for
     * lives on until 06:00.
     */
    async check(authorization: string): Promise<PaperSession> {
      const one = known.get(authorization);
      const lives = one !== undefined && now() < one.diesAt;
      if (lives && Date.now() - one.verifiedAt < BELIEVED_MS) return one.session;
      try {
        const user = profile.safeParse(await upstream.data('/user/profile', authorization)).data;
        if (!user) throw new SimRefusal(502, 'NetworkException', "Kite's answer was not understood (profile).");
        const [, apiKey = '', accessToken = ''] = /^token ([^:]+):(.+)$/.exec(authorization) ?? [];
        const session = sessionOf(apiKey, accessToken);
        remember(session, user.user_id);
        return session;
      } catch (error) {
        const tellsNothing = error instanceof SimRefusal && (error.status >= 500 || error.status === 429);
        if (lives && tellsNothing) return one.session;
        forget(authorization);
        throw error;
      }
    },
  };
}

function sessionOf(apiKey: string, accessToken: string): PaperSession {
  return { apiKey, accessToken, authorization: `token ${apiKey}:${accessToken}` };
}
