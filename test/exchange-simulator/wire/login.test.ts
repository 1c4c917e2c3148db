import { KiteConnect } from 'kiteconnect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { accessToken, login, postLogin, refusal, type Simulator, startSimulator } from '../exchange-server.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

const headers = (authorization: string, version = '3') => ({ 'X-Kite-Version': version, Authorization: authorization });

describe('logging in', () => {
  it('shows a form and answers it with a redirect that carries the request token and the redirect_params', async () => {
    const { login_url, api_key } = simulator.server.addresses;
    const page = await fetch(
      `${login_url}?v=3&api_key=${api_key}&redirect_params=${encodeURIComponent('state=s1&x=2')}`,
    );
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toMatch(/<form method="post".*state=s1&#38;x=2/s);

    const target = await postLogin(simulator, 'state=s1&x=2');
    expect(target.origin + target.pathname).toBe('http://127.0.0.1:8000/live/auth/complete');
    const { request_token, ...rest } = Object.fromEntries(target.searchParams);
    expect(request_token).toMatch(/^\w{8,}$/);
    expect(rest).toEqual({ action: 'login', status: 'success', state: 's1', x: '2' });
  });

  it('writes redirect_params into the page as text only', async () => {
    const page = await fetch(
      `${simulator.server.addresses.login_url}?redirect_params=${encodeURIComponent('"><script>')}`,
    );
    expect(await page.text()).not.toContain('<script>');
  });

  it("opens a session with the user's fields, login_time in India", async () => {
    const { api_key, api_secret, kite_root } = simulator.server.addresses;
    const kite = new KiteConnect({ api_key, root: kite_root });
    const token = (await postLogin(simulator)).searchParams.get('request_token') ?? '';
    const session = await kite.generateSession(token, api_secret);
    expect(session).toMatchObject({ user_id: simulator.exchange.userId, broker: 'ZERODHA', api_key });
    expect(session.access_token).toMatch(/^\w+$/);
    expect((await kite.getProfile()).user_id).toBe(simulator.exchange.userId);
  });

  it('takes a request token once, and only with the right checksum', async () => {
    const { api_key, api_secret, kite_root } = simulator.server.addresses;
    const kite = new KiteConnect({ api_key, root: kite_root });
    const token = (await postLogin(simulator)).searchParams.get('request_token') ?? '';
    expect(await refusal(kite.generateSession(token, 'another secret'))).toMatchObject({
      error_type: 'TokenException',
    });
    await kite.generateSession(token, api_secret);
    expect(await refusal(kite.generateSession(token, api_secret))).toMatchObject({ error_type: 'TokenException' });
  });

  it('answers 403 TokenException to a wrong token, and 400 without the API version', async () => {
    const wrong = await fetch(`${simulator.root}/user/profile`, { headers: headers('token nobody:nothing') });
    expect(wrong.status).toBe(403);
    expect(await wrong.json()).toEqual({
      status: 'error',
      message: 'Incorrect `api_key` or `access_token`.',
      data: null,
      error_type: 'TokenException',
    });
    const kite = await login(simulator);
    const good = `token ${simulator.server.addresses.api_key}:${accessToken(kite)}`;
    expect((await fetch(`${simulator.root}/user/profile`, { headers: headers(good) })).status).toBe(200);
    expect((await fetch(`${simulator.root}/user/profile`, { headers: headers(good, '2') })).status).toBe(400);
  });

  it('ends a session by DELETE', async () => {
    const kite = await login(simulator);
    await kite.invalidateAccessToken();
    expect(await refusal(kite.getProfile())).toMatchObject({ error_type: 'TokenException' });
  });

  it('answers an unknown route like Kite', async () => {
    const kite = await login(simulator);
    expect(await refusal(kite.getGTTs())).toMatchObject({ error_type: 'GeneralException', message: 'Route not found' });
  });

  it('ends every session at 06:00 of the next market day', async () => {
    const kite = await login(simulator);
    simulator.exchange.clock.set({ market: istAt('2025-07-15', '05:59') });
    await kite.getProfile();
    simulator.exchange.clock.set({ market: istAt('2025-07-15', '06:00:01') });
    expect(await refusal(kite.getProfile())).toMatchObject({ error_type: 'TokenException' });
  });
});
