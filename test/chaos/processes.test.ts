import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { ReportBody } from '../../src/api/report-schema.ts';
import { type PostgresServer, startPostgres } from '../journal/postgres.ts';
import { createLocal } from '../temporal-environments.ts';
import {
  expectFlat,
  expectNeverNaked,
  expectNoTagTwice,
  expectReportEqualsBook,
  expectTradedOnce,
  MAIN,
} from './book-invariants.ts';
import { API, exchange, guardedBy, guardedByAnother, sharedSettings, WORKER } from './processes.ts';
import {
  api,
  book,
  DATE,
  type Installation,
  installation,
  type Program,
  post,
  start,
  steer,
  TOKEN,
  until,
} from './program.ts';

type Status = { state: string; authenticated: boolean; warnings: unknown[] };
type Positions = { positions: { state: string; unrealised: number | null }[] };

let folder: string;
let postgres: PostgresServer | null;
let temporal: TestWorkflowEnvironment;
const programs: Program[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trading-day-processes-'));
  [postgres, temporal] = await Promise.all([
    startPostgres(),
    // Without our search attributes: the processes register them, at the same time.
    createLocal({ extraArgs: ['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="1ms"'] }),
  ]);
});
afterAll(async () => {
  await Promise.all(programs.map((program) => program.kill()));
  await temporal?.teardown();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function run(at: Installation, settings: Record<string, string>, command: readonly string[]): Program {
  const program = start(at, settings, command);
  programs.push(program);
  return program;
}

/** A browser's cookie of this API. */
async function signIn(at: Installation): Promise<string> {
  const body = new URLSearchParams({ token: TOKEN });
  const answer = await fetch(`http://127.0.0.1:${at.port}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('two workers and two APIs', () => {
  it('serve one day: logged in by one API and the other, guarded by the other worker once the first is dead, out once', async (test) => {
    if (!postgres) return test.skip();
    onTestFailed(() => console.error(programs.map((one) => one.output()).join('\n--- the next ---\n')));
    const one = await installation(join(folder, 'nothing-is-kept-here'));
    const other = { ...one, port: (await installation(folder)).port };
    const shared = sharedSettings({
      temporal: temporal.address,
      databaseUrl: postgres.databaseUrl,
      exchangePort: one.exchangePort,
    });
    // Started before what they need: each waits for it.
    const workers = [run(one, shared, WORKER), run(one, shared, WORKER)];
    const apis = [run(one, shared, API), run(other, shared, API)];
    await until('a process to wait', async () => workers[0]?.output().includes('Waiting for it'));
    const desk = { port: one.exchangePort, dataDir: join(folder, 'exchange'), redirectTo: other.port, date: DATE };
    run(one, {}, exchange(desk));
    for (const at of [one, other]) await until('the APIs to be well', () => api(at, '/health'));

    const asked = await until('an answer', () => api<{ login_url: string }>(one, '/live/auth/login-url'));
    const page = await fetch(asked.login_url, { method: 'POST', redirect: 'manual' });
    const redirect = page.headers.get('location') ?? '';
    expect(redirect).toContain(`:${other.port}/live/auth/complete`);
    expect((await fetch(redirect)).status).toBe(200);
    expect(await until('an answer', () => api<Status>(one, '/live/status'))).toMatchObject({
      state: 'ready',
      authenticated: true,
    });
    expect(await post(one, '/live/start-trading', { enabled: true })).toMatchObject({ state: 'trading' });
    expect(await until('an answer', () => api<Status>(other, '/live/status'))).toMatchObject({ state: 'trading' });

    const cookie = await signIn(one);
    const seen = await fetch(`http://127.0.0.1:${other.port}/live/status`, { headers: { cookie } });
    expect(seen.status).toBe(200);

    await steer(one, '/clock', { speed: 20 });
    const stop = await until('the resting stop', async () =>
      (await book(one))?.orders.find((order) => order.tradingsymbol === MAIN && order.status === 'TRIGGER PENDING'),
    );
    expect(stop.quantity).toBe(750);
    const { client } = temporal;
    const guard = await until('a guard', () => guardedBy(client));
    await steer(one, '/clock', { speed: 1 });
    for (const at of [one, other]) {
      const priced = await until('live profit', async () =>
        (await api<Positions>(at, '/live/positions'))?.positions.find((seen) => typeof seen.unrealised === 'number'),
      );
      expect(priced.state).toBe('open');
    }

    const dead = workers.find(({ child }) => child.pid === guard);
    const alive = workers.find(({ child }) => child.pid !== guard);
    if (!dead || !alive) throw new Error(`the guard runs in process ${guard}`);
    await dead.kill();
    const diedAt = Date.now();
    const [guardedNow] = await Promise.all([
      guardedByAnother(client, guard),
      until('the day to answer without its worker', () => api(other, '/live/status')),
    ]);
    expect(guardedNow).toBe(alive.child.pid);
    await until('prices from the other worker', async () => {
      const feed = await api<{ last_tick_at: string }>(one, '/live/websocket/status');
      return feed && Date.parse(feed.last_tick_at) > diedAt;
    });

    // Out at 1x: a machine that is busy would let a fast market reach the broker's own square-off first.
    expect(await post(other, '/live/close-all', {})).not.toHaveProperty('error');
    await until(
      'nothing to be open',
      async () => (await api<Positions>(one, '/live/positions'))?.positions.length === 0,
    );
    await steer(one, '/clock', { speed: 3_600 });
    const report = await until('the report', () => api<ReportBody>(other, `/live/report/${DATE}`));
    const shown = await until('the book', () => book(one));
    expectNoTagTwice(shown);
    expectNeverNaked(shown);
    expectFlat(shown);
    expectTradedOnce(shown);
    expectReportEqualsBook(report, shown);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });

    for (const { child } of [alive, ...apis]) child.kill('SIGTERM');
    expect(await Promise.all([alive, ...apis].map(({ exited }) => exited))).toEqual([0, 0, 0]);
  });
});

describe('a process of its own', () => {
  it('names everything that it shares with the others and was not told, and ends with 1', async () => {
    const at = await installation(folder);
    const worker = run(at, {}, WORKER);
    const server = run(at, { API_TOKEN: '', TEMPORAL_ADDRESS: '127.0.0.1:7233' }, API);
    expect(await Promise.all([worker.exited, server.exited])).toEqual([1, 1]);
    for (const name of ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'SECRETS_KEY']) {
      expect(worker.output()).toContain(`${name} is missing: `);
    }
    for (const name of ['DATABASE_URL', 'SECRETS_KEY', 'API_TOKEN'])
      expect(server.output()).toContain(`${name} is missing: `);
    expect(server.output()).not.toContain('TEMPORAL_ADDRESS is missing');
  });

  it('waits in words for a database that is not up, and ends with 0 when it is stopped meanwhile', async () => {
    const at = await installation(folder);
    const nobody = `127.0.0.1:${at.uiPort}`;
    const settings = sharedSettings({ temporal: nobody, databaseUrl: `postgresql://x:y@${nobody}/z`, exchangePort: 1 });
    const waiting = [run(at, settings, WORKER), run(at, settings, API)];
    for (const one of waiting) {
      await until('its words', async () => one.output().includes('DATABASE_URL cannot be used'));
      one.child.kill('SIGTERM');
    }
    expect(await Promise.all(waiting.map(({ exited }) => exited))).toEqual([0, 0]);
  });
});
