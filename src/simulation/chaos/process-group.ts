/** A process with all that it starts, as a terminal would run it: signals reach the whole group. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../../platform/repository-root.ts';

/** A machine that is busy takes its time to bury what was killed. Wall milliseconds. */
const GONE_WITHIN_MS = 60_000;

export type ProcessGroup = {
  child: ChildProcess;
  /** What it has said so far, on both streams. */
  output(): string;
  /** Its exit code; null when a signal ended it. */
  exited: Promise<number | null>;
  /** SIGKILL to the whole group; returns when nobody of it is left. */
  kill(): Promise<void>;
};

export function startGroup([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): ProcessGroup {
  const child = spawn(command, args, {
    ...{ cwd: repositoryRoot, detached: true, env },
    stdio: ['ignore', 'pipe', 'pipe'],
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
      await until('the group to be gone', async () => !signalGroup(child, 0), GONE_WITHIN_MS);
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
  signal?: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    signal?.throwIfAborted();
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(10);
  }
}
