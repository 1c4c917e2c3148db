/** The verdict on a day of chaos: each invariant is seen to fail on a book that breaks it; and its plan comes from a seed. */
import { describe, expect, it } from 'vitest';
import type { ReportBody } from '../../src/api/report-schema.ts';
import { makeTag, type OrderTag } from '../../src/domain/tags.ts';
import { duplicateTags, exposureOf, isFlat, reportAgainstBook } from '../../src/simulation/chaos/book.ts';
import { judge } from '../../src/simulation/chaos/judge.ts';
import type { BookOrder, SimulatorBook } from '../../src/simulation/chaos/outside.ts';
import { type Kill, planDay } from '../../src/simulation/chaos/plan.ts';

const MAIN = 'NIFTY2571725000PE';
const HEDGE = 'NIFTY2571724800PE';

let count = 0;
function order(
  role: OrderTag['role'],
  side: 'BUY' | 'SELL',
  time: string,
  { quantity = 750, price = 100, tag }: { quantity?: number; price?: number; tag?: string | null } = {},
): BookOrder {
  count += 1;
  const own = makeTag({ run: 1, date: '2025-07-14', position: 1, role, purpose: 'entry', slice: 1, attempt: count });
  return {
    order_id: String(count),
    tag: tag === undefined ? own : tag,
    tradingsymbol: role === 'main' ? MAIN : HEDGE,
    transaction_type: side,
    ...{ quantity, filled_quantity: quantity, order_type: 'LIMIT', status: 'COMPLETE' },
    fills: [{ quantity, price, at: `2025-07-14T${time}.000+05:30` }],
  };
}

function wholeDay(): BookOrder[] {
  return [
    order('hedge', 'BUY', '11:15:02', { price: 20 }),
    order('main', 'SELL', '11:15:04', { price: 80 }),
    order('main', 'BUY', '15:15:01', { price: 60 }),
    order('hedge', 'SELL', '15:15:03', { price: 10 }),
  ];
}

const book = (orders: BookOrder[], quantity = 0): SimulatorBook => ({
  orders,
  positions: [{ tradingsymbol: MAIN, quantity }],
});

/** As the API would tell it of this book. */
function reportOf(shown: SimulatorBook, changes: Partial<ReportBody> = {}): ReportBody {
  const report = {
    ...{ date: '2025-07-14', result: 'flat', pnl: { gross: 0, charges: 0, net: 0 } },
    trades: shown.orders.flatMap(({ order_id, fills }) => fills.map((fill) => ({ order_id, ...fill }))),
  } as unknown as ReportBody;
  const { gross, charges, net } = reportAgainstBook(report, shown).booked;
  return { ...report, pnl: { ...report.pnl, gross: gross / 100, charges: charges / 100, net: net / 100 }, ...changes };
}

const invariants = (shown: SimulatorBook, report: ReportBody | null) =>
  judge(shown, report).failures.map(({ invariant }) => invariant);

describe('the book of a day', () => {
  it('that was traded once, hedged and left, breaks nothing', () => {
    const shown = book(wholeDay());
    expect(judge(shown, reportOf(shown))).toEqual({
      ...{ duplicates: 0, nakedSeconds: 0, notFlat: false, traded: true, failures: [] },
    });
  });

  it('with a tag twice is found out; orders of the broker itself have none', () => {
    const [first, ...rest] = wholeDay();
    if (!first) throw new Error('no order');
    const again = order('hedge', 'SELL', '15:20:00', { tag: first.tag });
    expect(duplicateTags(book([first, ...rest, again]))).toEqual([first.tag]);
    expect(
      duplicateTags(
        book([
          { ...first, tag: null },
          { ...again, tag: null },
        ]),
      ),
    ).toEqual([]);
  });

  it('is naked from the sale until the hedge is there, in market seconds', () => {
    const [hedge, main, ...rest] = wholeDay();
    if (!hedge || !main) throw new Error('no order');
    const late = { ...hedge, fills: hedge.fills.map((fill) => ({ ...fill, at: '2025-07-14T11:15:10.500+05:30' })) };
    expect(exposureOf(book([main, late, ...rest]))).toMatchObject({
      ...{ nakedSeconds: 6.5, naked: ['750 units sold without a hedge at 2025-07-14T11:15:04.000+05:30'] },
    });
  });

  it('is naked to the close when the hedge never comes', () => {
    expect(exposureOf(book([order('main', 'SELL', '15:29:00')])).nakedSeconds).toBe(60);
  });

  it('counts one fill a unit too many on each side', () => {
    const shown = book([
      ...wholeDay(),
      order('main', 'BUY', '15:16:00', { quantity: 75 }),
      order('hedge', 'SELL', '15:16:01', { quantity: 75 }),
    ]);
    const { overBought, overSold } = exposureOf(shown);
    expect(overBought[0]).toContain(`75 more of ${MAIN} bought back than sold`);
    expect(overSold[0]).toContain(`75 more of ${HEDGE} sold than held`);
    expect(invariants(shown, reportOf(shown))).toEqual([
      'more bought back than sold',
      'more of a hedge sold than held',
    ]);
  });

  it('is not flat with a position, nor with an order that rests', () => {
    expect(isFlat(book(wholeDay()))).toBe(true);
    expect(isFlat(book(wholeDay(), -75))).toBe(false);
    expect(isFlat(book(wholeDay().map((one) => ({ ...one, status: 'TRIGGER PENDING' }))))).toBe(false);
  });
});

