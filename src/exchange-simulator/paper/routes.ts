import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { SimRefusal } from '../core/types.ts';
import { countRequest } from '../wire/kite.ts';
import { kitePositions } from '../wire/kite-account.ts';
import { failure, missing, success } from '../wire/kite-envelope.ts';
import { kiteOrders } from '../wire/kite-orders.ts';
import type { RateLimiter } from '../wire/rate-limits.ts';
import type { PaperExchange } from './exchange.ts';
import type { PaperSession } from './sessions.ts';
import { readEnvelope, type UpstreamAnswer } from './upstream.ts';

/** Wall milliseconds: less than the official clients wait. The list of instruments and long candles take their time. */
const TIMEOUT_MS = 5_000;
const LONG_TIMEOUT_MS = 60_000;

/** What a client says to Kite of itself. */
const PASSED_HEADERS = ['authorization', 'x-kite-version', 'content-type', 'user-agent', 'accept'];

type Env = { Bindings: HttpBindings; Variables: { session: PaperSession } };

export type PaperRoutesOptions = {
  exchange: PaperExchange;
  limiter: RateLimiter;
  closing: AbortSignal;
};

/** Kite Connect v3 on paper: orders, trades and positions from our book, everything else that only reads from Kite itself. */
export function paperRoutes({ exchange, limiter, closing }: PaperRoutesOptions): Hono<Env> {
  const app = new Hono<Env>();
  const { upstream, sessions } = exchange;

  async function ask(c: Context<Env>, query?: string): Promise<UpstreamAnswer> {
    const { pathname, search } = new URL(c.req.url);
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    for (const name of PASSED_HEADERS) {
      const value = c.req.header(name);
      if (value) headers[name] = value;
    }
    const isLong = pathname.startsWith('/instruments');
    // The instruments stay zipped on their way.
    if (isLong) headers['accept-encoding'] = c.req.header('accept-encoding') ?? 'identity';
    const { method } = c.req;
    const answer = await upstream.forward({
      ...{ method, path: pathname + (query ?? search), headers, timeoutMs: isLong ? LONG_TIMEOUT_MS : TIMEOUT_MS },
      ...(method === 'GET' ? {} : { body: await c.req.text() }),
    });
    const authorization = headers.authorization;
    if (authorization && answer.status < 300) sessions.seen(authorization);
    if (authorization && readEnvelope(answer)?.error_type === 'TokenException') sessions.forget(authorization);
    return answer;
  }

  const pass = async (c: Context<Env>) => passOn(await ask(c));

  const requireSession: MiddlewareHandler<Env> = async (c, next) => {
    c.set('session', await sessions.check(c.req.header('Authorization') ?? ''));
    await next();
  };

  app.get('/connect/login', (c) => {
    const target = new URL(exchange.kite.loginUrl);
    for (const [name, value] of new URL(c.req.url).searchParams) target.searchParams.set(name, value);
    return c.redirect(target.href, 302);
  });
  for (const path of ['/session/token', '/session/refresh_token'])
    app.post(path, async (c) => {
      const answer = await ask(c);
      if (answer.status < 300) sessions.loggedIn(readEnvelope(answer)?.data);
      return passOn(answer);
    });
  app.delete('/session/token', async (c) => {
    const answer = await ask(c);
    if (answer.status < 300) sessions.forget(`token ${c.req.query('api_key')}:${c.req.query('access_token')}`);
    return passOn(answer);
  });

  for (const path of ['/orders/*', '/trades', '/portfolio/positions'])
    app.use(path, countRequest({ limiter }), requireSession);
  app.post('/orders/:variety', async (c, next) => {
    const tradingsymbol = new URLSearchParams(await c.req.text()).get('tradingsymbol');
    if (!tradingsymbol) throw missing('tradingsymbol');
    await exchange.ready(c.get('session'), tradingsymbol);
    await next();
  });
  app.put('/orders/:variety/:id', async (c, next) => {
    const order = exchange.order(c.req.param('id'));
    if (order) await exchange.ready(c.get('session'), order.tradingsymbol);
    await next();
  });
  app.route('/', kiteOrders({ exchange, closing }));
  app.route('/', kitePositions(exchange));

  app.get('/user/margins', requireSession, async (c) => {
    const answer = await ask(c);
    const data = readEnvelope(answer)?.data;
    if (answer.status >= 300 || typeof data !== 'object' || data === null) return passOn(answer);
    const equity = await exchange.funds(c.get('session'), 'equity' in data ? data.equity : null);
    return success(c, { ...data, equity });
  });
  app.get('/user/margins/equity', requireSession, async (c) => {
    const answer = await ask(c);
    if (answer.status >= 300) return passOn(answer);
    return success(c, await exchange.funds(c.get('session'), readEnvelope(answer)?.data));
  });

  app.get('/user/*', pass);
  app.get('/quote/ohlc', pass);
  app.get('/quote/ltp', pass);
  app.get('/quote', async (c) => {
    const answer = await ask(c);
    if (answer.status < 300) exchange.learnQuotes(readEnvelope(answer)?.data);
    return passOn(answer);
  });
  app.get('/instruments', pass);
  app.get('/instruments/*', pass);
  app.get('/portfolio/holdings', pass);
  app.post('/margins/orders', pass);
  // The positions that Kite would consider are the account's real ones.
  app.post('/margins/basket', async (c) => {
    const query = new URLSearchParams({ ...c.req.query(), consider_positions: 'false' });
    return passOn(await ask(c, `?${query}`));
  });
  app.post('/charges/orders', pass);

  // Whatever else there is at Kite could move real money: it is not passed on.
  app.all('*', () => {
    throw new SimRefusal(404, 'GeneralException', 'Route not found: the paper exchange does not pass this on to Kite.');
  });
  app.onError((error, c) => failure(c, error));
  return app;
}

function passOn({ status, headers, body }: UpstreamAnswer): Response {
  return new Response(body.length > 0 ? new Uint8Array(body) : null, { status, headers });
}
