import type { HttpBindings } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import { SimRefusal } from '../core/types.ts';
import { kiteAccount } from './kite-account.ts';
import { failure, inputRefusal } from './kite-envelope.ts';
import { kiteFaults } from './kite-faults.ts';
import { kiteMargins } from './kite-margins.ts';
import { kiteMarket } from './kite-market.ts';
import { kiteOrders } from './kite-orders.ts';
import type { Wire } from './wire.ts';

/** Everything of Kite Connect v3 that needs a session. Mounted last: what it does not know is Kite's "Route not found". */
export function kite(wire: Wire): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(countRequest(wire));
  app.use(kiteFaults(wire));
  app.use(requireSession(wire));
  app.route('/', kiteOrders(wire));
  app.route('/', kiteAccount(wire));
  app.route('/', kiteMargins(wire));
  app.route('/', kiteMarket(wire));
  app.all('*', () => {
    throw new SimRefusal(404, 'GeneralException', 'Route not found');
  });
  app.onError((error, c) => failure(c, error));
  return app;
}

/** Refuses what is over the broker's limits. */
export function countRequest({ limiter }: Pick<Wire, 'limiter'>): MiddlewareHandler {
  return async (c, next) => {
    if (!limiter.kite(c.req.path, c.req.method)) throw new SimRefusal(429, 'NetworkException', 'Too many requests');
    await next();
  };
}

function requireSession({ exchange, keys }: Wire): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.header('X-Kite-Version') !== '3') throw inputRefusal('Missing or invalid `X-Kite-Version` header.');
    const credentials = /^token ([^:]+):(.+)$/.exec(c.req.header('Authorization') ?? '');
    if (credentials?.[1] !== keys.apiKey || !credentials[2] || !exchange.sessionAlive(credentials[2]))
      throw new SimRefusal(403, 'TokenException', 'Incorrect `api_key` or `access_token`.');
    await next();
  };
}
