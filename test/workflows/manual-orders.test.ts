import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DayReport, DayView } from '../../workflows/messages.ts';
import { type DayOptions, HEDGE, MAIN, openStage, type ReplayedDay, type Stage } from './replayed-day.ts';
import { expectLedgerIsBook, filledOf } from './soundness.ts';

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

const MONTHLY = 'NIFTY25JUL25000PE';

/** Logged in and in the market, with nobody having started trading. */
async function morning(options: DayOptions = {}): Promise<ReplayedDay> {
  day = await stage.startDay(options);
  await day.logIn();
  await day.at('09:30');
  return day;
}

function refusedWith(type: string, words: string | RegExp = '') {
  return { cause: { type, message: expect.stringMatching(words) } };
}

function expectFlat(report: DayReport, today: ReplayedDay): void {
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
  expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expectLedgerIsBook(report, today.book());
}

const positionOf = (view: DayView, id: string) => view.positions.find((position) => position.id === id);

describe('a purchase by hand', () => {
  it('is a position of the day with its losses reserved, and the square-off sells it', async () => {
    const today = await morning();
    const { order, checks } = await today.placeOrder({ symbol: MONTHLY });
    expect(order).toMatchObject({ status: 'COMPLETE', filledQuantity: 75, product: 'MIS', positionId: 'M1' });
    expect(checks).toMatchObject({ effect: 'opens_long', lotSize: 75, charges: { brokerage: 20_00 } });
    expect(checks.charges.total).toBeGreaterThan(20_00);
    const { positions, limits } = await today.view();
    expect(positions).toMatchObject([
      { id: 'M1', signal: 'manual', state: 'open', indexStop: null, legs: [{ side: 'BUY', openQuantity: 75 }] },
    ]);
    const paid = (order?.averagePrice ?? 0) * 75;
    expect(limits?.reserved).toBeGreaterThanOrEqual(paid);
    expect(limits?.reserved).toBeLessThanOrEqual(checks.reserved);
    const report = await today.result();
    expectFlat(report, today);
    expect(filledOf(today.book(), MONTHLY, 'SELL')).toBe(75);
    expect(report.positions).toMatchObject([{ id: 'M1', state: 'closed', exitReason: 'exit_time' }]);
  });
});
