import type { DayActivities } from '../src/contract/activities.ts';
import type { Deps } from './deps.ts';

/** Tells the owner. The log is the one channel that is always there; `owner: true` is what a pager is attached to. */
export function createNotifyActivities(deps: Deps): Pick<DayActivities, 'notifyOwner'> {
  return {
    async notifyOwner({ kind, text }) {
      if (kind === 'ended') deps.log.warn({ owner: true }, text);
      else deps.log.error({ owner: true }, text);
      return { deliveredAt: Date.now() };
    },
  };
}
