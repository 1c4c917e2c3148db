import { describe, expect, it } from 'vitest';
import type { Deps } from '../../activities/deps.ts';
import { createNotifyActivities } from '../../activities/notify.ts';
import type { NoticeInput } from '../../src/contract/notices.ts';
import { istAt } from '../../src/domain/clock.ts';
import { input } from '../notices/rows.ts';

const AT = istAt('2025-07-14', '11:20');

function desk(deliveredAt: number | null) {
  const sent: NoticeInput[] = [];
  const send = async (notice: NoticeInput) => {
    sent.push(notice);
    return { deliveredAt };
  };
  return {
    sent,
    activities: createNotifyActivities({ notices: { send }, clock: { now: () => AT } } as unknown as Deps),
  };
}

describe('the activity that notifies the owner', () => {
  it('passes the notice on, and answers when it was delivered', async () => {
    const { sent, activities } = desk(AT);
    expect(await activities.notifyOwner(input('P1:0'))).toEqual({ deliveredAt: AT });
    expect(sent).toEqual([input('P1:0')]);
  });

  it('does not fail where nobody takes the notice: it waits in the queue', async () => {
    expect(await desk(null).activities.notifyOwner(input('P1:0'))).toEqual({ deliveredAt: null });
  });
});
