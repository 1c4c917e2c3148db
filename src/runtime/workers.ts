/** The workers of a process, from their connection to their end. */
import { NativeConnection } from '@temporalio/worker';
import { dayTaskQueue } from '../contract/identity.ts';
import { temporalAccess } from '../temporal/client.ts';
import { createWorkers } from '../temporal/worker.ts';
import type { Composition } from './composition.ts';
import type { Program } from './program.ts';

export type RunningWorkers = {
  running(): boolean;
  /** How far this machine's clock is ahead of the Temporal server's; null while that is not known. Wall milliseconds. */
  aheadOfServer(): number | null;
  /** Ends when they have stopped; rejects when one of them fails. */
  ended: Promise<void>;
};

/** Serves days and guards at a Temporal server. Stopped with the program: what they were doing is finished, seconds at most. */
export async function startWorkers(
  { config, shutdownHooks }: Program,
  options: {
    address: string;
    codePath: string;
    composition: Pick<Composition, 'day'> & { guards: Composition['guards'] | null };
  },
): Promise<RunningWorkers> {
  const { address, codePath, composition } = options;
  const connection = await NativeConnection.connect({ address, ...temporalAccess(config.temporal) });
  shutdownHooks.add('the worker’s connection', () => connection.close());
  const workers = await createWorkers({
    connection,
    namespace: config.temporal.namespace,
    queue: dayTaskQueue(config),
    codePath,
    day: composition.day,
    guards: composition.guards,
  });
  const ended = workers.run();
  shutdownHooks.add('the workers', async () => {
    workers.shutdown();
    await ended;
  });
  return { running: () => workers.running(), aheadOfServer: () => workers.aheadOfServer(), ended };
}
