import { type PostgresServer, startPostgres as start } from '../../src/simulation/chaos/postgres.ts';

export type { PostgresServer };

/** A real PostgreSQL of its own in a temporary folder. Null, said aloud, where it cannot start; in CI that is an error. */
export async function startPostgres(): Promise<PostgresServer | null> {
  try {
    return await start();
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`SKIPPED: PostgreSQL cannot be started here (${String(error)})`);
    return null;
  }
}
