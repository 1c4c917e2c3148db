/** An empty journal with its tables, made once: PostgreSQL's own set-up of a folder takes seconds, and a kill within it spoils the folder. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { exists, kept } from '../platform/kept.mjs';
import { repositoryRoot } from '../platform/repository-root.ts';

export const MIGRATIONS = { migrationsFolder: fileURLToPath(new URL('./migrations', import.meta.url)) };
const FOLDER = 'folder';
const ARCHIVE = 'archive.tar';

/** For a journal in memory. */
export async function emptyArchive(): Promise<Blob> {
  return new Blob([await readFile(join(await emptyJournal(), ARCHIVE))]);
}

/** Puts an empty journal at `folder`, whole or not at all, unless there is one. */
export async function ensureFolder(folder: string): Promise<void> {
  if (await exists(folder)) return;
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const begun = (await readdir(parent)).filter((name) => name.startsWith(`${basename(folder)}.new`));
  for (const name of begun) await rm(join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  // A name of its own: a copy whose program was killed may go on for a moment.
  const incoming = `${folder}.new-${randomUUID()}`;
  // A thousand files: node's own copy takes a second of them.
  await promisify(execFile)('cp', ['-R', join(await emptyJournal(), FOLDER), incoming]);
  await rename(incoming, folder);
}

async function emptyJournal(): Promise<string> {
  return kept({ name: 'empty-journal', key: await madeFrom() }, async (path) => {
    await mkdir(path);
    const client = new PGlite(join(path, FOLDER));
    await migrate(drizzle({ client }), MIGRATIONS);
    const archive = await client.dumpDataDir('none');
    await client.close();
    await writeFile(join(path, ARCHIVE), Buffer.from(await archive.arrayBuffer()));
  });
}

async function madeFrom(): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(repositoryRoot, 'package-lock.json')));
  const files = await readdir(MIGRATIONS.migrationsFolder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  for (const path of paths.sort()) hash.update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}
