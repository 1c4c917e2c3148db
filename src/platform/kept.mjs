// Plain JavaScript: what compiles TypeScript keeps what it has compiled here.
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Below `node_modules`' folder: what is compiled finds its packages. */
export const CACHE = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), '.cache');
const UNUSED_AFTER_MS = 86_400_000;
/** What follows a name: its key, and perhaps more of what is being put in place. */
const KEY = /^-[0-9a-f]{16}(\.|$)/;

export async function kept({ name, key, suffix = '' }, make) {
  const path = join(CACHE, `${name}-${key}${suffix}`);
  if (await exists(path)) {
    await markUsed(path);
    return path;
  }
  await mkdir(CACHE, { recursive: true });
  await removeUnused(name);
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

/** Nobody removes what was used today. A folder that may only be read is not to be written for that. */
export async function markUsed(path) {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}

export const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

/** A process that is still running may read one that is no longer current. */
async function removeUnused(name) {
  for (const other of await readdir(CACHE)) {
    if (!other.startsWith(name) || !KEY.test(other.slice(name.length))) continue;
    const path = join(CACHE, other);
    // Another process may have removed it meanwhile.
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > UNUSED_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
