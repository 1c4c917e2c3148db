import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { CACHE_DIR, findProgram } from '../../src/temporal/binaries.mjs';
import { commandLineOf } from '../../src/temporal/processes.ts';

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trading-day-setup-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A node process, and all that it says until it ends. */
function node(
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; said: string }> } {
  const child = spawn(process.execPath, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  children.push(child);
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (said += chunk));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, said })) };
}

async function program(path: string, answer: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a Temporal program', () => {
  it('is the configured one first, then the one on the PATH', async () => {
    const configured = await program(join(folder, 'mine', 'temporal-nightly'), 'temporal version 9');
    const onPath = await program(join(folder, 'bin', 'temporal'), 'temporal version 9');
    const PATH = `${join(folder, 'empty')}:${join(folder, 'bin')}:/usr/bin:/bin`;
    expect(findProgram('temporal', { PATH, TEMPORAL_BINARY: configured }).path).toBe(configured);
    expect(findProgram('temporal', { PATH }).path).toBe(onPath);
  });

  it('that does not run, or is something else, is passed over and named', async () => {
    const broken = join(folder, 'broken');
    await writeFile(broken, 'not a program');
    await program(join(folder, 'bin', 'temporal'), 'quite another tool');
    const found = findProgram('temporal', { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, TEMPORAL_BINARY: broken });
    expect(found.path).not.toBe(join(folder, 'bin', 'temporal'));
    expect(found.tried.join('\n')).toContain(`TEMPORAL_BINARY=${broken}: not a program that runs`);
    expect(found.tried.join('\n')).toContain('PATH: no working `temporal`');
    if (found.path !== null) expect(found.path).toBe(join(CACHE_DIR, 'temporal'));
  });
});

describe('two set-ups in one clone', () => {
  const LOCK = pathToFileURL(join(repositoryRoot, 'scripts', 'setup-lock.mjs')).href;
  const setup = (work: string) =>
    node([
      '--input-type=module',
      '-e',
      `import { withSetupLock } from ${JSON.stringify(LOCK)};
       const work = ${work};
       await withSetupLock(${JSON.stringify(folder)}, (line) => console.log(line), work);`,
    ]);
  /** Work that lasts until `child.stdin` is ended. */
  const WORKS_ON = `console.log('working'); for await (const _ of process.stdin);`;
  const untilSaid = async ({ child }: { child: ChildProcess }) => {
    if (child.stdout) await once(child.stdout, 'data');
  };

  it('go one after the other, and the second says for whom it waits', async () => {
    const first = setup(`async () => { ${WORKS_ON} }`);
    await untilSaid(first);
    const second = setup(`() => console.log('my turn')`);
    await untilSaid(second);
    first.child.stdin?.end();
    const { said } = await second.ended;
    expect(said).toContain(`(process ${first.child.pid}) is at work in this folder: waiting`);
    expect(said).toMatch(/\nmy turn\n$/);
    expect((await first.ended).code).toBe(0);
  });

  it('do not wait for a dead one', async () => {
    const first = setup(`async () => { ${WORKS_ON} }`);
    await untilSaid(first);
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await setup(`() => console.log('my turn')`).ended).said).toBe('my turn\n');
  });

  it('wait for what a dead one left at work', async () => {
    const left = node(['-e', 'process.stdin.resume()']);
    const first = setup(`async (holdFor) => { holdFor(${left.child.pid}); ${WORKS_ON} }`);
    await untilSaid(first);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = setup(`() => console.log('my turn')`);
    await untilSaid(second);
    left.child.kill('SIGKILL');
    expect((await second.ended).said).toMatch(/waiting[\s\S]*my turn/);
  });
});

describe('npm start', () => {
  const stopsBy = async (signal: NodeJS.Signals, whom: 'npm' | 'group') => {
    const { scripts } = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
    const start = String(scripts.start)
      .replace('scripts/run.mjs', JSON.stringify(join(repositoryRoot, 'scripts', 'run.mjs')))
      .replace('src/main.ts', JSON.stringify(join(repositoryRoot, 'test', 'platform', 'fixtures', 'until-signal.ts')));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
    const npm = spawn('npm', ['start'], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(npm);
    let said = '';
    npm.stdout.on('data', (chunk) => {
      said += chunk;
    });
    await expect.poll(() => said).toMatch(/running as \d+/);
    const pid = Number(/running as (\d+)/.exec(said)?.[1]);
    process.kill((npm.pid ?? 0) * (whom === 'group' ? -1 : 1), signal);
    const [code] = await once(npm, 'close');
    return { code, told: said.includes(`told ${signal}`), left: await commandLineOf(pid) };
  };

  it.each<[NodeJS.Signals, 'npm' | 'group', string]>([
    ['SIGINT', 'group', "a terminal's Ctrl-C"],
    ['SIGTERM', 'npm', "a supervisor's SIGTERM to npm alone"],
    ['SIGINT', 'npm', 'SIGINT to npm alone'],
  ])('stops cleanly, with exit code 0 and nothing left behind, at %s to %s: %s', async (signal, whom) => {
    expect(await stopsBy(signal, whom)).toEqual({ code: 0, told: true, left: null });
  });
});

describe('the last line of a test run', () => {
  const run = async (...files: [name: string, text: string][]) => {
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    const { code, said } = await node(['scripts/test.mjs', '--root', folder, '--globals'], { NO_COLOR: '1' }).ended;
    return { code, last: said.trimEnd().split('\n').at(-1) };
  };

  it('counts what passed', async () => {
    expect(await run(['a.test.js', `test('a', () => {}); test.skip('b', () => {});`])).toEqual({
      code: 0,
      last: '1 passed, 0 failed, 1 skipped',
    });
  });

  it('counts what failed, a file that cannot be loaded too', async () => {
    const failing = `test('a', () => {}); test('b', () => { throw new Error('no'); });`;
    expect(await run(['a.test.js', failing], ['b.test.js', `import './nowhere.js';`])).toEqual({
      code: 1,
      last: '1 passed, 2 failed',
    });
  });

  it('never calls a run without results a success', async () => {
    expect(await run(['a.test.js', `process.exit(0);`])).toEqual({
      code: 1,
      last: expect.stringMatching(/, 1 failed$/),
    });
  });

  it('counts an error outside any test', async () => {
    expect(
      await run([
        'a.test.js',
        `test('a', () => { setTimeout(() => { throw new Error('late'); }); return new Promise((done) => setTimeout(done, 50)); });`,
      ]),
    ).toEqual({
      code: 1,
      last: '1 passed, 1 failed',
    });
  });
});
