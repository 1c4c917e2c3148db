import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone, whatever the working directory: `data/` and `.cache/` are in it. */
export const repositoryRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
