import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { API_TOKEN } from './fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { rawRequest } from './fixtures/raw-request.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

const PROTECTED: [method: string, path: string][] = [
  ['GET', '/live/auth/login-url'],
  ['GET', '/live/auth/login'],
  ['POST', '/live/auth/complete'],
  ['GET', '/live/auth/status'],
  ['POST', '/live/start-trading'],
  ['POST', '/live/stop-trading'],
  ['POST', '/live/acknowledge'],
  ['GET', '/live/status'],
  ['GET', '/live/positions'],
  ['POST', '/live/close-position/P1'],
  ['POST', '/live/close-all'],
  ['GET', '/live/orders'],
  ['GET', '/live/log'],
  ['GET', '/live/report/2025-07-14'],
  ['GET', '/live/events'],
  ['GET', '/live/test-connection'],
  ['GET', '/live/websocket/status'],
  ['GET', '/live/signals'],
  ['GET', '/openapi.json'],
  ['GET', '/nowhere'],
];

describe('the API token', () => {
  it.each(PROTECTED)('%s %s is refused without it, and does nothing', async (method, path) => {
    const answer = await program.call(method, path, method === 'POST' ? {} : undefined, { authorization: '' });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: { code: 'unauthorized' } });
    expect(program.opened).toEqual([]);
  });

  it.each([
    'Bearer wrong',
    `Bearer ${API_TOKEN}x`,
    `Bearer ${API_TOKEN.slice(0, -1)}`,
    `Basic ${API_TOKEN}`,
    `Bearer ${API_TOKEN} ${API_TOKEN}`,
  ])('"%s" is refused', async (authorization) => {
    expect((await program.call('GET', '/live/status', undefined, { authorization })).status).toBe(401);
  });

  it('opens every door that needs one', async () => {
    expect((await program.get('/live/status')).status).toBe(200);
  });

  it('is not needed for /health', async () => {
    const answer = await program.call('GET', '/health', undefined, { authorization: '' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: 'ok',
      temporal: 'up',
      worker: 'up',
      mode: 'replay',
      market_time: '2025-07-14T11:42:07+05:30',
    });
  });
});

describe('foreign pages', () => {
  const bearer = { authorization: `Bearer ${API_TOKEN}` };

  it.each(['evil.example', 'evil.example:8000', '127.0.0.1.evil.example', '', 'localhost.evil.example:80'])(
    'the host name "%s" is refused, even with the token (DNS rebinding)',
    async (host) => {
      const answer = await rawRequest(program.server.port, 'GET', '/live/status', { ...bearer, host });
      expect(answer.status).toBe(host === '' ? 400 : 403);
    },
  );

  it.each(['localhost', '127.0.0.1:8000', '[::1]:9', 'trading.example'])('the host name "%s" is ours', async (host) => {
    expect((await rawRequest(program.server.port, 'GET', '/live/status', { ...bearer, host })).status).toBe(200);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:3000', 'http://127.0.0.1'])(
    'a page of the origin %s is refused, even with the token',
    async (origin) => {
      const answer = await program.call('POST', '/live/close-all', {}, { origin });
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({ error: { code: 'foreign_origin' } });
    },
  );

  it('a page of our own origin may call', async () => {
    expect((await program.call('GET', '/live/status', undefined, { origin: program.server.origin })).status).toBe(200);
  });

  it('no answer may be framed, sniffed or kept', async () => {
    const { headers } = await program.get('/live/status');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});

describe('signing a browser in', () => {
  async function signIn(): Promise<string> {
    const answer = await program.call('GET', link(), undefined, { authorization: '' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/live_trading.html');
    return answer.headers.get('set-cookie') ?? '';
  }
  const link = () => program.api.createSignInLink(program.server.origin).slice(program.server.origin.length);
  const withCookie = (cookie: string, more: Record<string, string> = {}) =>
    fetch(`${program.server.origin}/live/status`, { headers: { cookie: cookie.split(';')[0] ?? '', ...more } });

  it('the link gives a cookie that scripts cannot read and other sites cannot use', async () => {
    const cookie = await signIn();
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect((await withCookie(cookie)).status).toBe(200);
  });

  it('the link works once', async () => {
    const path = link();
    expect((await program.call('GET', path, undefined, { authorization: '' })).status).toBe(303);
    const again = await program.call('GET', path, undefined, { authorization: '' });
    expect(again.status).toBe(401);
    expect(again.headers.get('set-cookie')).toBeNull();
  });

  it('a look with HEAD does not use the link up', async () => {
    const path = link();
    await program.call('HEAD', path, undefined, { authorization: '' });
    expect((await program.call('GET', path, undefined, { authorization: '' })).status).toBe(303);
  });

  it.each(['cross-site', 'same-site'])('the cookie does not count on a %s request', async (site) => {
    expect((await withCookie(await signIn(), { 'sec-fetch-site': site })).status).toBe(401);
  });

  it('a cookie that was changed, or of another program, is refused', async () => {
    const cookie = (await signIn()).split(';')[0] ?? '';
    expect((await withCookie(cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))).status).toBe(401);
    expect((await withCookie(cookie.replace(/\.\d+\./, `.${Date.now() + 9e12}.`))).status).toBe(401);
  });

  it('the dashboard without a cookie is the sign-in page, and holds no token', async () => {
    const answer = await program.call('GET', '/live_trading.html', undefined, { authorization: '' });
    expect(answer.status).toBe(401);
    expect(answer.body.text).toContain('Sign in');
    expect(answer.body.text).not.toContain(API_TOKEN);
  });

  it('the API token in the form signs in as well, a wrong one does not', async () => {
    const form = (token: string) =>
      fetch(`${program.server.origin}/sign-in`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: program.server.origin },
        body: new URLSearchParams({ token }),
      });
    const good = await form(API_TOKEN);
    expect(good.status).toBe(303);
    expect(good.headers.get('set-cookie')).toContain('SameSite=Strict');
    const bad = await form('guess');
    expect(bad.status).toBe(401);
    expect(bad.headers.get('set-cookie')).toBeNull();
  });

  it('/ leads to the dashboard', async () => {
    const answer = await program.call('GET', '/', undefined, { authorization: '' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/live_trading.html']);
  });
});
