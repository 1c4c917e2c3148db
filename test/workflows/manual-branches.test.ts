import { describe, expect, it } from 'vitest';
import type { ManualCheckInput } from '../../src/contract/activities.ts';
import type { DayReport } from '../../src/contract/views.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN, PLAN } from './plan.ts';
import { expectLedgerIsBook, expectNeverNaked, filledOf, ours } from './soundness.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();

const RESTING = { symbol: MAIN, side: 'SELL', orderType: 'LIMIT' } as const;

/** Logged in and in the market, with `units` of the cover bought manually as M1. */
async function covered(units = 75, time = '09:30'): Promise<SimulatedDay> {
  const day = await stage.startDay();
  await day.logIn();
  await day.at(time);
  await day.placeOrder({ symbol: HEDGE, quantity: units });
  return day;
}

/** A sale at a price that nobody pays yet. */
async function restingSale(today: SimulatedDay) {
  const { checks } = await today.placeOrder({ symbol: MAIN, side: 'SELL' }, { checkOnly: true });
  return today.placeOrder({ ...RESTING, price: checks.price + 10_00 });
}

/** What happens while an order is looked at, between the last answer and the day's own decision. */
function duringCheck(today: SimulatedDay, happens: () => Promise<unknown>): void {
  const check = today.parts.day.checkManualOrder;
  const checkManualOrder = async (input: ManualCheckInput) => {
    const answer = await check(input);
    await happens();
    return answer;
  };
  Object.assign(today.parts.day, { checkManualOrder });
}

const refusedWith = (type: string, words: string | RegExp = '') => ({
  cause: { type, message: expect.stringMatching(words) },
});

function expectFlat(report: DayReport, today: SimulatedDay): void {
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
  expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expectLedgerIsBook(report, today.book());
  expectNeverNaked(today.book());
}

describe('the cover of a manual sale', () => {
  it('is not sold before the resting sale is cancelled', async () => {
    const today = await covered();
    await restingSale(today);
    await today.closePosition({ id: 'M1' });
    await today.seen('the cover with the sale', ({ positions }) => positions[0]?.state === 'closed');
    expect(filledOf(today.book(), HEDGE, 'SELL'), 'it is kept for the sale').toBe(0);
    await today.closePosition({ id: 'M2' });
    await today.seen('the end', ({ positions }) => positions.every(({ state }) => state === 'closed'));
    const [bought, resting, sold] = ours(today.book());
    expect(resting).toMatchObject({ tradingsymbol: MAIN, status: 'CANCELLED', filledQuantity: 0 });
    expect(sold).toMatchObject({ tradingsymbol: bought?.tradingsymbol, side: 'SELL', filledQuantity: 75 });
    expect(sold?.placedAt).toBeGreaterThanOrEqual(resting?.updatedAt ?? Number.POSITIVE_INFINITY);
    expectFlat(await today.result(), today);
  });

  it('that is being closed when the sale has been looked at covers nothing', async () => {
    const today = await covered();
    duringCheck(today, () => today.closePosition({ id: 'M1' }));
    await expect(today.placeOrder({ symbol: MAIN, side: 'SELL' })).rejects.toMatchObject(refusedWith('naked_sell'));
    expectFlat(await today.result(), today);
    expect(filledOf(today.book(), MAIN, 'SELL')).toBe(0);
  });

  it('that somebody sold in the app covers nothing', async () => {
    const today = await covered(150);
    const theirs = { tradingsymbol: HEDGE, product: 'MIS', quantity: 75 } as const;
    today.exchange.foreignTrade({ ...theirs, side: 'SELL' });
    await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:M1'));
    const sale = { symbol: MAIN, side: 'SELL' } as const;
    await expect(today.placeOrder({ ...sale, quantity: 150 })).rejects.toMatchObject(
      refusedWith('naked_sell', '75 units'),
    );
    today.exchange.foreignTrade({ ...theirs, side: 'BUY' });
    await today.seen('no question', ({ warnings }) => warnings.length === 0);
    await today.placeOrder({ ...sale, quantity: 150 });
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });

  it('is sold to its last unit, however late the short is bought back', async () => {
    const today = await covered(150);
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    await today.closePosition({ id: 'M1' });
    await today.seen('the free half sold', () => filledOf(today.book(), HEDGE, 'SELL') === 75);
    await today.seen('the other half with the short', ({ positions }) => positions[0]?.state === 'closed');
    await today.closePosition({ id: 'M2' });
    await today.at('09:32');
    expect(filledOf(today.book(), HEDGE, 'SELL')).toBe(75);
    today.exchange.clearFaults();
    await today.seen('the end', ({ positions }) => positions.every(({ state }) => state === 'closed'));
    const report = await today.result();
    expectFlat(report, today);
    expect(report.warnings.filter(({ code }) => code === 'residual_hedge')).toEqual([]);
  });
});

