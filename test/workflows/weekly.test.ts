import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { istDate, istTime } from '../../src/domain/clock.ts';
import type { IsoDate } from '../../src/domain/types.ts';
import type { Plan } from '../../workflows/messages.ts';
import { bundleEarlier, candleFile, tuesdayAfterS1 } from './candles.ts';
import { openWeek, WEEKLY, type Week } from './carried-week.ts';
import { HEDGE, MAIN, openStage, type ReplayedDay, type Stage } from './replayed-day.ts';
import { expectNeverNaked, filledOf, ours } from './soundness.ts';

let stage: Stage;
let week: Week | undefined;
let removeCandles: (() => Promise<void>) | undefined;
beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await week?.close();
  await removeCandles?.();
  week = undefined;
  removeCandles = undefined;
});
afterAll(() => stage.close());

/** A week that begins with Monday 14 July 2025, on which S1 is sold at 11:15 and carried. */
async function carried(
  options: { plan?: Partial<Plan>; date?: IsoDate; candles?: { path: string; remove(): Promise<void> } } = {},
) {
  const { plan = {}, date = '2025-07-14', candles } = options;
  removeCandles = candles?.remove;
  week = await openWeek(stage, candles ? { candles: candles.path } : {});
  const today = await week.day(date);
  await today.logIn();
  await today.start({ ...WEEKLY, ...plan });
  await today.opened();
  return { week, report: await week.end(today) };
}

/** What of our stops rests on the book. */
const resting = (day: ReplayedDay) => ours(day.book()).filter((order) => order.status === 'TRIGGER PENDING');

const ordersOn = (day: ReplayedDay, date: string) =>
  ours(day.book()).filter((order) => istDate(order.placedAt) === date);

