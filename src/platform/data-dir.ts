import { link, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.ts';

export type DataDirLock = {
  /** What a second start is told: the running links, as they are when it asks. */
  announce(links: () => string): void;
  /** From now on the folder serves this mode and account for ever: said once nothing refuses the start any more. */
  claim(): Promise<void>;
  release(): Promise<void>;
};

/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 100;
const ANSWER_WITHIN_MS = 2_000;
const SETTLED_AFTER_MS = 50;

/**
 * Holds DATA_DIR (made if missing, mode 0700) for this process by listening on `lock.sock` in it: a process that connects hears
 * the running links. The socket of a process that died, even by SIGKILL, answers nobody and is taken over.
 * The file `pid` in it holds the holder's process id, for a person who wants to end this program and no other.
 * `serves` names mode and account, e.g. `replay demo`: a folder that was claimed serves one, for ever.
 * Throws AppError `already_running`, whose message carries the holder's links, or `data_dir_of_another`.
 */
export async function lockDataDir(dataDir: string, serves: string): Promise<DataDirLock> {
  const folder = resolve(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = join(folder, 'lock.sock');
  const own = `${lock}.${process.pid}`;
  let links = () => '';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(links());
  });
  await rm(own, { force: true });
  await withShortPath(own, (path) => listening(server, path));
  server.unref();
  try {
    const { ino } = await stat(own);
    await take(folder, lock, own, ino);
    const pid = join(folder, 'pid');
    await writeFile(pid, `${process.pid}\n`);
    const release = async () => {
      // While the lock is held: the next holder writes its own.
      await rm(pid, { force: true });
      if ((await inodeOf(lock)) === ino) await rm(lock, { force: true });
      await new Promise((closed) => server.close(closed));
    };
    const claimed = join(folder, 'serves');
    await refuseOthers(claimed, serves, folder).catch(async (error) => {
      await release();
      throw error;
    });
    return {
      claim: () => writeFile(claimed, `${serves}\n`),
      announce: (text) => {
        links = text;
      },
      release,
    };
  } catch (error) {
    server.close();
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** A hard link is made by one process only; what then stands in the way is either alive or moved away. */
async function take(folder: string, lock: string, own: string, ino: number): Promise<void> {
  for (;;) {
    try {
      await link(own, lock);
      // A process that saw the dead holder before this moment may still move our link away, thinking it the dead one.
      await sleep(SETTLED_AFTER_MS);
      if ((await inodeOf(lock)) === ino) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const answer = await ask(lock);
    if (answer !== null) throw alreadyRunning(folder, answer);
    await moveAway(lock, `${own}.stale`);
  }
}

async function moveAway(lock: string, aside: string): Promise<void> {
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  // Somebody alive was quicker between the question and the move: it goes back to its place.
  if ((await ask(aside)) !== null) await link(aside, lock).catch(() => {});
  await rm(aside, { force: true });
}

/** The links that the holder announces, null when nobody listens. A holder that is too busy to answer says nothing. */
async function ask(path: string): Promise<string | null> {
  return withShortPath(
    path,
    (short) =>
      new Promise((answered) => {
        const heard: Buffer[] = [];
        let connected = false;
        const socket = connect(short, () => {
          connected = true;
        });
        socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
        socket.on('data', (chunk) => heard.push(chunk));
        socket.on('error', () => {
          connected = false;
        });
        socket.on('close', () => answered(connected ? Buffer.concat(heard).toString('utf8') : null));
      }),
  );
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((ready, failed) => {
    server.once('error', failed);
    server.listen(path, ready);
  });
}

/** A long path is reached through a short symbolic link to its folder. */
async function withShortPath<T>(path: string, use: (short: string) => Promise<T>): Promise<T> {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return use(path);
  const folder = await mkdtemp(join(tmpdir(), 'td-'));
  try {
    await symlink(dirname(path), join(folder, 'd'));
    return await use(join(folder, 'd', basename(path)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refuseOthers(file: string, serves: string, folder: string): Promise<void> {
  const before = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (before !== '' && before !== serves) {
    throw new AppError({
      code: 'data_dir_of_another',
      message: `${folder} belongs to ${before}, this start is for ${serves}. Give it a folder of its own, such as DATA_DIR=.data-${serves.replaceAll(' ', '-')}`,
      httpStatus: 500,
      retryable: false,
    });
  }
}

async function inodeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ ino }) => ino,
    () => null,
  );
}

function alreadyRunning(folder: string, links: string): AppError {
  return new AppError({
    code: 'already_running',
    message: `It is running already, from ${folder}${links ? `:\n${links}` : ', and is still starting.'}`,
    httpStatus: 409,
    retryable: false,
    details: { links },
  });
}
