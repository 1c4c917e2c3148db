import { describe, expect, it } from 'vitest';
import { istDate, istTime } from '../../src/domain/clock.ts';
import { bundleEarlier, candleFile } from './candles.ts';
import { carriedWeek, openWeek, WEEKLY } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectNeverNaked, filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

const ordersOn = (day: Day, date: string) => ours(day.book()).filter((order) => istDate(order.placedAt) === date);

describe('the week of 14 July 2025 under weekly', () => {
  it('is carried to Thursday, bought back at 15:15, and a win', async () => {
    const { week, report: first } = await carriedWeek(stage);
    expect(first).toMatchObject({ result: 'carried', reconciled: true, pnl: { gross: 0 } });
    expect(first.positions).toMatchObject([{ id: 'P1', state: 'open', product: 'NRML', exitOn: '2025-07-17' }]);
    const reports = [first];
    for (const date of ['2025-07-15', '2025-07-16']) {
      const today = await week.day(date);
      await today.logIn();
      await today.at('09:16');
      const view = await today.seen('the stop at rest', ({ positions }) => positions[0]?.restingStop !== null);
      expect(view.started, 'protection needs no start').toBe(false);
      const [stop, ...others] = ordersOn(today, date);
      expect(others).toEqual([]);
      expect(stop).toMatchObject({ tradingsymbol: MAIN, side: 'BUY', orderType: 'SL', quantity: 750, product: 'NRML' });
      expect(istTime(stop?.placedAt ?? 0)).toMatch(/^09:15:0/);
      expect(stop?.tag).toContain(date.slice(2).replaceAll('-', ''));
      const report = await week.end(today);
      expect(report).toMatchObject({ result: 'carried', reconciled: true, trades: [], pnl: { gross: 0, net: 0 } });
      expect(report.positions).toMatchObject([{ state: 'open', enteredOn: '2025-07-14' }]);
      reports.push(report);
    }
    const thursday = await week.day('2025-07-17');
    await thursday.logIn();
    await thursday.at('15:14');
    expect(filledOf(thursday.book(), MAIN, 'BUY')).toBe(0);
    const last = await thursday.result();
    reports.push(last);
    const book = ours(thursday.book());
    expectNeverNaked(book);
    const out = book.filter(
      (order) => order.tradingsymbol === MAIN && order.filledQuantity > 0 && order.side === 'BUY',
    );
    for (const { at } of out.flatMap(({ fills }) => fills)) {
      expect(istDate(at)).toBe('2025-07-17');
      expect(istTime(at) >= '15:15:00').toBe(true);
    }
    expect(last).toMatchObject({ result: 'flat', reconciled: true, differences: [], handedOver: [] });
    expect(thursday.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
    // Whatever of the hedge nobody bought is worth nothing at 25111.45.
    const cash = book.flatMap(({ side, fills }) =>
      fills.map(({ quantity, price }) => (side === 'SELL' ? 1 : -1) * quantity * price),
    );
    expect(last.pnl.gross).toBe(cash.reduce((sum, value) => sum + value, 0));
    const net = reports.reduce((sum, { pnl }) => sum + pnl.net, 0);
    expect(net).toBeGreaterThan(0);
    const charges = reports.reduce((sum, report) => sum + report.charges.total, 0);
    expect(net).toBe(last.pnl.gross - charges);
  });

  it('is left on Wednesday when that is the weekly exit day', async () => {
    const { week, report } = await carriedWeek(stage, { plan: { weeklyExitDay: 3 } });
    expect(report.positions).toMatchObject([{ exitOn: '2025-07-16' }]);
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    expect((await week.end(tuesday)).result).toBe('carried');
    const wednesday = await week.day('2025-07-16');
    await wednesday.logIn();
    const last = await wednesday.result();
    expect(last).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'exit_time' }] });
    expect(filledOf(wednesday.book(), MAIN, 'BUY')).toBe(750);
    expect(filledOf(wednesday.book(), HEDGE, 'SELL')).toBe(750);
  });

  it('ends on Wednesday where Thursday is a holiday', async () => {
    // Maharashtra Day, Thursday 1 May 2025: the contract expires the day before.
    const { week, report } = await carriedWeek(stage, { date: '2025-04-28', candles: await bundleEarlier(77) });
    expect(report).toMatchObject({ result: 'carried', positions: [{ expiry: '2025-04-30', exitOn: '2025-04-30' }] });
    const wednesday = await week.day('2025-04-30');
    await wednesday.logIn();
    const last = await wednesday.result();
    expect(last).toMatchObject({ result: 'flat', reconciled: true });
    expect(wednesday.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  });

  it('may be entered at the close of 15:15, which is too late for a day trade', async () => {
    // Below the support zone from the open on, and below the first hour's low only at 15:15: S5.
    const quiet = [25060, 25070, 25045, 25055] as const;
    const candles = await candleFile({
      '2025-07-14': [[25100, 25110, 25040, 25050], quiet, quiet, quiet, quiet, [25055, 25058, 25020, 25030]],
    });
    const week = await openWeek(stage, candles);
    const today = await week.day('2025-07-14');
    await today.logIn();
    await today.start(WEEKLY);
    const report = await today.result();
    expect(report.decisions.at(-1)).toMatchObject({ signal: 'S5', outcome: 'fired' });
    expect(report).toMatchObject({ result: 'carried', positions: [{ optionType: 'CE', state: 'open', lots: 10 }] });
  });
});

describe('a hedge under weekly that the broker refuses overnight', () => {
  const entered = async (points: number) => {
    const week = await openWeek(stage);
    const today = await week.day('2025-07-14');
    today.exchange.addFault({ kind: 'refuse_far_hedge', count: 10, points });
    await today.logIn();
    await today.start(WEEKLY);
    const report = await today.result();
    const bought = ours(today.book()).filter(({ side, filledQuantity }) => side === 'BUY' && filledQuantity > 0);
    const hedges = bought.map(({ tradingsymbol }) => tradingsymbol);
    expectNeverNaked(today.book(), hedges[0]);
    return { report, hedges };
  };

  it('is bought 50 points nearer', async () => {
    const { report, hedges } = await entered(220);
    expect(hedges).toEqual(['NIFTY2571724850PE']);
    expect(report).toMatchObject({ result: 'carried', positions: [{ state: 'open' }] });
  });

  it('is bought 100 points nearer when that is refused too', async () => {
    const { hedges } = await entered(170);
    expect(hedges).toEqual(['NIFTY2571724900PE']);
  });

  it('means no trade when that is refused as well, and never the short first', async () => {
    const { report, hedges } = await entered(50);
    expect(hedges).toEqual([]);
    expect(report).toMatchObject({ result: 'flat', trades: [] });
  });
});
