/** Each call to the world with its time-outs and retries, in one place. */
import type { RetryPolicy } from '@temporalio/common';
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import { type DayActivities, type GuardActivities, SESSION_LOST } from '../activities/contract.ts';
import { guardTaskQueue } from './messages.ts';

const untilItWorks = {
  initialInterval: '200ms',
  backoffCoefficient: 2,
  maximumInterval: '10s',
  nonRetryableErrorTypes: [SESSION_LOST],
} satisfies RetryPolicy;

/** Reads and idempotent writes: tried until they work. */
export const world = proxyActivities<DayActivities>({ startToCloseTimeout: '30s', retry: untilItWorks });

/** Sending happens at most once an intent: whatever goes wrong is doubt, and doubt is looked into. */
export const sending = proxyActivities<Pick<DayActivities, 'sendOrder' | 'exchangeRequestToken'>>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 1 },
});

/** Modifying twice is harmless, but a stale one must not come late: one attempt, then look again. */
export const changing = proxyActivities<Pick<DayActivities, 'changeOrder'>>({
  startToCloseTimeout: '20s',
  retry: { maximumAttempts: 1 },
});

/** The pre-flight waits for slow answers, but not beyond the time in which it could be acted upon. */
export const looking = proxyActivities<Pick<DayActivities, 'preflight'>>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '6m',
  retry: untilItWorks,
});

/** A look that an exit does not wait for. */
export const asking = proxyActivities<Pick<DayActivities, 'readByHand' | 'readIndex'>>({
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

/** What an order by hand would take: a person waits for it, and its command expires. */
export const checking = proxyActivities<Pick<DayActivities, 'checkManualOrder'>>({
  startToCloseTimeout: '8s',
  scheduleToCloseTimeout: '8s',
  retry: { ...untilItWorks, maximumAttempts: 3 },
});

/** The last looks of the day: a broker that does not answer for so long leaves the day unreconciled, and it says so. */
export const comparing = proxyActivities<Pick<DayActivities, 'reconcile' | 'readOfficialClose' | 'readByHand'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '10m',
  retry: untilItWorks,
});

/** Long looks: they heartbeat, so that a dead worker is noticed in seconds. */
export const watching = proxyActivities<Pick<DayActivities, 'followOrder' | 'cancelOrder' | 'readHourClose'>>({
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

/** The guard's own queue; retried at once and for ever. */
export const guarding = () =>
  proxyActivities<GuardActivities>({
    taskQueue: guardTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '3h',
    heartbeatTimeout: '5s',
    cancellationType: 'TRY_CANCEL',
    retry: { initialInterval: '200ms', backoffCoefficient: 1, nonRetryableErrorTypes: [SESSION_LOST] },
  });
