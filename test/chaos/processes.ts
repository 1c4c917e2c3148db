/** Workers, APIs and the exchange as processes of their own, over one PostgreSQL and one Temporal server, as the compose file runs them. */
import type { Client } from '@temporalio/client';
import { dayWorkflowId } from '../../src/contract/identity.ts';
import { DATE, until } from './program.ts';

export { API, exchange, sharedSettings, WORKER } from '../../src/simulation/chaos/commands.ts';

/** The process that serves the guard now, by the identity that the Temporal server knows it by; null while nobody does. */
export async function guardedBy(client: Client): Promise<number | null> {
  const day = { mode: 'replay', account: 'demo', run: 1, date: DATE } as const;
  const { raw } = await client.workflow.getHandle(dayWorkflowId(day)).describe();
  const guards = (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'guardPosition');
  // One whose worker has died is still called started, until its heartbeats have been missed.
  const [guard] = guards.filter(({ state, lastStartedTime }) => state === STARTED && lastStartedTime);
  const pid = /^\d+/.exec(guard?.lastWorkerIdentity ?? '')?.[0];
  return pid === undefined ? null : Number(pid);
}

/** `temporal.api.enums.v1.PendingActivityState`. */
const STARTED = 2;

export function guardedByAnother(client: Client, than: number): Promise<number> {
  return until('another worker to guard', async () => {
    const pid = await guardedBy(client);
    return pid !== null && pid !== than && pid;
  });
}
