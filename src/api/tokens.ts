/** What proves who calls: the API token, signed session cookies, one-time sign-in codes, and the login redirect's state. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { WallMs } from '../domain/types.ts';

const MINUTE_MS = 60_000;
export const SESSION_MS = 7 * 24 * 60 * MINUTE_MS;
/** A login at the broker takes a minute; the broker's own request token lives only some minutes as well. */
const STATE_MS = 15 * MINUTE_MS;
/** The link stands in a terminal: good for the working day that it was printed in. */
const SIGN_IN_MS = 12 * 60 * MINUTE_MS;

/** A link that ends sooner is not handed out any more. */
const SIGN_IN_LEFT_MS = 60 * MINUTE_MS;

/** `spent`: made with this token, and used, too old, or of an earlier start. */
export type SignInUse = 'signed_in' | 'spent' | 'unknown';
export type StateUse = 'fresh' | 'used' | 'expired' | 'unknown';

export type Tokens = ReturnType<typeof createTokens>;

/**
 * Sessions and states are signed with a key made from the API token, so that they survive a restart of the program and end when the
 * token changes. That a code or state works once is remembered in memory.
 */
export function createTokens(apiToken: string) {
  const key = createHash('sha256').update(`session:${apiToken}`).digest();
  /** The one sign-in code that nobody has used. */
  let standing: { code: string; until: WallMs } | null = null;
  const usedStates = new Map<string, WallMs>();

  function sign(purpose: string, lifetimeMs: number): string {
    const body = `${randomBytes(16).toString('base64url')}.${Date.now() + lifetimeMs}`;
    return `${body}.${signature(purpose, body)}`;
  }

  function signature(purpose: string, body: string): string {
    return createHmac('sha256', key).update(`${purpose}:${body}`).digest('base64url');
  }

  /** The id and end of a value that was signed here, whether or not it still holds. */
  function opened(purpose: string, value: string): { id: string; until: WallMs } | null {
    const [id, until, mac, rest] = value.split('.');
    if (!id || !until || !mac || rest !== undefined) return null;
    return same(mac, signature(purpose, `${id}.${until}`)) ? { id, until: Number(until) } : null;
  }

  return {
    /** Browsers share cookies between the ports of a host: two programs on one machine keep theirs apart. */
    cookieName: `trading_${signature('name', '').slice(0, 8)}`,

    isApiToken: (candidate: string): boolean => same(candidate, apiToken),

    newSession: (): string => sign('cookie', SESSION_MS),

    /** The session's id, or null when the cookie is not ours or has ended. */
    session(cookie: string): string | null {
      const found = opened('cookie', cookie);
      return found && found.until > Date.now() ? found.id : null;
    },

    /** A code that works: the one that stands, a new one when that was used or ends soon. */
    signInCode(): string {
      if (standing === null || standing.until - Date.now() < SIGN_IN_LEFT_MS) {
        standing = { code: sign('sign-in', SIGN_IN_MS), until: Date.now() + SIGN_IN_MS };
      }
      return standing.code;
    },

    /** Takes the code: it works once. */
    useSignInCode(code: string): SignInUse {
      if (opened('sign-in', code) === null) return 'unknown';
      if (standing === null || !same(code, standing.code) || standing.until <= Date.now()) return 'spent';
      standing = null;
      return 'signed_in';
    },

    newState: (): string => sign('state', STATE_MS),

    useState(state: string): StateUse {
      const found = opened('state', state);
      if (!found) return 'unknown';
      if (found.until <= Date.now()) return 'expired';
      if (usedStates.has(found.id)) return 'used';
      for (const [id, until] of usedStates) if (until <= Date.now()) usedStates.delete(id);
      usedStates.set(found.id, found.until);
      return 'fresh';
    },
  };
}

/** Compared by their hashes: neither time nor length says how much of a guess was right. */
function same(candidate: string, truth: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(candidate), digest(truth));
}
