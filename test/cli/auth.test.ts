import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/platform/ports.ts';
import { API_TOKEN } from '../api/fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from '../api/fixtures/api-program.ts';
import { RUN } from '../run-typescript.ts';

const COMMAND = fileURLToPath(new URL('../../src/cli/auth.ts', import.meta.url));

describe('npm run auth', () => {
  let program: ApiProgram;
  let dataDir: string;
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    program = await startApiProgram();
    dataDir = await mkdtemp(join(tmpdir(), 'auth-'));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await program.stop();
    await rm(dataDir, { recursive: true });
  });
  beforeEach(() => program.freshAccount());

  function run(args: string[] = [], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [RUN, COMMAND, ...args], {
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        PORT: String(program.server.port),
        API_TOKEN,
        DATA_DIR: dataDir,
        ...env,
      },
    });
    children.add(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { ended, text: () => text };
  }

  /** What the browser brings back from the login page that the command showed. */
  async function followLink(text: string): Promise<void> {
    const link = new URL(/https?:\S+/.exec(text)?.[0] ?? '');
    const back = new URLSearchParams(link.searchParams.get('redirect_params') ?? '');
    back.set('request_token', 'rt');
    back.set('status', 'success');
    await fetch(`${program.server.origin}/live/auth/complete?${back}`);
  }

  it('shows the link, waits for the redirect and says until when the login holds', async () => {
    const command = run();
    await expect.poll(command.text).toContain('Waiting for the login');
    await followLink(command.text());
    expect(await command.ended).toBe(0);
    expect(command.text()).toContain('Logged in as AB1234. The login holds until 06:00 IST on 2025-07-15.');
    expect(command.text()).not.toContain(API_TOKEN);
  });

  it('a refused login ends with the words of the broker and code 1', async () => {
    await program.openDay();
    await program.change({ login: 'refused' });
    const command = run();
    await expect.poll(command.text).toContain('Waiting for the login');
    await followLink(command.text());
    expect(await command.ended).toBe(1);
    expect(command.text()).toContain('Zerodha refused the login: Token is invalid or has expired.');
  });

  it('a login that holds already is said, without a new one', async () => {
    await program.post('/live/auth/complete', { request_token: 'rt' });
    const command = run();
    expect(await command.ended).toBe(0);
    expect(command.text()).toContain('Logged in already as AB1234');
  });

  it('nobody logging in ends with code 1', async () => {
    const command = run(['--minutes', '0.02']);
    expect(await command.ended).toBe(1);
    expect(command.text()).toContain('Nobody logged in');
  });

  it.each([
    [
      'a program that does not run',
      async () => ({ PORT: String(await freePort()) }),
      [],
      'Start the program with npm start',
    ],
    ['another token', async () => ({ API_TOKEN: 'another-token-0123456789' }), [], 'another API token'],
    ['an unknown option', async () => ({}), ['--agian'], 'Usage:'],
  ])('%s ends with code 2 and says what to do', async (_, env, args, words) => {
    const command = run(args, await env());
    expect(await command.ended).toBe(2);
    expect(command.text()).toContain(words);
  });
});
