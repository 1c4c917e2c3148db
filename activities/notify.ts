import type { DayActivities } from './contract.ts';
import type { Deps } from './deps.ts';

/** Pages the owner. The log is the one channel that is always there; `owner: true` is what a pager is attached to. */
export function createNotifyActivities(deps: Deps): Pick<DayActivities, 'notifyOwner'> {
  return {
    async notifyOwner({ level, text }) {
      if (level === 'alert') deps.log.error({ owner: true }, text);
      else deps.log.warn({ owner: true }, text);
    },
  };
}
