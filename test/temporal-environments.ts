import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../src/contract/identity.ts';
import { developmentServerArguments, SHARED_TEMPORAL } from './shared-temporal.ts';

/** `temporal.api.enums.v1.IndexedValueType` of a KEYWORD. This server cannot list what it has. */
const KEYWORD = 2;

type ServerOptions = NonNullable<Parameters<typeof TestWorkflowEnvironment.createLocal>[0]>['server'];

/** The time-skipping server: no lists, no schedules, and every workflow needs an execution timeout. */
export async function createTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: variable('TEMPORAL_TEST_SERVER_BINARY') } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.keys(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD])),
  });
  return env;
}

/** The development server that all tests of a run share; `teardown` leaves it alone. Its users' task queues keep them apart. */
export function connectToShared(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createFromExistingServer({ address: variable(SHARED_TEMPORAL) });
}

/** A development server of its own, in memory. */
export function createLocal(options: ServerOptions = {}): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: variable('TEMPORAL_BINARY') },
      log: { format: 'pretty', level: 'error' },
      extraArgs: developmentServerArguments(),
      ...options,
    },
  });
}

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: tests run through vitest, whose global set-up finds it`);
  return value;
}
