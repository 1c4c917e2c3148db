import { describe, expect, it } from 'vitest';
import type { GuardInput } from '../../src/contract/activities.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectOneExitAtATime, filledOf, ours } from './soundness.ts';
import type { SimulatedDay } from './stage.ts';

const stage = stageOfFile();

/** What the last guard of the day was given. */
let guarded: GuardInput | null = null;

async function opened(typeChange: 'allow' | 'refuse' = 'allow'): Promise<SimulatedDay> {
  guarded = null;
  const guard = (input: GuardInput) => {
    guarded = input;
    return undefined;
  };
  const day = await stage.tradingDay({ guard, exchange: { typeChange } });
  await day.opened();
  return day;
}

const buyBack = (today: SimulatedDay, quantity: number) =>
  today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity });

const resting = (today: SimulatedDay) =>
  ours(today.book())
    .filter(({ status, side }) => status === 'TRIGGER PENDING' && side === 'BUY')
    .reduce((sum, { pendingQuantity }) => sum + pendingQuantity, 0);

const held = ({ exchange }: SimulatedDay) =>
  exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]);

async function asked(today: SimulatedDay): Promise<void> {
  await today.at('11:30');
  await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
}

describe('an external trade in the contract of an open position', () => {
  it('that the list of trades does not show is paged about; once it does, it is asked about and the stop cut', async () => {
    const today = await opened();
    today.exchange.addFault({ kind: 'http_error', count: 10_000, path: '/trades' });
    buyBack(today, 300);
    await today.at('11:16');
    await today.seen('the page', ({ pages }) => pages.some(({ cause }) => cause === 'book'));
    expect(resting(today), 'the stop stays while nothing explains what moved').toBe(750);
    today.exchange.clearFaults();
    await asked(today);
    await today.seen('the smaller stop', () => resting(today) === 450);
    expect(await today.result()).toMatchObject({ result: 'flat' });
  });

  it.each(['allow', 'refuse'] as const)(
    'is asked about, and the resting stop is cut to what is still sold (type changes: %s)',
    async (typeChange) => {
      const today = await opened(typeChange);
      buyBack(today, 300);
      await asked(today);
      await today.seen('the smaller stop', () => resting(today) === 450);
      const [first, second] = ours(today.book()).filter(({ orderType }) => orderType === 'SL');
      expect(first).toMatchObject({ status: 'CANCELLED', quantity: 750, modifications: 0 });
      expect(second?.placedAt).toBeGreaterThanOrEqual(first?.updatedAt ?? Number.POSITIVE_INFINITY);
      const { warnings } = await today.view();
      expect(warnings).toMatchObject([{ code: 'foreign_position', blocksEntries: true }]);
      const pages = today.world.pages.filter(({ cause }) => cause === 'external');
      expect(pages.map(({ kind }) => kind)).toEqual(['raised', 'repeated', 'repeated']);
      expect(guarded?.main.quantity).toBe(450);

      // Never answered: it leaves with what is still ours, and the account holds nothing.
      const report = await today.result();
      expectOneExitAtATime(today.book());
      expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(450);
      expect(held(today)).toEqual(
        expect.arrayContaining([
          [MAIN, 0],
          [HEDGE, 0],
        ]),
      );
      expect(report.result).toBe('flat');
    },
  );

  it('acknowledged, is booked as closed in Kite at its own price: the rest of the hedge is sold, the day ends flat', async () => {
    const today = await opened();
    const theirs = buyBack(today, 300);
    await asked(today);
    await today.acknowledge('all');
    await today.seen('the ledger', ({ positions }) => positions[0]?.legs[1]?.openQuantity === 450);
    await today.seen('the hedge', ({ positions }) => positions[0]?.legs[0]?.openQuantity === 450);
    expect(resting(today)).toBe(450);
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, differences: [] });
    expect(report.positions).toMatchObject([{ state: 'closed', exitReason: 'exit_time' }]);
    expect(report.trades).toContainEqual(
      expect.objectContaining({ orderId: theirs.orderId, quantity: 300, price: theirs.fills[0]?.price }),
    );
  });

  it('of all of it, acknowledged, sells the hedge: closed in Kite', async () => {
    const today = await opened();
    buyBack(today, 750);
    await asked(today);
    await today.seen('no stop', () => resting(today) === 0);
    expect(filledOf(ours(today.book()), HEDGE, 'SELL')).toBe(0);
    await today.acknowledge('all');
    const { positions } = await today.seen('the end', (view) => view.positions[0]?.state === 'closed');
    expect(positions).toMatchObject([{ exitReason: 'external' }]);
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    expect(filledOf(ours(today.book()), HEDGE, 'SELL')).toBe(750);
    expect(
      ours(today.book()).filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY'),
    ).toHaveLength(1);
  });

  it('once more after an answer is another question', async () => {
    const today = await opened();
    buyBack(today, 150);
    await asked(today);
    await today.acknowledge('all');
    await today.seen('the ledger', ({ positions }) => positions[0]?.legs[1]?.openQuantity === 600);
    buyBack(today, 150);
    await today.at('12:30');
    await today.seen('another question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
    await today.seen('the smaller stop', () => resting(today) === 450);
    await today.acknowledge('all');
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
  });

  it('that is traded back is asked about no more, and the stop is for all of it again', async () => {
    const today = await opened();
    buyBack(today, 750);
    await asked(today);
    await today.seen('no stop', () => resting(today) === 0);
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 750 });
    await today.at('12:30');
    await today.seen('the stop at rest', ({ warnings }) => resting(today) === 750 && warnings.length === 0);
    const report = await today.result();
    expectOneExitAtATime(today.book());
    expect(report).toMatchObject({ result: 'flat', reconciled: true, warnings: [] });
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(750);
  });

  it('that is traded back in part grows the stop to what is still sold', async () => {
    const today = await opened();
    buyBack(today, 300);
    await asked(today);
    await today.seen('the smaller stop', () => resting(today) === 450);
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 150 });
    await today.at('12:30');
    await today.seen('the larger stop', () => resting(today) === 600);
    await today.acknowledge('all');
    expect(await today.result()).toMatchObject({ result: 'flat', reconciled: true });
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(600);
  });

  it('answered only after the exit is booked then: the day ends flat', async () => {
    const today = await opened();
    buyBack(today, 300);
    await asked(today);
    await today.closePosition({});
    await today.seen('the exit', () => filledOf(ours(today.book()), MAIN, 'BUY') === 450);
    await today.acknowledge('all');
    await today.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    expect(report.warnings.map(({ code }) => code)).not.toContain('not_flat');
  });
});

describe('an external trade in what a person bought here', () => {
  it('is not sold again when it is closed; acknowledged, it is booked at its own price', async () => {
    const day = await stage.startDay();
    await day.logIn();
    await day.at('09:30');
    await day.placeOrder({ symbol: HEDGE });
    const theirs = day.exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side: 'SELL', quantity: 75 });
    await day.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:M1'));
    await day.closePosition({ id: 'M1' });
    await day.at('09:35');
    expect(ours(day.book())).toHaveLength(1);
    await day.acknowledge('all');
    await day.seen('the end', ({ positions }) => positions[0]?.state === 'closed');
    const report = await day.result();
    expect(ours(day.book())).toHaveLength(1);
    expect(report).toMatchObject({ result: 'flat', reconciled: true });
    expect(report.trades).toContainEqual(expect.objectContaining({ orderId: theirs.orderId, quantity: 75 }));
  });
});
