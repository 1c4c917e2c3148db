/** What a web page that the owner has open, of whatever site, can do to the embedded Temporal server: nothing. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/platform/ports.ts';
import { connectTemporal, type TemporalClient } from '../../src/temporal/client.ts';
import { commandLineOf } from '../../src/temporal/processes.ts';
import { startTemporalServer, type TemporalServer } from '../../src/temporal/server.ts';
import { rawRequest } from '../api/fixtures/raw-request.ts';

const DAY = 'day:replay:ZX0001:1:2025-07-14';
let dataDir: string;
let uiPort: number;
let server: TemporalServer;
let temporal: TemporalClient;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trading-day-doors-'));
  uiPort = await freePort();
  server = await startTemporalServer({ dataDir, namespace: 'default', address: null, uiPort, env: process.env });
  temporal = await connectTemporal({ address: server.address, namespace: 'default' });
  await temporal.client.workflow.start('tradingDay', { taskQueue: 'nobody', workflowId: DAY });
});
afterAll(async () => {
  await temporal?.close();
  await server?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function recorded(): Promise<{ pid: number; privateUiPort: number }> {
  return JSON.parse(await readFile(join(dataDir, 'temporal.json'), 'utf8'));
}

async function signalsOf(workflowId: string): Promise<string[]> {
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName ?? []);
}

describe('the HTTP API of the embedded Temporal server', () => {
  const END_EVERYTHING = JSON.stringify({
    jobId: 'j1',
    reason: 'x',
    visibilityQuery: 'ExecutionStatus="Running"',
    terminationOperation: { identity: 'x' },
  });

  it('takes nothing, so that no page can end the day with a simple request', async () => {
    const port = / --http-port (\d+)/.exec((await commandLineOf((await recorded()).pid)) ?? '')?.[1];
    const running = async () => (await temporal.client.workflow.count('ExecutionStatus="Running"')).count;
    await expect.poll(running).toBe(1);
    const root = `http://127.0.0.1:${port}/api/v1/namespaces/default`;
    const answer = await fetch(`${root}/batch-operations/j1`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', origin: 'http://evil.com' },
      body: END_EVERYTHING,
    });
    expect(answer.status).toBe(403);
    expect((await fetch(`${root}/workflows`)).status).toBe(403);
  });
});

describe('the Temporal UI', () => {
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    rawRequest(uiPort, method, path, headers);

  it.each(['evil.com', 'evil.com:8233', '127.0.0.1.evil.com', 'localhost.evil.com'])(
    'does not answer to the host name %s (DNS rebinding)',
    async (host) => {
      const answer = await ask('GET', '/api/v1/settings', { host });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('The Temporal UI answers to');
    },
  );

  it.each(['http://evil.com', 'null', 'http://127.0.0.1:1'])('refuses pages of the origin %s', async (origin) => {
    const host = `127.0.0.1:${uiPort}`;
    for (const method of ['GET', 'POST']) {
      expect((await ask(method, '/api/v1/settings', { host, origin })).status).toBe(403);
    }
  });

  it('is where no page can guess it but for the port that refuses them', async () => {
    const { pid, privateUiPort } = await recorded();
    expect(privateUiPort).not.toBe(uiPort);
    expect(await commandLineOf(pid)).toContain(` --ui-port ${privateUiPort}`);
  });

  it.each(['127.0.0.1', 'localhost', 'LOCALHOST'])('lets its own pages at %s read', async (name) => {
    const host = `${name}:${uiPort}`;
    const answer = await ask('GET', '/api/v1/settings', { host, origin: `http://${host}` });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ ShowTemporalSystemNamespace: false });
  });

  it('lets its own pages send a signal', async () => {
    const origin = `http://127.0.0.1:${uiPort}`;
    const settings = await fetch(`${origin}/api/v1/settings`);
    const token = /_csrf=([^;]+)/.exec(settings.headers.get('set-cookie') ?? '')?.[1] ?? '';
    const path = `/api/v1/namespaces/default/workflows/${encodeURIComponent(DAY)}/signal/hello`;
    const send = async () => {
      const { status } = await fetch(`${origin}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin, cookie: `_csrf=${token}`, 'x-csrf-token': token },
        body: JSON.stringify({ signalName: 'hello', workflowExecution: { workflowId: DAY } }),
      });
      return status;
    };
    // It tries its server anew only a second after it found it still starting.
    await expect.poll(send).toBe(200);
    expect(await signalsOf(DAY)).toEqual(['hello']);
  });

  it('is there again, at the same address, when the server was started again', async () => {
    const complaints: string[] = [];
    server.keepAlive((text) => complaints.push(text));
    const before = await recorded();
    process.kill(before.pid, 'SIGKILL');
    await expect.poll(async () => (await recorded()).pid).not.toBe(before.pid);
    const status = async () => (await fetch(`${server.uiUrl}/api/v1/settings`)).status;
    await expect.poll(status).toBe(200);
    expect(complaints).toHaveLength(1);
  });
});
