import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import * as program from './program.ts';
import { type Installation, NPM, type Program, ready, signalGroup, start, temporalServers, until } from './program.ts';

let at: Installation;
let programs: Program[];
const occupants: Server[] = [];

beforeEach(async () => {
  at = await program.installation(await mkdtemp(join(tmpdir(), 'trading-day-start-')));
  programs = [];
  onTestFailed(() => console.error(programs.map((one) => one.output()).join('\n--- the next ---\n')));
});
afterEach(async () => {
  for (const occupant of occupants.splice(0)) occupant.close();
  await program.sweep(at, programs);
  await rm(at.dataDir, { recursive: true, force: true, maxRetries: 5 });
});

function run(env: Record<string, string> = {}, command?: readonly string[]): Program {
  const started = start(at, env, command);
  programs.push(started);
  return started;
}

/** The compiler that loads TypeScript is a process as well, and ends a moment after the program. */
async function expectNothingLeft(ended: Program): Promise<void> {
  await until('the whole group to be gone', async () => !signalGroup(ended.child, 0));
  expect(await temporalServers(at)).toEqual([]);
}

const exists = (name: string) =>
  access(join(at.dataDir, name)).then(
    () => true,
    () => false,
  );

/** The newest that was printed. */
function signInLink(output: string): string {
  return [...output.matchAll(/http:\S+\/sign-in\?code=\S+/g)].at(-1)?.[0] ?? 'no sign-in link';
}

async function opened(link: string): Promise<number> {
  return (await fetch(link, { redirect: 'manual' })).status;
}

describe('npm start', () => {
  it('prints its links, a new sign-in link when that was used; a second one on the same folder prints links that work and ends with 1; it starts its Temporal server again when that alone has died, and says so once; it runs on when npm alone is killed, until one Ctrl-C', async () => {
    const first = run({}, NPM);
    await ready(at, first);
    await until('the links', async () => first.output().includes('Exchange '));
    for (const link of [
      `http://127.0.0.1:${at.port}/sign-in?code=`,
      `http://127.0.0.1:${at.uiPort}`,
      `http://127.0.0.1:${at.exchangePort}/simulator/book`,
    ]) {
      expect(first.output()).toContain(link);
    }

    const printed = signInLink(first.output());
    expect(await opened(printed)).toBe(303);
    await until('a new link on the terminal', async () => signInLink(first.output()) !== printed);
    expect(await opened(printed)).toBe(401);

    const second = run({}, NPM);
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('It is running already');
    expect(await opened(signInLink(second.output()))).toBe(303);
    expect(second.output()).toContain(`http://127.0.0.1:${at.uiPort}`);
    expect(second.output()).toContain(`http://127.0.0.1:${at.port}/docs`);
    expect(await temporalServers(at)).toHaveLength(1);
    expect(first.output()).not.toMatch(/MaxListeners|did not close|No workflows registered|sdkComponent/);

    await program.killTemporal(at);
    await until('the loss to be seen', async () => first.output().includes('Temporal server has died'));
    await until('days to run again', () => program.api(at, '/health'));
    expect(await temporalServers(at)).toHaveLength(1);
    expect(first.output().split('Temporal server has died')).toHaveLength(2);

    const pid = Number(await readFile(join(at.dataDir, 'pid'), 'utf8'));
    first.child.kill('SIGKILL');
    await until('npm to be gone', async () => first.child.signalCode === 'SIGKILL');
    expect(process.kill(pid, 0)).toBe(true);
    expect(await until('the program to go on', () => program.api(at, '/health'))).toBeTruthy();
    signalGroup(first.child, 'SIGINT');
    await until('the program to be gone', async () => !signalGroup(first.child, 0));
    expect(await exists('pid')).toBe(false);
    await expectNothingLeft(first);
  });

  it('names a busy port with its remedy, ends with 1 and leaves no process', async () => {
    for (const [port, variable] of [
      [at.port, 'PORT'],
      [at.exchangePort, 'EXCHANGE_PORT'],
      [at.uiPort, 'TEMPORAL_UI_PORT'],
    ] as const) {
      const occupant = createServer().listen(port, '127.0.0.1');
      occupants.push(occupant);
      await new Promise((listening) => occupant.once('listening', listening));
      const refused = run();
      expect(await refused.exited).toBe(1);
      expect(refused.output()).toContain(`Port ${port}`);
      expect(refused.output()).toContain(` ${variable}=${port + 1} npm start`);
      await expectNothingLeft(refused);
      await new Promise((closed) => occupant.close(closed));
    }
  });
});

describe('a replay without its operator', () => {
  const alone = { REPLAY_OPERATOR: 'off', REPLAY_SPEED: '10', REPLAY_TO: '2025-07-15' };

  it('starts after a start that was killed at any of its steps or interrupted; leaves login and start to a person with curl; days follow each other, also one on which nobody came', async () => {
    for (const step of ['lock.sock', 'temporal.json', 'journal', 'runs/1/clock.json']) {
      const killed = run(alone);
      await until(step, () => exists(step)).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${killed.output()}`);
      });
      await killed.kill();
    }
    const early = run(alone);
    await until('its first words', async () => early.output().includes('Starting Temporal'));
    early.child.kill('SIGINT');
    expect(await early.exited).toBe(0);
    await expectNothingLeft(early);

    const last = run(alone, NPM);
    await ready(at, last);
    expect(await temporalServers(at)).toHaveLength(1);
    expect(last.output()).toContain('replay run 1:');
    expect(await until('an answer', () => program.api(at, '/live/status'))).toMatchObject({
      date: program.DATE,
      authenticated: false,
    });

    const asked = await until('an answer', () => program.api<{ login_url: string }>(at, '/live/auth/login-url'));
    const page = await fetch(asked.login_url, { method: 'POST', redirect: 'manual' });
    const token = new URL(page.headers.get('location') ?? '').searchParams.get('request_token');
    expect(await program.post(at, '/live/auth/complete', { request_token: token })).toMatchObject({
      authenticated: true,
    });
    const body = { enabled: true, lot_size: 75, num_lots: 10, use_hedging: true, max_positions: 3 };
    expect(await program.post(at, '/live/start-trading', body)).toMatchObject({ state: 'trading' });

    await program.steer(at, '/clock', { speed: 3_600 });
    await until('the end of both days', async () => last.output().includes('The replay is over'));
    for (const [date, positions] of [
      [program.DATE, 1],
      ['2025-07-15', 0],
    ] as const) {
      const report = await until('the report', () =>
        program.api<{ result: string; positions: unknown[] }>(at, `/live/report/${date}`),
      );
      expect(report?.result).toBe('flat');
      expect(report?.positions).toHaveLength(positions);
    }
    expect(last.output()).not.toContain('Operator:');
    // A terminal's Ctrl-C reaches npm and the program; npm passes it on once more.
    signalGroup(last.child, 'SIGINT');
    expect(await last.exited).toBe(0);
    await expectNothingLeft(last);
  });
});
