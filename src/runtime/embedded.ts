/** What a program that runs everything in one process has of its own: the Temporal server, its client, the journal. */
import type { Client } from '@temporalio/client';
import { openJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/types.ts';
import { workflowBundle } from '../temporal/bundle.ts';
import { connectTemporal, temporalAccess } from '../temporal/client.ts';
import { startTemporalServer, type TemporalServer } from '../temporal/server.ts';
import type { Program } from './program.ts';

export type Embedded = { server: TemporalServer; client: Client; codePath: string; journal: Journal };

/** Call it while holding DATA_DIR. Throws AppError when one of them cannot be had; what was opened is closed with the program. */
export async function startEmbedded({ config, logger, shutdownHooks }: Program): Promise<Embedded> {
  logger.info({}, 'Starting Temporal …');
  const bundling = workflowBundle();
  // Its failure is met below, not while a server is starting that nobody would stop.
  bundling.catch(() => {});
  const access = temporalAccess(config.temporal);
  const server = await startTemporalServer({
    dataDir: config.dataDir,
    namespace: config.temporal.namespace,
    address: config.temporal.address,
    access,
    uiPort: config.temporal.uiPort,
    env: process.env,
  });
  shutdownHooks.add('the Temporal server', () => server.stop());
  const { codePath } = await bundling;
  // Left open to the process's end: the SDK tries failed calls again by a timer, which throws on a closed connection.
  const { client } = await connectTemporal({
    address: server.address,
    namespace: config.temporal.namespace,
    access,
  });
  const journal = await openJournal(
    config.databaseUrl ? { databaseUrl: config.databaseUrl } : { dataDir: config.dataDir },
  );
  shutdownHooks.add('the journal', () => journal.close());
  return { server, client, codePath, journal };
}
