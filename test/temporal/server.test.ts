import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/identity.ts';
import { freePort } from '../../src/platform/ports.ts';
import { findProgram } from '../../src/temporal/binaries.mjs';
import { connectTemporal } from '../../src/temporal/client.ts';
import { commandLineOf, endProcess } from '../../src/temporal/processes.ts';
import { startTemporalServer, type TemporalServer } from '../../src/temporal/server.ts';

const NAMESPACE = 'default';
let dataDir: string;
let running: TemporalServer[];

beforeEach(async () => {
  // A blank in its name: command lines are compared as one string.
  dataDir = await mkdtemp(join(tmpdir(), 'trading day temporal-'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

type Change = { address?: string; uiPort?: number; dataDir?: string; env?: NodeJS.ProcessEnv };

async function start(change: Change = {}): Promise<TemporalServer> {
  const uiPort = change.uiPort ?? (await freePort());
  const server = await startTemporalServer({
    dataDir: change.dataDir ?? dataDir,
    namespace: NAMESPACE,
    address: change.address ?? null,
    uiPort,
    env: change.env ?? process.env,
  });
  running.push(server);
  return server;
}

async function pidOf(): Promise<number> {
  return JSON.parse(await readFile(join(dataDir, 'temporal.json'), 'utf8')).pid;
}

async function countOf(server: TemporalServer, query: string): Promise<number> {
  const { client, close } = await connectTemporal({ address: server.address, namespace: NAMESPACE });
  try {
    return (await client.workflow.count(query)).count;
  } finally {
    await close();
  }
}

async function startWorkflow(server: TemporalServer): Promise<void> {
  const { client, close } = await connectTemporal({ address: server.address, namespace: NAMESPACE });
  await client.workflow.start('tradingDay', {
    taskQueue: 'nobody',
    workflowId: 'day:replay:ZX0001:1:2025-07-14',
    searchAttributes: { TradingDate: ['2025-07-14'] },
  });
  await close();
}

describe('the embedded Temporal server', () => {
  it('serves with its web UI, keeps finished days for 30 days, and takes the search attributes at once', async () => {
    const server = await start();
    expect(server.origin).toBe('started');
    expect((await fetch(server.uiUrl ?? '')).status).toBe(200);
    await startWorkflow(server);
    await expect.poll(() => countOf(server, `TradingDate = '2025-07-14'`)).toBe(1);
    const { connection, close } = await connectTemporal({ address: server.address, namespace: NAMESPACE });
    const { config } = await connection.workflowService.describeNamespace({ namespace: NAMESPACE });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: NAMESPACE });
    await close();
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
  });

  it('is taken over as it runs when the program that started it is gone', async () => {
    const first = await start();
    await startWorkflow(first);
    const pid = await pidOf();
    const second = await start();
    expect(second).toMatchObject({ origin: 'adopted', address: first.address });
    expect(await pidOf()).toBe(pid);
    // The way to its web UI ended with the program that started it.
    expect(second.uiUrl).not.toBe(first.uiUrl);
    expect((await fetch(second.uiUrl ?? '')).status).toBe(200);
  });

  it('has lost nothing after SIGKILL', async () => {
    const first = await start();
    await startWorkflow(first);
    await expect.poll(() => countOf(first, '')).toBe(1);
    process.kill(await pidOf(), 'SIGKILL');
    const second = await start();
    expect(second.origin).toBe('started');
    // It may still be indexing what it has read.
    await expect.poll(() => countOf(second, '')).toBe(1);
  });

  it('ends a server on its database that nobody recorded, rather than open the database twice', async () => {
    const first = await start();
    const pid = await pidOf();
    await rm(join(dataDir, 'temporal.json'));
    const second = await start();
    expect(second.origin).toBe('started');
    expect(await commandLineOf(pid)).toBeNull();
    expect(first.uiUrl).not.toBe(second.uiUrl);
  });

  it('never takes a stranger for its own, though the recorded process id is the same', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
    try {
      const first = await start();
      await first.stop();
      const record = JSON.stringify({ pid: stranger.pid, port: 1, privateUiPort: 2 });
      await writeFile(join(dataDir, 'temporal.json'), record);
      expect((await start()).origin).toBe('started');
      expect(await commandLineOf(stranger.pid ?? 0)).toContain('setInterval');
    } finally {
      await endProcess(stranger.pid ?? 0, 1_000);
    }
  });

  it('is its own program’s, though another one starts at the same moment', async () => {
    const servers = await Promise.all([start(), start({ dataDir: join(dataDir, 'another') })]);
    expect(servers[0].address).not.toBe(servers[1].address);
    await startWorkflow(servers[0]);
    await expect.poll(() => countOf(servers[0], `TradingDate = '2025-07-14'`)).toBe(1);
    expect(await countOf(servers[1], `TradingDate = '2025-07-14'`)).toBe(0);
  });

  it('starts on other ports when another program takes one of them first', async () => {
    const { path } = findProgram('temporal', process.env);
    const binary = join(dataDir, 'temporal');
    const thief = `require('node:http').createServer((_, answer) => answer.end()).listen(process.argv[1], '127.0.0.1')`;
    // The first server finds its HTTP port taken; another server answers there.
    const script = `#!/bin/bash
if [[ "$*" == *--http-port* ]] && mkdir '${join(dataDir, 'was-here')}'; then
  while [ "$1" != --http-port ]; do shift; done
  '${process.execPath}' -e "${thief}" "$2" & echo $! > '${join(dataDir, 'thief')}'
  sleep 1; exit 1
fi
exec '${path}' "$@"`;
    await writeFile(binary, script, { mode: 0o755 });
    try {
      const server = await start({ env: { ...process.env, TEMPORAL_BINARY: binary } });
      expect(server.origin).toBe('started');
      expect(await countOf(server, '')).toBe(0);
    } finally {
      await endProcess(Number(await readFile(join(dataDir, 'thief'), 'utf8')), 1_000);
    }
  });

  it('is gone after a stop', async () => {
    const server = await start();
    const pid = await pidOf();
    await server.stop();
    expect(await commandLineOf(pid)).toBeNull();
    await expect(
      connectTemporal({ address: server.address, namespace: NAMESPACE, connectTimeoutMs: 500 }),
    ).rejects.toMatchObject({ code: 'temporal_unavailable' });
  });

  it('names a busy web UI port with its remedy', async () => {
    const uiPort = await freePort();
    const occupant = createServer().listen(uiPort, '127.0.0.1');
    await new Promise((ready) => occupant.once('listening', ready));
    try {
      await expect(start({ uiPort })).rejects.toMatchObject({
        code: 'port_busy',
        message: expect.stringContaining(`TEMPORAL_UI_PORT=${uiPort + 1} npm start`),
      });
    } finally {
      occupant.close();
    }
  });
});

describe('a given Temporal server', () => {
  it('is used as it is, and left running', async () => {
    const own = await start();
    const given = await start({ address: own.address });
    expect(given).toMatchObject({ origin: 'given', address: own.address, uiUrl: null });
    await given.stop();
    expect(await countOf(own, '')).toBe(0);
  });

  it('that does not answer is said with its address', async () => {
    const port = await freePort();
    await expect(start({ address: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'temporal_unavailable',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });
});
