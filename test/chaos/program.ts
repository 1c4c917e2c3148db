/** The real program as a process group of its own, as a terminal would run it, and what the outside world can see of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/ports.ts';
import { repositoryRoot } from '../../src/repository-root.ts';
import { endProcess, processesWith } from '../../src/temporal/processes.ts';

export const TOKEN = 'a-token-for-chaos-alone';
export const DATE = '2025-07-14';

/** What `npm start` runs once its set-up is done. */
export const NODE = [process.execPath, 'scripts/run.mjs', 'src/main.ts'] as const;
export const NPM = ['npm', 'start'] as const;

export type Installation = { dataDir: string; port: number; exchangePort: number; uiPort: number };

export type BookOrder = {
  order_id: string;
  tag: string | null;
  tradingsymbol: string;
  transaction_type: 'BUY' | 'SELL';
  quantity: number;
  filled_quantity: number;
  order_type: string;
  status: string;
  fills: { quantity: number; price: number; at: string }[];
};
export type SimulatorBook = { orders: BookOrder[]; positions: { tradingsymbol: string; quantity: number }[] };

/** Ports that were free a moment ago. */
export async function installation(dataDir: string): Promise<Installation> {
  return { dataDir, port: await freePort(), exchangePort: await freePort(), uiPort: await freePort() };
}

export type Program = {
  child: ChildProcess;
  output(): string;
  exited: Promise<number | null>;
  /** SIGKILL to the whole group; the embedded Temporal server has a group of its own. */
  kill(): Promise<void>;
};

export function start(
  at: Installation,
  env: Record<string, string> = {},
  [command, ...args]: readonly string[] = NODE,
): Program {
  const child = spawn(command ?? '', args, {
    cwd: repositoryRoot,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...{ TRADING_MODE: 'replay', ACCOUNT: 'demo', API_TOKEN: TOKEN, DATA_DIR: at.dataDir, LOG_LEVEL: 'info' },
      ...{ PORT: String(at.port), EXCHANGE_PORT: String(at.exchangePort), TEMPORAL_UI_PORT: String(at.uiPort) },
      // Whatever a person has in .env.
      ...{ TEMPORAL_ADDRESS: '', TEMPORAL_NAMESPACE: '', DATABASE_URL: '', SECRETS_KEY: '', REPLAY_CANDLES: '' },
      ...{ REPLAY_FROM: DATE, REPLAY_TO: DATE, REPLAY_SPEED: '600', REPLAY_OPERATOR: 'on' },
      ...env,
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      said += chunk;
    });
  }
  const exited = new Promise<number | null>((ended) => child.once('close', (code) => ended(code)));
  return {
    child,
    output: () => said,
    exited,
    async kill() {
      signalGroup(child, 'SIGKILL');
      await until('the group to be gone', async () => !signalGroup(child, 0), 5_000);
    },
  };
}

/** False when nobody of the group is left. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Looks again and again until something is there; what it was waiting for is in the error. Wall milliseconds. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  withinMs: number,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(10);
  }
}

/** An answer's JSON, null while nobody answers. */
export async function read<T>(url: string): Promise<T | null> {
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: AbortSignal.timeout(5_000),
    });
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}

export const api = <T>(at: Installation, path: string) => read<T>(`http://127.0.0.1:${at.port}${path}`);
/** What a person's `curl -X POST` answers. */
export async function post(at: Installation, path: string, body: Record<string, unknown>): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${at.port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
}

export const simulator = <T>(at: Installation, path: string) =>
  read<T>(`http://127.0.0.1:${at.exchangePort}/simulator${path}`);
export const book = (at: Installation) => simulator<SimulatorBook>(at, '/book');

/** Market time in epoch ms, null while the simulator is away. */
export async function marketTime(at: Installation): Promise<number | null> {
  const clock = await simulator<{ market_time: string }>(at, '/clock');
  return clock && Date.parse(clock.market_time);
}

export async function steer(at: Installation, path: string, body: Record<string, unknown>): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${at.exchangePort}/simulator${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

export const fault = (at: Installation, body: Record<string, unknown>) => steer(at, '/faults', body);

/** Until it serves; a program that ends instead shows what it said. */
export async function ready(at: Installation, program: Program): Promise<void> {
  let ended = false;
  void program.exited.then(() => {
    ended = true;
  });
  await until(
    'the program to be ready',
    async () => {
      if (ended) throw new Error(`it ended instead of getting ready:\n${program.output()}`);
      return api(at, '/health');
    },
    60_000,
  );
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
  await until('the Temporal server to be gone', async () => (await temporalServers(at)).length === 0, 5_000);
}

/** Ends whatever a test has left of an installation. */
export async function sweep(at: Installation, programs: readonly Program[]): Promise<void> {
  for (const { child } of programs) signalGroup(child, 'SIGKILL');
  for (const pid of await temporalServers(at)) await endProcess(pid, 1_000);
}
