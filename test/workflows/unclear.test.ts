import { describe, expect, it } from 'vitest';
import type { SimFault } from '../../src/exchange-simulator/core/types.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectOneExitAtATime, expectSound, filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

const LOST = { kind: 'drop_connection', path: '/orders', method: 'POST', count: 1 };
const BUYS = { tradingsymbol: MAIN, transaction_type: 'BUY' };

/** The exit's own order meets these faults, and somebody buys back 300 units by hand just before it. */
async function exiting(faults: SimFault[], byHand: number): Promise<Day> {
  const day = await stage.tradingDay({ exchange: { typeChange: 'refuse' } });
  await day.opened();
  const { exchange } = day;
  const off = exchange.onOrder((order) => {
    if (order.orderType !== 'SL' || order.status !== 'CANCELLED') return;
    off();
    for (const fault of faults) exchange.addFault(fault);
    if (byHand > 0) exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: byHand });
  });
  await day.closePosition({});
  return day;
}

const bought = (today: Day) => filledOf(ours(today.book()), MAIN, 'BUY');
const unclear = (today: Day) =>
  today.seen('the doubt', ({ warnings }) => warnings.some(({ id }) => id.startsWith('unclear:')));
const held = ({ exchange }: Day) =>
  exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]);
const FLAT = [
  [HEDGE, 0],
  [MAIN, 0],
];

describe('an exit without an answer, while the broker’s net moved', () => {
  it('is absent when the orders in the book explain the net: what is left is bought back, and no more', async () => {
    const today = await exiting([LOST], 300);
    await today.at('11:17');
    await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'by_hand:P1'));
    await today.acknowledge('all');
    const report = await today.result();
    expect(bought(today)).toBe(450);
    expect(held(today).sort()).toEqual(FLAT);
    expectOneExitAtATime(today.book());
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
  });

  it('that the lists do not show yet is never sent again: seen at last, it is taken over', async () => {
    const today = await exiting(
      [
        { kind: 'timeout_after_accept', count: 1 },
        { kind: 'hide_orders', count: 1, ...BUYS },
      ],
      0,
    );
    await today.at('11:25');
    const { warnings } = await unclear(today);
    expect(warnings).toMatchObject([{ code: 'difference', blocksEntries: true }]);
    expect(bought(today)).toBe(750);
    today.exchange.clearFaults();
    await today.at('11:26');
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.warnings).toEqual([]);
  });

  it('goes on once a person has said that somebody else moved it, with what the broker still holds', async () => {
    const today = await exiting([LOST, { kind: 'hide_orders', count: 1, ...BUYS }], 300);
    await today.at('11:25');
    await unclear(today);
    expect(bought(today)).toBe(0);
    await today.acknowledge('all');
    await today.seen('what was left', () => bought(today) === 450);
    await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'by_hand:P1'));
    await today.seen('where it ends', ({ positions }) => positions[0]?.state === 'not_flat');
    expect(held(today).sort()).toEqual(FLAT);
    // No trade is shown, and an order of ours is in doubt: nothing is booked on a person's word alone.
    await today.acknowledge('all');
    const report = await today.result();
    expect(bought(today)).toBe(450);
    expect(report).toMatchObject({ result: 'not_flat', positions: [{ state: 'not_flat' }] });
  });
});
