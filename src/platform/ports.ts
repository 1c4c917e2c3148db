import { createServer } from 'node:net';
import { AppError } from '../errors.ts';

export const LOOPBACK = '127.0.0.1';

/** Whether a server could listen on this TCP port of `host` now. */
export async function portIsFree(port: number, host = LOOPBACK): Promise<boolean> {
  return (await listenOn(port, host)) !== null;
}

/** A TCP port of the loopback address that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const port = await listenOn(0, LOOPBACK);
  if (port === null) throw new Error('no port is free on the loopback address');
  return port;
}

/** A port that the program needs and that another one has: says which, for what, and how to take another. */
export function portBusy(busy: { port: number; purpose: string; variable: string }): AppError {
  const { port, purpose, variable } = busy;
  return new AppError({
    code: 'port_busy',
    message: `Port ${port}, for ${purpose}, is in use by another program. Choose another one: ${variable}=${port + 1} npm start`,
    httpStatus: 503,
    retryable: false,
    details: { port, variable },
  });
}

/** Throws `portBusy` when nobody could listen on it now. */
export async function refuseBusyPort(needed: {
  port: number;
  host?: string;
  purpose: string;
  variable: string;
}): Promise<void> {
  if (!(await portIsFree(needed.port, needed.host))) throw portBusy(needed);
}

function listenOn(port: number, host: string): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(null));
    probe.listen(port, host, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
