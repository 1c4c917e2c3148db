import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/config.ts';
import { Environment } from '../../src/config/environment.ts';
import { repositoryRoot } from '../../src/platform/repository-root.ts';
import { API, sharedSettings, WORKER } from '../chaos/processes.ts';

const run = promisify(execFile);
const ENV = {
  POSTGRES_PASSWORD: 'letters123',
  SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  API_TOKEN: 'a-token-for-compose-alone',
};

/** `${NAME:-default}` and `${NAME:?words}`, as docker-compose fills them in. */
const filledIn = z.string().transform((text) => {
  const given: Record<string, string> = ENV;
  return text.replaceAll(/\$\{(\w+):[-?]([^}]*)\}/g, (_, name: string, fallback: string) => given[name] ?? fallback);
});
const service = z.object({
  image: z.string(),
  command: z.array(filledIn).default([]),
  environment: z.record(z.string(), filledIn).default({}),
  ports: z.array(filledIn).default([]),
  profiles: z.array(z.string()).optional(),
  deploy: z.object({ replicas: z.int() }).optional(),
});
const text = readFileSync(join(repositoryRoot, 'docker-compose.yml'), 'utf8');
const { services } = z.object({ services: z.record(z.string(), service) }).parse(parse(text, { merge: true }));

function named(name: string): z.infer<typeof service> {
  const found = services[name];
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
}

describe('docker-compose.yml', () => {
  const told = sharedSettings({ temporal: '127.0.0.1:7233', databaseUrl: 'postgresql://a:b@c/d', exchangePort: 9100 });

  it.each([
    ['worker', WORKER, []],
    ['api', API, ['HOST', 'PORT', 'PUBLIC_URL']],
    ['api-2', API, ['HOST', 'PORT', 'PUBLIC_URL']],
  ] as const)(
    'tells %s what the test of real processes tells it, and starts the same program',
    (name, program, more) => {
      const { environment, command } = named(name);
      // The namespace is the default one, and the browser's way to the login page is the machine's.
      const names = [...Object.keys(told), 'TEMPORAL_NAMESPACE', 'EXCHANGE_LOGIN_URL', ...more];
      expect(Object.keys(environment).sort()).toEqual(names.sort());
      expect(Object.keys(Environment.shape)).toEqual(expect.arrayContaining(names));
      expect(command.slice(1)).toEqual(program.slice(1));
    },
  );

  it('says what the configuration understands', () => {
    const worker = loadConfig(named('worker').environment);
    expect(worker).toMatchObject({ mode: 'replay', guards: true, temporal: { address: 'temporal:7233' } });
    expect(worker.databaseUrl).toBe('postgresql://postgres:letters123@postgres:5432/journal');
    expect(loadConfig(named('api').environment)).toMatchObject({
      host: '0.0.0.0',
      port: 8000,
      apiToken: ENV.API_TOKEN,
    });
  });

  it.each(['api', 'api-2'])('has %s print links to the port that it is published at', (name) => {
    const { environment, ports } = named(name);
    expect(ports).toEqual([`${loadConfig(environment).publicUrl?.slice('http://'.length)}:8000`]);
  });

  it('gives the Temporal UI, which asks for no password, nothing to write with', () => {
    expect(named('temporal-ui').environment).toMatchObject({ TEMPORAL_DISABLE_WRITE_ACTIONS: 'true' });
  });

  it('runs two workers, as many as may serve guards, and two APIs', () => {
    expect(named('worker').deploy).toEqual({ replicas: 2 });
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining(['api', 'api-2', 'postgres', 'temporal', 'temporal-ui']),
    );
  });

  it('publishes ports to this machine alone, and takes images by their version', () => {
    const all = Object.values(services);
    expect(all.flatMap(({ ports }) => ports).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(all.map(({ image }) => image).filter((image) => !/:\d+\.\d+(\.\d+)?(-\w+)?$/.test(image))).toEqual([]);
  });

  it.each(['exchange', 'paper-exchange'])('starts %s with options that it knows', async (name) => {
    const [, ...args] = named(name).command;
    const { stdout } = await run(process.execPath, [...args, '--help'], { cwd: repositoryRoot });
    expect(stdout).toContain('--paper');
    expect(named(name).profiles).toEqual([name === 'exchange' ? 'replay' : 'paper']);
  });

  it('is taken by docker-compose itself, where there is one', async (test) => {
    const there = await run('docker-compose', ['version']).then(
      () => true,
      () => false,
    );
    if (!there) {
      console.warn('SKIPPED: docker-compose is not installed here');
      return test.skip();
    }
    const folder = await mkdtemp(join(tmpdir(), 'trading-day-compose-'));
    try {
      await cp(join(repositoryRoot, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
      const config = () =>
        run('docker-compose', ['--profile', 'replay', '--profile', 'paper', 'config'], { cwd: folder });
      await writeFile(join(folder, '.env'), '');
      await expect(config()).rejects.toThrow(/POSTGRES_PASSWORD|API_TOKEN|SECRETS_KEY/);
      await writeFile(
        join(folder, '.env'),
        Object.entries(ENV)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      );
      expect(Object.keys(parse((await config()).stdout).services).sort()).toEqual(Object.keys(services).sort());
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
