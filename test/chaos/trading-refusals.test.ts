/** What `npm start` refuses in paper and live mode before anything can trade: words, exit code 1, nothing left behind. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, installation, type Program, start, sweep, temporalServers } from './program.ts';

let dataDir: string;
let at: Installation;
let programs: Program[];
let brokers: Server[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'refused-'));
  at = await installation(dataDir);
  programs = [];
  brokers = [];
});
afterEach(async () => {
  await sweep(at, programs);
  for (const broker of brokers) broker.closeAllConnections();
  await Promise.all(brokers.map((broker) => new Promise((closed) => broker.close(closed))));
  await rm(dataDir, { recursive: true, force: true });
});

const CREDENTIALS = {
  ...{ KITE_API_KEY: 'key', KITE_API_SECRET: 'kite-secret', KITE_USER_ID: 'AB1234', KITE_ACCESS_TOKEN: '' },
  ...{ BREEZE_API_KEY: 'key', BREEZE_API_SECRET: 'breeze-secret', BREEZE_API_SESSION: 'breeze-session' },
};

/** A broker whose clock is off. */
async function brokerAhead(ms: number): Promise<string> {
  const broker = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() + ms).toUTCString());
    response.end();
  });
  brokers.push(broker);
  await new Promise<void>((listening) => broker.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;
}

/** Starts it as a person would, and answers what it said when it has ended by itself. */
async function refused(env: Record<string, string>): Promise<string> {
  const program = start(at, { ACCOUNT: '', ...CREDENTIALS, ...env });
  programs.push(program);
  expect(await program.exited).toBe(1);
  expect(await temporalServers(at)).toEqual([]);
  return program.output();
}

describe('npm start', () => {
  it('refuses live mode that nobody confirmed, and names everything that is missing at once', async () => {
    const said = await refused({
      ...{ TRADING_MODE: 'live', LIVE_TRADING_CONFIRMED: '', KITE_USER_ID: '', KITE_API_SECRET: '' },
    });
    expect(said).toContain('LIVE_TRADING_CONFIRMED=yes');
    expect(said).toContain('KITE_USER_ID is missing');
    expect(said).toContain('KITE_API_SECRET is missing');
    expect(said).not.toContain('breeze-secret');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('refuses live mode with a clock that is off, and leaves the folder to the next process', async () => {
    const live = {
      ...{ TRADING_MODE: 'live', LIVE_TRADING_CONFIRMED: 'yes', KITE_ROOT: await brokerAhead(30_000) },
    };
    const clock = await refused(live);
    expect(clock).toMatch(/clock is \d+(\.\d+)? s behind Zerodha's/);
    expect(clock).toContain('timedatectl');
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('refuses a folder that serves another account, and names one of its own', async () => {
    await writeFile(join(dataDir, 'serves'), 'live AB1234\n');
    const folder = await refused({ TRADING_MODE: 'paper', KITE_ROOT: await brokerAhead(0) });
    expect(folder).toContain('belongs to live AB1234');
    expect(folder).toContain('DATA_DIR=.data-paper-AB1234');
  });
});
