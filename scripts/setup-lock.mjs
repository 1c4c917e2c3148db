import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * One set-up at a time in a clone: two would install over each other. A dead holder's lock is taken over, but not while a
 * process that it named with `holdFor` lives on.
 */
export async function withSetupLock(root, say, work) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const lock = join(root, '.cache', 'setup.lock');
  let told = false;
  while (!take(lock)) {
    const holders = holdersOf(lock);
    if (holders.length > 0 && !holders.some(alive)) {
      // Renamed rather than removed: of two that see the dead holder, one rename wins.
      const stale = `${lock}.${process.pid}`;
      try {
        renameSync(lock, stale);
        rmSync(stale);
      } catch {}
      continue;
    }
    if (!told)
      say(`Another set-up (process ${holders.join(', ')}) is at work in this folder: waiting for it (${lock}) …`);
    told = true;
    await sleep(300);
  }
  const release = () => {
    if (holdersOf(lock)[0] === process.pid) rmSync(lock, { force: true });
  };
  process.once('exit', release);
  try {
    return await work((pid) => writeFileSync(lock, `${process.pid} ${pid}\n`));
  } finally {
    release();
  }
}

// Linked into place with the pid already in it: there is no moment with an empty lock.
function take(lock) {
  const mine = `${lock}.${process.pid}.new`;
  writeFileSync(mine, `${process.pid}\n`);
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine);
  }
}

function holdersOf(lock) {
  try {
    return readFileSync(lock, 'utf8').trim().split(' ').map(Number);
  } catch {
    return [];
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
