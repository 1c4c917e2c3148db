// TypeScript as JavaScript that node loads at once: the sources of a program in one file, packages left where they are.
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, context } from 'esbuild';
import { kept } from './kept.mjs';

const PROGRAM = 'program';

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
    ...{ entryPoints: { [PROGRAM]: file }, outdir: '/', write: false, outExtension: { '.js': '.mjs' } },
    ...{ bundle: true, packages: 'external', splitting: true, platform: 'node', format: 'esm', target: 'node20' },
    ...{ sourcemap: true, sourcesContent: false, sourceRoot: pathToFileURL('/').href, logLevel: 'error' },
    plugins: [places],
  };
}

export async function compiled(file) {
  const { outputFiles } = await build(settings(file));
  const hash = createHash('sha256');
  for (const { contents } of outputFiles) hash.update(contents);
  const name = `compiled-${basename(file).replace(/\.m?ts$/, '')}`;
  const folder = await kept({ name, key: hash.digest('hex').slice(0, 16) }, async (path) => {
    await mkdir(path);
    for (const { path: output, contents } of outputFiles) await writeFile(join(path, basename(output)), contents);
  });
  return join(folder, `${PROGRAM}.mjs`);
}

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
