import { describe, expect, it } from 'vitest';
import type { DayReport } from '../../src/contract/views.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, filledOf, ours } from './soundness.ts';
import type { Day, DayOptions } from './stage.ts';

const stage = stageOfFile();

const MONTHLY = 'NIFTY25JUL25000PE';

/** Logged in and in the market, with nobody having started trading. */
async function morning(options: DayOptions = {}): Promise<Day> {
  const day = await stage.startDay(options);
  await day.logIn();
  await day.at('09:30');
  return day;
}

function refusedWith(type: string, words: string | RegExp = '') {
  return { cause: { type, message: expect.stringMatching(words) } };
}

function expectFlat(report: DayReport, today: Day): void {
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
  expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expectLedgerIsBook(report, today.book());
}

describe('a manual purchase', () => {
  it('is a position of the day with its losses reserved, and the square-off sells it', async () => {
    const today = await morning();
    const { order, checks } = await today.placeOrder({ symbol: MONTHLY });
    expect(order).toMatchObject({ status: 'COMPLETE', filledQuantity: 75, product: 'MIS', positionId: 'M1' });
    expect(checks).toMatchObject({ effect: 'opens_long', lotSize: 75, charges: { brokerage: 20_00 } });
    const { positions, limits } = await today.view();
    expect(positions).toMatchObject([
      { id: 'M1', signal: 'manual', state: 'open', indexStop: null, legs: [{ side: 'BUY', openQuantity: 75 }] },
    ]);
    const paid = (order?.averagePrice ?? 0) * 75;
    expect(limits?.reserved).toBeGreaterThan(paid);
    expect(limits?.reserved).toBeLessThanOrEqual(checks.reserved);
    const report = await today.result();
    expectFlat(report, today);
    expect(filledOf(today.book(), MONTHLY, 'SELL')).toBe(75);
    expect(report.positions).toMatchObject([{ id: 'M1', state: 'closed', exitReason: 'exit_time' }]);
    expect(new Set(today.book().map(({ tag }) => tag)).size).toBe(2);
  });

  it('leaves less room for signals: what a manual position reserves refuses an entry', async () => {
    const today = await morning();
    await today.start({ maxLossPerDay: 30_000_00 });
    await today.placeOrder({ symbol: MONTHLY });
    const report = await today.result();
    expectFlat(report, today);
    const fired = report.decisions.find(({ signal }) => signal === 'S1');
    expect(fired).toMatchObject({ outcome: 'not_taken', reason: expect.stringContaining('max_loss_per_day') });
    expect(ours(today.book()).map(({ tradingsymbol }) => tradingsymbol)).toEqual([MONTHLY, MONTHLY]);
  });
});

