import { describe, expect, it } from 'vitest';
import { istTime } from '../../src/domain/clock.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectExit, filledOf, ours } from './soundness.ts';

const stage = stageOfFile();

describe('an exit whose change is acknowledged and then refused', () => {
  it('cancels the stop to its end, then buys back what is still sold', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    today.exchange.addFault({ kind: 'refuse_type_change', count: 1, after: true });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    const [stop, exit] = ours(today.book()).filter(
      ({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY',
    );
    expect(stop).toMatchObject({ orderType: 'SL', status: 'CANCELLED', filledQuantity: 0 });
    expect(exit?.placedAt).toBeGreaterThanOrEqual(stop?.updatedAt ?? Number.POSITIVE_INFINITY);
    expect(exit).toMatchObject({ orderType: 'LIMIT', status: 'COMPLETE', filledQuantity: 750 });
  });

  it('buys nothing twice when the stop fills just before it becomes the exit', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    today.exchange.addFault({ kind: 'fill_before_change', count: 1, tradingsymbol: MAIN });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
  });

  it('buys nothing twice when the stop fills just before it is cancelled', async () => {
    const today = await stage.tradingDay({ exchange: { typeChange: 'refuse' } });
    await today.opened();
    today.exchange.addFault({ kind: 'fill_before_change', count: 1, tradingsymbol: MAIN, change: 'cancel' });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
  });

  it('goes on through depth that fills it in parts, at prices that never fall', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    today.exchange.addFault({
      kind: 'thin_depth',
      count: 2,
      tradingsymbol: MAIN,
      transaction_type: 'BUY',
      quantity: 225,
    });
    await today.closeAll();
    await expectExit(today, 'emergency', '11:15:00');
    for (const { history } of today
      .book()
      .filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY')) {
      const limits = history.filter(({ orderType }) => orderType === 'LIMIT').map(({ price }) => Number(price));
      expect(limits).toEqual([...limits].sort((a, b) => a - b));
    }
  });
});

describe("a guard's change that got lost", () => {
  it('is told of ten seconds after the guard asked for it, also while the stop is being cancelled instead', async () => {
    const today = await stage.tradingDay({
      guard: ({ stop, until }) => {
        if (!stop) return { kind: 'quiet', until };
        const at = today.marketNow() - 5_000;
        return { kind: 'triggered', reason: 'loss_cap', at, sent: true, price: 12_000, detail: 'no clear answer' };
      },
    });
    const effect = { do: 'gateway' } as const;
    today.world.faults.add({ kind: 'lost', calls: ['modifyOrder', 'cancelOrder'], effect });
    await today.at('11:15:30');
    const stop = ours(today.book()).find(({ status }) => status === 'TRIGGER PENDING');
    const [page] = today.world.pages.filter(({ subject }) => subject === stop?.tag);
    expect(page?.cause).toBe('cancel_pending');
    expect(page?.at).toBeLessThan(Number(stop?.placedAt) + 7_000);
  });
});

describe('an exit while the market runs away from it', () => {
  it('never shows a lower price than it has shown', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closeAll();
    const exit = () => today.book().find(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
    const limits = () =>
      exit()?.history.filter(({ orderType, status }) => orderType === 'LIMIT' && status === 'OPEN') ?? [];
    await today.seen('the limit', () => limits().length > 0);
    today.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MAIN, points: -15 });
    // Some steps of its chase: each would ask for less, and each is content with what was shown.
    await today.at('11:15:15');
    today.exchange.clearFaults();
    await expectExit(today, 'emergency', '11:15:00');
    const prices = limits().map(({ price }) => Number(price));
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
  });
});

describe('an exit that the market does not take', () => {
  it('refused again and again: it is tried fast at first, then patiently', async () => {
    const today = await stage.tradingDay({ exchange: { typeChange: 'refuse' } });
    await today.opened();
    today.exchange.addFault({ kind: 'reject_order', count: 100_000, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await today.closeAll();
    await today.at('11:35');
    const tries = () =>
      ours(today.book()).filter(({ orderType, tradingsymbol, side }) => {
        return orderType === 'LIMIT' && tradingsymbol === MAIN && side === 'BUY';
      });
    const early = tries();
    // Twenty minutes: fifteen tries at once, and never more than ten seconds between two; a try a second would be a thousand.
    expect(early.length).toBeGreaterThan(40);
    expect(early.length).toBeLessThan(200);
    expect(istTime(early[13]?.placedAt ?? 0) < '11:16:00', istTime(early[13]?.placedAt ?? 0)).toBe(true);
    const pauses = early.slice(1).map(({ placedAt }, index) => placedAt - (early[index]?.placedAt ?? 0));
    expect(Math.max(...pauses)).toBeLessThan(12_000);
    today.exchange.clearFaults();
    await expectExit(today, 'emergency', '11:35:00');
    expect(new Set(ours(today.book()).map(({ tag }) => tag)).size).toBe(ours(today.book()).length);
  });

  it('a hedge that nobody bids for is left over, bounded, and said', async () => {
    const today = await stage.tradingDay();
    await today.opened();
    await today.at('15:14:30');
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE, side: 'bids' });
    today.exchange.addFault({ kind: 'reject_order', count: 100_000, tradingsymbol: HEDGE, transaction_type: 'SELL' });
    const report = await today.result();
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
    expect(report.positions).toMatchObject([{ state: 'residual_hedge' }]);
    expect(report.result).toBe('not_flat');
    expect(report.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['residual_hedge', 'not_flat']));
    const placed = ours(today.book()).map(({ placedAt }) => istTime(placedAt));
    expect(placed.filter((at) => at >= '15:23:02')).toEqual([]);
  });
});

describe('protection', () => {
  it('closes the position when the resting stop is refused twice', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({ kind: 'reject_order', count: 2, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await day.logIn();
    await day.start();
    await expectExit(day, 'protection_refused', '11:15:00');
    const report = await day.result();
    expect(istTime(report.positions[0]?.closedAt ?? 0) < '11:17:00').toBe(true);
  });

  it('keeps the position when only the first resting stop is refused', async () => {
    const day = await stage.startDay();
    day.exchange.addFault({ kind: 'reject_order', count: 1, tradingsymbol: MAIN, transaction_type: 'BUY' });
    await day.logIn();
    await day.start();
    await expectExit(day, 'exit_time', '15:15:00');
  });
});
