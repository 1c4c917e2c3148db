import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };

/** Answers whatever a test wants and remembers what it was asked: for answers that no healthy broker gives. */
export async function scriptedServer() {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const call = { method, url, headers, body: Buffer.concat(chunks).toString() };
      seen.push(call);
      script.answer(call, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const script = {
    root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer: (_request: Seen, _response: ServerResponse): void => undefined,
    /** Answers Kite's envelope with this data from now on. */
    gives(data: unknown): void {
      script.answer = (_request, response) => json(response, 200, { status: 'success', data });
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
  return script;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** The error that a call ended with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
