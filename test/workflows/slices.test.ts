import { describe, expect, it } from 'vitest';
import type { GuardInput } from '../../src/contract/activities.ts';
import type { OrderView } from '../../src/contract/ledger.ts';
import { istTime } from '../../src/domain/clock.ts';
import { mondayAfterS1 } from './candles.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, expectNeverNaked, filledOf, ours } from './soundness.ts';
import type { Day, DayOptions, GuardAnswer, SimulatedDay } from './stage.ts';

const stage = stageOfFile();

/** 40 lots of 75: above the freeze quantity of 1800, with limits and cash for them. */
const FORTY = {
  numLots: 40,
  maxLossPerTrade: 200_000_00,
  maxLossPerDay: 400_000_00,
  maxCapitalAtRisk: 2_000_000_00,
};

function started(options: DayOptions = {}, numLots = 40): Promise<SimulatedDay> {
  const exchange = { cash: 10_000_000_00, ...options.exchange };
  return stage.tradingDay({ ...options, exchange }, { ...FORTY, numLots });
}

/** The short was never more than its hedge, everything is out, the ledger is the book, no tag was used twice. */
async function expectOut(today: Day, reason: string): Promise<void> {
  const report = await today.result();
  expectNeverNaked(today.book());
  expectLedgerIsBook(report, today.book());
  expect(today.exchange.positions().filter(({ quantity }) => quantity !== 0)).toEqual([]);
  expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: reason }] });
  for (const { quantity } of ours(today.book())) expect(quantity).toBeLessThanOrEqual(1_800);
}

const slicesOf = (today: Day, tradingsymbol: string, side: string, orderType: string) =>
  ours(today.book())
    .filter((order) => order.tradingsymbol === tradingsymbol && order.side === side)
    .filter(({ history }) => history[0]?.orderType === orderType || orderType === '*');

const capAtOnce = ({ until }: GuardInput): GuardAnswer => ({
  kind: 'triggered',
  reason: 'loss_cap',
  at: until - 1_800_000,
  sent: false,
  price: null,
  detail: 'the cap',
});

describe.each(['allow', 'refuse'] as const)('40 lots (type changes: %s)', (typeChange) => {
  it('enter in two slices, each with a tag and a resting stop of its own, and leave at 15:15', async () => {
    const today = await started({ exchange: { typeChange } });
    await today.opened();
    const resting = ({ status, purpose }: OrderView) => purpose === 'stop' && status === 'TRIGGER PENDING';
    const { orders } = await today.seen('both stops', (view) => view.orders.filter(resting).length === 2);
    expect(orders.filter(({ purpose }) => purpose === 'stop')).toMatchObject([
      { slice: 1, quantity: 1_800, status: 'TRIGGER PENDING' },
      { slice: 2, quantity: 1_200, status: 'TRIGGER PENDING' },
    ]);
    expect(slicesOf(today, MAIN, 'SELL', '*').map(({ quantity }) => quantity)).toEqual([1_800, 1_200]);
    expect(filledOf(today.book(), HEDGE, 'BUY')).toBe(3_000);
    await expectOut(today, 'exit_time');
  });

  it('leave by the loss cap', async () => {
    const today = await started({ exchange: { typeChange }, guard: capAtOnce });
    await expectOut(today, 'loss_cap');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(3_000);
  });
});

describe('40 lots', () => {
  it('leave by the index stop', async () => {
    const monday = await mondayAfterS1([25063.95, 25070, 24990, 24995]);
    try {
      const today = await started({
        exchange: { candles: monday.path },
        guard: ({ until }) => ({ kind: 'quiet', until }),
      });
      await expectOut(today, 'index_stop');
    } finally {
      await monday.remove();
    }
  });

  it('of which the market gives only a part in each leg: what is sold is hedged and protected, and leaves', async () => {
    const today = await started();
    await today.at('11:00');
    const thin = (tradingsymbol: string, transaction_type: string, quantity: number, count: number) =>
      today.exchange.addFault({ kind: 'thin_depth', tradingsymbol, transaction_type, quantity, count });
    thin(HEDGE, 'BUY', 300, 6);
    thin(MAIN, 'SELL', 225, 6);
    const view = await today.opened();
    const [hedge, main] = view.positions[0]?.legs ?? [];
    expect(main?.openQuantity).toBeGreaterThan(0);
    expect(main?.openQuantity).toBeLessThan(3_000);
    expect(hedge?.openQuantity).toBe(main?.openQuantity);
    const resting = ours(today.book()).filter(({ status }) => status === 'TRIGGER PENDING');
    expect(resting.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(main?.openQuantity);
    thin(MAIN, 'BUY', 150, 4);
    thin(HEDGE, 'SELL', 150, 4);
    await expectOut(today, 'exit_time');
  });
});

describe('an exit whose order was changed often already', () => {
  it('is changed until 21 of the broker’s 25 modifications are used up, then cancelled, and placed anew for the rest', async () => {
    const today = await started({ guard: ({ until }) => ({ kind: 'quiet', until }) }, 10);
    await today.opened();
    const [stop] = ours(today.book()).filter(({ status }) => status === 'TRIGGER PENDING');
    const now = () => today.exchange.order(stop?.orderId ?? '');
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closePosition({});
    // The price runs away from it for as long as it takes.
    for (let points = 1; points <= 40 && now()?.status !== 'CANCELLED'; points += 1) {
      const shift = { kind: 'price_shift', count: 1, tradingsymbol: MAIN, points, seconds: 3 };
      today.exchange.addFault(shift);
      await today.at(istTime(today.marketNow() + 3_000));
    }
    await today.seen('the end of the first', () => now()?.status === 'CANCELLED');
    today.exchange.clearFaults();
    expect(now()).toMatchObject({ modifications: 21, orderType: 'LIMIT' });
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    expect(filledOf(today.book(), MAIN, 'BUY')).toBe(750);
    await expectOut(today, 'manual');
  });
});
