import { createAdaptorServer } from '@hono/node-server';
import { AppError } from '../errors.ts';
import type { Api } from './app.ts';

export type RunningApi = { port: number; origin: string; close(): Promise<void> };

/**
 * Serves the API; port 0 takes any free one. Throws AppError `port_busy` with its remedy.
 * `close` ends event streams and waits for commands that are under way.
 */
export async function startApi({ api, host, port }: { api: Api; host: string; port: number }): Promise<RunningApi> {
  const server = createAdaptorServer({ fetch: api.app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? portBusy(port) : error),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return {
    port: bound,
    origin: `http://${name}:${bound}`,
    close: () =>
      new Promise((resolve, reject) => {
        api.close();
        server.close((error) => (error ? reject(error) : resolve()));
        if ('closeIdleConnections' in server) server.closeIdleConnections();
      }),
  };
}

function portBusy(port: number): AppError {
  return new AppError({
    code: 'port_busy',
    message: `Port ${port} is in use by another program. Choose another one: PORT=${port + 1} npm start`,
    httpStatus: 503,
    retryable: true,
  });
}
