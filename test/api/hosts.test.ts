/** By which names the API of a program is called: HOST, ALLOWED_HOSTS and PUBLIC_URL, from the environment to the answer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { freePort } from '../../src/platform/ports.ts';
import { createShutdownHooks, type ShutdownHooks } from '../../src/platform/shutdown-hooks.ts';
import { type ServedApi, serveApi } from '../../src/runtime/api-server.ts';
import { sharedJournal } from '../shared-journal.ts';
import { API_TOKEN, apiDeps, stoppedAt } from './fixtures/api-deps.ts';
import { rawRequest } from './fixtures/raw-request.ts';

let dataDir: string;
/** Nothing listens there: no route of these tests asks it. */
const connection = Connection.lazy({ address: '127.0.0.1:9' });
const shutdownHooks: ShutdownHooks = createShutdownHooks();
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trading-day-hosts-'));
});
afterAll(async () => {
  await shutdownHooks.closeAll((text) => {
    throw new Error(text);
  });
  await connection.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function serve(env: Record<string, string>): Promise<{ port: number; served: ServedApi }> {
  const port = await freePort();
  const config = loadConfig({ API_TOKEN, DATA_DIR: dataDir, PORT: `${port}`, LOG_LEVEL: 'silent', ...env });
  const { logger, redactor } = createLogger({ level: 'silent', secrets: config.secrets });
  const signal = new AbortController().signal;
  const clock = () => stoppedAt('2025-07-14', '11:42:07');
  const journal = await sharedJournal();
  const deps = apiDeps({ client: new Client({ connection }), journal, clock, account: () => 'T0', logged: [] });
  return { port, served: await serveApi({ config, logger, redactor, shutdownHooks, signal }, deps) };
}

async function statusAt(port: number, host: string): Promise<number> {
  const { status } = await rawRequest(port, 'GET', '/openapi.json', { host, authorization: `Bearer ${API_TOKEN}` });
  return status;
}

describe('the names of the API', () => {
  it('are loopback names alone, even bound to every address; the refusal names the setting', async () => {
    const { port, served } = await serve({ HOST: '0.0.0.0' });
    expect(await statusAt(port, `127.0.0.1:${port}`)).toBe(200);
    const refused = await rawRequest(port, 'GET', '/live/status', { host: `192.168.1.5:${port}` });
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { code: 'foreign_host', message: expect.stringContaining('ALLOWED_HOSTS') },
    });
    expect(served).toMatchObject({ origin: `http://127.0.0.1:${port}`, ownOrigin: `http://127.0.0.1:${port}` });
  });

  it('are those of ALLOWED_HOSTS and PUBLIC_URL besides, and no other', async () => {
    const { port } = await serve({ ALLOWED_HOSTS: 'Mine.example,192.168.1.5', PUBLIC_URL: 'https://trading.example' });
    for (const name of ['mine.example', '192.168.1.5:8000', 'trading.example', 'localhost']) {
      expect([name, await statusAt(port, name)]).toEqual([name, 200]);
    }
    expect(await statusAt(port, 'other.example')).toBe(403);
  });

  it('in its links are that of PUBLIC_URL, and the sign-in link works there once', async () => {
    const { port, served } = await serve({ PUBLIC_URL: 'http://trading.example:8001' });
    expect(served).toMatchObject({ origin: 'http://trading.example:8001', ownOrigin: `http://127.0.0.1:${port}` });
    const { origin, pathname, search } = new URL(served.signInLink());
    expect(origin).toBe('http://trading.example:8001');
    const open = () => rawRequest(port, 'GET', `${pathname}${search}`, { host: 'trading.example:8001' });
    expect((await open()).status).toBe(303);
    expect((await open()).status).toBe(401);
  });
});
