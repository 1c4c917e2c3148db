/** The web UI of the embedded server as a browser on this machine reaches it. By itself it answers to every page of every site. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { LOOPBACK, portBusy } from '../platform/ports.ts';
import { foreignness, LOOPBACK_NAMES } from '../platform/request-origin.ts';

export type WebUi = {
  url: string;
  /** The UI's own port: another one whenever its server has been started again. */
  leadTo(port: number): void;
  close(): Promise<void>;
};

const NAMES = new Set(LOOPBACK_NAMES);

/** Serves on `port` of the loopback address what the UI answers, for loopback names and its own pages alone. Throws AppError `port_busy`. */
export async function serveWebUi(port: number): Promise<WebUi> {
  let target: number | null = null;
  const server = createServer((asked, answer) => {
    const { host, origin } = asked.headers;
    if (foreignness({ host, origin }, NAMES)) {
      return say(answer, 403, `The Temporal UI answers to http://localhost:${port} and its own pages alone.`);
    }
    void passOn(asked, answer, target);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? portBusy({ port, purpose: 'the Temporal web UI', variable: 'TEMPORAL_UI_PORT' })
          : error,
      ),
    );
    server.listen(port, LOOPBACK, resolve);
  });
  return {
    url: `http://${LOOPBACK}:${port}`,
    leadTo(own) {
      target = own;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function passOn(asked: IncomingMessage, answer: ServerResponse, port: number | null): Promise<void> {
  if (port === null) return say(answer, 502, 'The Temporal server is starting.');
  const { method, url: path, headers } = asked;
  const passed = request({ host: LOOPBACK, port, method, path, headers });
  // A browser that has gone wants no answer.
  answer.once('close', () => passed.destroy());
  try {
    const [given] = await Promise.all([
      new Promise<IncomingMessage>((resolve, reject) => {
        passed.once('response', resolve);
        passed.on('error', reject);
      }),
      pipeline(asked, passed),
    ]);
    answer.writeHead(given.statusCode ?? 502, given.headers);
    await pipeline(given, answer);
  } catch {
    if (answer.headersSent) answer.destroy();
    else say(answer, 502, 'The Temporal UI does not answer; it is started again with its server.');
  }
}

function say(answer: ServerResponse, status: number, text: string): void {
  answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  answer.end(`${text}\n`);
}
