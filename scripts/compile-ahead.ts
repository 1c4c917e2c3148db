/** Compiles the workflows and the programs of an image ahead of their first start. */
import { join } from 'node:path';
import { compiled } from '../src/platform/compiled.mjs';
import { repositoryRoot } from '../src/platform/repository-root.ts';
import { workflowBundle } from '../src/temporal/bundle.ts';

for (const program of ['worker.ts', 'api.ts', 'exchange-simulator/cli.ts'])
  await compiled(join(repositoryRoot, 'src', program));
await workflowBundle();
