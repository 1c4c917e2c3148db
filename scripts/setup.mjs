// Runs before `npm start` and `npm test`, also on a fresh clone: node built-ins only. Safe to interrupt and to repeat.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages } from './packages.mjs';
import { withSetupLock } from './setup-lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const purpose = process.argv[2] ?? 'start';
const say = (line) => console.log(`[setup] ${line}`);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${process.versions.node} is too old: 20.19 or newer is needed. Get it from https://nodejs.org, then run the same command again.`,
  );
}
if (process.platform === 'win32') {
  fail(
    'Windows itself is not supported: use WSL (https://learn.microsoft.com/windows/wsl), then run the same command there.',
  );
}

try {
  process.loadEnvFile(join(root, '.env'));
} catch (error) {
  if (error.code !== 'ENOENT') fail(`.env cannot be read: ${error.message}`);
}

const PROGRAMS = { start: ['temporal'], chaos: ['temporal'], test: ['temporal', 'temporal-test-server'] };

try {
  await withSetupLock(root, say, async (holdFor) => {
    await ensurePackages(root, say, holdFor);
    const { fetchProgram } = await import('../src/temporal/binaries.mjs');
    const given = purpose === 'start' && process.env.TEMPORAL_ADDRESS;
    for (const program of given ? [] : (PROGRAMS[purpose] ?? [])) await fetchProgram(program, process.env, say);
  });
} catch (error) {
  fail(error.message);
}

function fail(message) {
  console.error(`[setup] ${message.replaceAll('\n', '\n[setup] ')}`);
  process.exit(1);
}
