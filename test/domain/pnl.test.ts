import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderCharges, sumCharges } from '../../src/domain/charges.ts';
import { type FilledOrder, pnlOf } from '../../src/domain/pnl.ts';

const date = '2025-07-14';
let clock = 0;
const order = (
  tradingsymbol: string,
  side: 'BUY' | 'SELL',
  ...fills: [quantity: number, price: number][]
): FilledOrder => ({
  tradingsymbol,
  side,
  fills: fills.map(([quantity, price]) => {
    clock += 1;
    return { quantity, price, at: clock };
  }),
});

describe('profit and loss', () => {
  it('of a whole position is what was sold less what was bought, less the charges of every order', () => {
    const orders = [
      order('HEDGE', 'BUY', [450, 19_60], [300, 19_65]),
      order('MAIN', 'SELL', [750, 53_75]),
      order('MAIN', 'BUY', [750, 40_00]),
      order('HEDGE', 'SELL', [750, 15_05]),
    ];
    const { gross, charges, net } = pnlOf(orders, date);
    expect(gross).toBe(750 * (53_75 - 40_00) + 750 * 15_05 - 450 * 19_60 - 300 * 19_65);
    expect(charges).toEqual(
      sumCharges([
        orderCharges({ date, side: 'BUY', turnover: 450 * 19_60 + 300 * 19_65 }),
        orderCharges({ date, side: 'SELL', turnover: 750 * 53_75 }),
        orderCharges({ date, side: 'BUY', turnover: 750 * 40_00 }),
        orderCharges({ date, side: 'SELL', turnover: 750 * 15_05 }),
      ]),
    );
    expect(net).toBe(gross - charges.total);
  });

  it('counts what is still open only with its charges', () => {
    const { gross, charges } = pnlOf([order('MAIN', 'SELL', [750, 53_75])], date);
    expect(gross).toBe(0);
    expect(charges.total).toBeGreaterThan(0);
  });

  it('is realised first in, first out', () => {
    const orders = [order('MAIN', 'SELL', [75, 50_00], [75, 60_00]), order('MAIN', 'BUY', [100, 40_00])];
    expect(pnlOf(orders, date).gross).toBe(75 * 10_00 + 25 * 20_00);
  });

  it('keeps contracts apart', () => {
    const orders = [order('A', 'SELL', [75, 50_00]), order('B', 'BUY', [75, 10_00])];
    expect(pnlOf(orders, date).gross).toBe(0);
  });

  it('charges nothing for an order without a fill', () => {
    expect(pnlOf([order('A', 'SELL')], date)).toMatchObject({ gross: 0, net: 0, charges: { total: 0 } });
  });

  it('of a flat book is the cash of all fills, whatever their order and sizes', () => {
    const fill = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 5, max: 500_00 }));
    const trade = fc.record({ sells: fc.boolean(), fill });
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 30 }), (trades) => {
        const orders = trades.map(({ sells, fill: one }) => order('A', sells ? 'SELL' : 'BUY', one));
        const sign = (side: string) => (side === 'SELL' ? 1 : -1);
        const fills = orders.flatMap((one) => one.fills.map((part) => ({ ...part, sign: sign(one.side) })));
        const net = fills.reduce((sum, part) => sum - part.sign * part.quantity, 0);
        if (net !== 0) orders.push(order('A', net > 0 ? 'SELL' : 'BUY', [Math.abs(net), 100_00]));
        const cash = orders.flatMap((one) => one.fills.map((part) => sign(one.side) * part.quantity * part.price));
        expect(pnlOf(orders, date).gross).toBe(cash.reduce((sum, value) => sum + value, 0));
      }),
    );
  });
});
