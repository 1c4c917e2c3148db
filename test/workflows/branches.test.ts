import { describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { makeTag } from '../../src/domain/tags.ts';
import type { SimFault } from '../../src/exchange-simulator/core/types.ts';
import { stageOfFile } from './file-stage.ts';
import { MAIN } from './plan.ts';
import { expectSound, filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

describe('logins', () => {
  it('nobody until 15:16: then nothing is entered any more, and the day ends flat and compared', async () => {
    const today = await stage.startDay();
    await today.start();
    await today.at('15:16');
    await today.logIn();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, trades: [] });
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', outcome: 'not_taken' });
    expect(report.decisions[1]?.reason).toContain('nobody is logged in');
  });

  it('of another user is refused with both names, and nothing is traded on it', async () => {
    const today = await stage.tradingDay({ userId: 'AB1234' });
    const { state, authAttempts } = await today.seen(
      'the refusal',
      (view) => view.authAttempts[0]?.outcome === 'refused',
    );
    expect(state).toBe('awaiting_auth');
    expect(authAttempts[0]?.reason).toMatch(/SIM001.*AB1234/);
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: null, trades: [] });
  });
});

describe('Breeze', () => {
  it.each<[string, SimFault]>([
    ['empty', { kind: 'breeze_empty', count: 100_000 }],
    ['behind', { kind: 'breeze_late', count: 100_000, market_seconds: 7_200 }],
    ['without a session', { kind: 'breeze_invalid_session', count: 100_000 }],
  ])('%s: Kite decides, flagged, and the day trades', async (_, fault) => {
    const today = await stage.startDay({ patience: { pollMs: 20, kiteAfterMs: 150, giveUpAfterMs: 5_000 } });
    today.exchange.addFault(fault);
    await today.logIn();
    await today.start();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', source: 'kite', outcome: 'fired' });
    expect(report.warnings.map(({ code }) => code)).toContain('fallback_candles');
  });
});

describe('Breeze that is slow', () => {
  it('is waited for: its candles decide, unflagged', async () => {
    const today = await stage.startDay();
    today.exchange.addFault({ kind: 'breeze_slow', count: 100_000, ms: 300 });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.decisions[1]).toMatchObject({ signal: 'S1', source: 'breeze', outcome: 'fired' });
    expect(report.warnings).toEqual([]);
  });
});

describe('special sessions', () => {
  it('Muhurat trading, 21 October 2025 from 13:45 to 14:45: nothing is checked or entered', async () => {
    const today = await stage.startDay({
      date: '2025-10-21',
      from: '13:00',
      exchange: { from: '2025-10-06', to: '2025-10-21' },
    });
    await today.logIn();
    await today.start();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, trades: [], decisions: [] });
    const { timetable } = await today.view();
    expect([timetable?.open, timetable?.squareOff, timetable?.close].map((at) => istTime(at ?? 0))).toEqual([
      '13:45:00',
      '14:30:00',
      '14:45:00',
    ]);
  });

  it.each([
    ['Saturday 1 February 2025', '2025-02-01', '2025-01-20'],
    ['Sunday 1 February 2026', '2026-02-01', '2026-01-19'],
  ])('%s is a whole day: every hour is looked at', async (_, date, from) => {
    const today = await stage.tradingDay({ date, exchange: { from, to: date } }, { lotSize: date < '2026' ? 75 : 65 });
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    expect(report.decisions.map(({ at }) => istTime(at))).toEqual([
      '10:15:00',
      '11:15:00',
      '12:15:00',
      '13:15:00',
      '14:15:00',
      '15:15:00',
    ]);
    expect(report.decisions.map(({ outcome }) => outcome)).not.toContain('no_data');
  });
});

describe('a difference between ledger and broker at the open', () => {
  async function withStranger(): Promise<Day> {
    const today = await stage.startDay({ from: '09:20' });
    const { run, date } = today.identity;
    today.exchange.place({
      ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: MAIN, side: 'BUY', orderType: 'LIMIT' },
      ...{ product: 'MIS', validity: 'DAY', quantity: 75, price: 5, triggerPrice: 0 },
      ...{ disclosedQuantity: 0, marketProtection: null },
      tag: makeTag({ run, date, position: 9, role: 'main', purpose: 'entry', slice: 1, attempt: 1 }),
    });
    await today.logIn();
    await today.start();
    await today.seen('the difference', ({ warnings }) => warnings.some(({ code }) => code === 'difference'));
    return today;
  }

  it('blocks entries', async () => {
    const today = await withStranger();
    const report = await today.result();
    expect(report.decisions[1]?.reason).toContain('blocked until acknowledged');
    expect(ours(today.book())).toHaveLength(1);
  });

  it('acknowledged, lets the day trade; it is still there in the report', async () => {
    const today = await withStranger();
    await today.acknowledge('all');
    const report = await today.result();
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(750);
    expect(report).toMatchObject({ result: 'not_flat', reconciled: false, positions: [{ state: 'closed' }] });
  });
});
