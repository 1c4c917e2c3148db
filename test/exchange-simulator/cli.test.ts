import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KiteConnect } from 'kiteconnect';
import { afterEach, describe, expect, it } from 'vitest';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function run(...args: string[]) {
  return runWith({}, ...args);
}

function runWith(env: Record<string, string>, ...args: string[]) {
  const command = ['scripts/run.mjs', 'src/exchange-simulator/cli.ts', ...args];
  const child = spawn(process.execPath, command, { env: { ...process.env, ...env } });
  children.push(child);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, errors })),
  );
  const firstLine = new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve));
  return { child, ended, firstLine };
}

describe('npm run exchange', () => {
  it('prints its addresses and keys as one line of JSON, serves from the time that it was given, and ends with 0 on a signal', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, ended, firstLine } = run('--port', '0', '--json', '--at', '2025-07-14T11:14', '--speed', '0');
      const addresses = JSON.parse(await firstLine);
      expect(Object.keys(addresses)).toEqual([
        'kite_root',
        'ticker_root',
        'login_url',
        'breeze_root',
        'security_master_url',
        'api_key',
        'api_secret',
        'breeze_api_key',
        'breeze_api_secret',
        'breeze_session',
      ]);
      const clock = await (await fetch(`${addresses.kite_root}/simulator/clock`)).json();
      expect(clock).toMatchObject({ market_time: '2025-07-14T11:14:00.000+05:30', speed: 0 });
      child.kill(signal);
      expect((await ended).code).toBe(0);
    }
  });

  it('sends the browser where --redirect-url says', async () => {
    const { firstLine } = run('--port', '0', '--json', '--redirect-url', 'http://localhost:9999/done?a=1');
    const { login_url } = JSON.parse(await firstLine);
    const answer = await fetch(login_url, { method: 'POST', redirect: 'manual' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toMatch(
      /^http:\/\/localhost:9999\/done\?a=1&request_token=\w+&action=login&status=success$/,
    );
  });

  it('has lost nothing after SIGKILL: the book, the session and the market time go on with --data-dir', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'exchange-'));
    try {
      const first = run('--port', '0', '--json', '--at', '2025-07-14T09:30', '--speed', '1', '--data-dir', folder);
      const before = JSON.parse(await first.firstLine);
      const login = await fetch(before.login_url, { method: 'POST', redirect: 'manual' });
      const token = new URL(login.headers.get('location') ?? '').searchParams.get('request_token') ?? '';
      const kite = new KiteConnect({ api_key: before.api_key, root: before.kite_root });
      const { access_token } = await kite.generateSession(token, before.api_secret);
      const { order_id } = await kite.placeOrder('regular', {
        exchange: 'NFO',
        tradingsymbol: 'NIFTY2571725000PE',
        transaction_type: 'BUY',
        quantity: 75,
        product: 'MIS',
        order_type: 'LIMIT',
        price: 100,
        tag: 'KEPT',
      });
      first.child.kill('SIGKILL');
      await first.ended;

      const second = run('--port', '0', '--json', '--data-dir', folder);
      const after = JSON.parse(await second.firstLine);
      const again = new KiteConnect({ api_key: after.api_key, root: after.kite_root, access_token });
      expect(await again.getOrders()).toEqual([expect.objectContaining({ order_id, tag: 'KEPT' })]);
      const clock = (await (await fetch(`${after.kite_root}/simulator/clock`)).json()) as { market_time: string };
      expect(clock.market_time).toMatch(/^2025-07-14T09:3/);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is called by the names that it was given on a network of its own, and by no other', async () => {
    const { firstLine } = run('--port', '0', '--json', '--host', '0.0.0.0', '--name', 'exchange', '--speed', '0');
    const { kite_root } = JSON.parse(await firstLine);
    const { hostname, port } = new URL(kite_root);
    expect(hostname).toBe('127.0.0.1');
    const status = (host: string) =>
      new Promise<number | undefined>((answered, failed) =>
        get({ hostname, port, path: '/simulator/clock', headers: { host } }, (answer) => {
          answer.resume();
          answered(answer.statusCode);
        }).on('error', failed),
      );
    expect(await status(`exchange:${port}`)).toBe(200);
    expect(await status(`localhost:${port}`)).toBe(200);
    expect(await status(`attacker.example:${port}`)).toBe(403);
  });

  it('keeps orders on paper before the Kite of the environment, and says which address it does not understand', async () => {
    const kite = JSON.parse(await run('--port', '0', '--json', '--at', '2025-07-14T11:14', '--speed', '0').firstLine);
    const env = { KITE_ROOT: kite.kite_root, KITE_TICKER_ROOT: kite.ticker_root, KITE_LOGIN_URL: kite.login_url };
    const paper = JSON.parse(await runWith(env, '--paper', '--port', '0', '--json').firstLine);
    const login = await fetch(`${paper.login_url}?v=3`, { redirect: 'manual' });
    expect(login.headers.get('location')).toBe(`${kite.login_url}?v=3`);
    const page = await fetch(kite.login_url, { method: 'POST', redirect: 'manual' });
    const token = new URL(page.headers.get('location') ?? '').searchParams.get('request_token') ?? '';
    const client = new KiteConnect({ api_key: kite.api_key, root: paper.kite_root });
    expect((await client.generateSession(token, kite.api_secret)).user_id).toBe('SIM001');
    expect(await client.getOrders()).toEqual([]);
    const wrong = await runWith({ KITE_ROOT: 'ftp://kite' }, '--paper', '--port', '0').ended;
    expect(wrong).toMatchObject({ code: 1, errors: expect.stringContaining('KITE_ROOT: give an address') });
  });

  it('names a busy port and what to do, and refuses what it does not understand', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const busy = await run('--port', String(port)).ended;
      expect(busy.code).toBe(1);
      expect(busy.errors).toContain(`Port ${port} is busy`);
      expect(busy.errors).toContain('--port');
    } finally {
      other.close();
    }
    expect((await run('--at', 'noon').ended).errors).toContain('2025-07-14T09:20');
    expect((await run('--speed', 'fast').ended).code).toBe(1);
  });
});
