import { describe, expect, it } from 'vitest';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { filledOf, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

async function opened(): Promise<Day> {
  const day = await stage.tradingDay();
  await day.opened();
  return day;
}

const held = ({ exchange }: Day) =>
  Object.fromEntries(exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]));

describe('a position that its owner closed in Kite, not from here', () => {
  it('is not bought back again, its hedge is not sold again, and the day says so', async () => {
    const today = await opened();
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 750 });
    today.exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side: 'SELL', quantity: 750 });
    const report = await today.result();
    expect(held(today)).toEqual({ [MAIN]: 0, [HEDGE]: 0 });
    expect(today.book().every(({ status }) => ['COMPLETE', 'CANCELLED', 'REJECTED'].includes(status))).toBe(true);
    expect(report.warnings).toContainEqual(expect.objectContaining({ id: 'external:P1', blocksEntries: true }));
    expect(report.result, 'the account holds nothing').toBe('flat');
  });

  it('in part: only what is left is closed', async () => {
    const today = await opened();
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 300 });
    await today.result();
    expect(held(today)).toEqual({ [MAIN]: 0, [HEDGE]: 0 });
    const bought = today
      .book()
      .filter(({ tag, tradingsymbol, side }) => tag && tradingsymbol === MAIN && side === 'BUY');
    expect(bought.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0)).toBe(450);
  });

  it('while it was being left, after its exit was cancelled there: nothing is bought twice', async () => {
    const today = await opened();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    await today.closePosition({});
    const exit = () =>
      today.book().find(({ tradingsymbol, side, orderType, status }) => {
        return tradingsymbol === MAIN && side === 'BUY' && orderType === 'LIMIT' && status === 'OPEN';
      });
    await today.seen('the exit at rest', () => exit() !== undefined);
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 750 });
    today.exchange.cancel(exit()?.orderId ?? '');
    today.exchange.clearFaults();
    await today.seen('the question', ({ warnings }) => warnings.some(({ id }) => id === 'external:P1'));
    expect(await today.result()).toMatchObject({ result: 'flat' });
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(0);
    expect(held(today)).toEqual({ [MAIN]: 0, [HEDGE]: 0 });
  });

  it('was added to instead: what is foreign is left alone', async () => {
    const today = await opened();
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'SELL', quantity: 75 });
    const report = await today.result();
    expect(report.positions[0]).toMatchObject({ state: 'closed' });
    const bought = today
      .book()
      .filter(({ tag, tradingsymbol, side }) => tag && tradingsymbol === MAIN && side === 'BUY');
    expect(bought.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0)).toBe(750);
  });
});

describe('a person’s own trade before ours', () => {
  it('is theirs: all that was sold here is protected and bought back here', async () => {
    const today = await stage.tradingDay();
    await today.at('10:00');
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    await today.opened();
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', positions: [{ exitReason: 'exit_time' }] });
    expect(report.warnings.filter(({ id }) => id.startsWith('external'))).toEqual([]);
    expect(filledOf(ours(today.book()), MAIN, 'BUY')).toBe(750);
    expect(filledOf(ours(today.book()), HEDGE, 'SELL')).toBe(750);
  });
});
