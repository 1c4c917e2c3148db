import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ExchangeKeys } from '../../src/exchange-simulator/wire/keys.ts';
import { AFTER_THE_INSTANT_MS } from './look-ahead.ts';
import { MAIN } from './plan.ts';
import { openStage } from './replayed-day.ts';
import type { ReplayedDay } from './stage.ts';

/** Distinct and long: whatever holds one of them holds it for no other reason. */
const KEYS: ExchangeKeys = {
  apiKey: 'kitekeykitekey01',
  apiSecret: `kitesecret${randomBytes(12).toString('hex')}`,
  breezeApiKey: `breezekey${randomBytes(12).toString('hex')}`,
  breezeApiSecret: `breezesecret${randomBytes(12).toString('hex')}`,
  breezeSession: `breezesession${randomBytes(8).toString('hex')}`,
};

/** Everything that a day left behind, by where it lies, as text. */
const left = new Map<string, string>();
const secrets = new Map<string, string>();

beforeAll(async () => {
  const sealingKey = randomBytes(32);
  const dataDir = await mkdtemp(join(tmpdir(), 'secrets-'));
  const stage = await openStage({ dataDir });
  const day = await stage.startDay({
    keys: KEYS,
    sealingKey,
    guard: (input) => looking(day, input.until + AFTER_THE_INSTANT_MS),
  });
  await live(day);
  const handle = stage.env.client.workflow.getHandle(day.workflowId);
  left.set('the history', textOf(await handle.fetchHistory()));
  left.set('the workflow', textOf((await handle.describe()).raw));
  left.set('the query', textOf(await day.view()));
  left.set('the current details', textOf(await handle.query('__temporal_workflow_metadata')));
  left.set('the log', day.lines.join('\n'));
  await day.close();
  await stage.close();
  left.set('the journal', await tablesOf(join(dataDir, 'journal')));
  await rm(dataDir, { recursive: true, force: true });
  for (const [name, value] of Object.entries(KEYS)) if (name !== 'apiKey') secrets.set(name, value);
  for (const form of ['base64', 'base64url', 'hex'] as const)
    secrets.set(`sealing key, ${form}`, sealingKey.toString(form).replace(/=+$/, ''));
}, 300_000);

/** A whole day with everything in it that could speak of a secret: three logins, two dead sessions, brokers that fail. */
async function live(day: ReplayedDay): Promise<void> {
  const { exchange } = day;
  const logIn = async (name: string, requestToken: string) => {
    secrets.set(`request token of ${name}`, requestToken);
    await day.logIn(requestToken);
  };
  await logIn('a refused login', 'requesttokenthatisrefused0001');
  await day.seen('the refusal', ({ authAttempts }) => authAttempts.some(({ outcome }) => outcome === 'refused'));
  await logIn('the first login', exchange.newRequestToken());
  await day.seen('the first login', ({ session }) => session !== null);
  secrets.set('first access token', day.parts.accessToken() ?? '');
  await day.start();
  exchange.addFault({ kind: 'breeze_invalid_session', count: 2 });
  await day.opened();
  exchange.killSessions();
  await day.at('12:15');
  await day.seen('the lost login', ({ state }) => state === 'awaiting_auth');
  await logIn('the second login', exchange.newRequestToken());
  await day.seen('the second login', ({ session }) => session !== null);
  secrets.set('second access token', day.parts.accessToken() ?? '');
  exchange.addFault({ kind: 'http_error', path: '/orders', count: 3 });
  exchange.addFault({ kind: 'timeout_after_accept', count: 1 });
  expect((await day.result()).result).toBe('flat');
}

async function looking(day: ReplayedDay, until: number) {
  await day.parts.activities.sessions.use(day.identity, (session) => session.profile());
  return { kind: 'quiet', until } as const;
}

describe('what a day leaves behind', () => {
  it('is looked at as a whole, payloads included', () => {
    for (const where of ['the history', 'the query', 'the journal', 'the log'])
      expect(left.get(where), where).toContain(MAIN);
    expect(left.get('the current details')).toContain('Result **flat**');
    // The sealed tokens are there: so would be open ones.
    expect(left.get('the history')).toMatch(/sealedRequestToken":"v1\./);
    expect(left.get('the journal')).toMatch(/sealed_access_token: v1\./);
    expect(secrets.size).toBe(12);
    for (const [name, value] of secrets) expect(value.length, name).toBeGreaterThan(12);
  });

  it.each(['the history', 'the workflow', 'the query', 'the current details', 'the journal', 'the log'])(
    'holds no secret in %s',
    (where) => {
      const text = left.get(where) ?? '';
      expect(text.length).toBeGreaterThan(100);
      const found = [...secrets].filter(
        ([, value]) => text.includes(value) || text.includes(encodeURIComponent(value)),
      );
      expect(found.map(([name]) => name)).toEqual([]);
    },
  );
});

/** All text in it, at any depth. Walked here: protocol buffers turn payloads into base64 when they are made JSON. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([field, inner]) => `${field}: ${textOf(inner)}`)
    .join('\n');
}

async function tablesOf(folder: string): Promise<string> {
  const database = new PGlite(folder);
  try {
    const { rows } = await database.query<{ name: string }>(
      "select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')",
    );
    const tables = await Promise.all(rows.map(({ name }) => database.query(`select * from ${name}`)));
    return textOf(tables.map((table) => table.rows));
  } finally {
    await database.close();
  }
}
