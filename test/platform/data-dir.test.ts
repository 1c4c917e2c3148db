import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataDirLock, lockDataDir } from '../../src/platform/data-dir.ts';
import { RUN } from '../run-typescript.ts';

const HOLDER = fileURLToPath(new URL('./fixtures/data-dir-holder.ts', import.meta.url));
const SERVES = 'replay demo';
let parent: string;
let dataDir: string;
let children: ChildProcess[];
let locks: DataDirLock[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'trading-day-lock-'));
  dataDir = join(parent, 'data');
  children = [];
  locks = [];
});
afterEach(async () => {
  await Promise.all(locks.map((lock) => lock.release()));
  await Promise.all(children.map(kill));
  await rm(parent, { recursive: true, force: true });
});

async function lock(serves = SERVES): Promise<DataDirLock> {
  const held = await lockDataDir(dataDir, serves);
  locks.push(held);
  return held;
}

/** Another process that tries to hold the folder, and its first words. */
async function contender(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [RUN, HOLDER, dataDir, SERVES], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [chunk] = child.stdout ? await once(child.stdout, 'data') : [];
  return { child, said: String(chunk).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

describe('the data folder', () => {
  it('is made for its owner alone', async () => {
    await lock();
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('is held once, and a second start is told the running links', async () => {
    const held = await lock();
    held.announce(() => 'Dashboard: http://127.0.0.1:8000/live_trading.html');
    await expect(lock()).rejects.toMatchObject({
      code: 'already_running',
      message: expect.stringContaining('Dashboard: http://127.0.0.1:8000/live_trading.html'),
    });
    expect((await contender()).said).toContain('It is running already');
  });

  it('says so when the first start has no links yet', async () => {
    await lock();
    await expect(lock()).rejects.toThrow(/still starting/);
  });

  it('is free again after a release', async () => {
    const first = await lock();
    await first.release();
    await lock();
    expect((await readdir(dataDir)).filter((name) => name.startsWith('lock.sock'))).toEqual(['lock.sock']);
  });

  it('is taken over from a process that was killed', async () => {
    const { child, said } = await contender();
    expect(said).toBe('held');
    await expect(lock()).rejects.toThrow(`of ${child.pid}`);
    await kill(child);
    await lock();
  });

  it('goes to exactly one of many that find the holder dead', async () => {
    await kill((await contender()).child);
    const answers = await Promise.all(Array.from({ length: 5 }, contender));
    expect(answers.filter(({ said }) => said === 'held')).toHaveLength(1);
    expect(answers.filter(({ said }) => said.startsWith('It is running already'))).toHaveLength(4);
  });

  it('may have a path that is longer than a socket may have', async () => {
    dataDir = join(parent, 'a'.repeat(80), 'b'.repeat(80));
    const held = await lock();
    held.announce(() => 'links');
    await expect(lock()).rejects.toThrow(/links/);
    await held.release();
    await lock();
  });

  it('is free for another mode after a start that was refused before it claimed the folder', async () => {
    const refused = await lock('live AB1234');
    await refused.release();
    expect(await readdir(dataDir)).toEqual([]);
    await (await lock()).claim();
  });

  it('serves one mode and account for ever, once it is claimed', async () => {
    const first = await lock();
    await first.claim();
    await first.release();
    await expect(lock('paper AB1234')).rejects.toMatchObject({
      code: 'data_dir_of_another',
      message: expect.stringContaining('DATA_DIR=.data-paper-AB1234'),
    });
    await lock();
  });
});
