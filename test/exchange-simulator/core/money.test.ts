import { describe, expect, it } from 'vitest';
import { orderCharges } from '../../../src/domain/charges.ts';
import type { OptionContract } from '../../../src/domain/types.ts';
import { portfolioMargin } from '../../../src/exchange-simulator/core/margin.ts';
import type { SimOrder } from '../../../src/exchange-simulator/core/types.ts';
import { FAR_PUT, lastPrice, moveTo, open, PUT, place, request } from './core-fixture.ts';

const contract = (strike: number, optionType: 'CE' | 'PE', expiry = '2025-07-17'): OptionContract => ({
  exchange: 'NFO',
  tradingsymbol: `${expiry}${strike}${optionType}`,
  instrumentToken: strike,
  name: 'NIFTY',
  expiry,
  strike: strike * 100,
  optionType,
  lotSize: 75,
  tickSize: 5,
});
const INDEX = 2_500_000;
const NOTIONAL_2_PERCENT = 50_000 * 750;

describe('margin of a portfolio', () => {
  it('is the worst loss between the strikes and 2 % of the notional for a covered short', () => {
    const spread = [
      { contract: contract(24_800, 'PE'), quantity: 750 },
      { contract: contract(25_000, 'PE'), quantity: -750 },
    ];
    expect(portfolioMargin(spread, INDEX)).toEqual({ span: 20_000 * 750, exposure: NOTIONAL_2_PERCENT });
  });

  it('is 12 % of the notional for an uncovered one', () => {
    const { span, exposure } = portfolioMargin([{ contract: contract(25_000, 'PE'), quantity: -750 }], INDEX);
    expect(span + exposure).toBe(0.12 * INDEX * 750);
  });

  it('covers a short by units: half a hedge leaves half of it uncovered', () => {
    const half = [
      { contract: contract(24_800, 'PE'), quantity: 375 },
      { contract: contract(25_000, 'PE'), quantity: -750 },
    ];
    expect(portfolioMargin(half, INDEX).span).toBe(20_000 * 375 + 250_000 * 375);
  });

  it.each([
    ['the other type', contract(24_800, 'CE')],
    ['another expiry', contract(24_800, 'PE', '2025-07-24')],
  ])('does not take a long of %s for a hedge', (_which, long) => {
    const mixed = [
      { contract: long, quantity: 750 },
      { contract: contract(25_000, 'PE'), quantity: -750 },
    ];
    expect(portfolioMargin(mixed, INDEX).span).toBe(250_000 * 750);
  });

  it('is nothing between strikes that can only win, and nothing for longs', () => {
    const itm = [
      { contract: contract(25_200, 'PE'), quantity: 75 },
      { contract: contract(25_000, 'PE'), quantity: -75 },
    ];
    expect(portfolioMargin(itm, INDEX).span).toBe(0);
    expect(portfolioMargin([{ contract: contract(25_000, 'CE'), quantity: 75 }], INDEX)).toEqual({
      span: 0,
      exposure: 0,
    });
  });
});

describe('an order that cannot be paid for', () => {
  it('is rejected after it was acknowledged, with both figures', async () => {
    const exchange = await open();
    const short = await place(exchange, { side: 'SELL', quantity: 750, price: 5_000 });
    expect(short).toMatchObject({ status: 'REJECTED', filledQuantity: 0 });
    expect(short.statusMessage).toMatch(
      /^Insufficient funds\. Required margin is \d+\.\d\d but available margin is 1500000\.00\. Check the orderbook/,
    );
  });

  it('is taken when its hedge is held', async () => {
    const exchange = await open();
    expect((await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 3_000 })).status).toBe('COMPLETE');
    expect((await place(exchange, { side: 'SELL', quantity: 750, price: 5_000 })).status).toBe('COMPLETE');
  });

  it('counts a hedge only once it is filled', async () => {
    const exchange = await open();
    await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 500 });
    expect((await place(exchange, { side: 'SELL', quantity: 750, price: 5_000 })).status).toBe('REJECTED');
  });

  it('is the sale of a hedge while its short is open', async () => {
    const exchange = await open();
    await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 3_000 });
    await place(exchange, { side: 'SELL', quantity: 750, price: 5_000 });
    const naked = await place(exchange, { tradingsymbol: FAR_PUT, side: 'SELL', quantity: 750, price: 500 });
    expect(naked.status).toBe('REJECTED');
    expect((await place(exchange, { quantity: 750, price: 8_000 })).status).toBe('COMPLETE');
    const after = await place(exchange, { tradingsymbol: FAR_PUT, side: 'SELL', quantity: 750, price: 500 });
    expect(after.status).toBe('COMPLETE');
  });

  it('is never the buying back of a short, however little cash there is', async () => {
    const exchange = await open({ cash: 100_000 });
    exchange.foreignTrade({ tradingsymbol: PUT, product: 'MIS', side: 'SELL', quantity: 750 });
    expect((await place(exchange, { quantity: 750, price: 8_000 })).status).toBe('COMPLETE');
    expect((await place(exchange, { quantity: 750, price: 8_000 })).status).toBe('REJECTED');
  });

  it('counts what other live orders have reserved', async () => {
    const exchange = await open({ cash: 75 * 6_000 });
    expect((await place(exchange, { price: 4_000 })).status).toBe('OPEN');
    expect((await place(exchange, { price: 4_000 })).status).toBe('REJECTED');
  });
});

