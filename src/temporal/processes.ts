import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The command line of a running process, null when there is none. A process that has ended but was not waited for has none. */
export async function commandLineOf(pid: number): Promise<string | null> {
  return (await commandLines()).get(pid) ?? null;
}

/** Whether a process has this id; cheap enough to be asked every second. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Processes whose command line holds all of these words, in this order and next to each other. */
export async function processesWith(...words: string[]): Promise<number[]> {
  const wanted = ` ${words.join(' ')} `;
  return [...(await commandLines())].filter(([, line]) => ` ${line} `.includes(wanted)).map(([pid]) => pid);
}

/** SIGTERM, and SIGKILL to what is still there after `graceMs` (wall time). Returns when it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  signal(pid, 'SIGTERM');
  while ((await commandLineOf(pid)) !== null) {
    if (performance.now() > deadline) signal(pid, 'SIGKILL');
    await sleep(50);
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It may have gone by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function commandLines(): Promise<Map<number, string>> {
  // macOS has no /proc, slim Linux images have no ps.
  return process.platform === 'linux' ? fromProc() : fromPs();
}

async function fromProc(): Promise<Map<number, string>> {
  const lines = new Map<number, string>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (line !== '') lines.set(Number(pid), line.replaceAll('\0', ' ').trim());
    }),
  );
  return lines;
}

async function fromPs(): Promise<Map<number, string>> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 });
  return new Map([...stdout.matchAll(/^\s*(\d+) (.+)$/gm)].map(([, pid, line]) => [Number(pid), (line ?? '').trim()]));
}