describe('the week of 14 July 2025 under weekly', { timeout: 60_000 }, () => {
  it('is carried to Thursday, bought back at 15:15, and a win', async () => {
    const { week, report: first } = await carried();
    expect(first).toMatchObject({ result: 'carried', reconciled: true, pnl: { gross: 0 } });
    expect(first.positions).toMatchObject([{ id: 'P1', state: 'open', product: 'NRML', exitOn: '2025-07-17' }]);
    const reports = [first];
    for (const date of ['2025-07-15', '2025-07-16']) {
      const today = await week.day(date);
      await today.logIn();
      await today.at('09:16');
      const view = await today.seen('the stop at rest', ({ positions }) => positions[0]?.catastropheStop !== null);
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
    const { week, report } = await carried({ plan: { weeklyExitDay: 3 } });
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
    const { week, report } = await carried({ date: '2025-04-28', candles: await bundleEarlier(77) });
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
    removeCandles = candles.remove;
    week = await openWeek(stage, { candles: candles.path });
    const today = await week.day('2025-07-14');
    await today.logIn();
    await today.start(WEEKLY);
    const report = await today.result();
    expect(report.decisions.at(-1)).toMatchObject({ signal: 'S5', outcome: 'fired' });
    expect(report).toMatchObject({ result: 'carried', positions: [{ optionType: 'CE', state: 'open', lots: 10 }] });
  });
});

describe('a hedge under weekly that the broker refuses over night', { timeout: 60_000 }, () => {
  const entered = async (points: number) => {
    week = await openWeek(stage);
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

describe('a carried position in the morning', { timeout: 60_000 }, () => {
  it('leaves at the open when the index has opened beyond its strike', async () => {
    const { week } = await carried({
      candles: await tuesdayAfterS1([[25064, 25070, 25060, 25065]], [[24960, 24990, 24950, 24980]]),
    });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'index_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('leaves at the open when the premium has opened beyond its stop', async () => {
    const { week } = await carried();
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    // Stop at 126.50: the market opens with the premium above it while the index stands above the strike.
    tuesday.exchange.addFault({ kind: 'price_shift', count: 1, points: 120, seconds: 3_600 });
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'catastrophe_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('leaves at the open on the last close of the day before, which came after its last trade', async () => {
    const calm = [25064, 25070, 25060, 25065] as const;
    const { week } = await carried({
      candles: await tuesdayAfterS1(
        [calm, calm, calm, calm, [25065, 25066, 24980, 24990]],
        [[25080, 25090, 25070, 25085]],
      ),
    });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'index_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('pages every five minutes from 09:00 until somebody logs in, and is protected then', async () => {
    const { week } = await carried();
    const tuesday = await week.day('2025-07-15');
    await tuesday.at('10:01');
    expect(resting(tuesday)).toEqual([]);
    const pages = tuesday.lines
      .map((line) => JSON.parse(line) as { level: string; kind?: string; market_time?: string })
      .filter(({ kind, level }) => kind === 'login_reminder' && level === 'error');
    expect(pages.map(({ market_time }) => market_time?.slice(0, 5))).toEqual([
      '09:00',
      '09:05',
      '09:10',
      '09:15',
      '09:20',
      '09:25',
      '09:30',
      '09:35',
      '09:40',
      '09:45',
      '09:50',
      '09:55',
      '10:00',
    ]);
    await tuesday.logIn();
    await tuesday.seen(
      'the stop at rest',
      ({ positions }) => positions[0]?.catastropheStop?.state === 'TRIGGER PENDING',
    );
    expect((await week.end(tuesday)).result).toBe('carried');
  });

  it('reserves its planned loss again and counts as open', async () => {
    const { week } = await carried();
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    await tuesday.start(WEEKLY);
    const { limits } = await tuesday.seen('the limits', (view) => view.limits !== null && view.positions.length > 0);
    expect(limits).toMatchObject({ reserved: 25_000_00, openPositions: 1 });
    expect(limits?.capitalAtRisk).toBeGreaterThan(100_000_00);
    await week.end(tuesday);
  });

  it('is left first of all when the day before could not leave it', async () => {
    const { week } = await carried({ plan: { weeklyExitDay: 2 } });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    await tuesday.at('15:00');
    tuesday.exchange.addFault({ kind: 'ip_refused', count: 10_000 });
    const failed = await week.end(tuesday);
    expect(failed).toMatchObject({ result: 'not_flat', handedOver: [{ leaving: true }] });
    const wednesday = await week.day('2025-07-16');
    await wednesday.logIn();
    const report = await week.end(wednesday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'leftover' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('asks about what somebody closed over night, protects nothing that is gone, and books the answer', async () => {
    const { week } = await carried();
    const tuesday = await week.day('2025-07-15');
    await tuesday.at('09:30');
    for (const [tradingsymbol, side] of [
      [MAIN, 'BUY'],
      [HEDGE, 'SELL'],
    ] as const)
      tuesday.exchange.foreignTrade({ tradingsymbol, side, quantity: 750, product: 'NRML' });
    await tuesday.logIn();
    const asked = await tuesday.seen('the question', ({ warnings }) =>
      warnings.some(({ id }) => id.startsWith('by_hand')),
    );
    expect(asked.warnings.some(({ blocksEntries }) => blocksEntries)).toBe(true);
    await tuesday.acknowledge('all');
    const report = await week.end(tuesday);
    expect(ours(tuesday.book()).filter((order) => istDate(order.placedAt) === '2025-07-15')).toEqual([]);
    expect(report).toMatchObject({ result: 'flat', positions: [{ state: 'closed', exitReason: 'closed_by_hand' }] });
  });
});

describe('an intraday position that nobody would take', { timeout: 60_000 }, () => {
  it('is handed over, and left first of all on the next day', async () => {
    week = await openWeek(stage);
    const monday = await week.day('2025-07-14');
    await monday.logIn();
    await monday.start();
    await monday.opened();
    await monday.at('15:10');
    monday.exchange.addFault({ kind: 'no_liquidity', count: 1, seconds: 3_600 });
    const failed = await week.end(monday);
    expect(failed).toMatchObject({ result: 'not_flat', handedOver: [{ id: 'P1', leaving: true }] });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'leftover' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
    expect(report.trades.map(({ tradingsymbol }) => tradingsymbol)).toContain(MAIN);
  });
});

describe('what expires', { timeout: 60_000 }, () => {
  it('is booked on the official close, the next day where that could not be read', async () => {
    const { week } = await carried();
    const thursday = await week.day('2025-07-17');
    await thursday.logIn();
    await thursday.at('15:00');
    // Nobody bids for the hedge, and the login dies before the official close can be asked for.
    thursday.exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', seconds: 3_600 });
    await thursday.at('15:25');
    thursday.exchange.killSessions();
    const unpriced = await week.end(thursday);
    expect(unpriced).toMatchObject({ result: 'not_flat', positions: [{ state: 'residual_hedge' }] });
    expect(unpriced.warnings.map(({ code }) => code)).toContain('unpriced');
    const friday = await week.day('2025-07-18');
    await friday.logIn();
    const report = await week.end(friday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
    expect(friday.lines.join('\n')).toContain('official close 25111.45');
    expect(report.trades).toMatchObject([{ tradingsymbol: HEDGE, side: 'SELL', quantity: 750, price: 0 }]);
  });
});
