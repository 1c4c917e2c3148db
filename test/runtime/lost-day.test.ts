/** A day that was terminated in the Temporal UI, or that failed: nothing watches it, and it must not look as if something did. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dayWorkflowId } from '../../src/contract/identity.ts';
import { type ApiProgram, startApiProgram } from '../api/fixtures/api-program.ts';
import { openPosition, TIMETABLE } from '../api/fixtures/day-facts.ts';

let program: ApiProgram;
beforeAll(async () => {
  program = await startApiProgram();
});
afterAll(() => program.stop());
beforeEach(() => program.freshAccount());

async function terminate(): Promise<void> {
  const id = dayWorkflowId(await program.identity());
  await program.temporal.client.workflow.getHandle(id).terminate('by somebody');
}

async function openAndTerminate(): Promise<void> {
  await program.openDay({ state: 'trading', enabled: true, timetable: TIMETABLE, positions: [openPosition()] });
  await terminate();
}

describe('a day that ended without a report', () => {
  it('is not shown as trading: it is closed, and a warning says that nothing of it is watched', async () => {
    await program.openDay({ state: 'trading', enabled: true, timetable: TIMETABLE, positions: [openPosition()] });
    expect((await program.get('/live/status')).body).toMatchObject({ state: 'trading', enabled: true, warnings: [] });
    await terminate();
    expect((await program.get('/live/status')).body).toMatchObject({
      ...{ state: 'closed', enabled: false, open_positions: 1, next_check_at: null },
      warnings: [{ code: 'day_lost', message: expect.stringContaining('Look at Kite now') }],
    });
  });

  it('takes no command, and says that there is no report to look at', async () => {
    await openAndTerminate();
    const refused = { status: 409, body: { error: { code: 'day_lost', message: expect.stringContaining('Kite') } } };
    for (const path of ['/live/close-all', '/live/close-position/P1', '/live/start-trading', '/live/stop-trading']) {
      expect(await program.post(path)).toMatchObject(refused);
    }
  });

  it('is shown as it is once it was opened again', async () => {
    await openAndTerminate();
    expect((await program.get('/live/status')).body).toMatchObject({ warnings: [{ code: 'day_lost' }] });
    await program.openDay({ state: 'trading', enabled: true, timetable: TIMETABLE, positions: [openPosition()] });
    expect((await program.get('/live/status')).body).toMatchObject({ state: 'trading', warnings: [] });
  });

  it('that came to its end is over, not lost', async () => {
    await program.openDay();
    await program.endDay();
    expect((await program.get('/live/status')).body).toMatchObject({ warnings: [] });
    expect((await program.post('/live/close-all')).body).toMatchObject({ error: { code: 'day_over' } });
  });
});
