/** Links that sign a browser in: used once, explained when used, and always one on the terminal that works. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTokens } from '../../src/api/tokens.ts';
import { API_TOKEN } from './fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { rawRequest } from './fixtures/raw-request.ts';

let program: ApiProgram;
let offers = 0;
beforeAll(async () => {
  program = await startApiProgram({ deps: { offerSignIn: () => void offers++ } });
});
afterAll(() => program.stop());
beforeEach(() => {
  offers = 0;
});

const link = () => program.api.createSignInLink(program.server.origin).slice(program.server.origin.length);
const stranger = (headers: Record<string, string> = {}) => ({ authorization: '', ...headers });
const open = (path: string, headers: Record<string, string> = {}) =>
  program.call('GET', path, undefined, stranger(headers));

function post(headers: Record<string, string>) {
  return fetch(`${program.server.origin}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ token: API_TOKEN }),
  });
}

describe('the sign-in link', () => {
  it('is the same one until it is used, then another one', async () => {
    const first = link();
    expect(link()).toBe(first);
    expect((await open(first)).status).toBe(303);
    expect(link()).not.toBe(first);
    expect((await open(link())).status).toBe(303);
  });

  it('that was used is answered by a page that explains, and the terminal is to show one that works', async () => {
    const used = link();
    await open(used);
    expect(offers).toBe(1);
    const again = await open(used);
    expect(again.status).toBe(401);
    expect(again.headers.get('content-type')).toContain('text/html');
    expect(again.body.text).toContain('This sign-in link was used already');
    expect(again.body.text).toContain('A new link stands in the terminal');
    expect(again.headers.get('set-cookie')).toBeNull();
    expect(offers).toBe(2);
    expect((await open(link())).status).toBe(303);
  });

  it('of an earlier start of the same program counts as used', async () => {
    const earlier = createTokens(API_TOKEN).signInCode();
    expect((await open(`/sign-in?code=${earlier}`)).body.text).toContain('was used already');
    expect(offers).toBe(1);
  });

  it.each(['', 'guess', 'a.9999999999999.b'])('that was never made here, "%s", fills no terminal', async (code) => {
    const answer = await open(`/sign-in?code=${code}`);
    expect([answer.status, offers]).toEqual([401, 0]);
    expect(answer.body.text).toContain('This is no sign-in link of this program');
  });

  it('opened from a page of another site signs in by a page of ours, since a redirect would not carry the cookie', async () => {
    const answer = await open(link(), { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toContain('SameSite=Strict');
    expect(answer.headers.get('refresh')).toBe('0; url=/live_trading.html');
  });

  it('is replaced an hour before it ends', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const tokens = createTokens(API_TOKEN);
      const first = tokens.signInCode();
      vi.advanceTimersByTime(10.9 * 3_600_000);
      expect(tokens.signInCode()).toBe(first);
      vi.advanceTimersByTime(0.2 * 3_600_000);
      expect(tokens.signInCode()).not.toBe(first);
      expect(tokens.useSignInCode(first)).toBe('spent');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the sign-in form', () => {
  it('stands on pages under whose referrer policy a browser names its true origin', async () => {
    const used = link();
    await open(used);
    for (const path of ['/live_trading.html', '/docs', '/sign-in', used]) {
      expect([path, (await open(path)).headers.get('referrer-policy')]).toEqual([path, 'same-origin']);
    }
    const wrong = await fetch(`${program.server.origin}/sign-in`, { method: 'POST', body: new URLSearchParams() });
    expect([wrong.status, wrong.headers.get('referrer-policy')]).toEqual([401, 'same-origin']);
    expect((await program.get('/live/status')).headers.get('referrer-policy')).toBe('no-referrer');
  });

  it.each([
    ['from a sandboxed frame or a data: page', { origin: 'null' }],
    ['from another site', { origin: 'https://evil.example' }],
    ['from another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['by a browser that leaves Origin out, from another site', { 'sec-fetch-site': 'cross-site' }],
    ['by a browser that leaves Origin out, from another port', { 'sec-fetch-site': 'same-site' }],
  ] as [string, Record<string, string>][])('posted %s is refused, whatever it knows', async (_, headers) => {
    const answer = await post(headers);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    expect(await answer.json()).toMatchObject({ error: { code: 'foreign_origin' } });
  });

  it('posted to a host name that is not ours (DNS rebinding) is refused, and so is the link', async () => {
    const host = `rebound.example:${program.server.port}`;
    const path = link();
    for (const [method, asked] of [
      ['POST', '/sign-in'],
      ['GET', path],
    ] as const) {
      const answer = await rawRequest(program.server.port, method, asked, { host, origin: `http://${host}` });
      expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([403, 'foreign_host']);
    }
    expect((await open(path)).status).toBe(303);
  });
});
