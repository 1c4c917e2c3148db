import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

type ServerOptions = NonNullable<Parameters<typeof TestWorkflowEnvironment.createLocal>[0]>['server'];

/** The time-skipping server: no lists, no schedules, and every workflow needs an execution timeout. */
export function createTimeSkipping(): Promise<TestWorkflowEnvironment> {
  return TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: program('TEMPORAL_TEST_SERVER_BINARY') } },
  });
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
