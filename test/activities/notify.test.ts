import { MockActivityEnvironment } from '@temporalio/testing';
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
    expect(await activities.notify(input('P1:0'))).toEqual({ deliveredAt: '2025-07-14T11:20:00+05:30' });
    expect(sent).toEqual([input('P1:0')]);
  });

  it('does not fail where nobody takes the notice: it waits in the queue', async () => {
    expect(await desk(null).activities.notify(input('P1:0'))).toEqual({ deliveredAt: null });
  });

  it('takes the texts of today, each call of a workflow as one notice however often it is attempted', async () => {
    const { sent, activities } = desk(null);
    const call = { activityId: '7', workflowExecution: { workflowId: 'day:live:A:1:2025-07-14', runId: 'r' } };
    const attempt = (level: 'warn' | 'alert') =>
      new MockActivityEnvironment(call).run(() => activities.notifyOwner({ level, text: 'a text' }));
    await attempt('alert');
    await attempt('alert');
    await activities.notifyOwner({ level: 'warn', text: 'a text' });
    expect(sent.map(({ kind }) => kind)).toEqual(['raised', 'raised', 'told']);
    expect(sent[0]).toMatchObject({ id: 'text:day:live:A:1:2025-07-14:r:7', text: 'a text', since: AT });
    expect(sent[1]?.id).toBe(sent[0]?.id);
    expect(sent[2]?.id).not.toBe(sent[0]?.id);
  });
});
