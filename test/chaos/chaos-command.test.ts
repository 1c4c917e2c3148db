/** `npm run chaos`: a short run on real processes, its options, and that an interruption leaves nothing behind. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { killInWords, planDay } from '../../src/simulation/chaos/plan.ts';
import { type ProcessGroup, signalGroup, startGroup, until } from '../../src/simulation/chaos/process-group.ts';
import type { ChaosResult } from '../../src/simulation/chaos/run.ts';
import { isRunning } from '../../src/temporal/processes.ts';
import { startPostgres } from '../journal/postgres.ts';

let folder: string;
let commands: ProcessGroup[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trading-day-chaos-command-'));
  // As root PostgreSQL runs under an account of its own, which has to reach it.
  await chmod(folder, 0o755);
  commands = [];
  onTestFailed(() => console.error(commands.map((command) => command.output()).join('\n--- the next ---\n')));
});
afterEach(async () => {
  for (const command of commands) {
    signalGroup(command.child, 'SIGTERM');
    await command.exited;
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function chaos(...options: string[]): ProcessGroup {
  const command = startGroup([process.execPath, 'scripts/run.mjs', 'src/cli/chaos.ts', ...options], {
    ...process.env,
    TMPDIR: folder,
  });
  commands.push(command);
  return command;
}

let canRun: boolean;
beforeAll(async () => {
  const postgres = await startPostgres();
  await postgres?.stop();
  canRun = postgres !== null;
});

async function foldersLeft(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('trading-day-'));
}

async function childrenOf({ child }: ProcessGroup): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, parent]) => (parent === child.pid && pid !== undefined ? [pid] : []));
}

describe('npm run chaos', () => {
  it('kills and stops real processes by its plan, and finds the day flat and accounted for', async (test) => {
    if (!canRun) return test.skip();
    const command = chaos('--kills', '3', '--seed', '1', '--json');
    const code = await command.exited;
    const result: ChaosResult = JSON.parse(command.output().trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({ seed: 1, kills: 3, duplicates: 0, naked_seconds: 0, not_flat: 0, failures: [] });
    expect(code).toBe(0);
    const planned = planDay(1, 1).kills.slice(0, 2).map(killInWords);
    for (const words of planned) expect(command.output()).toContain(words);
    expect(await foldersLeft()).toEqual([]);
  }, 600_000);

  it('leaves no process and no folder when it is interrupted in the middle of a day', async (test) => {
    if (!canRun) return test.skip();
    const command = chaos('--kills', '9', '--seed', '2');
    await until('some of its processes', async () => (await childrenOf(command)).length >= 4, 120_000);
    const children = await childrenOf(command);
    command.child.kill('SIGINT');
    expect(await command.exited).toBe(130);
    await until('its processes to be gone', async () => !children.some(isRunning), 5_000);
    expect(await foldersLeft()).toEqual([]);
  }, 240_000);

  it.each([
    ['--kills', '0'],
    ['--kills', 'many'],
    ['--kills', '1.5'],
    ['--seed', '-1'],
    ['--days', '3'],
    ['an argument'],
  ])('refuses %s %s with 2, and says what it takes', async (...options) => {
    const command = chaos(...options);
    expect(await command.exited).toBe(2);
    expect(command.output()).toContain('Usage: npm run chaos');
  });

  it('explains itself with --help, and ends with 0', async () => {
    const command = chaos('--help');
    expect(await command.exited).toBe(0);
    for (const option of ['--kills', '--seed', '--json']) expect(command.output()).toContain(option);
  });
});
