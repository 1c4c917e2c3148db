import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GuardInput, GuardResult } from '../../activities/contract.ts';
import { istTime } from '../../src/domain/clock.ts';
import { mondayAfterS1 } from './candles.ts';
import { type DayOptions, HEDGE, MAIN, openStage, type ReplayedDay, type Stage } from './replayed-day.ts';
import { expectNeverNaked, expectSound, filledOf, ours } from './soundness.ts';

let stage: Stage;
let day: ReplayedDay | undefined;
beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await day?.close();
  day = undefined;
});
afterAll(() => stage.close());

async function opened(options: DayOptions = {}): Promise<ReplayedDay> {
  day = await stage.startDay(options);
  return day;
}

const logged = (today: ReplayedDay, kind: string) =>
  today.lines.map((line) => JSON.parse(line)).filter((line) => line.kind === kind);

/** As a real guard: it looks at its order first, so it is the one that sees a dead login. */
const lookingGuard = async (input: GuardInput): Promise<GuardResult> => {
  await day?.parts.activities.sessions.use(input.identity, (session) => session.profile());
  return { kind: 'quiet', until: input.until };
};

describe('a login that dies in mid-day', () => {
  it('asks for a new one with a position open, and goes on by itself after it', async () => {
    const today = await opened({ guard: lookingGuard });
    await today.logIn();
    await today.start();
    await today.opened();
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
    const today = await opened({ guard: lookingGuard });
    await today.logIn();
    await today.start();
    await today.opened();
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
    const today = await opened();
    await today.logIn();
    await today.start();
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

  it('never comes back: the day ends loudly, and says what is open', async () => {
    const today = await opened({ guard: lookingGuard });
    await today.logIn();
    await today.start();
    await today.opened();
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
    const today = await opened();
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
    const today = await opened();
    await today.logIn();
    await today.start();
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
    const today = await opened();
    await today.logIn();
    await today.start();
    await today.at('11:00');
    await today.stop();
    await today.at('11:30');
    await today.start();
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'skipped' });
    expect(report.decisions[1]?.reason).toContain('stopped');
    expect(report.decisions[2]?.outcome).toBe('week_used');
  });

  it('a signal that the plan leaves out is skipped with its name', async () => {
    const today = await opened();
    await today.logIn();
    await today.start({ signals: ['S7', 'S8'] });
    const report = await today.result();
    expect(today.book()).toEqual([]);
    expect(report.decisions[1]).toMatchObject({ outcome: 'skipped', reason: 'skipped: S1 is not in the plan' });
  });

  it('a realised loss at the limit of the day ends its entries', async () => {
    const today = await opened({
      guard: ({ until }) => ({
        kind: 'triggered',
        reason: 'loss_cap',
        at: until - 1_800_000,
        sent: false,
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
    const today = await opened();
    await today.start();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: null, trades: [] });
    const reminders = logged(today, 'login_reminder').map(({ market_time }) => market_time);
    expect(reminders[0]).toBe('09:00:00');
    expect(reminders.length).toBeGreaterThan(20);
    expect(today.lines.filter((line) => JSON.parse(line).owner === true).length).toBe(reminders.length);
  });

  it('a day that wakes after its close trades nothing and writes its report', async () => {
    const today = await opened({ from: '15:45' });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', trades: [], decisions: [] });
    expect(today.book()).toEqual([]);
    expect(await stage.journal.report(today.identity, today.identity.date)).toMatchObject({ result: 'flat' });
  });

  it('a day that wakes at noon takes no signal of the morning', async () => {
    const today = await opened({ from: '12:00' });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expect(report.decisions.map(({ outcome }) => outcome)).toEqual(Array(4).fill('week_used'));
    expect(today.book()).toEqual([]);
  });

  it('a holiday ends at once, with a report that names the next day', async () => {
    const today = await opened({ date: '2025-08-15', exchange: { from: '2025-08-04', to: '2025-08-14' } });
    const report = await today.result();
    expect(report.result).toBe('holiday');
    const view = await today.view();
    expect(view).toMatchObject({ state: 'holiday' });
    expect(view.holiday).toContain('2025-08-18');
  });
});

describe('candles that do not come', () => {
  const patience = { pollMs: 20, kiteAfterMs: 150, giveUpAfterMs: 400 };

  it('Breeze down: Kite decides, flagged', async () => {
    const today = await opened({ patience });
    today.exchange.addFault({ kind: 'breeze_down', count: 100_000 });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', source: 'kite', outcome: 'fired' });
    expect(report.warnings.map(({ code }) => code)).toContain('fallback_candles');
  });

  it('nobody has candles: nothing is decided, and each hour says so', async () => {
    const today = await opened({ patience });
    today.exchange.addFault({ kind: 'breeze_down', count: 100_000 });
    today.exchange.addFault({ kind: 'http_error', path: '/instruments/historical', count: 100_000 });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expect(report.decisions.map(({ outcome }) => outcome)).toEqual(Array(6).fill('no_data'));
    expect(new Set(report.warnings.map(({ code }) => code))).toEqual(new Set(['no_data']));
    expect(today.book()).toEqual([]);
  });
});

describe('what somebody else holds', () => {
  const theirs = { tradingsymbol: MAIN, product: 'NRML', side: 'SELL', quantity: 75 } as const;

  it('blocks entries until it is acknowledged, and is never touched', async () => {
    const today = await opened({ from: '09:20' });
    today.exchange.foreignTrade(theirs);
    await today.logIn();
    await today.start();
    const warned = await today.seen('the warning', ({ warnings }) => warnings.length > 0);
    expect(warned.warnings).toMatchObject([{ code: 'foreign_position', blocksEntries: true }]);
    const report = await today.result();
    expect(ours(today.book())).toEqual([]);
    expect(report.decisions[1]?.reason).toContain('blocked until acknowledged');
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });

  it.each(['NRML', 'MIS'])(
    'acknowledged, the day trades beside it, also in the same contract (%s)',
    async (product) => {
      const today = await opened({ from: '09:20' });
      today.exchange.foreignTrade({ ...theirs, product });
      await today.logIn();
      await today.start();
      const { warnings } = await today.seen('the warning', (view) => view.warnings.length > 0);
      await today.acknowledge(warnings.map(({ id }) => id));
      const report = await today.result();
      expectNeverNaked(today.book());
      expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
      expect(filledOf(ours(today.book()), MAIN, 'SELL')).toBe(750);
      expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(750);
    },
  );

  it('blocks an entry also when the login comes with the signal, and the look at the account after it', async () => {
    const today = await opened({ from: '09:20' });
    today.exchange.foreignTrade(theirs);
    await today.start();
    await today.at('11:14');
    today.exchange.addFault({ kind: 'breeze_slow', count: 1, ms: 250 });
    today.exchange.addFault({ kind: 'slow', path: '/portfolio/positions', count: 1, ms: 550 });
    await today.at('11:15');
    await today.logIn();
    const report = await today.result();
    expect(ours(today.book())).toEqual([]);
    expect(report.decisions[1]?.reason).toContain('blocked until acknowledged');
  });
});

describe('hourly closes that nobody was there for', () => {
  it('are made up for: the index stops of an open position are looked at, however late', async () => {
    const monday = await mondayAfterS1(
      [25063.95, 25070, 25040, 25060],
      [25060, 25070, 24995, 24999],
      [24999, 25080, 24999, 25070],
    );
    try {
      const today = await opened({
        exchange: { candles: monday.path },
        guard: ({ until }) => ({ kind: 'quiet', until }),
      });
      await today.logIn();
      await today.start({ maxLossPerTrade: 50_000_00 });
      await today.opened();
      await today.missUntil('13:40');
      const report = await today.result();
      expectSound(report, today.exchange);
      expect(report.positions).toMatchObject([{ exitReason: 'index_stop' }]);
      const closedAt = istTime(report.positions[0]?.closedAt ?? 0);
      expect(closedAt >= '13:40:00' && closedAt < '13:45:00', closedAt).toBe(true);
      expect(report.decisions.map(({ at }) => istTime(at))).not.toContain('13:15:00');
    } finally {
      await monday.remove();
    }
  });
});
