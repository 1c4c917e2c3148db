import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { portBusy } from '../platform/ports.ts';
import type { Api } from './app.ts';

const IDLE_LOOK_MS = 50;
const COMMANDS_END_MS = 2_000;

export const API_PORT = { purpose: 'the API and the dashboard', variable: 'PORT' };

export type RunningApi = { port: number; origin: string; close(): Promise<void> };

/**
 * Serves the API; port 0 takes any free one. Throws AppError `port_busy` with its remedy.
 * `close` ends event streams and gives commands that are under way two seconds.
 */
export async function startApi({ api, host, port }: { api: Api; host: string; port: number }): Promise<RunningApi> {
  const server = createServer(getRequestListener(api.app.fetch));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portBusy({ port, ...API_PORT }) : error),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return {
    port: bound,
    origin: `http://${name}:${bound}`,
    async close() {
      api.close();
      // A browser keeps its connections and asks again on them: idle ones are closed as they fall idle, the rest after a while.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
      const late = setTimeout(() => server.closeAllConnections(), COMMANDS_END_MS);
      try {
        await new Promise<void>((resolve, reject) => {
          server.close((error) => (error ? reject(error) : resolve()));
        });
      } finally {
        clearInterval(idle);
        clearTimeout(late);
      }
    },
  };
}
