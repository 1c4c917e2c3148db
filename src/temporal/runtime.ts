/** The SDK's runtime, one a process: what it has to say goes through the program's own logger. */
import { DefaultLogger, type LogMetadata, Runtime } from '@temporalio/worker';
import type { Logger } from '../platform/logger.ts';

/** A worker that serves guards alone has no workflows: that is how it is meant. */
const MEANT_SO = 'No workflows registered, not polling for workflow tasks';
/** What a person can use of what the SDK adds to a line. */
const SHOWN = ['taskQueue', 'workflowId', 'activityType', 'attempt', 'target'];

/**
 * Before anything else of the SDK is used. Its warnings and errors become lines of ours; what it says of its ordinary life is left
 * out. It is kept from catching SIGINT and SIGTERM: the program stops its workers itself, in its own order.
 */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (message === MEANT_SO) return;
      logger[level === 'ERROR' ? 'error' : 'warn'](fieldsOf(meta), `Temporal: ${message}`);
    }),
    // Not each retry of each poll while the server is away: the program says that once.
    telemetryOptions: { logging: { filter: 'error,temporalio_sdk_core=warn', forward: {} } },
    // Servers that do not know worker heartbeats make a warning of each.
    workerHeartbeatInterval: 0,
    shutdownSignals: [],
  });
}

function fieldsOf(meta: LogMetadata = {}): Record<string, unknown> {
  const shown = Object.fromEntries(SHOWN.filter((name) => name in meta).map((name) => [name, meta[name]]));
  return meta.error instanceof Error ? { ...shown, err: meta.error } : shown;
}