describe('a manual order that may not be made', () => {
  it('is refused with what to do, and nothing is sent', async () => {
    const today = await morning({ exchange: { cash: 12_000_00 } });
    await today.start({ maxPositions: 1 });
    const far = { symbol: 'NIFTY25JUL24000PE' };
    const refused = (order: Parameters<Day['placeOrder']>[0]) => expect(today.placeOrder(order)).rejects;
    await refused({ symbol: 'NIFTY25JUL2500PE' }).toMatchObject(refusedWith('unknown_symbol', MONTHLY));
    await refused({ quantity: 50 }).toMatchObject(refusedWith('lot_size_mismatch', 'send 75'));
    await refused({ ...far, quantity: 1875 }).toMatchObject(refusedWith('limit_exceeded', '1800'));
    await refused({ ...far, side: 'SELL' }).toMatchObject(refusedWith('naked_sell', 'Buy a further PE'));
    await refused({ symbol: MONTHLY, quantity: 150 }).toMatchObject(refusedWith('insufficient_margin', 'short'));
    await refused({ ...far, orderType: 'LIMIT', price: 4_03 }).toMatchObject(refusedWith('price_not_allowed', '0.05'));
    await refused({ ...far, orderType: 'LIMIT', price: 90_00 }).toMatchObject(refusedWith('price_not_allowed'));
    await refused({ ...far, orderType: 'SL', triggerPrice: 1_00, price: 1_05 }).toMatchObject(
      refusedWith('price_not_allowed', 'not above the last price'),
    );
    await refused({ ...far, orderType: 'SL', triggerPrice: 60_00, price: 75_00 }).toMatchObject(
      refusedWith('price_not_allowed', '60.00 to 72.00'),
    );
    expect(today.book()).toEqual([]);
    await today.placeOrder(far);
    await refused({ symbol: 'NIFTY25JUL24050PE' }).toMatchObject(refusedWith('limit_exceeded', 'max_positions'));
    await refused({ ...far, side: 'SELL', quantity: 150 }).toMatchObject(refusedWith('naked_sell', '75'));
    // What somebody sold in the app is not sold again; bought back, it is there again.
    const outside = { tradingsymbol: far.symbol, product: 'MIS' as const, quantity: 75 };
    today.exchange.foreignTrade({ ...outside, side: 'SELL' });
    await today.seen('the question', ({ warnings }) => warnings.length > 0);
    await refused({ ...far, side: 'SELL' }).toMatchObject(refusedWith('naked_sell'));
    today.exchange.foreignTrade({ ...outside, side: 'BUY' });
    await today.seen('no question', ({ warnings }) => warnings.length === 0);
    await expect(today.placeOrder(far, { expiresAt: 1 })).rejects.toMatchObject(refusedWith('expired'));
    await today.at('15:15:05');
    await refused(far).toMatchObject(refusedWith('too_late', 'square-off'));
    const report = await today.result();
    expectFlat(report, today);
    expect(filledOf(ours(today.book()), far.symbol, 'BUY')).toBe(75);
    await expect(today.placeOrder(far)).rejects.toThrow();
  });

  it('never takes the hedge of a signal as its cover, nor cancels what belongs to one', async () => {
    const today = await morning();
    await today.start();
    await today.opened();
    await expect(today.placeOrder({ symbol: HEDGE, side: 'SELL' })).rejects.toMatchObject(
      refusedWith('naked_sell', 'hedges of signals do not count'),
    );
    const { orders } = await today.view();
    const stop = orders.find(({ purpose }) => purpose === 'stop')?.orderId ?? '';
    const entry = orders.find(({ purpose }) => purpose === 'entry')?.orderId ?? '';
    await expect(today.cancelOrder(stop)).rejects.toMatchObject(refusedWith('protective_order', 'close the position'));
    await expect(today.cancelOrder(entry)).rejects.toMatchObject(refusedWith('already_final'));
    await expect(today.cancelOrder('4711')).rejects.toMatchObject(refusedWith('unknown_order'));
    // In the same contract as the signal's own hedge: each is sold by its own position.
    await today.placeOrder({ symbol: HEDGE });
    const report = await today.result();
    expectFlat(report, today);
    expect(filledOf(today.book(), HEDGE, 'SELL')).toBe(825);
    expect(report.positions.map(({ id, state }) => [id, state])).toEqual([
      ['P1', 'closed'],
      ['M1', 'closed'],
    ]);
  });
});

