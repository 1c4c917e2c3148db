import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { type ExchangeAddresses, reachable } from '../wire/addresses.ts';
import { listen } from '../wire/listen.ts';
import { createRateLimiter, type RateLimits, REAL_LIMITS } from '../wire/rate-limits.ts';
import { simulatorRoutes } from '../wire/simulator-routes.ts';
import type { PaperExchange } from './exchange.ts';
import { createFrameRelay } from './frame-relay.ts';
import { paperRoutes } from './routes.ts';

export type PaperServerOptions = {
  exchange: PaperExchange;
  /** 0 takes a free one. */
  port: number;
  host?: string;
  /** By which further names /simulator may be called, beside the loopback's. */
  names?: readonly string[];
  /** The real broker's limits on orders unless a test widens them; Kite itself counts what is passed on. */
  limits?: Partial<RateLimits>;
};

export type PaperServer = {
  port: number;
  addresses: Pick<ExchangeAddresses, 'kite_root' | 'ticker_root' | 'login_url'>;
  /** Ends open connections as well. The exchange behind it is left to its owner. */
  close(): Promise<void>;
};

/**
 * Serves a paper exchange as Kite (HTTP, login, ticker) and under /simulator, on one loopback port. Rejects with the system's error when the
 * port is taken (EADDRINUSE).
 */
export async function startPaperServer(options: PaperServerOptions): Promise<PaperServer> {
  const { exchange, host = '127.0.0.1', names = [] } = options;
  const closing = new AbortController();
  const limiter = createRateLimiter({ ...REAL_LIMITS, ...options.limits });
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.route('/', simulatorRoutes({ exchange, names }));
  app.route('/', paperRoutes({ exchange, limiter, closing: closing.signal }));
  const openTicker = () => createFrameRelay(exchange, closing.signal);
  const { port, close } = await listen({ app, openTicker, host, port: options.port });
  const { root, tickerRoot } = reachable(host, port);
  return {
    port,
    addresses: { kite_root: root, ticker_root: tickerRoot, login_url: `${root}/connect/login` },
    async close() {
      closing.abort();
      await close();
    },
  };
}