describe('cash', () => {
  const spent = (order: SimOrder) => order.fills.reduce((sum, fill) => sum + fill.price * fill.quantity, 0);

  it('starts with 1,500,000 rupees', async () => {
    const exchange = await open();
    expect(exchange.cash()).toMatchObject({ opening: 150_000_000, available: 150_000_000, used: 0 });
  });

  it('pays for a long and blocks margin for a short', async () => {
    const exchange = await open();
    const hedge = await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 3_000 });
    expect(exchange.cash()).toMatchObject({ available: 150_000_000 - spent(hedge), premium: spent(hedge), span: 0 });
    const main = await place(exchange, { side: 'SELL', quantity: 750, price: 5_000 });
    const cash = exchange.cash();
    expect(cash.span).toBe(20_000 * 750);
    expect(cash.available).toBe(150_000_000 - spent(hedge) + spent(main) - cash.span - cash.exposure);
    expect(cash.used).toBe(cash.opening - cash.available);
  });

  it('of the next day has paid the charges of the last one', async () => {
    const exchange = await open();
    const bought = await place(exchange, { quantity: 75, price: 8_000 });
    const sold = await place(exchange, { side: 'SELL', quantity: 75, price: 5_000 });
    moveTo(exchange, '08:45', '2025-07-15');
    const charges =
      orderCharges({ date: '2025-07-14', side: 'BUY', turnover: spent(bought) }).total +
      orderCharges({ date: '2025-07-14', side: 'SELL', turnover: spent(sold) }).total;
    expect(exchange.cash().opening).toBe(150_000_000 - spent(bought) + spent(sold) - charges);
  });
});

describe('margin of a basket', () => {
  it('shows the end of it and the peak on the way, in the order given', async () => {
    const exchange = await open();
    const hedge = request({ tradingsymbol: FAR_PUT, quantity: 750, price: 1_800 });
    const main = request({ side: 'SELL', quantity: 750, price: 6_300 });
    const hedgeFirst = exchange.margin([hedge, main], true);
    expect(hedgeFirst.final.span).toBe(20_000 * 750);
    expect(hedgeFirst.final.optionPremium).toBe(1_800 * 750);
    expect(hedgeFirst.initial).toEqual(hedgeFirst.final);
    const shortFirst = exchange.margin([main, hedge], true);
    expect(shortFirst.final).toEqual(hedgeFirst.final);
    expect(shortFirst.initial.total).toBeGreaterThan(shortFirst.final.total);
    expect(hedgeFirst.each[0]).toMatchObject({ span: 0, total: 1_800 * 750 });
    expect(hedgeFirst.each[1]?.total).toBe(shortFirst.initial.total);
  });

  it('takes the last price where an order has none', async () => {
    const exchange = await open();
    const { final } = exchange.margin([request({ orderType: 'MARKET', price: 0 })], true);
    expect(final.optionPremium).toBe(lastPrice(exchange) * 75);
  });

  it('counts the positions that are held, if asked to', async () => {
    const exchange = await open();
    await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 3_000 });
    const main = request({ side: 'SELL', quantity: 750, price: 6_300 });
    expect(exchange.margin([main], true).final.span).toBe(20_000 * 750);
    expect(exchange.margin([main], false).final.span).toBeGreaterThan(20_000 * 750);
  });
});
