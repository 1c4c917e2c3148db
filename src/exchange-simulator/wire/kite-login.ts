import { Hono } from 'hono';
import { SimRefusal } from '../core/types.ts';
import { sha256 } from './checksum.ts';
import { brokerTime } from './format.ts';
import { failure, inputRefusal, missing, success } from './kite-envelope.ts';
import type { Wire } from './wire.ts';

const EXCHANGES = ['NSE', 'NFO'];
const PRODUCTS = ['MIS', 'NRML'];
const ORDER_TYPES = ['MARKET', 'LIMIT', 'SL', 'SL-M'];

/** The login page, and the exchange of a request token for a session (K-docs: "User", "Login flow"). */
export function kiteLogin(wire: Wire): Hono {
  const app = new Hono();
  const { exchange, keys } = wire;

  // There is one app, so a link without its key means it: the printed address works when typed in.
  const checkApp = (apiKey: string | undefined) => {
    if (apiKey && apiKey !== keys.apiKey) throw inputRefusal('Invalid `api_key`.');
  };

  app.get('/connect/login', (c) => {
    checkApp(c.req.query('api_key'));
    return c.html(loginPage(exchange.userId, keys.apiKey, c.req.query('redirect_params') ?? ''));
  });

  app.post('/connect/login', async (c) => {
    const form = await c.req.parseBody();
    const field = (name: string) => (typeof form[name] === 'string' ? form[name] : c.req.query(name));
    checkApp(field('api_key'));
    const target = new URL(wire.redirectUrl);
    target.searchParams.set('request_token', exchange.newRequestToken());
    target.searchParams.set('action', 'login');
    target.searchParams.set('status', 'success');
    for (const [name, value] of new URLSearchParams(field('redirect_params') ?? ''))
      target.searchParams.set(name, value);
    return c.redirect(target.href, 302);
  });

  app.post('/session/token', async (c) => {
    const form = await c.req.parseBody();
    const field = (name: string): string => {
      const value = form[name];
      if (typeof value !== 'string' || value === '') throw missing(name);
      return value;
    };
    const requestToken = field('request_token');
    if (field('api_key') !== keys.apiKey) throw new SimRefusal(403, 'TokenException', 'Invalid `api_key`.');
    if (field('checksum').toLowerCase() !== sha256(keys.apiKey + requestToken + keys.apiSecret))
      throw new SimRefusal(403, 'TokenException', 'Invalid `checksum`.');
    const session = exchange.exchangeRequestToken(requestToken);
    return success(c, {
      ...profileOf(exchange.userId),
      api_key: keys.apiKey,
      access_token: session.accessToken,
      public_token: session.publicToken,
      enctoken: '',
      refresh_token: '',
      silo: '',
      login_time: brokerTime(session.loginAt),
    });
  });

  app.delete('/session/token', (c) => {
    const accessToken = c.req.query('access_token');
    if (c.req.query('api_key') !== keys.apiKey || !accessToken || !exchange.sessionAlive(accessToken))
      throw new SimRefusal(403, 'TokenException', 'Incorrect `api_key` or `access_token`.');
    exchange.killSessions();
    return success(c, true);
  });

  app.onError((error, c) => failure(c, error));
  return app;
}

/** The user as `/user/profile` and the session's answer show them. */
export function profileOf(userId: string) {
  return {
    user_id: userId,
    user_type: 'individual',
    email: `${userId.toLowerCase()}@simulator.invalid`,
    user_name: 'Simulated Account',
    user_shortname: 'Simulated',
    broker: 'ZERODHA',
    exchanges: EXCHANGES,
    products: PRODUCTS,
    order_types: ORDER_TYPES,
    avatar_url: null,
    meta: { demat_consent: 'physical' },
  };
}

function loginPage(userId: string, apiKey: string, redirectParams: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Login – simulated exchange</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1.2rem}</style></head>
<body>
<h1>Simulated exchange</h1>
<p>This stands in for the broker's login. No password is asked for, and no real account is touched.</p>
<form method="post" action="/connect/login">
<input type="hidden" name="api_key" value="${escapeHtml(apiKey)}">
<input type="hidden" name="redirect_params" value="${escapeHtml(redirectParams)}">
<button type="submit">Log in as ${escapeHtml(userId)}</button>
</form>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
