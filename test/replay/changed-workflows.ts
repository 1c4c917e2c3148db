/** The workflows with a change that somebody might make, bundled from a copy of the sources. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { repositoryRoot } from '../../src/repository-root.ts';

/** `old` stands once in `file`, a path in the repository. */
export type Change = { file: string; old: string; new: string };

/** Bundles the changed copy; `remove` deletes it. Throws when the text to change is not there any more. */
export async function bundleWith(change: Change): Promise<{ codePath: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'changed-workflows-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const part of ['workflows', 'activities', 'src', 'package.json'])
      await cp(join(repositoryRoot, part), join(folder, part), { recursive: true });
    await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
    const file = join(folder, change.file);
    const parts = (await readFile(file, 'utf8')).split(change.old);
    if (parts.length !== 2) throw new Error(`${change.file} has ${parts.length - 1} times, not once: ${change.old}`);
    await writeFile(file, parts.join(change.new));
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(folder, 'workflows', 'index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const codePath = join(folder, 'bundle.js');
    await writeFile(codePath, code);
    return { codePath, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
