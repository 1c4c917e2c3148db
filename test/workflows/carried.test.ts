import { describe, expect, it } from 'vitest';
import { istDate, istTime } from '../../src/domain/clock.ts';
import { candleFile, tuesdayAfterS1 } from './candles.ts';
import { carriedWeek, openWeek, WEEKLY } from './carried-week.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

/** What of our stops rests on the book. */
const resting = (day: Day) => ours(day.book()).filter((order) => order.status === 'TRIGGER PENDING');

describe('a carried position in the morning', () => {
  it('leaves at the open when the index has opened beyond its strike', async () => {
    const { week } = await carriedWeek(stage, {
      candles: await tuesdayAfterS1([[25064, 25070, 25060, 25065]], [[24960, 24990, 24950, 24980]]),
    });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'index_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('leaves at the open when the premium has opened beyond its stop', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    // Stop at 126.50: the market opens with the premium above it while the index stands above the strike.
    tuesday.exchange.addFault({ kind: 'price_shift', count: 1, points: 120, seconds: 3_600 });
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'resting_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('leaves at the open on the last close of the day before, which came after its last trade', async () => {
    const calm = [25064, 25070, 25060, 25065] as const;
    const { week } = await carriedWeek(stage, {
      candles: await tuesdayAfterS1(
        [calm, calm, calm, calm, [25065, 25066, 24980, 24990]],
        [[25080, 25090, 25070, 25085]],
      ),
    });
    const tuesday = await week.day('2025-07-15');
    const { holdMarketClock } = tuesday.parts.day;
    let isHeld = false;
    Object.assign(tuesday.parts.day, {
      holdMarketClock: (input: Parameters<typeof holdMarketClock>[0]) => {
        isHeld = input.on;
        return holdMarketClock(input);
      },
    });
    await tuesday.logIn();
    await tuesday.seen('the exit that waits for the open', ({ positions }) => positions[0]?.state === 'closing');
    await tuesday.at('09:10');
    // A replayed market would stand at 1x for the rest of the morning.
    expect(isHeld).toBe(false);
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'index_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('pages from 09:00, every five minutes, until somebody logs in, and is protected then', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    await tuesday.at('10:01');
    expect(resting(tuesday)).toEqual([]);
    const pages = tuesday.world.pages.filter(({ cause }) => cause === 'no_session');
    expect(pages.map(({ kind }) => kind)).toEqual(['raised', ...Array(13).fill('repeated')]);
    expect(pages.map(({ at }) => istTime(at))).toEqual([
      ...['09:00:30', '09:01:30', '09:05:30', '09:10:30', '09:15:30', '09:20:30', '09:25:30', '09:30:30'],
      ...['09:35:30', '09:40:30', '09:45:30', '09:50:30', '09:55:30', '10:00:30'],
    ]);
    expect(pages[0]?.text).toContain('P1');
    await tuesday.logIn();
    await tuesday.seen('the stop at rest', ({ positions }) => positions[0]?.restingStop?.state === 'TRIGGER PENDING');
    expect((await week.end(tuesday)).result).toBe('carried');
  });

  it('reserves its planned loss again and counts as open', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    await tuesday.start(WEEKLY);
    const { limits } = await tuesday.seen('the limits', (view) => view.limits !== null && view.positions.length > 0);
    expect(limits).toMatchObject({ reserved: 25_000_00, openPositions: 1 });
    expect(limits?.capitalAtRisk).toBeGreaterThan(100_000_00);
    await week.end(tuesday);
  });

  it('is left first of all when the day before could not leave it', async () => {
    const { week } = await carriedWeek(stage, { plan: { weeklyExitDay: 2 } });
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

  it('asks about what somebody closed overnight, protects nothing that is gone, and books the answer', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    await tuesday.at('09:30');
    for (const [tradingsymbol, side] of [
      [MAIN, 'BUY'],
      [HEDGE, 'SELL'],
    ] as const)
      tuesday.exchange.foreignTrade({ tradingsymbol, side, quantity: 750, product: 'NRML' });
    await tuesday.logIn();
    const asked = await tuesday.seen('the question', ({ warnings }) =>
      warnings.some(({ id }) => id.startsWith('external')),
    );
    expect(asked.warnings.some(({ blocksEntries }) => blocksEntries)).toBe(true);
    await tuesday.acknowledge('all');
    const report = await week.end(tuesday);
    expect(ours(tuesday.book()).filter((order) => istDate(order.placedAt) === '2025-07-15')).toEqual([]);
    expect(report).toMatchObject({ result: 'flat', positions: [{ state: 'closed', exitReason: 'external' }] });
  });

  it('asks about what is gone without a trade of today, protects nothing of it, and books the answer', async () => {
    const week = await openWeek(stage);
    const monday = await week.day('2025-07-14');
    await monday.logIn();
    await monday.start(WEEKLY);
    expect((await monday.result()).result).toBe('carried');
    // After the report, and before the next day.
    for (const [tradingsymbol, side] of [
      [MAIN, 'BUY'],
      [HEDGE, 'SELL'],
    ] as const)
      monday.exchange.foreignTrade({ tradingsymbol, side, quantity: 750, product: 'NRML' });
    await week.end(monday);
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    await tuesday.at('10:00');
    const { warnings } = await tuesday.view();
    expect(warnings).toMatchObject([{ id: 'external:P1', code: 'foreign_position', blocksEntries: true }]);
    await tuesday.acknowledge('all');
    await tuesday.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await week.end(tuesday);
    expect(ours(tuesday.book()).filter((order) => istDate(order.placedAt) === '2025-07-15')).toEqual([]);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
  });
});

