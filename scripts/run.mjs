// `node scripts/run.mjs [--watch] FILE.ts ARGS…`: runs TypeScript, with `.env` loaded.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compiled, watch } from '../src/platform/compiled.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [first, ...rest] = process.argv.slice(2);

try {
  process.loadEnvFile(join(root, '.env'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}

if (first === '--watch') {
  await runAgainAndAgain(rest);
} else {
  // In this very process: one process fewer between npm and the program that signals could miss or reach twice.
  const file = resolve(first);
  process.setSourceMapsEnabled(true);
  process.argv.splice(1, 2, file);
  const program = await compiled(file);
  await import(pathToFileURL(program).href);
}

/** Starts the program, and again after each change of its sources, when the one before has stopped. */
async function runAgainAndAgain([file, ...args]) {
  const command = [join(root, 'scripts', 'run.mjs'), file, ...args];
  let child = null;
  let ended = Promise.resolve(130);
  let stopping = false;
  const watched = await watch(resolve(file), async () => {
    child?.kill('SIGTERM');
    await ended;
    if (stopping) return;
    child = spawn(process.execPath, command, { stdio: 'inherit' });
    ended = new Promise((end) => child.once('exit', (code) => end(code ?? 130)));
  });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, async () => {
      stopping = true;
      // A terminal's Ctrl-C has reached the child already.
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child?.kill(signal);
      process.exitCode = await ended;
      await watched.dispose();
    });
  }
}
