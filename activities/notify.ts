import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { istIso } from '../src/domain/clock.ts';
import type { DayActivities } from './contract.ts';
import type { Deps } from './deps.ts';

type NotifyActivities = Pick<DayActivities, 'notify' | 'notifyOwner'>;

export function createNotifyActivities({ notices, clock }: Deps): NotifyActivities {
  return {
    async notify(notice) {
      const { deliveredAt } = await notices.send(notice);
      return { deliveredAt: deliveredAt === null ? null : istIso(deliveredAt) };
    },

    /** Goes with the callers that say a text only. An alert of today has no end, and is not repeated here: its caller does that. */
    async notifyOwner({ level, text }) {
      const at = clock.now();
      const id = `text:${callId() ?? `${at}:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`}`;
      const kind = level === 'alert' ? 'raised' : 'told';
      // Not waited for: these callers send their orders after it.
      void notices.send({ id, kind, cause: 'day', subject: id, text, since: at });
    },
  };
}

/** The same at each attempt of one call; null outside of a worker. */
function callId(): string | null {
  try {
    const { workflowExecution, activityId } = Context.current().info;
    return workflowExecution ? `${workflowExecution.workflowId}:${workflowExecution.runId}:${activityId}` : null;
  } catch {
    return null;
  }
}
