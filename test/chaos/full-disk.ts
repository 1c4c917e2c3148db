/**
 * A data folder that can be filled: a small file system of its own, seen by one program alone. Mounted in a user's own name space, which
 * an ordinary user may have where the kernel gives it; nothing outside of the program sees it, and it goes when the program goes.
 */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from './program.ts';

const run = promisify(execFile);

/** Room for the journal and Temporal's database, and little more. */
const MEGABYTES = 256;
const MOUNT = `mount -t tmpfs -o size=${MEGABYTES}m tmpfs "$1"`;
const NAMESPACE = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'] as const;

/** Whether this machine allows it; says so where it does not. `folder` is any empty one. */
export async function fullDiskTestsRun(folder: string): Promise<boolean> {
  const [command, ...args] = NAMESPACE;
  try {
    await run(command, [...args, MOUNT, 'sh', folder]);
    return true;
  } catch (error) {
    console.warn(`SKIPPED: no file system can be filled here, a full disk is not tested (${String(error)}).`);
    return false;
  }
}

/** The command that runs another one with a small file system in the place of the folder. */
export function onSmallDisk(folder: string, command: readonly string[]): readonly string[] {
  return [...NAMESPACE, `${MOUNT} && shift && exec "$@"`, 'sh', folder, ...command];
}

export type FullDisk = {
  /** Whether a write of one byte fails for want of space, as it should until it is freed. */
  isFull(): Promise<boolean>;
  free(): Promise<void>;
};

/** Fills the folder as that program sees it, to the last byte, and takes what becomes free again until `free`. */
export async function fillDisk(pid: number, folder: string): Promise<FullDisk> {
  const inside = (target: number) => {
    const namespace = ['--target', String(target), '--user', '--mount', '--preserve-credentials'];
    return [...namespace, 'sh', '-c'];
  };
  // It ends with this process too: a test that is killed leaves no filler behind.
  const filling = 'while [ -d "/proc/$2" ]; do cat /dev/zero >> "$1/ballast"; sleep 0.1; done';
  const ours = String(process.pid);
  const filler = spawn('nsenter', [...inside(pid), filling, 'sh', folder, ours], { stdio: 'ignore', detached: true });
  // The filler keeps the file system when the program ends, of a full disk perhaps.
  const shell = (script: string) => run('nsenter', [...inside(filler.pid ?? pid), script, 'sh', folder]);
  const isFull = () =>
    shell('dd if=/dev/zero of="$1/byte" bs=1 count=1 || exit; rm "$1/byte"').then(
      () => false,
      (error: Error) => error.message.includes('No space left on device'),
    );
  await until('the disk to be full', isFull, 60_000);
  return {
    isFull,
    async free() {
      // Stopped first: it would fill what becomes free.
      if (filler.pid !== undefined) process.kill(-filler.pid, 'SIGSTOP');
      await shell('rm -f "$1/ballast" "$1/byte"');
      if (filler.pid !== undefined) process.kill(-filler.pid, 'SIGKILL');
    },
  };
}
