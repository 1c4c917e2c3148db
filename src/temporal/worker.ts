/** The day's workers in one process: one for decisions and orders, and one for guards alone. */
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { DayActivities, GuardActivities } from '../contract/activities.ts';
import { guardTaskQueue } from '../contract/identity.ts';
import { createServerClock } from './server-clock.ts';

/** Guards last for hours: as many as the account could ever hold run beside each other. */
const GUARD_SLOTS = 1_000;
const ACTIVITY_SLOTS = 100;
const CACHED_WORKFLOWS = 50;
/** A day whose worker has died waits so long for exactly that worker, an exit and an emergency too, before another may go on with it. */
const WAITS_FOR_ITS_WORKER = '2s';

export type Workers = {
  /** Ends when all have stopped; rejects when one of them fails. */
  run(): Promise<void>;
  /** Finishes what is running, a few seconds at most. */
  shutdown(): void;
  running(): boolean;
  /** How far this machine's clock is ahead of the server's, as far as its tasks say. Wall milliseconds. */
  aheadOfServer(): number | null;
};

export async function createWorkers(options: {
  connection: NativeConnection;
  namespace: string;
  /** Of the days; their guards have one beside it. */
  queue: string;
  codePath: string;
  day: DayActivities;
  /** Null in a process that serves none. */
  guards: GuardActivities | null;
}): Promise<Workers> {
  const { connection, namespace, queue, codePath } = options;
  const clock = createServerClock();
  const interceptors = { activity: [clock.listen] };
  const day = await Worker.create({
    connection,
    namespace,
    taskQueue: queue,
    workflowBundle: { codePath },
    activities: options.day,
    interceptors,
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    stickyQueueScheduleToStartTimeout: WAITS_FOR_ITS_WORKER,
    shutdownGraceTime: '2s',
    shutdownForceTime: '5s',
  });
  const all = [day];
  if (options.guards) {
    all.push(
      await Worker.create({
        connection,
        namespace,
        taskQueue: guardTaskQueue(queue),
        activities: options.guards,
        interceptors,
        maxConcurrentActivityTaskExecutions: GUARD_SLOTS,
        maxHeartbeatThrottleInterval: '1s',
        defaultHeartbeatThrottleInterval: '1s',
        // A guard ends by being told to: it is retried at once elsewhere, or when this process is back.
        shutdownGraceTime: '100ms',
        shutdownForceTime: '5s',
      }),
    );
  }
  return {
    async run() {
      await Promise.all(all.map((worker) => worker.run()));
    },
    shutdown() {
      for (const worker of all) if (worker.getState() === 'RUNNING') worker.shutdown();
    },
    aheadOfServer: clock.ahead,
    running: () => all.every((worker) => worker.getState() === 'RUNNING'),
  };
}