describe('a manual order', () => {
  it('is refused when the square-off has begun while it was looked at', async () => {
    const today = await covered(75, '15:14:30');
    duringCheck(today, async () => {
      await today.missUntil('15:15:02');
      await today.seen('the square-off', ({ state }) => state === 'squaring_off');
    });
    await expect(today.placeOrder({ symbol: HEDGE })).rejects.toMatchObject(refusedWith('too_late', 'square-off'));
    expectFlat(await today.result(), today);
    expect(filledOf(today.book(), HEDGE, 'BUY')).toBe(75);
  });

  it('is refused when everything was to be closed while it was looked at, and taken afterwards', async () => {
    const today = await stage.startDay();
    await today.logIn();
    await today.at('09:30');
    const { checkManualOrder } = today.parts.day;
    duringCheck(today, () => today.stop(true));
    await expect(today.placeOrder({ symbol: HEDGE })).rejects.toMatchObject(refusedWith('too_late', 'closed'));
    Object.assign(today.parts.day, { checkManualOrder });
    await today.placeOrder({ symbol: HEDGE });
    expectFlat(await today.result(), today);
    expect(filledOf(today.book(), HEDGE, 'BUY')).toBe(75);
  });

  it('is refused from the five hundredth command of a day on, and positions can still be closed', async () => {
    const today = await covered();
    const expiresAt = today.now() + 600_000;
    const order = { symbol: HEDGE, side: 'BUY', quantity: 75, orderType: 'MARKET' } as const;
    const command = {
      ...{ order: { ...order, price: null, triggerPrice: null, product: null }, checkOnly: true },
      ...{ key: 'again', plan: PLAN, expiresAt, by: 'test' },
    };
    const send = () => today.update('placeOrder', command);
    await send();
    for (let sent = 2; sent < 500; sent += 6) await Promise.all(Array.from({ length: 6 }, send));

    await expect(today.placeOrder({ symbol: HEDGE })).rejects.toMatchObject(refusedWith('limit_exceeded', '500'));
    await today.closePosition({ id: 'M1' });
    expectFlat(await today.result(), today);
  });
});

describe('an external trade in a manual position', () => {
  const theirs = { product: 'MIS', quantity: 75 } as const;
  const resting = (today: SimulatedDay) =>
    today.book().filter(({ status, side }) => status === 'TRIGGER PENDING' && side === 'BUY').length;

  it('cuts the stops of a short to what is left of it', async () => {
    const today = await covered(150);
    await today.at('09:37');
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    await today.seen('both stops', () => resting(today) === 2);
    today.exchange.foreignTrade({ ...theirs, tradingsymbol: MAIN, side: 'BUY' });
    await today.at('10:30');
    await today.seen('one stop', () => resting(today) === 1);
    const { warnings } = await today.seen('the question', (view) => view.warnings.length > 0);
    expect(warnings).toMatchObject([{ id: 'external:M2', code: 'foreign_position', blocksEntries: true }]);
    await today.acknowledge('all');
    await today.seen('it booked', ({ positions }) => positions[1]?.legs[0]?.openQuantity === 75);
    expect((await today.view()).positions[1]).toMatchObject({ state: 'open', exitReason: null });
    expect(resting(today)).toBe(1);
    expect(await today.result()).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(75);
  });

  it('closes a short whose cover is gone', async () => {
    const today = await covered();
    await today.at('09:37');
    await today.placeOrder({ symbol: MAIN, side: 'SELL' });
    today.exchange.foreignTrade({ ...theirs, tradingsymbol: HEDGE, side: 'SELL' });
    await today.at('10:30');
    await today.seen('its end', ({ positions }) => positions[1]?.state === 'closed');
    expect((await today.view()).positions[1]).toMatchObject({ exitReason: 'cover_lost' });
    await today.acknowledge('all');
    await today.seen('the cover booked', ({ positions }) => positions[0]?.state === 'closed');
    expect(await today.result()).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(filledOf(ours(today.book()), HEDGE, 'SELL')).toBe(0);
  });
});