describe('the report of a day', () => {
  it('may say not_flat of a book that is not flat: that is counted, and fails nothing', () => {
    const shown = book(wholeDay(), -75);
    expect(judge(shown, reportOf(shown, { result: 'not_flat' }))).toMatchObject({ notFlat: true, failures: [] });
  });

  it.each([
    ['never comes', () => null],
    ['says flat of a book that is not', (shown: SimulatorBook) => reportOf({ ...shown, positions: [] })],
    ['lacks a trade', (shown: SimulatorBook) => ({ ...reportOf(shown), result: 'not_flat' as const, trades: [] })],
  ])('that %s fails', (_, told) => {
    const shown = book(wholeDay(), -75);
    expect(invariants(shown, told(shown))).toEqual(['the report']);
  });

  it('has the broker’s fee of 59.00 for what the broker itself squared off', () => {
    const [first, second, third, hedgeSale] = wholeDay();
    if (!first || !second || !third || !hedgeSale) throw new Error('no order');
    const ours = book([first, second, third, hedgeSale]);
    const theirs = book([first, second, third, { ...hedgeSale, tag: null }]);
    const charges = (shown: SimulatorBook) => reportAgainstBook(reportOf(shown), shown).booked.charges;
    expect(charges(theirs) - charges(ours)).toBe(59_00);
  });

  it('that says not_flat of a flat book fails', () => {
    const shown = book(wholeDay());
    expect(invariants(shown, reportOf(shown, { result: 'not_flat' }))).toEqual(['the report']);
  });
});

describe('the plan of kills', () => {
  const days = Array.from({ length: 200 }, (_, index) => planDay(7, index + 1));
  const share = (is: (kill: Kill) => boolean) => {
    const kills = days.flatMap((day) => day.kills);
    return kills.filter(is).length / kills.length;
  };

  it('is the same for a seed and a day, and another for another', () => {
    expect(planDay(7, 3)).toEqual(planDay(7, 3));
    expect(planDay(7, 3)).not.toEqual(planDay(8, 3));
    expect(planDay(7, 3).kills).not.toEqual(planDay(7, 4).kills);
  });

  it('has every victim, both signals and every moment often, and no second worker on a day with one', () => {
    for (const victim of ['worker 1', 'worker 2', 'api', 'temporal', 'exchange'])
      expect([victim, share((kill) => kill.victim === victim) > 0.05]).toEqual([victim, true]);
    for (const at of ['before', 'after', 'random'])
      expect([at, share(({ moment }) => moment.at === at) > 0.15]).toEqual([at, true]);
    for (const signal of ['SIGKILL', 'SIGSTOP'])
      expect([signal, share((kill) => kill.signal === signal) > 0.3]).toEqual([signal, true]);
    const alone = days.filter(({ workers }) => workers === 1).flatMap(({ kills }) => kills);
    expect(alone.filter(({ victim }) => victim === 'worker 2')).toEqual([]);
  });
});
