/** Notices, each as plain as it can be, and a receiver that a test commands. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeptNotice, NoticeInput } from '../../src/contract/notices.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { Account } from '../../src/journal/types.ts';

export const AT = istAt('2025-07-14', '11:20');
export const ACCOUNT: Account = { mode: 'live', account: 'ZX0001', run: 1 };

export function input(id: string, change: Partial<NoticeInput> = {}): NoticeInput {
  return { id, kind: 'raised', cause: 'unprotected', subject: 'P1', text: `text of ${id}`, since: AT, ...change };
}

export function kept(id: string, change: Partial<KeptNotice> = {}): KeptNotice {
  const notice = { ...input(id), at: AT, account: 'ZX0001', mode: 'live', date: '2025-07-14' } as const;
  return { notice, queuedAt: AT, deliveredAt: null, ...change };
}

type Received = {
  headers: IncomingHttpHeaders;
  body: string;
  path: string;
  id: string;
  text: string;
  kind: string;
};
/** `answer` is the status, or null for none at all. */
export type Receiver = {
  url: string;
  received: Received[];
  answer(how: (id: string) => number | null): void;
  close(): Promise<void>;
};

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer: (id: string) => number | null = () => 204;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { id, text, kind } = JSON.parse(body) as { id: string; text: string; kind: string };
    received.push({ headers: request.headers, body, path: request.url ?? '', id, text, kind });
    const status = answer(id);
    if (status === null) return;
    const headers = status === 302 ? { location: '/elsewhere' } : {};
    response.writeHead(status, headers).end(status === 204 ? undefined : 'words of the receiver');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=in-the-address`,
    received,
    answer(how) {
      answer = how;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
