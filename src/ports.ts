import { createServer } from 'node:net';

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
