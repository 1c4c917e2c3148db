/** Whether workers serve the days, wherever they run: the Temporal server knows who asks it for work. */
import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { guardTaskQueue } from '../contract/identity.ts';

/** `temporal.api.enums.v1.TaskQueueType`. */
const WORKFLOWS = 1;
const ACTIVITIES = 2;
/** A worker with nothing to do asks again after a minute; one that has died is on the server's list for five. */
const ASKED_WITHIN_MS = 75_000;
const ANSWER_WITHIN_MS = 2_000;

/**
 * Whether days and guards are served by anybody. Of a worker that was killed it hears a good minute later. Throws what the client throws
 * when the server does not answer.
 */
export async function workersAsk(client: Client, queue: string): Promise<boolean> {
  const served = await Promise.all([
    asked(client, queue, WORKFLOWS),
    asked(client, queue, ACTIVITIES),
    asked(client, guardTaskQueue(queue), ACTIVITIES),
  ]);
  return served.every(Boolean);
}

async function asked(client: Client, taskQueue: string, taskQueueType: number): Promise<boolean> {
  const { pollers } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
    }),
  );
  return (pollers ?? []).some(({ lastAccessTime }) => Date.now() - (tsToMs(lastAccessTime) ?? 0) < ASKED_WITHIN_MS);
}
