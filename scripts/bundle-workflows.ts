/** Bundles the workflows ahead of their first worker. */
import { workflowBundle } from '../src/temporal/bundle.ts';

await workflowBundle();
