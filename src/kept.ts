/** What takes seconds to make and depends on sources alone: made once, kept in `.cache` for all processes. */
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from './repository-root.ts';

const CACHE = join(repositoryRoot, '.cache');
const UNUSED_AFTER_MS = 3_600_000;

/**
 * The path of `name` for this `key`, a file or a folder; `make` puts it at the path that it is given where there is none yet. `key` tells
 * everything that it is made from.
 */
export async function kept(
  { name, key, suffix = '' }: { name: string; key: string; suffix?: string },
  make: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(CACHE, `${name}-${key}${suffix}`);
  if (await exists(path)) return path;
  await mkdir(CACHE, { recursive: true });
  await removeUnused(`${name}-`);
  // Several processes may make it at once: each puts a whole one in place, and a folder that is there stays.
  const incoming = `${path}.${randomUUID()}`;
  await make(incoming);
  try {
    await rename(incoming, path);
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    if (!(await exists(path))) throw error;
  }
  return path;
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A process that is just starting may still be reading one that is no longer current. */
async function removeUnused(prefix: string): Promise<void> {
  for (const name of await readdir(CACHE)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(CACHE, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > UNUSED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
