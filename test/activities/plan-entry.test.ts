import { afterEach, describe, expect, it } from 'vitest';
import type { EntryInput } from '../../src/contract/activities.ts';
import { istAt } from '../../src/domain/clock.ts';
import { PLAN } from '../workflows/plan.ts';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

const NOTHING = { reserved: 0, lostToday: 0, capitalAtRisk: 0, openPositions: 0 };

async function plan(book: Partial<EntryInput['book']> = {}, changes: Partial<EntryInput['plan']> = {}, at = '11:15') {
  desk ??= await openDesk();
  const { parts, run, identity } = desk;
  return run(() =>
    parts.day.planEntry({
      ...{ identity, at: istAt(identity.date, at), signal: 'S1', optionType: 'PE', strike: 25_000_00 },
      ...{ plan: { ...PLAN, ...changes }, book: { ...NOTHING, ...book } },
    }),
  );
}

const codes = (planned: Awaited<ReturnType<typeof plan>>) =>
  planned.kind === 'refused' ? planned.refusals.map(({ code }) => code) : planned.kind;

describe('planning an entry', () => {
  it('finds both contracts in the day’s master, and says what could be lost', async () => {
    const planned = await plan();
    expect(planned).toMatchObject({
      kind: 'planned',
      main: { tradingsymbol: MAIN, lotSize: 75, maxOrderQuantity: 1_800 },
      hedge: { tradingsymbol: HEDGE },
      ...{ lots: 10, quantity: 750, product: 'MIS', plannedLoss: 25_000_00 },
    });
    if (planned.kind !== 'planned') return;
    const { lowestSell = 0, highestHedge = 0 } = planned.seen;
    expect(planned.worstLoss).toBeGreaterThan((200_00 - (lowestSell - highestHedge)) * 750);
    expect(planned.worstLoss).toBeLessThan((200_00 - (lowestSell - highestHedge)) * 750 + 1_000_00);
  });

  it('takes the circuits from a quote that it reads: the order waits for no second one', async () => {
    await plan();
    desk?.exchange.killSessions();
    const known = await desk?.parts.activities.book.circuits.of(MAIN, 'entry');
    expect(known).toMatchObject({ upperCircuit: expect.any(Number) });
  });

  it('two positions fit a day by default; with both reserved a third does not', async () => {
    expect(codes(await plan({ reserved: 25_000_00, openPositions: 1, capitalAtRisk: 130_000_00 }))).toBe('planned');
    const third = await plan({ reserved: 50_000_00, openPositions: 2, capitalAtRisk: 260_000_00 });
    expect(codes(third)).toEqual(['max_loss_per_day']);
    expect(third.kind === 'refused' && third.refusals[0]?.numbers).toMatchObject({
      ...{ planned: 25_000_00, reserved: 50_000_00, lostToday: 0, limit: 50_000_00 },
    });
  });

  it('one full loss and one open position leave no room for another', async () => {
    expect(codes(await plan({ lostToday: 25_000_00 }))).toBe('planned');
    expect(codes(await plan({ lostToday: 25_000_01 }))).toEqual(['max_loss_per_day']);
    expect(codes(await plan({ lostToday: 25_000_00, reserved: 25_000_00, openPositions: 1 }))).toEqual([
      'max_loss_per_day',
    ]);
  });

  it('refuses with every limit that is broken, not only the first', async () => {
    const many = { reserved: 50_000_00, openPositions: 3, capitalAtRisk: 450_000_00 };
    expect(codes(await plan(many))).toEqual(['max_positions', 'max_loss_per_day', 'max_capital_at_risk']);
  });

  it('refuses what the account cannot pay', async () => {
    desk = await openDesk({ cash: 100_000_00 });
    expect(codes(await plan())).toEqual(['insufficient_margin']);
  });

  it('refuses lots of another size than the contract’s', async () => {
    expect(codes(await plan({}, { lotSize: 65 }))).toEqual(['lot_size_mismatch']);
  });

  it('refuses a strike that is not listed', async () => {
    desk = await openDesk();
    const { parts, run, identity } = desk;
    const planned = await run(() =>
      parts.day.planEntry({
        ...{ identity, at: istAt(identity.date, '11:15'), signal: 'S1', optionType: 'PE', strike: 25_013_00 },
        ...{ plan: PLAN, book: NOTHING },
      }),
    );
    expect(codes(planned)).toEqual(['no_contract']);
  });

  it('refuses a time after the last entry', async () => {
    expect(codes(await plan({}, {}, '14:16'))).toEqual(['too_late']);
  });
});
