import type { DayActivities } from '../src/contract/activities.ts';
import type { Deps } from './deps.ts';

/** Tells the owner. A channel that is away does not fail it: the notice waits in the journal's queue. */
export function createNotifyActivities({ notices }: Pick<Deps, 'notices'>): Pick<DayActivities, 'notifyOwner'> {
  return {
    async notifyOwner(notice) {
      const { deliveredAt } = await notices.send(notice);
      return { deliveredAt };
    },
  };
}
