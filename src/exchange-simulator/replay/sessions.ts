import { randomBytes } from 'node:crypto';
import type { MarketMs, WallMs } from '../../domain/types.ts';
import type { StateFiles } from '../core/files.ts';
import { nextBrokerDay } from '../core/positions.ts';
import { SimRefusal } from '../core/types.ts';

const FILE = 'sessions.json';

/** Kite says "a few minutes". */
const REQUEST_TOKEN_LIFE_MS = 5 * 60_000;

const randomHex = (): string => randomBytes(16).toString('hex');

type Sessions = { requests: Record<string, WallMs>; alive: Record<string, MarketMs> };

/** Logins: request tokens that work once, and sessions that live until 06:00 of the next day in market time. On disk. */
export function openSessions(files: StateFiles, now: () => MarketMs, randomToken = randomHex) {
  const state = (files.read(FILE) as Sessions | undefined) ?? { requests: {}, alive: {} };
  const save = () => files.write(FILE, state);

  return {
    newRequestToken(): string {
      for (const [token, expiresAt] of Object.entries(state.requests))
        if (expiresAt < Date.now()) delete state.requests[token];
      const token = randomToken();
      state.requests[token] = Date.now() + REQUEST_TOKEN_LIFE_MS;
      save();
      return token;
    },

    /** Throws Kite's TokenException for a token that is unknown, used or too old. */
    exchange(requestToken: string): { accessToken: string; publicToken: string; loginAt: MarketMs } {
      const expiresAt = state.requests[requestToken];
      if (expiresAt === undefined || expiresAt < Date.now())
        throw new SimRefusal(403, 'TokenException', 'Token is invalid or has expired.');
      delete state.requests[requestToken];
      const accessToken = randomToken();
      const loginAt = now();
      state.alive[accessToken] = nextBrokerDay(loginAt);
      save();
      return { accessToken, publicToken: randomToken(), loginAt };
    },

    isAlive(accessToken: string): boolean {
      const diesAt = Object.hasOwn(state.alive, accessToken) ? state.alive[accessToken] : undefined;
      return diesAt !== undefined && now() < diesAt;
    },

    kill(): void {
      state.alive = {};
      save();
    },
  };
}
