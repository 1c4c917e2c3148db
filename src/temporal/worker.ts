/** The day's two workers in one process: one for decisions and orders, one for guards alone. */
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { DayActivities, GuardActivities } from '../../activities/contract.ts';
import { GUARD_TASK_QUEUE, TASK_QUEUE } from '../../workflows/messages.ts';

/** Guards last for hours: as many as the account could ever hold run beside each other. */
const GUARD_SLOTS = 1_000;
const ACTIVITY_SLOTS = 100;
const CACHED_WORKFLOWS = 50;

export type Workers = {
  /** Ends when both have stopped; rejects when one of them fails. */
  run(): Promise<void>;
  /** Finishes what is running, a few seconds at most. */
  shutdown(): void;
  running(): boolean;
};

export async function createWorkers(options: {
  connection: NativeConnection;
  namespace: string;
  codePath: string;
  day: DayActivities;
  guards: GuardActivities;
}): Promise<Workers> {
  const { connection, namespace, codePath } = options;
  const day = await Worker.create({
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath },
    activities: options.day,
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    shutdownGraceTime: '2s',
    shutdownForceTime: '5s',
  });
  const guards = await Worker.create({
    connection,
    namespace,
    taskQueue: GUARD_TASK_QUEUE,
    activities: options.guards,
    maxConcurrentActivityTaskExecutions: GUARD_SLOTS,
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
    // A guard ends by being told to: it is retried at once elsewhere, or when this process is back.
    shutdownGraceTime: '100ms',
    shutdownForceTime: '5s',
  });
  const both = [day, guards];
  return {
    async run() {
      await Promise.all(both.map((worker) => worker.run()));
    },
    shutdown() {
      for (const worker of both) if (worker.getState() === 'RUNNING') worker.shutdown();
    },
    running: () => both.every((worker) => worker.getState() === 'RUNNING'),
  };
}
