import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarError } from '../../src/domain/calendar/index.ts';
import { exerciseCharges, orderCharges, sumCharges } from '../../src/domain/charges.ts';

const sold = { date: '2026-06-01', side: 'SELL', turnover: 65 * 100_00 } as const;
const bought = { date: '2026-06-01', side: 'BUY', turnover: 65 * 50_00 } as const;

const orders = fc.record({
  date: fc.constantFrom('2021-04-01', '2023-03-31', '2024-10-01', '2025-07-14', '2026-04-01', '2026-12-31'),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  turnover: fc.integer({ min: 5, max: 5_000_000_00 }),
});

describe('the charges of one order', () => {
  it('selling 65 at 100 costs 20 + 9.75 + 2.31 + 0.01 + 4.02 before STT is rounded', () => {
    // These lines add up to 36.09; the figure of 36.08 rounds their exact sum.
    expect(orderCharges(sold, 'unrounded')).toEqual({
      brokerage: 20_00,
      stt: 9_75,
      transaction: 2_31,
      sebi: 1,
      stamp: 0,
      gst: 4_02,
      total: 36_09,
    });
  });
  it('buying 65 at 50 costs 20 + 1.15 + 0.00 + 0.10 + 3.81 = 25.06', () => {
    expect(orderCharges(bought)).toEqual({
      brokerage: 20_00,
      stt: 0,
      transaction: 1_15,
      sebi: 0,
      stamp: 10,
      gst: 3_81,
      total: 25_06,
    });
  });
  it('of the broker’s own square-off are 50 more, with GST', () => {
    const own = orderCharges({ ...bought, squareOff: true });
    expect(own.brokerage).toBe(70_00);
    expect(own.total - orderCharges(bought).total).toBe(59_00);
  });
  it('has STT in whole rupees, half up', () => {
    expect(orderCharges(sold).stt).toBe(10_00);
    expect(orderCharges({ ...sold, turnover: 300_00 }).stt).toBe(0);
    // 0.15 % of 333.33 is just under half a rupee, of 333.34 just over it.
    expect(orderCharges({ ...sold, turnover: 333_33 }).stt).toBe(0);
    expect(orderCharges({ ...sold, turnover: 333_34 }).stt).toBe(1_00);
    expect(orderCharges({ ...sold, turnover: 1_000_00 }).stt).toBe(2_00);
  });

  it.each([
    ['2023-03-31', 50_00],
    ['2023-04-01', 62_50],
    ['2024-09-30', 62_50],
    ['2024-10-01', 100_00],
    ['2026-03-31', 100_00],
    ['2026-04-01', 150_00],
  ])('sold on %s: STT of %i paise on a lakh of premium', (date, stt) => {
    expect(orderCharges({ date, side: 'SELL', turnover: 100_000_00 }, 'unrounded').stt).toBe(stt);
  });
  it.each([
    ['2024-09-30', 49_50],
    ['2024-10-01', 35_53],
    ['2026-03-01', 35_53],
  ])('on %s: transaction charge of %i paise on a lakh of premium, either side', (date, transaction) => {
    for (const side of ['BUY', 'SELL'] as const) {
      expect(orderCharges({ date, side, turnover: 100_000_00 }).transaction).toBe(transaction);
    }
  });
  it('has a SEBI fee of ten rupees a crore, and stamp of 0.003 % on the buyer', () => {
    const crore = { date: '2025-07-14', turnover: 10_000_000_00 };
    expect(orderCharges({ ...crore, side: 'BUY' })).toMatchObject({ sebi: 10_00, stamp: 300_00 });
    expect(orderCharges({ ...crore, side: 'SELL' })).toMatchObject({ sebi: 10_00, stamp: 0 });
  });
  it('is refused outside the dated tables', () => {
    expect(() => orderCharges({ ...sold, date: '2027-01-01' })).toThrow(CalendarError);
    expect(() => orderCharges({ ...sold, date: '2021-03-31' })).toThrow(CalendarError);
  });

  it('is whole paise, and its total the sum of its lines', () => {
    fc.assert(
      fc.property(orders, (order) => {
        const { total, ...lines } = orderCharges(order);
        const values = Object.values(lines);
        expect(values.every((line) => Number.isInteger(line) && line >= 0)).toBe(true);
        expect(values.reduce((sum, line) => sum + line, 0)).toBe(total);
      }),
    );
  });
  it('adds up over orders, line by line', () => {
    fc.assert(
      fc.property(fc.array(orders, { maxLength: 20 }), (many) => {
        const all = many.map((order) => orderCharges(order));
        const { total, ...lines } = sumCharges(all);
        expect(total).toBe(all.reduce((sum, one) => sum + one.total, 0));
        expect(Object.values(lines).reduce((sum, line) => sum + line, 0)).toBe(total);
      }),
    );
  });
});

describe('a long option that expires in the money', () => {
  it.each([
    ['2025-07-17', 125_00],
    ['2026-04-07', 150_00],
  ])('on %s pays STT of %i paise on a lakh of intrinsic value, and nothing else', (date, stt) => {
    const charges = exerciseCharges(date, 100_000_00);
    expect(charges).toMatchObject({ stt, total: stt, brokerage: 0, gst: 0 });
  });
});
