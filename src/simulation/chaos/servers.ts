/** What all days of a run share: PostgreSQL, which lives, and the Temporal server, which may be killed. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../platform/ports.ts';
import { startTemporalServer } from '../../temporal/server.ts';
import { startPostgres } from './postgres.ts';

export type Servers = {
  databaseUrl: string;
  /** HOST:PORT of the Temporal server, also after it was killed. */
  temporal: string;
  /** The process of the Temporal server now, null between two. */
  temporalPid(): number | null;
  stop(): Promise<void>;
  /** At the end of this process, when nothing can be waited for any more. */
  stopAtOnce(): void;
};

/** Throws where one of them cannot be had; then neither is left. */
export async function startServers(folder: string): Promise<Servers> {
  const dataDir = join(folder, 'temporal');
  await mkdir(dataDir, { recursive: true });
  const postgres = await withoutItsSignals(startPostgres);
  try {
    const temporal = await startTemporalServer({
      ...{ dataDir, namespace: 'default', address: null, uiPort: await freePort() },
      env: process.env,
    });
    temporal.keepAlive(() => {});
    const temporalPid = () => pidOf(() => JSON.parse(readFileSync(join(dataDir, 'temporal.json'), 'utf8')).pid);
    return {
      databaseUrl: postgres.databaseUrl,
      temporal: temporal.address,
      temporalPid,
      async stop() {
        // One that was stopped in its tracks hears no SIGTERM.
        signal(temporalPid(), 'SIGCONT');
        await temporal.stop();
        await postgres.stop();
      },
      stopAtOnce() {
        signal(temporalPid(), 'SIGKILL');
        signal(
          pidOf(() => Number.parseInt(readFileSync(postgres.pidFile, 'utf8'), 10)),
          'SIGQUIT',
        );
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** Its package ends this process on the first Ctrl-C, before the others are ended: that is for this program to do, in its order. */
async function withoutItsSignals<T>(start: () => Promise<T>): Promise<T> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const before = new Map(signals.map((name) => [name, process.listeners(name)]));
  const started = await start();
  for (const name of signals) {
    for (const listener of process.listeners(name)) {
      if (!before.get(name)?.includes(listener)) process.off(name, listener);
    }
  }
  return started;
}

function pidOf(find: () => unknown): number | null {
  try {
    const pid = find();
    return typeof pid === 'number' && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/** To a process that may be gone. */
export function signal(pid: number | null, name: NodeJS.Signals): void {
  if (pid === null) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
