import { describe, expect, it } from 'vitest';
import { makeTag, type OrderTag } from '../../src/domain/tags.ts';
import type { Side } from '../../src/domain/types.ts';
import { stageOfFile } from './file-stage.ts';
import { HEDGE, MAIN } from './plan.ts';
import { expectLedgerIsBook, ours } from './soundness.ts';
import type { Day } from './stage.ts';

const stage = stageOfFile();

type Forgotten = Pick<OrderTag, 'role' | 'purpose'> & { position?: number; side: Side; price: number };

/** An open position, and an order in the book with a tag of the day that its ledger has never heard of; then a new login. */
async function forgotten(of: Forgotten): Promise<Day> {
  const day = await stage.tradingDay({ guard: ({ until }) => ({ kind: 'quiet', until }) });
  await day.opened();
  const { run, date } = day.identity;
  const { role, purpose, position = 1, side, price } = of;
  day.exchange.place({
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: role === 'main' ? MAIN : HEDGE, side },
    ...{ orderType: 'LIMIT', product: 'MIS', validity: 'DAY', quantity: 75, price, triggerPrice: 0 },
    ...{ disclosedQuantity: 0, marketProtection: null },
    tag: makeTag({ run, date, position, role, purpose, slice: 1, attempt: 9 }),
  });
  await day.at('11:20');
  await day.logIn();
  await day.seen('the login', ({ session }) => session?.number === 2);
  return day;
}

describe('an order of ours that the ledger does not remember', () => {
  it('is taken over when the book shows it: what it bought is ours, stop and hedge fit what is left', async () => {
    const today = await forgotten({ role: 'main', purpose: 'exit', side: 'BUY', price: 80_00 });
    await today.seen(
      'the ledger',
      ({ positions }) => positions[0]?.legs.every((leg) => leg.openQuantity === 675) === true,
    );
    await today.seen('the stop', () =>
      ours(today.book()).some(({ status, quantity }) => status === 'TRIGGER PENDING' && quantity === 675),
    );
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'exit_time' }] });
    expectLedgerIsBook(report, today.book());
  });

  it('that still rests is cancelled: nobody wants it any more', async () => {
    const today = await forgotten({ role: 'main', purpose: 'exit', side: 'BUY', price: 50_00 });
    await today.seen('its end', () =>
      today.book().some(({ tag, status }) => tag?.endsWith('09') && status === 'CANCELLED'),
    );
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ state: 'closed' }] });
    expectLedgerIsBook(report, today.book());
  });

  it('on the wrong side counts as what it is: the short whose cover it sold is left, and so is the rest', async () => {
    const today = await forgotten({ role: 'hedge', purpose: 'entry', side: 'SELL', price: 10_00 });
    const report = await today.result();
    expect(report).toMatchObject({ result: 'flat', reconciled: true, positions: [{ exitReason: 'cover_lost' }] });
    expectLedgerIsBook(report, today.book());
  });

  it('of a position that the day does not have stays a difference', async () => {
    const today = await forgotten({ position: 7, role: 'main', purpose: 'exit', side: 'BUY', price: 80_00 });
    const report = await today.result();
    expect(report.result).toBe('not_flat');
    expect(report.differences).toContainEqual(expect.stringContaining('the ledger does not know it'));
  });
});
