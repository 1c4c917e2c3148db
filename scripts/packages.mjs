import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

/** Installs what package-lock.json names, only when something else is installed. */
export async function ensurePackages(root, say, holdFor) {
  const lockFile = join(root, 'package-lock.json');
  const stampFile = join(root, 'node_modules', '.lock-stamp');
  const stamp = stampOf(lockFile);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  if (!installedByHand(root, lockFile)) {
    if (await dayRuns(root)) {
      throw new Error(
        'The packages have changed, and a trading day is running from this folder: installing now would pull its code away.\n' +
          'Stop it first (Ctrl-C in its terminal), then run the same command again.',
      );
    }
    // Whatever an interrupted installation leaves behind must not look whole.
    for (const record of [stampFile, join(root, 'node_modules', '.package-lock.json')]) rmSync(record, { force: true });
    say('Installing packages (under a minute, the first time only) …');
    const failure = await npmCi(root, holdFor);
    if (failure) {
      throw new Error(
        `npm ci failed (${failure}); its own words are above.\n` +
          'It needs the npm registry: check the network and the proxy settings, then run the same command again.',
      );
    }
  }
  writeFileSync(stampFile, stamp);
}

/** Resolves with what went wrong, or null. An interruption ends npm outright: it would take half a minute to undo its work. */
function npmCi(root, holdFor) {
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawn('npm', args, { cwd: root, stdio: 'inherit' });
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    child.kill('SIGKILL');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return new Promise((resolve) => {
    child.once('spawn', () => holdFor(child.pid));
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      if (interrupted) process.exit(130);
      resolve(code === 0 ? null : `it ended with ${signal ?? code}`);
    });
  });
}

/** Native packages differ by platform: a folder that was mounted from elsewhere is installed anew. */
function stampOf(lockFile) {
  return `${createHash('sha256').update(readFileSync(lockFile)).digest('hex')} ${process.platform}-${process.arch}\n`;
}

/** After the developer's own `npm install` npm's record of the tree agrees with the lock: nothing to do. */
function installedByHand(root, lockFile) {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return (
    Object.entries(wanted).every(
      ([path, entry]) =>
        path === '' || installed[path]?.version === entry.version || (entry.optional && !installed[path]),
    ) && Object.keys(installed).every((path) => wanted[path])
  );
}

/** The holder of the data folder listens on a socket in it. */
function dayRuns(root) {
  const dataDir = process.env.DATA_DIR || join(root, '.data');
  return new Promise((resolve) => {
    const socket = connect(join(dataDir, 'lock.sock'));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
