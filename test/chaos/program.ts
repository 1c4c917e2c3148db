/** The real program as a process group of its own, as a terminal would run it, and what the outside world can see of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/platform/ports.ts';
import { api, simulator, TOKEN } from '../../src/simulation/chaos/outside.ts';
import * as group from '../../src/simulation/chaos/process-group.ts';
import { type ProcessGroup, signalGroup, startGroup } from '../../src/simulation/chaos/process-group.ts';
import { endProcess, processesWith } from '../../src/temporal/processes.ts';
import { PATIENCE_MS } from '../patience.ts';

export * from '../../src/simulation/chaos/outside.ts';
export { signalGroup };
export type Program = ProcessGroup;

/** Looks until something is there; what it was waiting for is in the error. `withinMs` only where a time is the rule itself. */
export function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs = PATIENCE_MS,
): Promise<T> {
  return group.until(what, look, withinMs);
}

export const DATE = '2025-07-14';

/**
 * What `npm start` runs once its set-up is done. PGlite is WebAssembly, which V8 would optimise for long: most programs of a test end
 * before that is worth it.
 */
export const NODE = [process.execPath, '--liftoff-only', 'scripts/run.mjs', 'src/main.ts'] as const;
export const NPM = ['npm', 'start'] as const;

export type Installation = { dataDir: string; port: number; exchangePort: number; uiPort: number };

/** Ports that were free a moment ago. */
export async function installation(dataDir: string): Promise<Installation> {
  return { dataDir, port: await freePort(), exchangePort: await freePort(), uiPort: await freePort() };
}

/** A kill of it leaves the embedded Temporal server, which has a group of its own. */
export function start(
  at: Installation,
  env: Record<string, string> = {},
  [command, ...args]: readonly string[] = NODE,
): Program {
  return startGroup([command ?? '', ...args], {
    ...process.env,
    ...{ TRADING_MODE: 'replay', ACCOUNT: 'demo', API_TOKEN: TOKEN, DATA_DIR: at.dataDir, LOG_LEVEL: 'info' },
    ...{ PORT: String(at.port), EXCHANGE_PORT: String(at.exchangePort), TEMPORAL_UI_PORT: String(at.uiPort) },
    // Whatever a person has in .env.
    ...{ TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: '', DATABASE_URL: '', SECRETS_KEY: '', REPLAY_CANDLES: '' },
    ...{ REPLAY_FROM: DATE, REPLAY_TO: DATE, REPLAY_SPEED: '600', REPLAY_OPERATOR: 'on' },
    ...env,
  });
}

/** Market time in epoch ms, null while the simulator is away. */
export async function marketTime(at: Installation): Promise<number | null> {
  const clock = await simulator<{ market_time: string }>(at, '/clock');
  return clock && Date.parse(clock.market_time);
}

/** Until it serves; a program that ends instead shows what it said. */
export async function ready(at: Installation, program: Program): Promise<void> {
  let ended = false;
  void program.exited.then(() => {
    ended = true;
  });
  await until('the program to be ready', async () => {
    if (ended) throw new Error(`it ended instead of getting ready:\n${program.output()}`);
    return api(at, '/health');
  });
}

/** The Temporal servers on this installation's database, recorded or not. */
export function temporalServers(at: Installation): Promise<number[]> {
  return processesWith('--db-filename', join(at.dataDir, 'temporal.db'));
}

export async function temporalPort(at: Installation): Promise<number> {
  return JSON.parse(await readFile(join(at.dataDir, 'temporal.json'), 'utf8')).port;
}

export async function killTemporal(at: Installation): Promise<void> {
  for (const pid of await temporalServers(at)) process.kill(pid, 'SIGKILL');
  await until('the Temporal server to be gone', async () => (await temporalServers(at)).length === 0);
}

/** Ends whatever a test has left of an installation. */
export async function sweep(at: Installation, programs: readonly Program[]): Promise<void> {
  for (const { child } of programs) signalGroup(child, 'SIGKILL');
  for (const pid of await temporalServers(at)) await endProcess(pid, 1_000);
}
