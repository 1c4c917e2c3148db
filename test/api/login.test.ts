import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

async function newState(): Promise<string> {
  const { body } = await program.get('/live/auth/login-url');
  const url = new URL(String(body.login_url));
  return new URLSearchParams(url.searchParams.get('redirect_params') ?? '').get('state') ?? '';
}

/** As the browser arrives from the broker: no token, no cookie, from another site. */
const redirect = (query: Record<string, string>) =>
  program.call('GET', `/live/auth/complete?${new URLSearchParams(query)}`, undefined, {
    authorization: '',
    'sec-fetch-site': 'cross-site',
  });

describe('POST /live/auth/complete', () => {
  it('opens the day, hands it the sealed token and answers when the broker accepted it', async () => {
    const answer = await program.post('/live/auth/complete', { request_token: 'rt-secret-123' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      authenticated: true,
      user_id: 'AB1234',
      expires_at: '2025-07-15T06:00:00+05:30',
    });
    expect(program.opened).toHaveLength(1);
    expect(JSON.stringify(await program.received())).not.toContain('rt-secret-123');
  });

  it('answers 401 auth_refused with the words of the broker', async () => {
    await program.openDay();
    await program.change({ login: 'refused' });
    const answer = await program.post('/live/auth/complete', { request_token: 'stale' });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({
      error: { code: 'auth_refused', details: { reason: 'Token is invalid or has expired.' } },
    });
    expect((await program.get('/live/auth/status')).body).toMatchObject({
      authenticated: false,
      refused: 'Token is invalid or has expired.',
    });
  });

  it('answers 202 while the exchange goes on', async () => {
    await program.openDay();
    await program.change({ login: 'hangs' });
    const answer = await program.post('/live/auth/complete', { request_token: 'slow' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: true });
  });

  it('a second login of a day that runs does not open it again', async () => {
    await program.post('/live/auth/complete', { request_token: 'first' });
    await program.post('/live/auth/complete', { request_token: 'second' });
    expect(program.opened).toHaveLength(1);
    expect(await program.received()).toHaveLength(2);
  });

  it('on a holiday nothing is opened: 409 market_closed names the next trading day', async () => {
    program.setClock('2025-07-13', '11:00');
    const answer = await program.post('/live/auth/complete', { request_token: 'rt' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      error: { code: 'market_closed', details: { next_trading_day: '2025-07-14' } },
    });
    expect(program.opened).toEqual([]);
  });

  it('after the close nothing is opened: 409 day_over', async () => {
    program.setClock('2025-07-14', '15:30');
    const answer = await program.post('/live/auth/complete', { request_token: 'rt' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ error: { code: 'day_over', details: { next_trading_day: '2025-07-15' } } });
    expect(program.opened).toEqual([]);
  });

  it.each([
    [{}, 'malformed'],
    [{ request_token: 7 }, 'malformed'],
    [{ request_token: 'a', extra: 1 }, 'unknown_field'],
    ['{"request_token":', 'malformed'],
  ])('refuses the body %j with 400', async (body, code) => {
    const answer = await program.post('/live/auth/complete', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code } });
  });
});

describe("the broker's redirect", () => {
  it('with the state that the login URL handed out logs in, without token or cookie, and leads to the dashboard', async () => {
    const answer = await redirect({ request_token: 'rt', status: 'success', state: await newState() });
    expect(answer.status).toBe(200);
    expect(answer.body.text).toContain('Logged in as AB1234');
    expect(answer.body.text).toContain('href="/live_trading.html"');
  });

  it('a state works once', async () => {
    const state = await newState();
    await redirect({ request_token: 'rt', status: 'success', state });
    expect((await redirect({ request_token: 'rt2', status: 'success', state })).status).toBe(401);
    expect(await program.received()).toHaveLength(1);
  });

  it.each([
    ['a foreign state', { request_token: 'rt', status: 'success', state: 'made.up.state' }],
    ['no state', { request_token: 'rt', status: 'success' }],
  ])('%s is refused, and nothing is opened', async (_, query) => {
    expect((await redirect(query)).status).toBe(401);
    expect(program.opened).toEqual([]);
  });

  it('a login that was broken off changes nothing', async () => {
    expect((await redirect({ status: 'cancelled', state: await newState() })).status).toBe(401);
    expect(program.opened).toEqual([]);
  });

  it('needs no state with the API token', async () => {
    const answer = await program.get('/live/auth/complete?request_token=TOKEN');
    expect(answer.status).toBe(200);
    expect(answer.body.text).toContain('Logged in as AB1234');
  });

  it('a refusal is shown with the words of the broker as text', async () => {
    await program.openDay();
    await program.change({ login: 'refused' });
    const answer = await redirect({ request_token: 'rt', status: 'success', state: await newState() });
    expect(answer.status).toBe(401);
    expect(answer.body.text).toContain('Token is invalid or has expired.');
  });
});

describe('GET /live/auth/status', () => {
  it('says who is logged in until when, and that Breeze is not configured', async () => {
    await program.post('/live/auth/complete', { request_token: 'rt' });
    expect((await program.get('/live/auth/status')).body).toMatchObject({
      authenticated: true,
      user_id: 'AB1234',
      expires_at: '2025-07-15T06:00:00+05:30',
      broker: 'zerodha',
      data_provider: { authenticated: false },
    });
  });

  it('a session of yesterday is none', async () => {
    await program.journal.addSession(await program.identity(), {
      userId: 'AB1234',
      sealedAccessToken: 'sealed',
      since: Date.parse('2025-07-13T08:50:00+05:30'),
      expiresAt: Date.parse('2025-07-14T06:00:00+05:30'),
    });
    expect((await program.get('/live/auth/status')).body).toMatchObject({ authenticated: false, user_id: null });
  });
});
