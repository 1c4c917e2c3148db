/**
 * Days on a real Temporal server and over HTTP, where no simulation stands between: the SDK's worker and its cache, the server's timers
 * and tasks, the brokers' clients, PGlite. A few are enough: that other days ask for the same there is held by test/simulation/agreement.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HEDGE, MAIN } from './plan.ts';
import { openStage } from './replayed-day.ts';
import { expectSound, filledOf, ours } from './soundness.ts';
import type { ReplayedDay, ReplayedStage } from './stage.ts';

let stage: ReplayedStage;
let day: ReplayedDay | undefined;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
afterEach(async () => {
  await day?.close();
  day = undefined;
});

/** Stops that still rest at the exchange. */
const resting = ({ exchange }: ReplayedDay) =>
  ours(exchange.orders()).filter(({ status }) => status === 'TRIGGER PENDING').length;

describe('a day on a real server', () => {
  it('is traded as signalled, and its report is in the journal', async () => {
    day = await stage.startDay();
    await day.logIn();
    await day.start();
    const report = await day.result();
    expectSound(report, day.exchange);
    expect(report.positions).toMatchObject([{ signal: 'S1', state: 'closed', exitReason: 'exit_time' }]);
    expect(filledOf(day.book(), MAIN, 'SELL')).toBe(750);
    expect(await stage.journal.report(day.identity, day.identity.date)).toEqual(report);
  });

  it('goes on after a refused token with a good one', async () => {
    day = await stage.startDay();
    await day.logIn('not-a-token-of-this-broker');
    const refused = await day.seen('the refusal', ({ authAttempts }) => authAttempts[0]?.outcome === 'refused');
    expect(refused.state).toBe('awaiting_auth');
    await day.logIn();
    await day.start();
    expectSound(await day.result(), day.exchange);
    expect(filledOf(day.book(), MAIN, 'SELL')).toBe(750);
  });

  it('hands its position over to the next one, which rests its stop and leaves on the weekly exit day', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'week-'));
    const exchange = { dataDir };
    try {
      const monday = await stage.startDay({ account: 'handed-over', exchange });
      day = monday;
      await monday.logIn();
      await monday.start({ exitPolicy: 'weekly', weeklyExitDay: 2 });
      expect(await monday.result()).toMatchObject({ result: 'carried', reconciled: true, handedOver: [{ id: 'P1' }] });
      await monday.close();

      const tuesday = await stage.startDay({ account: 'handed-over', date: '2025-07-15', exchange });
      day = tuesday;
      await tuesday.logIn();
      await tuesday.at('09:20');
      await tuesday.seen('the stop at rest', () => resting(tuesday) === 1);
      expect(await tuesday.result()).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
      expect(filledOf(tuesday.book(), MAIN, 'BUY')).toBe(750);
      expect(filledOf(tuesday.book(), HEDGE, 'SELL')).toBe(750);
    } finally {
      await day?.close();
      day = undefined;
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