describe('a carried position of which not all was heard', () => {
  it('never loses its hedge to a short that was filled while nobody listened', async () => {
    const week = await openWeek(stage);
    const monday = await week.day('2025-07-14');
    await monday.logIn();
    await monday.start(WEEKLY);
    await monday.at('11:14');
    // The sale stays unfilled, and the login dies before anybody hears more of it.
    monday.exchange.addFault({ kind: 'thin_depth', count: 1, tradingsymbol: MAIN, quantity: 75 });
    await monday.at('11:15');
    await monday.seen('the sale in the book', ({ orders }) =>
      orders.some(({ side, orderId }) => side === 'SELL' && orderId),
    );
    monday.exchange.killSessions();
    const sale = monday.book().find(({ side }) => side === 'SELL');
    const left = (sale?.quantity ?? 0) - (sale?.filledQuantity ?? 0);
    if (left > 0) monday.exchange.foreignTrade({ tradingsymbol: MAIN, side: 'SELL', quantity: left, product: 'NRML' });
    await week.end(monday);
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    // Zerodha refuses to sell the hedge of what it holds, again and again.
    await tuesday.at('09:20');
    await tuesday.missUntil('15:28');
    const report = await week.end(tuesday);
    const net = (symbol: string) =>
      tuesday.exchange.positions().find(({ tradingsymbol }) => tradingsymbol === symbol)?.quantity ?? 0;
    expect(net(HEDGE) + net(MAIN), 'never short without its hedge').toBeGreaterThanOrEqual(0);
    if (net(MAIN) !== 0) expect(report.result).toBe('not_flat');
  });

  it('leaves on a close that nobody had seen', async () => {
    const fell = [25065, 25066, 24960, 24970] as const;
    const calm = [25064, 25070, 25060, 25065] as const;
    const { week } = await carriedWeek(stage, {
      candles: await tuesdayAfterS1([calm, calm, calm, calm, calm], [calm, fell, [24970, 25080, 24965, 25075]]),
    });
    const wednesday = await week.day('2025-07-16');
    await wednesday.logIn();
    const report = await week.end(wednesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'index_stop' }] });
    expect(istTime(report.trades[0]?.at ?? 0)).toMatch(/^09:15:/);
  });

  it('is left when everything was to be closed before it was taken over', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    await tuesday.closeAll();
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'emergency' }] });
  });

  it('keeps its protection when the first seconds of the market refuse it', async () => {
    const { week } = await carriedWeek(stage);
    const tuesday = await week.day('2025-07-15');
    tuesday.exchange.addFault({ kind: 'reject_order', count: 3, tradingsymbol: MAIN });
    await tuesday.logIn();
    await tuesday.at('09:16');
    await tuesday.seen('the stop at rest', ({ positions }) => positions[0]?.restingStop?.state === 'TRIGGER PENDING');
    expect((await week.end(tuesday)).result).toBe('carried');
  });
});

