import { join } from 'node:path';
import { repositoryRoot } from '../src/platform/repository-root.ts';

/** `node RUN FILE.ts ARGS…` runs TypeScript in a process of its own, in any working folder. */
export const RUN = join(repositoryRoot, 'scripts', 'run.mjs');
