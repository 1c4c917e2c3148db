import { describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { mondayAfterS1 } from './candles.ts';
import { WEEKLY, weekBesideOthers } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { MAIN } from './plan.ts';
import { expectNeverNaked, expectSound, filledOf, ours } from './soundness.ts';

const stage = stageOfFile();

describe('candles that do not come', () => {
  const patience = { pollMs: 20, kiteAfterMs: 150, giveUpAfterMs: 400 };

  it('Breeze down: Kite decides, flagged', async () => {
    const today = await stage.startDay({ patience });
    today.exchange.addFault({ kind: 'breeze_down', count: 100_000 });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', source: 'kite', outcome: 'fired' });
    expect(report.warnings.map(({ code }) => code)).toContain('fallback_candles');
  });

  it('nobody has candles: nothing is decided, and each hour says so', async () => {
    const today = await stage.startDay({ patience });
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
    const week = await weekBesideOthers(stage, theirs);
    const today = await week.day('2025-07-14');
    await today.logIn();
    await today.start();
    const warned = await today.seen('the warning', ({ warnings }) => warnings.length > 0);
    expect(warned.warnings).toMatchObject([{ code: 'foreign_position', blocksEntries: true }]);
    const report = await today.result();
    expect(ours(today.book())).toEqual([]);
    expect(report.decisions[1]?.reason).toContain('blocked until acknowledged');
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });

  it('acknowledged, the day trades beside it, also in the same contract', async () => {
    const week = await weekBesideOthers(stage, theirs);
    const today = await week.day('2025-07-14');
    await today.logIn();
    await today.start(WEEKLY);
    const { warnings } = await today.seen('the warning', (view) => view.warnings.length > 0);
    await today.acknowledge(warnings.map(({ id }) => id));
    await today.opened();
    await today.closePosition({});
    const report = await today.result();
    expectNeverNaked(today.book());
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(filledOf(ours(today.book()), MAIN, 'SELL')).toBe(750);
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(750);
  });

  it.each(['NRML', 'MIS'])(
    'since this morning, before the login, is asked about like one of yesterday (%s)',
    async (product) => {
      const today = await stage.startDay({ from: '09:20' });
      today.exchange.foreignTrade({ ...theirs, product });
      await today.logIn();
      await today.start();
      const { warnings } = await today.seen('the warning', (view) => view.warnings.length > 0);
      expect(warnings).toMatchObject([{ code: 'foreign_position', blocksEntries: true }]);
      await today.acknowledge(warnings.map(({ id }) => id));
      const report = await today.result();
      expectNeverNaked(today.book());
      expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
      expect(filledOf(ours(today.book()), MAIN, 'SELL')).toBe(750);
      expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(750);
    },
  );

  it('blocks an entry also when the login comes with the signal, and the look at the account after it', async () => {
    const week = await weekBesideOthers(stage, theirs);
    const today = await week.day('2025-07-14');
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
      const today = await stage.startDay({
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
      // Their signals are not asked for any more: the decisions say so, and the owner is told.
      expect(report.decisions.find(({ at }) => istTime(at) === '13:15:00')).toMatchObject({
        ...{ outcome: 'not_taken', signal: null, reason: 'not decided: the day got there too late' },
      });
      expect(today.world.pages.map(({ cause }) => cause)).toContain('hour_missed');
    } finally {
      await monday.remove();
    }
  });
});
