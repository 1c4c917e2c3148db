import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Ticker } from './ticker.ts';

export type Listener = { port: number; close(): Promise<void> };

/** HTTP and the ticker's upgrade on one port; 0 takes a free one. Rejects with the system's error when it is taken (EADDRINUSE). */
export async function listen(options: {
  app: Hono<{ Bindings: HttpBindings }>;
  /** Called once the port is ours. */
  openTicker(): Ticker;
  host: string;
  port: number;
}): Promise<Listener> {
  const { app, openTicker, host, port } = options;
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  // Clients pool connections; one that is closed at the moment of its next use looks like a failure of the broker.
  server.keepAliveTimeout = 75_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const ticker = openTicker();
  server.on('upgrade', ticker.upgrade);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      ticker.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
