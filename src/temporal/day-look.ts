/** How the workflow of a day fares, as the Temporal server alone knows it: no worker is needed for the answer. */
import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import type { GuardActivities } from '../contract/activities.ts';
import type { WallMs } from '../domain/types.ts';

export type DayLook =
  | { kind: 'none' }
  | { kind: 'running'; failing: FailingTask | null; watches: Watch[] }
  /** It came to its end. */
  | { kind: 'over' }
  /** It ended in another way; `how` in Temporal's word, such as TERMINATED. */
  | { kind: 'lost'; how: string; endedAt: WallMs };

/** A workflow task that fails is tried again for ever, and nothing of the workflow moves meanwhile. */
type FailingTask = { since: WallMs; attempts: number; reason: string | null };

/** An activity that watches for hours, and lets hear of itself meanwhile. `beatAt`: when it last did; null where it never has. */
export type Watch = { id: string; name: string; beatAt: WallMs | null; reason: string | null };
const WATCHES = new Set(['guardPosition', 'watchBook'] satisfies (keyof GuardActivities)[]);

/** The reason is among the newest events: attempts after the first leave none. */
const EVENTS_LOOKED_AT = 20;

/** Throws what Temporal's client throws when the server does not answer. */
export async function lookAtDay(client: Client, workflowId: string): Promise<DayLook> {
  try {
    const { status, closeTime, runId, raw } = await client.workflow.getHandle(workflowId).describe();
    if (status.name === 'COMPLETED') return { kind: 'over' };
    if (status.name !== 'RUNNING')
      return { kind: 'lost', how: status.name, endedAt: closeTime?.getTime() ?? Date.now() };
    const { pendingWorkflowTask: task } = raw;
    const watches = watchesOf(raw.pendingActivities ?? []);
    // A first attempt that waits has no worker; only a failed or lost one is tried again.
    if (!task?.originalScheduledTime || !task.attempt || task.attempt < 2)
      return { kind: 'running', failing: null, watches };
    const reason = await lastFailure(client, workflowId, runId);
    return {
      kind: 'running',
      watches,
      failing: { since: tsToMs(task.originalScheduledTime), attempts: task.attempt, reason },
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'none' };
    throw error;
  }
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function watchesOf(pending: readonly PendingActivity[]): Watch[] {
  return pending.flatMap(({ activityId, activityType, lastHeartbeatTime, lastFailure: failed }) => {
    const name = activityType?.name ?? '';
    if (!activityId || !(WATCHES as ReadonlySet<string>).has(name)) return [];
    return [
      {
        ...{ id: activityId, name, reason: failed?.message ?? null },
        beatAt: lastHeartbeatTime ? tsToMs(lastHeartbeatTime) : null,
      },
    ];
  });
}

async function lastFailure(client: Client, workflowId: string, runId: string): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: EVENTS_LOOKED_AT,
  });
  const failed = history?.events?.find(({ workflowTaskFailedEventAttributes: failure }) => failure);
  return failed?.workflowTaskFailedEventAttributes?.failure?.message ?? null;
}
