import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

/** `temporal.api.enums.v1.IndexedValueType` of a KEYWORD. This server cannot list what it has. */
const KEYWORD = 2;

type ServerOptions = NonNullable<Parameters<typeof TestWorkflowEnvironment.createLocal>[0]>['server'];

/** The time-skipping server: no lists, no schedules, and every workflow needs an execution timeout. */
export async function createTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: program('TEMPORAL_TEST_SERVER_BINARY') } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.keys(SEARCH_ATTRIBUTES).map((name) => [name, KEYWORD])),
  });
  return env;
}

/** The development server, in memory, with the product's search attributes and punctual timers. */
export function createLocal(options: ServerOptions = {}): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: program('TEMPORAL_BINARY') },
      log: { format: 'pretty', level: 'error' },
      extraArgs: [
        '--dynamic-config-value',
        'history.timerProcessorMaxTimeShift="1ms"',
        ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ],
      ...options,
    },
  });
}

function program(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: tests run through vitest, whose global set-up finds it`);
  return path;
}
