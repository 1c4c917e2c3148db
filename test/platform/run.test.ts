/** How TypeScript is run: as one file, where its sources say they are where they are, and again after a change. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compiled } from '../../src/platform/compiled.mjs';
import { RUN } from '../run-typescript.ts';

let folder: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trading-day-run-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

async function source(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('a program', () => {
  it('has its arguments, and each of its sources knows where it lies', async () => {
    const part = await source('part.ts', 'export const at: string = import.meta.url;');
    const main = await source(
      'main.ts',
      `import { at } from './part.ts';\nconsole.log(JSON.stringify([at, import.meta.dirname, process.argv.slice(1)]));`,
    );
    const run = spawnSync(process.execPath, [RUN, main, '--one', 'two'], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(JSON.parse(run.stdout)).toEqual([pathToFileURL(part).href, folder, [main, '--one', 'two']]);
  });

  it('names line and source of what it throws, and of what does not compile', async () => {
    const thrown = await source('thrown.ts', `type Said = string;\n\nthrow new Error('here' satisfies Said);`);
    const failed = spawnSync(process.execPath, [RUN, thrown], { encoding: 'utf8' });
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain(`${thrown}:3:`);

    const broken = await source('broken.ts', 'const = 1;');
    const refused = spawnSync(process.execPath, [RUN, broken], { encoding: 'utf8' });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('broken.ts:1:6');
  });

  it('is compiled by several at once, once for all, and anew when any of its sources has changed', async () => {
    const part = (value: number) => source('part.ts', `export const part: number = ${value};`);
    await part(1);
    const main = await source('main.ts', `export { part } from './part.ts';`);
    const meaning = async (path: string) => (await import(pathToFileURL(path).href)).part;
    const [one, other] = await Promise.all([compiled(main), compiled(main)]);
    expect(other).toBe(one);
    const { mtimeMs } = await stat(one);
    expect(await compiled(main)).toBe(one);
    expect((await stat(one)).mtimeMs).toBe(mtimeMs);
    await part(2);
    expect(await meaning(await compiled(main))).toBe(2);
    await part(1);
    expect(await meaning(await compiled(main))).toBe(1);
  });

  it('is compiled again when what was kept of it is gone', async () => {
    const main = await source('main.ts', 'export {};');
    await rm(dirname(await compiled(main)), { recursive: true });
    expect((await stat(await compiled(main))).isFile()).toBe(true);
  });
});

describe('--watch', () => {
  const running = (version: number) => `console.log('version ${version}');\nsetInterval(() => {}, 60_000);`;

  it('starts the program again when a source has changed and compiles, and ends with it', async () => {
    const main = await source('main.ts', running(1));
    const watching = spawn(process.execPath, [RUN, '--watch', main], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(watching);
    let said = '';
    for (const stream of [watching.stdout, watching.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    await expect.poll(() => said).toContain('version 1');
    await source('main.ts', 'const = 2;');
    await expect.poll(() => said).toContain('main.ts:1:6');
    await source('main.ts', running(3));
    await expect.poll(() => said).toContain('version 3');
    const ended = new Promise((end) => watching.once('close', end));
    watching.kill('SIGTERM');
    // The program had no handler of its own.
    expect(await ended).toBe(130);
  });
});
