/** The command of the README that kills the program, run as it stands there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from '../../src/platform/data-dir.ts';
import { RUN } from '../run-typescript.ts';

const HOLDER = fileURLToPath(new URL('./fixtures/data-dir-holder.ts', import.meta.url));
let parent: string;
let programs: ChildProcess[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'trading-day-kill-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.kill('SIGKILL');
  await rm(parent, { recursive: true, force: true });
});

async function killCommand(): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const command = /## Kill it\n.*?```bash\n(.*?)\n/s.exec(readme)?.[1];
  if (!command) throw new Error('README has no command under "Kill it"');
  return command;
}

/** Holds `.data` in its own working folder, under a command line like that of every other program on the machine. */
async function program(name: string): Promise<{ folder: string; process: ChildProcess }> {
  const folder = await mkdtemp(join(parent, name));
  const child = spawn(process.execPath, [RUN, HOLDER, '.data', 'replay demo', 'src/main.ts'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(child);
  const [said] = child.stdout ? await once(child.stdout, 'data') : [];
  expect(String(said).trim()).toBe('held');
  return { folder, process: child };
}

describe('the command that kills the program', () => {
  it('kills the one of this folder, and lets the other on the machine live', async () => {
    const [one, other] = [await program('one-'), await program('other-')];
    const gone = once(one.process, 'exit');
    await promisify(execFile)('sh', ['-c', await killCommand()], { cwd: one.folder });
    expect(await gone).toEqual([null, 'SIGKILL']);
    expect(other.process.exitCode ?? other.process.signalCode).toBeNull();
    await expect(lockDataDir(join(other.folder, '.data'), 'replay demo')).rejects.toThrow(`of ${other.process.pid}`);
  });

  it('names the program that runs now, also after one that was killed, and nobody after a clean stop', async () => {
    const killed = await program('one-');
    const gone = once(killed.process, 'exit');
    killed.process.kill('SIGKILL');
    await gone;
    const dataDir = join(killed.folder, '.data');
    const lock = await lockDataDir(dataDir, 'replay demo');
    expect(Number(await readFile(join(dataDir, 'pid'), 'utf8'))).toBe(process.pid);
    await lock.release();
    await expect(access(join(dataDir, 'pid'))).rejects.toThrow('ENOENT');
  });
});
