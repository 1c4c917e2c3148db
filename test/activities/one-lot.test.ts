import { afterEach, describe, expect, it } from 'vitest';
import type { DayIdentity } from '../../src/contract/identity.ts';
import type { OrderView } from '../../src/contract/ledger.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { TradingMode } from '../../src/domain/types.ts';
import { order as row } from '../journal/journal-rows.ts';
import { PLAN } from '../workflows/plan.ts';
import { type Desk, inMode, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function planned(mode: TradingMode, numLots: number) {
  desk ??= await openDesk();
  const { parts, run } = desk;
  const identity = await inMode(desk, mode);
  const found = await run(() =>
    parts.day.planEntry({
      ...{ identity, at: istAt(identity.date, '11:15'), signal: 'S1', optionType: 'PE', strike: 25_000_00 },
      ...{ plan: { ...PLAN, numLots }, book: { reserved: 0, lostToday: 0, capitalAtRisk: 0, openPositions: 0 } },
    }),
  );
  if (found.kind !== 'planned') throw new Error(JSON.stringify(found));
  return found;
}

/** An order of the account's journal, as the broker showed it last. */
async function keep(mode: TradingMode, order: Pick<OrderView, 'tag' | 'purpose' | 'orderType'>): Promise<void> {
  if (!desk) throw new Error('no desk');
  const identity: DayIdentity = { ...desk.identity, mode };
  const { journal } = desk.parts.activities;
  const view = row(order.tag, {
    ...{ orderId: order.tag, role: 'main', tradingsymbol: MAIN, status: 'COMPLETE', phase: 'ended' },
    ...{ quantity: 75, filledQuantity: 75, averagePrice: 70_00, price: 70_00 },
    ...order,
  });
  await journal.recordDayOpened(identity);
  await journal.write({ identity, state: 'trading', events: [], orders: [view], positions: [], decisions: [] });
}

describe('lots in live mode', () => {
  it('are one at first, whatever the plan says, and the plan says why', async () => {
    const found = await planned('live', 3);
    expect(found).toMatchObject({ lots: 1, quantity: 75 });
    expect(found.cut).toMatch(/One lot instead of 3/);
    expect((await planned('live', 1)).cut).toBeUndefined();
  });

  it('are those of the plan once a resting stop of this account was seen as a limit order', async () => {
    desk = await openDesk();
    // Neither an ordinary exit, nor a stop that stayed one, nor a conversion on paper proves it.
    await keep('live', { tag: 'L1', purpose: 'exit', orderType: 'LIMIT' });
    await keep('live', { tag: 'L2', purpose: 'stop', orderType: 'SL' });
    await keep('paper', { tag: 'P1', purpose: 'stop', orderType: 'LIMIT' });
    expect((await planned('live', 3)).lots).toBe(1);
    await keep('live', { tag: 'L3', purpose: 'stop', orderType: 'LIMIT' });
    expect(await planned('live', 3)).toMatchObject({ lots: 3, quantity: 225 });
  });

  it('are those of the plan on paper and in a replay', async () => {
    expect((await planned('paper', 3)).lots).toBe(3);
    expect((await planned('replay', 10)).lots).toBe(10);
  });
});
