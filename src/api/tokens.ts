/** What proves who calls: the API token, signed session cookies, one-time sign-in codes, and the login redirect's state. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { WallMs } from '../domain/types.ts';

const MINUTE_MS = 60_000;
export const SESSION_MS = 7 * 24 * 60 * MINUTE_MS;
/** A login at the broker takes a minute; the broker's own request token lives only some minutes as well. */
const STATE_MS = 15 * MINUTE_MS;
/** The link stands in a terminal: good for the working day that it was printed in. */
const SIGN_IN_MS = 12 * 60 * MINUTE_MS;

export type SignInUse = 'signed_in' | 'unknown';
export type StateUse = 'fresh' | 'used' | 'expired' | 'unknown';

export type Tokens = ReturnType<typeof createTokens>;

/**
 * Sessions and states are signed with a key made from the API token, so that they survive a restart of the program and end when the
 * token changes. That a code or state works once is remembered in memory.
 */
export function createTokens(apiToken: string) {
  const key = createHash('sha256').update(`session:${apiToken}`).digest();
  const codes = new Map<string, WallMs>();
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

    newSignInCode(): string {
      const code = randomBytes(24).toString('base64url');
      codes.set(code, Date.now() + SIGN_IN_MS);
      return code;
    },

    /** Takes the code: a second use is unknown. */
    useSignInCode(code: string): SignInUse {
      const until = codes.get(code);
      codes.delete(code);
      return until !== undefined && until > Date.now() ? 'signed_in' : 'unknown';
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
