// `node scripts/run.mjs [--watch] FILE.ts ARGS…`: runs TypeScript as it is, with `.env` loaded.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [first, ...rest] = process.argv.slice(2);

try {
  process.loadEnvFile(join(root, '.env'));
} catch (error) {
  if (error.code !== 'ENOENT') throw error;
}

if (first === '--watch') {
  watch(rest);
} else {
  // In this very process: one process fewer between npm and the program that signals could miss or reach twice.
  const { register } = await import('tsx/esm/api');
  register();
  const file = resolve(first);
  process.argv.splice(1, 2, file);
  await import(pathToFileURL(file).href);
}

function watch(args) {
  const child = spawn(process.execPath, ['--watch', '--import', 'tsx', ...args], { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    // A terminal's Ctrl-C has reached the child already.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 130 : (code ?? 1);
  });
}
