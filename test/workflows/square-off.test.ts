import { describe, expect, it } from 'vitest';
import type { DayReport } from '../../src/contract/views.ts';
import { istTime } from '../../src/domain/clock.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectNeverNaked, ours } from './soundness.ts';
import type { SimulatedDay as Day, DayOptions } from './stage.ts';

const stage = stageOfFile();

async function opened(options: DayOptions = {}): Promise<Day> {
  const day = await stage.tradingDay(options);
  await day.opened();
  return day;
}

const brokers = (today: Day) => today.book().filter(({ source }) => source === 'broker');

/** The broker has closed everything, and the day's account holds it to the paisa, with the broker's fee. */
function expectSquaredOff(today: Day, report: DayReport): void {
  expectNeverNaked(today.book());
  expect(
    brokers(today).map(({ tradingsymbol, side, filledQuantity }) => [tradingsymbol, side, filledQuantity]),
  ).toEqual([
    [MAIN, 'BUY', 750],
    [HEDGE, 'SELL', 750],
  ]);
  expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
  expect(report.positions).toMatchObject([{ state: 'closed', exitReason: 'broker_square_off' }]);
  const fills = today.book().flatMap(({ side, fills }) => fills.map((fill) => ({ ...fill, side })));
  expect(report.trades.map(({ tradeId }) => tradeId).sort()).toEqual(fills.map(({ tradeId }) => tradeId).sort());
  const gross = fills.reduce(
    (sum, { side, quantity, price }) => sum + (side === 'SELL' ? 1 : -1) * quantity * price,
    0,
  );
  expect(report.pnl.gross).toBe(gross);
  const told = today.world.pages.filter(({ cause }) => cause === 'broker_square_off');
  const unitsTold = told.map(({ text }) => Number(/closed (\d+)/.exec(text)?.[1]));
  expect(unitsTold.reduce((sum, units) => sum + units, 0)).toBe(2 * 750);
  const executed = new Set(report.trades.map(({ orderId }) => orderId)).size;
  expect(report.charges.brokerage).toBe(executed * 20_00 + 2 * 50_00);
}

describe("the broker's own square-off", () => {
  it('of a position whose exits were all refused is taken into the ledger: the day ends flat', async () => {
    const today = await opened();
    await today.at('15:14');
    today.exchange.addFault({ kind: 'ip_refused', count: 100_000 });
    const report = await today.result();
    expectSquaredOff(today, report);
    expect(report.warnings.map(({ code }) => code)).toContain('orders_refused');
    expect(report.warnings.map(({ code }) => code)).not.toContain('not_flat');
    const closedAt = istTime(report.positions[0]?.closedAt ?? 0);
    expect(closedAt >= '15:25:00' && closedAt < '15:26:00', closedAt).toBe(true);
  });

  it.each([
    ['before the close', '15:27'],
    ['after the close', '15:40'],
  ])('while nobody of ours was there is found when the day wakes %s; it sends nothing', async (_, time) => {
    const today = await opened({ guard: ({ until }) => ({ kind: 'quiet', until }) });
    const sent = ours(today.book()).length;
    await today.missUntil(time);
    const report = await today.result();
    expectSquaredOff(today, report);
    expect(ours(today.book())).toHaveLength(sent);
  });

  it('of what a person bought here is taken into the ledger too', async () => {
    const day = await stage.startDay();
    await day.logIn();
    await day.at('09:30');
    await day.placeOrder({ symbol: HEDGE });
    await day.missUntil('15:27');
    const report = await day.result();
    expect(brokers(day)).toMatchObject([{ tradingsymbol: HEDGE, side: 'SELL', filledQuantity: 75 }]);
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(report.positions).toMatchObject([{ id: 'M1', state: 'closed', exitReason: 'broker_square_off' }]);
    expect(report.charges.brokerage).toBe(2 * 20_00 + 50_00);
  });

  it('closes what somebody else held in the same contract too: ours is only what was ours', async () => {
    const day = await stage.startDay({ from: '09:20', guard: ({ until }) => ({ kind: 'quiet', until }) });
    day.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 75 });
    await day.logIn();
    await day.start();
    const { warnings } = await day.seen('the warning', (view) => view.warnings.length > 0);
    await day.acknowledge(warnings.map(({ id }) => id));
    await day.opened();
    await day.missUntil('15:27');
    const report = await day.result();
    expect(brokers(day)[0]).toMatchObject({ tradingsymbol: MAIN, filledQuantity: 825 });
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    const bought = report.trades.filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
    expect(bought.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(750);
  });
});
