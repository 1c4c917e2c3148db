import { describe, expect, it } from 'vitest';
import type { SimFault } from '../../src/exchange-simulator/core/types.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectOneExitAtATime, expectSound, filledOf, ours } from './soundness.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();

const LOST = { kind: 'drop_connection', path: '/orders', method: 'POST', count: 1 };
const BUYS = { tradingsymbol: MAIN, transaction_type: 'BUY' };
const HIDDEN = [
  { kind: 'timeout_after_accept', count: 1 },
  { kind: 'hide_orders', count: 1, ...BUYS },
];

/** The exit's own order meets these faults, and somebody buys back 300 units outside just before it. */
async function exiting(faults: SimFault[], outside: number): Promise<SimulatedDay> {
  const day = await stage.tradingDay({ exchange: { typeChange: 'refuse' } });
  await day.opened();
  const { exchange } = day;
  const off = exchange.onOrder((order) => {
    if (order.orderType !== 'SL' || order.status !== 'CANCELLED') return;
    off();
    for (const fault of faults) exchange.addFault(fault);
    if (outside > 0) exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: outside });
  });
  await day.closePosition({});
  return day;
}

const bought = (today: SimulatedDay) => filledOf(ours(today.book()), MAIN, 'BUY');
const unclear = (today: SimulatedDay) =>
  today.seen('the page', ({ pages }) => pages.some(({ cause }) => cause === 'doubt'));
const held = ({ exchange }: SimulatedDay) =>
  exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]);
const FLAT = [
  [HEDGE, 0],
  [MAIN, 0],
];

describe('an exit without an answer, while the broker’s net moved', () => {
  it('is absent when the orders in the book explain the net: what is left is bought back, and no more', async () => {
    const today = await exiting([LOST], 300);
    await today.at('11:17');
    await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
    await today.acknowledge('all');
    const report = await today.result();
    expect(bought(today)).toBe(450);
    expect(held(today).sort()).toEqual(FLAT);
    expectOneExitAtATime(today.book());
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
  });

  it('that no list shows, but the ticker, is no doubt for long: the hedge is sold', async () => {
    const today = await exiting(HIDDEN, 0);
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    expect(bought(today)).toBe(750);
    today.exchange.clearFaults();
    expect(await today.result()).toMatchObject({ result: 'flat', reconciled: true });
  });

  it('that neither lists nor ticker show yet is never sent again: seen at last, it is taken over', async () => {
    const today = await exiting([...HIDDEN, { kind: 'drop_order_update', count: 100 }], 0);
    await today.at('11:25');
    const { pages } = await unclear(today);
    expect(pages).toContainEqual(expect.objectContaining({ cause: 'not_flat', subject: 'P1' }));
    expect(bought(today)).toBe(750);
    today.exchange.clearFaults();
    await today.at('11:26');
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.warnings).toEqual([]);
  });

  it('goes on once a person has settled it as not placed, with what is still ours', async () => {
    const today = await exiting([LOST, { kind: 'hide_orders', count: 1, ...BUYS }], 0);
    await today.at('11:25');
    const { orders } = await unclear(today);
    expect(bought(today)).toBe(0);
    const { tag } = orders.find(({ status }) => status === 'IN DOUBT') ?? { tag: '' };
    await today.settle({ tag: `${tag}9`, found: false });
    await today.settle({ tag, found: true });
    await today.settle({ tag, found: false });
    const { answers } = await today.view();
    expect(answers.slice(-3).map(({ name, changed, text }) => [name, changed, text])).toEqual([
      ['settle', false, `${tag}9 is not in doubt.`],
      ['settle', false, `${tag} stays in doubt until Zerodha's lists show it.`],
      ['settle', true, `${tag} is treated as not placed.`],
    ]);
    await today.seen('the exit', () => bought(today) === 750);
    today.exchange.clearFaults();
    const report = await today.result();
    expectSound(report, today.exchange);
    expect(report.positions).toMatchObject([{ state: 'closed', exitReason: 'manual' }]);
  });
});
