import { describe, expect, it } from 'vitest';
import { istAt, istTime } from '../../src/domain/clock.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, expectNeverNaked, expectSound } from './soundness.ts';

const stage = stageOfFile();

const filled = (orders: SimOrder[], symbol: string, side: 'BUY' | 'SELL') =>
  orders
    .filter((order) => order.tradingsymbol === symbol && order.side === side)
    .reduce((sum, order) => sum + order.filledQuantity, 0);

describe('a whole trading day', () => {
  it('14 July 2025: S1 fires at 11:15, the hedge is bought first, 10 lots are sold, everything is out after 15:15', async () => {
    const day = await stage.tradingDay();
    const report = await day.result();
    const book = day.book();

    const fired = report.decisions.find((decision) => decision.outcome === 'fired');
    expect(fired).toMatchObject({ signal: 'S1', strike: 25_000_00, optionType: 'PE' });
    expect(istTime(fired?.at ?? 0)).toBe('11:15:00');

    const [first, second] = book.filter((order) => order.filledQuantity > 0);
    expect(first).toMatchObject({ tradingsymbol: HEDGE, side: 'BUY', filledQuantity: 750 });
    expect(second).toMatchObject({ tradingsymbol: MAIN, side: 'SELL', filledQuantity: 750 });
    expect(second?.placedAt).toBeGreaterThanOrEqual(Math.max(...(first?.fills ?? []).map((fill) => fill.at)));

    expect(filled(book, MAIN, 'BUY')).toBe(750);
    expect(filled(book, HEDGE, 'SELL')).toBe(750);
    expect(day.exchange.positions().every((position) => position.quantity === 0)).toBe(true);
    expect(book.every((order) => ['COMPLETE', 'CANCELLED', 'REJECTED'].includes(order.status))).toBe(true);
    const exits = book
      .filter((order) => order.tradingsymbol === MAIN && order.side === 'BUY')
      .flatMap((order) => order.fills);
    expect(exits.every((fill) => istTime(fill.at) >= '15:15:00')).toBe(true);
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });

  it('reports exactly what the book says, to the paisa', async () => {
    const day = await stage.tradingDay();
    const report = await day.result();
    let gross = 0;
    for (const order of day.book()) {
      for (const fill of order.fills) gross += (order.side === 'SELL' ? 1 : -1) * fill.quantity * fill.price;
    }
    expect(report.pnl.gross).toBe(gross);
    expect(report.pnl.net).toBe(gross - report.charges.total);
    const fills = day.book().flatMap((order) => order.fills.map((fill) => fill.tradeId));
    expect(report.trades.map((trade) => trade.tradeId).sort()).toEqual(fills.sort());
  });

  it('keeps to the newer clock when an answer of before comes after it', async () => {
    const day = await stage.tradingDay();
    const { holdMarketClock } = day.parts.day;
    let crossed = false;
    Object.assign(day.parts.day, {
      holdMarketClock: async (input: Parameters<typeof holdMarketClock>[0]) => {
        const before = await holdMarketClock(input);
        if (!input.on && !crossed) {
          crossed = true;
          await day.missUntil('11:10');
        }
        return before;
      },
    });
    const { decisions, positions, result } = await day.result();
    expect(crossed).toBe(true);
    expect(decisions.find(({ outcome }) => outcome === 'fired')?.at).toBe(istAt('2025-07-14', '11:15'));
    expect(istTime(positions[0]?.openedAt ?? 0) < '11:16:00').toBe(true);
    expect(result).toBe('flat');
  });

  it('uses every tag once', async () => {
    const day = await stage.tradingDay();
    await day.result();
    const tags = day.book().map((order) => order.tag);
    expect(new Set(tags).size).toBe(tags.length);
    expect(tags.length).toBeGreaterThan(0);
  });

  it('trades nothing without a start, and ends flat', async () => {
    const day = await stage.startDay();
    await day.logIn();
    const report = await day.result();
    expect(report).toMatchObject({ result: 'flat', trades: [], decisions: [] });
    expect(day.book()).toEqual([]);
  });

  it('trades nothing on a day whose week has used its signal', async () => {
    const day = await stage.tradingDay({ date: '2025-07-15' });
    const report = await day.result();
    expect(report.decisions.map((decision) => decision.outcome)).toEqual(Array(6).fill('week_used'));
    expect(day.book()).toEqual([]);
  });

  it('goes on after a refused token with a good one', async () => {
    const day = await stage.startDay();
    await day.logIn('not-a-token-of-this-broker');
    const refused = await day.seen('the refusal', (view) =>
      view.authAttempts.some((login) => login.outcome === 'refused'),
    );
    expect(refused.state).toBe('awaiting_auth');
    expect(refused.authAttempts[0]?.reason).toMatch(/\w/);
    await day.logIn();
    await day.start();
    const report = await day.result();
    expect(report.result).toBe('flat');
    expect(filled(day.book(), MAIN, 'SELL')).toBe(750);
  });

  it('refuses an entry beyond a limit, with its numbers, and counts the week as used', async () => {
    const day = await stage.tradingDay({}, { maxCapitalAtRisk: 50_000_00 });
    const report = await day.result();
    const [, second] = report.decisions;
    expect(second).toMatchObject({ signal: 'S1', outcome: 'not_taken' });
    expect(second?.reason).toContain('max_capital_at_risk 50000');
    expect(report.decisions[2]?.outcome).toBe('week_used');
    expect(day.book()).toEqual([]);
  });

  it('makes no trade when the hedge is rejected', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({
      kind: 'reject_order',
      count: 5,
      tradingsymbol: HEDGE,
      side: 'BUY',
      message: 'RMS: rejected for the test',
    });
    await day.logIn();
    await day.start();
    const report = await day.result();
    expect(filled(day.book(), HEDGE, 'BUY')).toBe(0);
    expect(day.book().filter((order) => order.tradingsymbol === MAIN)).toEqual([]);
    expect(report.result).toBe('flat');
  });

  it('sells the hedge again when the main leg is rejected', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({
      kind: 'reject_order',
      count: 5,
      tradingsymbol: MAIN,
      side: 'SELL',
      message: 'RMS: rejected for the test',
    });
    await day.logIn();
    await day.start();
    const report = await day.result();
    const book = day.book();
    expect(filled(book, HEDGE, 'BUY')).toBe(750);
    expect(filled(book, HEDGE, 'SELL')).toBe(750);
    expect(filled(book, MAIN, 'SELL')).toBe(0);
    expect(book.filter((order) => order.tradingsymbol === MAIN && order.side === 'SELL')).toHaveLength(1);
    expect(report.result).toBe('flat');
  });

  it('sells the hedge again when the main leg is not filled after its chase', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    await day.logIn();
    await day.start();
    await day.at('11:15');
    await day.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    day.exchange.clearFaults();
    const report = await day.result();
    expectSound(report, day.exchange);
    const [main, ...others] = day.book().filter(({ tradingsymbol }) => tradingsymbol === MAIN);
    expect(main).toMatchObject({ side: 'SELL', status: 'CANCELLED', filledQuantity: 0 });
    expect(others).toEqual([]);
    const shown = main?.history.filter(({ status }) => status === 'OPEN').map(({ price }) => Number(price)) ?? [];
    expect(shown.length).toBeGreaterThan(2);
    expect(shown).toEqual([...shown].sort((a, b) => b - a));
    expect(filled(day.book(), HEDGE, 'SELL')).toBe(750);
  });

  it('sells no more than the hedge that it got, in whole lots', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({
      kind: 'thin_depth',
      count: 100,
      tradingsymbol: HEDGE,
      transaction_type: 'BUY',
      quantity: 75,
    });
    await day.logIn();
    await day.start();
    const report = await day.result();
    const hedged = filled(day.book(), HEDGE, 'BUY');
    expect(hedged).toBeGreaterThanOrEqual(75);
    expect(hedged).toBeLessThan(750);
    expect(filled(day.book(), MAIN, 'SELL')).toBe(Math.floor(hedged / 75) * 75);
    expect(report.positions[0]?.legs.find(({ role }) => role === 'main')?.quantity).toBe(Math.floor(hedged / 75) * 75);
    expectNeverNaked(day.book());
    expectLedgerIsBook(report, day.book());
  });
});
