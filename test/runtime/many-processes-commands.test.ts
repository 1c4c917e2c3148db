/** The commands of docs/many-processes.md, as a person copies them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { repositoryRoot } from '../../src/platform/repository-root.ts';

const run = promisify(execFile);
const page = readFileSync(join(repositoryRoot, 'docs/many-processes.md'), 'utf8');
const [apart = '', , composed = ''] = [...page.matchAll(/```bash\n(.*?)```/gs)].map(([, block]) => block);
/** What makes `.env` is the beginning of either. */
const settingsOf = (block: string) => block.slice(0, block.indexOf('chmod 600 .env\n') + 'chmod 600 .env\n'.length);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trading-day-commands-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const execute = (block: string) => run('bash', ['-ec', settingsOf(block)], { cwd: folder });
const settings = async () => parseEnv(await readFile(join(folder, '.env'), 'utf8')) as Record<string, string>;

describe.each([
  ['without docker', apart],
  ['with docker-compose', composed],
])('the settings %s', (_, block) => {
  it('leave the credentials that .env has, and nobody else may read them', async () => {
    // The last line of a file that a person has written often has no end.
    await writeFile(join(folder, '.env'), 'KITE_API_SECRET=mine-1\nKITE_USER_ID=AB1234', { mode: 0o644 });
    await execute(block);
    const said = await settings();
    expect(said).toMatchObject({ KITE_API_SECRET: 'mine-1', KITE_USER_ID: 'AB1234' });
    expect(said.API_TOKEN).toMatch(/^[0-9a-f]{48}$/);
    expect((await stat(join(folder, '.env'))).mode & 0o777).toBe(0o600);
  });

  it('are what the program understands', async () => {
    await execute(block);
    const config = loadConfig(await settings());
    expect(config).toMatchObject({ mode: 'replay', secretsKey: expect.any(Buffer) });
  });
});

describe('the commands with docker-compose', () => {
  it('keep the password that the volume has when they are repeated', async () => {
    await execute(composed);
    const first = await settings();
    await execute(composed);
    expect(await settings()).toEqual(first);
    expect(first.POSTGRES_PASSWORD).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('the commands without docker', () => {
  it('are two workers, two APIs on ports of their own, and an exchange with options that it knows', async () => {
    const commands = apart.match(/^(PORT=\d+ )?npm run .*(?= &$)/gm);
    expect(commands?.slice(1)).toEqual([
      'npm run worker',
      'npm run worker',
      'PORT=8000 npm run api',
      'PORT=8001 npm run api',
    ]);
    const [, options = ''] = commands?.[0]?.split('npm run exchange -- ') ?? [];
    const given = ['scripts/run.mjs', 'src/exchange-simulator/cli.ts', ...options.split(' '), '--help'];
    const { stdout } = await run(process.execPath, given, { cwd: repositoryRoot });
    expect(stdout).toContain('--redirect-url');
    for (const name of ['--at', '--speed', '--data-dir', '--redirect-url']) expect(options).toContain(`${name} `);
  });
});
