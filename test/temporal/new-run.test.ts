/** A day on a real development server that suggests a new run every fifty events. */
import { describe, expect, it } from 'vitest';
import { developmentServerArguments } from '../shared-temporal.ts';
import { createLocal } from '../temporal-environments.ts';
import { openStage } from '../workflows/replayed-day.ts';
import { expectSound, ours } from '../workflows/soundness.ts';

const suggesting = () =>
  createLocal({
    extraArgs: [
      ...developmentServerArguments(),
      ...['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=50'],
    ],
  });

describe('a day whose server suggests a new run every fifty events', () => {
  it('goes on in new runs, and is flattened by a cancellation of the one that it is in', async () => {
    const stage = await openStage({ create: suggesting });
    const day = await stage.startDay({ from: '11:14:50', realGuard: true, kiteTimeoutMs: 5_000 });
    const handle = stage.env.client.workflow.getHandle(day.workflowId);
    try {
      await day.logIn();
      await day.start();
      await day.opened();
      await day.seen('its stop', () => day.book().some(({ status }) => status === 'TRIGGER PENDING'));
      await handle.cancel();
      const { answers } = await day.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
      expect(answers.map(({ name }) => name)).toEqual(['start']);
      await day.missUntil('15:29:58');
      const report = await day.result();
      expectSound(report, day.exchange);
      expect(report.positions).toMatchObject([{ id: 'P1', state: 'closed', exitReason: 'emergency' }]);
      expect(ours(day.book())).toHaveLength(4);
      const { events } = await handle.fetchHistory();
      const started = events?.[0]?.workflowExecutionStartedEventAttributes;
      expect(started?.continuedExecutionRunId).not.toBe('');
      expect(started?.firstExecutionRunId).not.toBe(started?.originalExecutionRunId);
      expect((await handle.describe()).status.name).toBe('COMPLETED');
    } finally {
      await day.close();
      await stage.close();
    }
  });
});
