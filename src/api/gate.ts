/** Who may call: hosts and origins first, then the token or the dashboard's cookie. */
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { foreignness, LOOPBACK_NAMES } from '../platform/request-origin.ts';
import { refuse } from './refusals.ts';
import { SESSION_MS, type Tokens } from './tokens.ts';

/** Bound to every address, the API still answers only to names that it was told. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

const FOREIGN = {
  foreign_host:
    'This API does not answer to that host name. Use http://localhost and its port, or name it in the setting ALLOWED_HOSTS.',
  foreign_origin: 'Pages of other sites may not use this API.',
};

export type Caller = {
  /** One per browser session; every bearer of the token shares one. */
  id: string;
  /** For the day's log: who asked. */
  by: 'the dashboard' | 'the API';
};

export type ApiEnv = { Variables: { caller: Caller } };

/** Refuses foreign names in `Host` (DNS rebinding) and pages of other origins, whatever they know. */
export function hostGate(host: string, allowedHosts: readonly string[]): MiddlewareHandler<ApiEnv> {
  const names = new Set([...LOOPBACK_NAMES, ...(ANY_ADDRESS.has(host) ? [] : [bracketed(host)]), ...allowedHosts]);
  return async (c, next) => {
    const foreign = foreignness({ host: c.req.header('host'), origin: c.req.header('origin') }, names);
    if (foreign) throw refuse(foreign, FOREIGN[foreign]);
    await next();
  };
}

/** Needs the API token, or the dashboard's cookie on a request that the dashboard itself made. */
export function callerGate(tokens: Tokens): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('caller', requireCaller(c, tokens));
    await next();
  };
}

function requireCaller(c: Context, tokens: Tokens): Caller {
  const caller = findCaller(c, tokens);
  if (caller) return caller;
  throw refuse(
    'unauthorized',
    'Send the API token as Authorization: Bearer …, or open the sign-in link that npm start prints.',
  );
}

/** The caller, or null. A cookie counts only where the browser says that no other site made the request. */
export function findCaller(c: Context, tokens: Tokens): Caller | null {
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    return bearer !== undefined && tokens.isApiToken(bearer) ? { id: 'bearer', by: 'the API' } : null;
  }
  const cookie = getCookie(c, tokens.cookieName);
  const id = cookie === undefined ? null : tokens.session(cookie);
  if (id === null || !madeHere(c)) return null;
  return { id, by: 'the dashboard' };
}

/** `none` is an address that a person typed or a bookmark. Event streams carry no Origin, but they carry this. */
export function madeHere(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  return site === undefined || site === 'same-origin' || site === 'none';
}

export function giveSession(c: Context, tokens: Tokens): void {
  setCookie(c, tokens.cookieName, tokens.newSession(), {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: SESSION_MS / 1000,
    secure: c.req.header('x-forwarded-proto') === 'https',
  });
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase();
}
