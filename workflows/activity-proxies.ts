/** Each call to the world with its time-outs and retries, in one place. */
import type { RetryPolicy } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type DayActivities, type GuardActivities, SESSION_LOST } from '../src/contract/activities.ts';
import { guardTaskQueue } from '../src/contract/identity.ts';

const untilItWorks = {
  initialInterval: '200ms',
  backoffCoefficient: 2,
  maximumInterval: '10s',
  nonRetryableErrorTypes: [SESSION_LOST],
} satisfies RetryPolicy;

/** Reads and idempotent writes: tried until they work, and elsewhere within seconds where a worker has died over one. */
export const reads = proxyActivities<DayActivities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: '5s',
  retry: untilItWorks,
});

/** A request token is exchanged once: a second time it is spent. */
export const logins = proxyActivities<Pick<DayActivities, 'exchangeRequestToken'>>({
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 1 },
});

/**
 * Order calls happen at most once an intent: whatever goes wrong is doubt, and so is a worker that has died, within seconds. One that was
 * suspended for so long sends nothing more when it goes on.
 */
export const orderCalls = proxyActivities<Pick<DayActivities, 'sendOrder' | 'changeOrder'>>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

/** Many attempts of one exit, refused again and again: where its worker dies all of its tags are in doubt. */
export const repeatedCalls = proxyActivities<Pick<DayActivities, 'sendOrder'>>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '5s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { maximumAttempts: 1 },
});

/** A price that is looked at for minutes: called off within seconds. */
export const watchedCalls = proxyActivities<Pick<DayActivities, 'changeOrder'>>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '5s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { maximumAttempts: 1 },
});

/** The pre-flight waits for slow answers, but not beyond the time in which it could be acted upon. */
export const preflights = proxyActivities<Pick<DayActivities, 'preflight'>>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '6m',
  retry: untilItWorks,
});

/** A look that an exit does not wait for. */
export const quickReads = proxyActivities<Pick<DayActivities, 'readIndex'>>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  retry: { maximumAttempts: 1 },
});

/** Planning an entry: later than this it would be another trade. */
export const planning = proxyActivities<Pick<DayActivities, 'planEntry'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '3m',
  retry: untilItWorks,
});

/** What a manual order would take: a person waits for it, and the command expires. */
export const checking = proxyActivities<Pick<DayActivities, 'checkManualOrder'>>({
  startToCloseTimeout: '8s',
  scheduleToCloseTimeout: '8s',
  retry: { ...untilItWorks, maximumAttempts: 3 },
});

/** The last looks of the day: a broker that is away for so long leaves the day unreconciled, and it says so. */
export const comparing = proxyActivities<Pick<DayActivities, 'reconcile' | 'readOfficialClose'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '10m',
  retry: untilItWorks,
});

/** The close of an hour is waited for as long as Breeze may take; a dead worker is noticed in seconds. */
export const closes = proxyActivities<Pick<DayActivities, 'readHourClose'>>({
  startToCloseTimeout: '10m',
  heartbeatTimeout: '5s',
  retry: untilItWorks,
});

/** A decision that comes later than this is another trade: it fails and says so, and the next hour is looked at. */
export const deciding = proxyActivities<Pick<DayActivities, 'evaluateHour'>>({
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '10m',
  heartbeatTimeout: '5s',
  retry: untilItWorks,
});

/** On the guards' own queue; retried at once and for ever. */
export function watching() {
  const taskQueue = guardTaskQueue(workflowInfo().taskQueue);
  const retry = {
    initialInterval: '200ms',
    backoffCoefficient: 1,
    nonRetryableErrorTypes: [SESSION_LOST],
  } satisfies RetryPolicy;
  return proxyActivities<GuardActivities>({
    ...{ taskQueue, retry },
    startToCloseTimeout: '12h',
    heartbeatTimeout: '5s',
    cancellationType: 'TRY_CANCEL',
  });
}

/** The number of the session that a call found dead; null for any other failure. */
export function lostSession(error: unknown): number | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || cause.type !== SESSION_LOST) return null;
  const number = cause.details?.[0];
  return typeof number === 'number' ? number : Number.MAX_SAFE_INTEGER;
}

/** What a failed call says, for people. */
export function wordsOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