describe('a manual spread', () => {
  it('sells what its long covers, rests a stop, reserves the width, and leaves before its cover', async () => {
    const today = await morning();
    await today.placeOrder({ symbol: HEDGE, quantity: 150 });
    const before = (await today.view()).limits?.reserved ?? 0;
    const { order, checks } = await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    expect(order).toMatchObject({ status: 'COMPLETE', positionId: 'M2' });
    expect(checks.effect).toBe('opens_short');
    const credit = order?.averagePrice ?? 0;
    const { limits, positions } = await today.view();
    expect((limits?.reserved ?? 0) - before).toBeGreaterThan((200_00 - credit) * 75 - 1);
    expect((limits?.reserved ?? 0) - before).toBeLessThanOrEqual(checks.reserved);
    expect(positions[1]?.restingStop).toMatchObject({ triggerPrice: expect.any(Number) });
    await today.seen('the stop', (view) => view.positions[1]?.restingStop?.state === 'TRIGGER PENDING');
    await expect(today.placeOrder({ symbol: MAIN, side: 'SELL', quantity: 150 })).rejects.toMatchObject(
      refusedWith('naked_sell', '75 units'),
    );
    // The half that covers nothing may be sold, the other half not.
    await today.placeOrder({ symbol: HEDGE, side: 'SELL' });
    await expect(today.placeOrder({ symbol: HEDGE, side: 'SELL' })).rejects.toMatchObject(refusedWith('naked_sell'));
    await expect(today.placeOrder({ symbol: MAIN, orderType: 'LIMIT', price: credit })).rejects.toMatchObject(
      refusedWith('short_is_open', 'M2'),
    );
    await today.closePosition({ id: 'M1' });
    await today.seen('the cover with the short', (view) => view.positions[0]?.state === 'closed');
    await today.closePosition({ id: 'M2' });
    await today.seen('the end', ({ positions: all }) => all.every(({ state }) => state === 'closed'));
    const fills = today.book().filter(({ filledQuantity }) => filledQuantity > 0);
    expect(fills.map(({ tradingsymbol, side }) => `${side} ${tradingsymbol}`).sort()).toEqual(
      [`BUY ${HEDGE}`, `BUY ${MAIN}`, `SELL ${HEDGE}`, `SELL ${HEDGE}`, `SELL ${MAIN}`].sort(),
    );
    const soldAt = (symbol: string, side: string) =>
      fills.findLast((one) => one.tradingsymbol === symbol && one.side === side)?.fills.at(-1)?.at ?? 0;
    expect(soldAt(MAIN, 'BUY')).toBeLessThanOrEqual(soldAt(HEDGE, 'SELL'));
    expectFlat(await today.result(), today);
  });

  it('is bought back by its own resting stop, and the square-off sells the long after the short', async () => {
    const today = await morning();
    await today.placeOrder({ symbol: HEDGE });
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    const { order } = await today.placeOrder({ symbol: MAIN, side: 'BUY' });
    expect(order).toMatchObject({ status: 'COMPLETE', side: 'BUY', purpose: 'stop' });
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    await today.at('15:14:50');
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    await today.at('15:15:05');
    await today.seen('an exit that nobody takes', ({ orders }) => {
      const exit = orders.findLast(({ purpose }) => purpose === 'stop');
      return exit?.orderType === 'LIMIT' && exit.filledQuantity === 0;
    });
    expect(filledOf(today.book(), HEDGE, 'SELL')).toBe(0);
    today.exchange.clearFaults();
    const report = await today.result();
    expectFlat(report, today);
    expect(report.positions.map(({ id }) => id)).toEqual(['M1', 'M2', 'M3']);
    const ended = (symbol: string, side: 'BUY' | 'SELL') =>
      today.book().findLast((one) => one.tradingsymbol === symbol && one.side === side);
    const boughtBack = ended(MAIN, 'BUY')?.fills.at(-1)?.at ?? Number.POSITIVE_INFINITY;
    expect(ended(HEDGE, 'SELL')?.placedAt).toBeGreaterThanOrEqual(boughtBack);
  });
});

describe('a resting manual order', () => {
  it('is answered as it stands, seen when it fills, and cancelled on request', async () => {
    const today = await morning();
    const { order: buy } = await today.placeOrder({ symbol: MONTHLY, orderType: 'LIMIT', price: 90_00 });
    expect(buy).toMatchObject({ status: 'OPEN', filledQuantity: 0, price: 90_00 });
    expect((await today.view()).positions).toMatchObject([{ id: 'M1', state: 'opening' }]);
    expect((await today.view()).limits?.reserved).toBeGreaterThanOrEqual(90_00 * 75);
    expect(await today.cancelOrder(buy?.orderId ?? '')).toMatchObject({ status: 'CANCELLED' });
    await today.seen('its end', ({ positions }) => positions[0]?.state === 'closed');
    expect((await today.view()).limits?.reserved).toBe(0);

    await today.placeOrder({ symbol: MONTHLY });
    const { order: sale } = await today.placeOrder({
      symbol: MONTHLY,
      side: 'SELL',
      orderType: 'LIMIT',
      price: 150_00,
    });
    expect(sale).toMatchObject({ status: 'OPEN', positionId: 'M2' });
    today.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: MONTHLY, points: 30, seconds: 3_600 });
    await today.at('10:30');
    await today.seen('the sale', ({ positions }) => positions[1]?.state === 'closed');
    const report = await today.result();
    expectFlat(report, today);
    expect(today.book().map(({ status }) => status)).toEqual(['CANCELLED', 'COMPLETE', 'COMPLETE']);
  });

  it('that closes becomes the exit in an emergency, one that opens goes, and every new one is refused', async () => {
    const today = await morning();
    await today.placeOrder({ symbol: MONTHLY });
    await today.placeOrder({ symbol: MONTHLY, side: 'SELL', orderType: 'LIMIT', price: 170_00 });
    await today.placeOrder({ symbol: 'NIFTY25JUL24500PE', orderType: 'LIMIT', price: 20_00 });
    await today.closeAll();
    await today.seen('the end', ({ positions }) => positions.every(({ state }) => state === 'closed'));
    await expect(today.placeOrder({ symbol: MONTHLY })).rejects.toMatchObject(refusedWith('entries_off', 'emergency'));
    const report = await today.result();
    expectFlat(report, today);
    expect(today.book().map(({ status }) => status)).toEqual(['COMPLETE', 'COMPLETE', 'CANCELLED']);
  });
});

