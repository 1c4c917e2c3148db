// TypeScript as JavaScript that node loads at once: the sources of a program in one file, packages left where they are.
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, context } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Below `node_modules`' folder, or the packages would not be found. */
const COMPILED = join(root, '.cache', 'compiled');
const UNUSED_AFTER_MS = 7 * 86_400_000;

/** A source asks where it is itself, not where it was put. */
const places = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text
        .replaceAll(/import\.meta\.url/g, JSON.stringify(pathToFileURL(path).href))
        .replaceAll(/import\.meta\.dirname/g, JSON.stringify(dirname(path)));
      return { contents, loader: path.endsWith('ts') ? 'ts' : 'js' };
    });
  },
};

function settings(file) {
  return {
    entryPoints: [file],
    ...{ bundle: true, packages: 'external', splitting: true, write: false },
    ...{ platform: 'node', format: 'esm', target: 'node20', sourcemap: true, sourcesContent: false, logLevel: 'error' },
    // What a file holds is in its name: whoever runs an older one is not disturbed.
    ...{ outdir: COMPILED, entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', outExtension: { '.js': '.mjs' } },
    plugins: [places],
  };
}

/** The path of `file` compiled with all that it imports. Throws with the compiler's words, which have been printed. */
export async function compiled(file) {
  const { outputFiles } = await build(settings(file));
  await mkdir(COMPILED, { recursive: true });
  for (const { path, contents } of outputFiles) if (!(await exists(path))) await put(path, contents);
  const name = basename(file).replace(/\.m?ts$/, '-');
  return outputFiles.map(({ path }) => path).find((path) => basename(path).startsWith(name) && path.endsWith('.mjs'));
}

/** Calls `changed` when `file` compiles, now and whenever it or what it imports has changed. */
export async function watch(file, changed) {
  const told = {
    name: 'told',
    setup({ onEnd }) {
      onEnd(({ errors }) => (errors.length === 0 ? changed() : undefined));
    },
  };
  const watched = await context({ ...settings(file), plugins: [places, told] });
  await watched.watch();
  return watched;
}

/** Whole or not at all: another process may be starting. */
async function put(path, contents) {
  const incoming = `${path}.${randomUUID()}`;
  await writeFile(incoming, contents);
  await rename(incoming, path);
  for (const name of await readdir(COMPILED)) {
    const other = join(COMPILED, name);
    const { mtimeMs } = await stat(other).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > UNUSED_AFTER_MS) await rm(other, { force: true });
  }
}

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );
