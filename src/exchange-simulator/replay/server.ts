import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Exchange } from '../core/types.ts';
import { type ExchangeAddresses, reachable } from '../wire/addresses.ts';
import { breeze, SECURITY_MASTER_PATH } from '../wire/breeze.ts';
import type { ExchangeKeys } from '../wire/keys.ts';
import { kite } from '../wire/kite.ts';
import { kiteLogin } from '../wire/kite-login.ts';
import { listen } from '../wire/listen.ts';
import { createRateLimiter, type RateLimits, REAL_LIMITS } from '../wire/rate-limits.ts';
import { simulatorRoutes } from '../wire/simulator-routes.ts';
import { createTicker } from '../wire/ticker.ts';
import type { Wire } from '../wire/wire.ts';

export type ExchangeServerOptions = {
  exchange: Exchange;
  /** 0 takes a free one. */
  port: number;
  host?: string;
  /** By which further names /simulator may be called, beside the loopback's. */
  names?: readonly string[];
  /** Where the login page sends the browser with its request token. */
  redirectUrl: string;
  keys: ExchangeKeys;
  /** The real brokers' limits unless a test widens them. */
  limits?: Partial<RateLimits>;
};

export type ExchangeServer = {
  port: number;
  addresses: ExchangeAddresses;
  /** Ends open connections as well. The exchange behind it is left to its owner. */
  close(): Promise<void>;
};

/**
 * Serves an exchange as Kite (HTTP, login page, ticker), as Breeze and under /simulator, all on one loopback port. Rejects with the
 * system's error when the port is taken (EADDRINUSE).
 */
export async function startExchangeServer(options: ExchangeServerOptions): Promise<ExchangeServer> {
  const host = options.host ?? '127.0.0.1';
  const closing = new AbortController();
  const wire: Wire = {
    exchange: options.exchange,
    keys: options.keys,
    redirectUrl: options.redirectUrl,
    limiter: createRateLimiter({ ...REAL_LIMITS, ...options.limits }),
    closing: closing.signal,
  };

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.route('/', simulatorRoutes({ ...wire, ...(options.names ? { names: options.names } : {}) }));
  app.route('/', kiteLogin(wire));
  app.route('/', breeze(wire));
  app.route('/', kite(wire));

  const { port, close } = await listen({ app, openTicker: () => createTicker(wire), host, port: options.port });
  return {
    port,
    addresses: addressesOf(host, port, options.keys),
    async close() {
      closing.abort();
      await close();
    },
  };
}

function addressesOf(host: string, port: number, keys: ExchangeKeys): ExchangeAddresses {
  const { root, tickerRoot } = reachable(host, port);
  return {
    kite_root: root,
    ticker_root: tickerRoot,
    login_url: `${root}/connect/login`,
    breeze_root: root,
    security_master_url: `${root}${SECURITY_MASTER_PATH}`,
    api_key: keys.apiKey,
    api_secret: keys.apiSecret,
    breeze_api_key: keys.breezeApiKey,
    breeze_api_secret: keys.breezeApiSecret,
    breeze_session: keys.breezeSession,
  };
}