describe('the same Idempotency-Key', () => {
  it('answers the same order, also while it is under way; another order is refused', async () => {
    const today = await morning();
    const order = { symbol: MONTHLY };
    const [first, second] = await Promise.all([
      today.placeOrder(order, { key: 'one' }),
      today.placeOrder(order, { key: 'one' }),
    ]);
    expect(second.order?.orderId).toBe(first.order?.orderId);
    await expect(today.placeOrder({ ...order, quantity: 150 }, { key: 'one' })).rejects.toMatchObject(
      refusedWith('idempotency_key_reused'),
    );
    // What was refused never happened: its key is free again.
    await expect(today.placeOrder({ ...order, quantity: 50 }, { key: 'two' })).rejects.toThrow();
    expect((await today.placeOrder(order, { key: 'two' })).order?.orderId).not.toBe(first.order?.orderId);
    await today.closeAll();
    await today.seen('the end', ({ positions }) => positions.every(({ state }) => state === 'closed'));
    expect((await today.placeOrder(order, { key: 'one' })).order?.orderId).toBe(first.order?.orderId);
    expectFlat(await today.result(), today);
    expect(filledOf(today.book(), MONTHLY, 'BUY')).toBe(150);
  });
});

describe('a manual order without a clear answer', () => {
  it('is answered as in doubt, found in the book, and squared off', async () => {
    const today = await morning();
    today.exchange.addFault({ kind: 'late_acceptance', count: 1, ms: 2_000 });
    const { order } = await today.placeOrder({ symbol: MONTHLY });
    expect(order).toMatchObject({ status: 'IN DOUBT', orderId: null });
    await today.at('09:31');
    await today.seen('the order', ({ positions }) => positions[0]?.legs[0]?.openQuantity === 75);
    const report = await today.result();
    expectFlat(report, today);
    expect(filledOf(today.book(), MONTHLY, 'BUY')).toBe(75);
  });

  it('that comes late is part of its position, and a refused one is no order', async () => {
    const today = await morning();
    today.exchange.addFault({ kind: 'reject_order', count: 1 });
    const rejected = await today.placeOrder({ symbol: MONTHLY });
    expect(rejected.order).toMatchObject({ status: 'REJECTED', filledQuantity: 0 });
    today.exchange.addFault({ kind: 'http_error', method: 'POST', path: '/orders', count: 1 });
    const { order } = await today.placeOrder({ symbol: MONTHLY });
    expect(order).toMatchObject({ status: 'IN DOUBT' });
    await today.at('09:32');
    await today.seen('its end', ({ orders }) => orders.at(-1)?.status === 'ABSENT');
    today.exchange.killSessions();
    await expect(today.placeOrder({ symbol: MONTHLY })).rejects.toMatchObject(refusedWith('not_authenticated'));
    await today.logIn();
    const report = await today.result();
    expectFlat(report, today);
    expect(report.positions.map(({ state }) => state)).toEqual(['closed', 'closed']);
  });
});