describe('a special session under weekly', () => {
  it('protects what is carried for as long as it lasts, enters nothing, and carries it on', async () => {
    // S5 on Friday 10 November 2023; Muhurat trading on the Sunday after it, from 18:15 to 19:15.
    const quiet = [25060, 25070, 25045, 25055] as const;
    const days = [quiet, quiet, quiet, quiet, quiet, quiet, quiet];
    const monday = [[25100, 25110, 25040, 25050], ...days.slice(1)] as const;
    const candles = await candleFile(
      {
        '2023-11-06': monday,
        '2023-11-07': days,
        '2023-11-08': days,
        '2023-11-09': days,
        '2023-11-10': [quiet, [25055, 25058, 25020, 25030]],
        '2023-11-13': [[25030, 25040, 25020, 25030]],
      },
      616,
    );
    const { week, report } = await carriedWeek(stage, { date: '2023-11-10', candles, plan: { lotSize: 50 } });
    expect(report).toMatchObject({ result: 'carried', positions: [{ signal: 'S5', expiry: '2023-11-16' }] });
    const sunday = await week.day('2023-11-12');
    await sunday.logIn();
    await sunday.start({ ...WEEKLY, lotSize: 50 });
    await sunday.at('18:16');
    await sunday.seen('the stop at rest', ({ positions }) => positions[0]?.restingStop?.state === 'TRIGGER PENDING');
    const muhurat = await week.end(sunday);
    expect(muhurat).toMatchObject({ result: 'carried', reconciled: true, trades: [], decisions: [] });
  });
});

describe('an intraday position that nobody would take', () => {
  it('is handed over, and left first of all on the next day', async () => {
    const week = await openWeek(stage);
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

describe('a manual position that nobody would take', () => {
  it('is handed over as well, and left first of all on the next day', async () => {
    const week = await openWeek(stage);
    const monday = await week.day('2025-07-14');
    await monday.logIn();
    await monday.at('09:30');
    await monday.placeOrder({ symbol: HEDGE });
    await monday.at('15:10');
    monday.exchange.addFault({ kind: 'ip_refused', count: 10_000 });
    monday.exchange.addFault({ kind: 'no_liquidity', count: 1, seconds: 3_600 });
    const failed = await week.end(monday);
    expect(failed).toMatchObject({ result: 'not_flat', handedOver: [{ id: 'M1', signal: 'manual' }] });
    const tuesday = await week.day('2025-07-15');
    await tuesday.logIn();
    const report = await week.end(tuesday);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(report.positions).toMatchObject([{ id: 'M1', enteredOn: '2025-07-14', exitReason: 'leftover' }]);
    expect(report.trades).toMatchObject([{ tradingsymbol: HEDGE, side: 'SELL', quantity: 75 }]);
    const bought = failed.trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    const sold = report.trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    expect(report.pnl.gross).toBe(sold - bought);
  });
});

describe('what expires', () => {
  it('is booked on the official close, the next day where that could not be read', async () => {
    const { week } = await carriedWeek(stage);
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
    expect(report.warnings.map(({ code }) => code)).not.toContain('difference');
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
    expect(friday.lines.join('\n')).toContain('official close 25111.45');
    expect(report.trades).toMatchObject([{ tradingsymbol: HEDGE, side: 'SELL', quantity: 750, price: 0 }]);
  });
});
