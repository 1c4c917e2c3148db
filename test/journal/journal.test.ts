import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/types.ts';
import { specifyJournal } from './journal-contract.ts';
import { batch, event, freshDay } from './journal-rows.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

describe('the journal in its folder', () => {
  let folder: string;
  let journal: Journal;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trading-day-journal-'));
    journal = await openJournal({ dataDir: folder });
  });
  afterAll(async () => {
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });

  specifyJournal(() => journal);

  it('begins anew where the first start was killed while it was being put there', async () => {
    const killed = await mkdtemp(join(tmpdir(), 'trading-day-journal-'));
    await mkdir(join(killed, 'journal.new-of-a-first-start', 'base'), { recursive: true });
    await mkdir(join(killed, 'journal.put-aside'));
    const again = await openJournal({ dataDir: killed });
    expect(await again.days({ mode: 'replay', account: 'demo', run: 1 })).toEqual([]);
    await again.close();
    expect((await readdir(killed)).sort()).toEqual(['journal', 'journal.put-aside']);
    await rm(killed, { recursive: true });
  });

  it('is still there when it is opened again', async () => {
    const day = freshDay();
    await journal.write(batch(day, { events: [event(1)] }));
    await journal.close();
    journal = await openJournal({ dataDir: folder });
    await journal.ping();
    expect(await journal.events(day, 1)).toHaveLength(1);
  });
});

const postgres: PostgresServer | null = await startPostgres();
afterAll(() => postgres?.stop());

describe.skipIf(postgres === null)('the journal on PostgreSQL', () => {
  const location = () => ({ databaseUrl: postgres?.databaseUrl ?? '' });
  let journal: Journal;
  beforeAll(async () => {
    // As several machines that start at once: each brings the tables up to date, one after the other.
    const opened = await Promise.all([openJournal(location()), openJournal(location()), openJournal(location())]);
    const [first, ...others] = opened;
    journal = first as Journal;
    await Promise.all(others.map((other) => other.close()));
  });
  afterAll(() => journal.close());

  specifyJournal(() => journal);

  it('does not pass for well once it takes no writes, as a server does whose storage is full', async () => {
    const client = new pg.Client({ connectionString: location().databaseUrl });
    await client.connect();
    const { database, user } = client;
    const others =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()';
    const set = async (to: string) => {
      await client.query(`ALTER ROLE "${user}" IN DATABASE "${database}" ${to} default_transaction_read_only`);
      await client.query(others, [database]);
    };
    try {
      await journal.ping();
      await client.query(`ALTER ROLE "${user}" IN DATABASE "${database}" SET default_transaction_read_only = on`);
      await client.query(others, [database]);
      await expect.poll(() => journal.ping().then(() => 'well', refusalOf)).toMatch(/read-only transaction/);
    } finally {
      await client.query('SET default_transaction_read_only = off');
      await set('RESET');
      await client.end();
    }
    await expect.poll(() => journal.ping().then(() => 'well', refusalOf)).toBe('well');
  });
});

const refusalOf = (error: Error): string => String(error.cause ?? error);

it('says that the database is away, without its password', async () => {
  const away = openJournal({ databaseUrl: 'postgresql://trader:hunter2-secret@127.0.0.1:1/journal' });
  await expect(away).rejects.toMatchObject({ code: 'journal_unavailable', httpStatus: 503, retryable: true });
  await expect(away).rejects.toThrow(/DATABASE_URL.*ECONNREFUSED/);
  await expect(away).rejects.not.toThrow(/hunter2/);
});
