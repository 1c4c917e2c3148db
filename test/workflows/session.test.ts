import { describe, expect, it } from 'vitest';
import type { GuardInput } from '../../src/contract/activities.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectNeverNaked, expectSound, filledOf, ours } from './soundness.ts';
import type { Day, GuardAnswer } from './stage.ts';

const stage = stageOfFile();

const logged = (today: Day, kind: string) =>
  today.lines.map((line) => JSON.parse(line)).filter((line) => line.kind === kind);

/** A position is open, and its guard looks at its order first as a real one does: it is the one that sees a dead login. */
async function watchedPosition(): Promise<Day> {
  const guard = async ({ identity, until }: GuardInput): Promise<GuardAnswer> => {
    await day.parts.activities.sessions.use(identity, (session) => session.profile());
    return { kind: 'quiet', until };
  };
  const day: Day = await stage.tradingDay({ guard });
  await day.opened();
  return day;
}

describe('a login that dies in mid-day', () => {
  it('asks for a new one with a position open, and goes on by itself after it', async () => {
    const today = await watchedPosition();
    today.exchange.killSessions();
    await today.at('12:15');
    const lost = await today.seen('the lost login', ({ state }) => state === 'awaiting_auth');
    expect(lost.session).toBeNull();
    expect(lost.warnings).toMatchObject([{ code: 'login_lost', blocksEntries: false }]);
    expect(lost.positions[0]?.state).toBe('open');

    await today.logIn();
    const back = await today.seen('the new login', ({ session }) => session !== null);
    expect(back).toMatchObject({ state: 'trading', warnings: [] });
    expect(back.session?.number).toBe((lost.authAttempts.length ?? 0) + 1);
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.positions).toMatchObject([{ exitReason: 'exit_time' }]);
  });

  it('is still stopped after the new login when it was stopped before', async () => {
    const today = await watchedPosition();
    await today.stop();
    today.exchange.killSessions();
    await today.at('12:15');
    await today.seen('the lost login', ({ state }) => state === 'awaiting_auth');
    await today.logIn();
    const back = await today.seen('the new login', ({ session }) => session !== null);
    expect(back.state).toBe('stopped');
    expectSound(await today.result(), today.exchange);
  });

  it('between hedge and main leg waits for the login, and sends nothing twice', async () => {
    const today = await stage.tradingDay();
    const off = today.exchange.onOrder((order) => {
      if (order.tradingsymbol !== HEDGE || order.status !== 'COMPLETE') return;
      off();
      today.exchange.killSessions();
    });
    await today.at('11:15');
    await today.seen('the lost login', ({ state }) => state === 'awaiting_auth');
    await today.logIn();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    expect(ours(today.book())).toHaveLength(4);
  });

  it('never comes back: the day ends not flat, and says what is open', async () => {
    const today = await watchedPosition();
    today.exchange.killSessions();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'not_flat', reconciled: null });
    expect(report.positions).toMatchObject([{ state: 'not_flat' }]);
    expect(report.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['login_lost', 'not_flat']));
    expectNeverNaked(today.book());
  });
});

describe('starting and stopping', () => {
  it('takes the start before the login and before the open', async () => {
    const today = await stage.startDay();
    await today.start();
    const waiting = await today.seen('the start', ({ started }) => started);
    expect(waiting.state).toBe('awaiting_auth');
    await today.at('09:30');
    await today.logIn();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
  });

  it('stopped and started again before the signal: it is traded', async () => {
    const today = await stage.tradingDay();
    await today.at('10:30');
    await today.stop();
    await today.seen('the stop', ({ state }) => state === 'stopped');
    await today.at('11:00');
    await today.start();
    const report = await today.result();
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    expectSound(report, today.exchange);
  });

  it('stopped at the signal: it is recorded as skipped, and the week is used', async () => {
    const today = await stage.tradingDay();
    await today.at('11:00');
    await today.stop();
    await today.at('11:30');
    await today.start();
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'not_taken' });
    expect(report.decisions[1]?.reason).toContain('stopped');
    expect(report.decisions[2]?.outcome).toBe('week_used');
  });

  it('a signal that the plan leaves out is skipped with its name', async () => {
    const today = await stage.tradingDay({}, { signals: ['S7', 'S8'] });
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ outcome: 'not_taken', reason: 'not taken: S1 is not in the plan' });
  });

  it('a realised loss at the limit of the day ends its entries', async () => {
    const today = await stage.startDay({
      guard: ({ until }) => ({
        kind: 'triggered',
        reason: 'loss_cap',
        at: until - 1_800_000,
        sent: false,
        price: null,
        detail: 'x',
      }),
    });
    await today.logIn();
    await today.start({ maxLossPerTrade: 100_00, maxLossPerDay: 100_00 });
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.pnl.net).toBeLessThan(-100_00);
    expect(logged(today, 'day_loss_limit')).toHaveLength(1);
  });
});

describe('days without trading', () => {
  it('nobody logs in until the close: reminders, then a flat day that could not be compared', async () => {
    const today = await stage.startDay();
    await today.start();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: null, trades: [] });
    const reminders = logged(today, 'login_reminder').map(({ market_time }) => market_time);
    expect(reminders[0]).toBe('09:00:00');
    expect(reminders.length).toBeGreaterThan(20);
    expect(today.lines.filter((line) => JSON.parse(line).owner === true).length).toBe(reminders.length);
  });

  it('a day that wakes after its close trades nothing and writes its report', async () => {
    const today = await stage.tradingDay({ from: '15:45' });
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', trades: [], decisions: [] });
    expect(today.book()).toEqual([]);
    expect(await stage.journal.report(today.identity, today.identity.date)).toMatchObject({ result: 'flat' });
  });

  it('a day that wakes at noon takes no signal of the morning', async () => {
    const today = await stage.tradingDay({ from: '12:00' });
    const report = await today.result();
    expect(report.decisions.map(({ outcome }) => outcome)).toEqual(Array(4).fill('week_used'));
    expect(today.book()).toEqual([]);
  });

  it('a holiday ends at once, with a report that names the next day', async () => {
    const today = await stage.startDay({ date: '2025-08-15', exchange: { from: '2025-08-04', to: '2025-08-14' } });
    const report = await today.result();
    expect(report.result).toBe('holiday');
    const view = await today.view();
    expect(view).toMatchObject({ state: 'holiday' });
    expect(view.holiday).toContain('2025-08-18');
  });
});
