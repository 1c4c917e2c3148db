import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzlePostgres } from 'drizzle-orm/node-postgres';
import { migrate as migratePostgres } from 'drizzle-orm/node-postgres/migrator';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import pg from 'pg';
import { AppError } from '../errors.ts';
import { emptyArchive, ensureFolder, MIGRATIONS } from './empty-journal.ts';

export type Database = PgDatabase<PgQueryResultHKT>;
export type OpenDatabase = { database: Database; close(): Promise<void> };

/**
 * Where the journal lives: a PGlite folder `journal` in the data folder (null keeps it in memory), or a PostgreSQL
 * server. PGlite takes one process at a time and does not notice a second: the process that opens a folder holds its DATA_DIR.
 */
export type JournalLocation = { dataDir: string | null } | { databaseUrl: string };

/** Any number, the same for all processes: only one migrates at a time. */
const MIGRATION_LOCK = 7_150_915;

/** Opens the database and brings its tables up to date. Throws AppError `journal_unavailable`. */
export async function openDatabase(location: JournalLocation): Promise<OpenDatabase> {
  return 'databaseUrl' in location ? openPostgres(location.databaseUrl) : openPglite(location.dataDir);
}

async function openPglite(dataDir: string | null): Promise<OpenDatabase> {
  try {
    const client = dataDir === null ? new PGlite({ loadDataDir: await emptyArchive() }) : await inFolder(dataDir);
    const database = drizzlePglite({ client });
    await migratePglite(database, MIGRATIONS);
    return { database, close: () => client.close() };
  } catch (cause) {
    throw unavailable(`the folder ${join(dataDir ?? '', 'journal')} cannot be opened`, cause);
  }
}

async function inFolder(dataDir: string): Promise<PGlite> {
  const folder = join(dataDir, 'journal');
  await ensureFolder(folder);
  return new PGlite(folder);
}

async function openPostgres(databaseUrl: string): Promise<OpenDatabase> {
  const settings = { connectionString: databaseUrl, connectionTimeoutMillis: 5_000, application_name: 'trading-day' };
  try {
    const migrator = new pg.Client(settings);
    await migrator.connect();
    try {
      await migrator.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
      await migratePostgres(drizzlePostgres({ client: migrator }), MIGRATIONS);
    } finally {
      await migrator.end();
    }
  } catch (cause) {
    throw unavailable('the PostgreSQL server of DATABASE_URL cannot be used', cause);
  }
  const pool = new pg.Pool({ ...settings, max: 5, query_timeout: 10_000 });
  // An idle connection that the server drops would otherwise end the process; the next query opens another.
  pool.on('error', () => {});
  return { database: drizzlePostgres({ client: pool }), close: () => pool.end() };
}

function unavailable(what: string, cause: unknown): AppError {
  return new AppError({
    code: 'journal_unavailable',
    message: `The journal's database is not available: ${what} (${reasonOf(cause)}).`,
    httpStatus: 503,
    retryable: true,
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
