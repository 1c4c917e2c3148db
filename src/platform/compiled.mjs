// TypeScript as JavaScript that node loads at once: the sources of a program in one file, packages left where they are.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CACHE, exists, kept, markUsed } from './kept.mjs';

const PROGRAM = 'program';

/** A source asks where it is itself, not where it was put. `sources` takes the hash of each as it was read. */
function places(sources) {
  return {
    name: 'places',
    setup({ onLoad }) {
      onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        sources[path] = hashOf(text);
        const contents = text
          .replaceAll(/import\.meta\.url/g, JSON.stringify(pathToFileURL(path).href))
          .replaceAll(/import\.meta\.dirname/g, JSON.stringify(dirname(path)));
        return { contents, loader: path.endsWith('ts') ? 'ts' : 'js' };
      });
    },
  };
}

function settings(file, sources = {}) {
  return {
    ...{ entryPoints: { [PROGRAM]: file }, outdir: '/', write: false, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, packages: 'external', splitting: true, platform: 'node', format: 'esm', target: 'node20' },
    ...{ sourcemap: true, sourcesContent: false, sourceRoot: pathToFileURL('/').href, logLevel: 'error' },
    plugins: [places(sources)],
  };
}

export async function compiled(file) {
  const path = resolve(file);
  const name = `compiled-${basename(file).replace(/\.m?ts$/, '')}`;
  const record = join(CACHE, `${name}-${hashOf(path)}.json`);
  const folder = (await current(record)) ?? (await compile(path, name, record));
  return join(folder, `${PROGRAM}.mjs`);
}

/** Looking whether any source has changed is quicker than starting the compiler. */
async function current(record) {
  try {
    const { compiler, folder, sources } = JSON.parse(await readFile(record, 'utf8'));
    if (compiler !== (await ownHash())) return null;
    const same = await Promise.all(
      Object.entries(sources).map(async ([path, hash]) => hashOf(await readFile(path, 'utf8')) === hash),
    );
    if (!same.every(Boolean) || !(await exists(folder))) return null;
    await Promise.all([folder, record].map(markUsed));
    return folder;
  } catch {
    // It was never compiled, or a source is gone.
    return null;
  }
}

let compiling = 0;

async function compile(path, name, record) {
  const { build, stop } = await import('esbuild');
  const sources = {};
  compiling += 1;
  try {
    const { outputFiles } = await build(settings(path, sources));
    const key = hashOf(outputFiles.map(({ text }) => text).join(''));
    const folder = await kept({ name, key }, async (incoming) => {
      await mkdir(incoming);
      for (const output of outputFiles) await writeFile(join(incoming, basename(output.path)), output.contents);
    });
    const incoming = `${record}.${randomUUID()}`;
    await writeFile(incoming, JSON.stringify({ compiler: await ownHash(), folder, sources }));
    await rename(incoming, record);
    return folder;
  } finally {
    compiling -= 1;
    // The compiler is a process that would stay beside the program.
    if (compiling === 0) await stop();
  }
}

/** What is written here decides what comes out, too. */
async function ownHash() {
  return hashOf(await readFile(new URL(import.meta.url), 'utf8'));
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

export async function watch(file, changed) {
  const { context } = await import('esbuild');
  const told = {
    name: 'told',
    setup({ onEnd }) {
      onEnd(({ errors }) => (errors.length === 0 ? changed() : undefined));
    },
  };
  const ways = settings(file);
  const watched = await context({ ...ways, plugins: [...ways.plugins, told] });
  await watched.watch();
  return watched;
}
