import { describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { priceProtection, protectedPrice, triggerRange } from '../../../src/exchange-simulator/core/price-rules.ts';
import type { SimOrderRequest } from '../../../src/exchange-simulator/core/types.ts';
import { arrived, lastPrice, modify, moveTo, open, PUT, place, quoteOf, refusal, request } from './core-fixture.ts';

/** Deep enough in the money for a lower circuit of more than nothing. */
const DEEP_PUT = 'NIFTY2571727150PE';
const OUTSIDE_PROTECTION = 'Price exceeds circuit limits for the instrument. Place an order within the daily range.';

type Row = [rule: string, changes: Partial<SimOrderRequest>, errorType: string, words: RegExp];

const REFUSED_AT_ONCE: Row[] = [
  ['an unknown symbol', { tradingsymbol: 'NIFTY2571525000PE' }, 'InputException', /expired or does not exist/],
  ['the index itself', { exchange: 'NSE', tradingsymbol: 'NIFTY 50' }, 'InputException', /expired or does not exist/],
  ['a quantity that is no multiple of the lot', { quantity: 65 }, 'InputException', /multiples of the lot size 75/],
  ['a quantity of nothing', { quantity: 0 }, 'InputException', /quantity/],
  ['a quantity above the freeze quantity', { quantity: 1_875 }, 'InputException', /freeze quantity of 1800/],
  ['a price off the tick', { price: 6_001 }, 'InputException', /Tick size for this script is 0\.05/],
  ['a limit order without a price', { price: 0 }, 'InputException', /price/],
  ['a tag of more than 20 characters', { tag: 'A'.repeat(21) }, 'InputException', /tag/],
  ['SL-M on an option', { orderType: 'SL-M', triggerPrice: 9_000 }, 'OrderException', /SL-M/],
  ['MARKET without protection', { orderType: 'MARKET', price: 0 }, 'InputException', /market protection/],
  [
    'MARKET with a protection of 0',
    { orderType: 'MARKET', price: 0, marketProtection: 0 },
    'InputException',
    /market protection/,
  ],
  [
    'a protection above 100',
    { orderType: 'MARKET', price: 0, marketProtection: 101 },
    'InputException',
    /market_protection/,
  ],
  ['an unknown order type', { orderType: 'ICEBERG' }, 'InputException', /order_type/],
  ['a product of the cash market', { product: 'CNC' }, 'InputException', /product/],
  ['a validity that is not offered', { validity: 'TTL' }, 'InputException', /validity/],
  ['a variety that is not offered', { variety: 'amo' }, 'InputException', /regular/],
  [
    'a stop-loss buy whose trigger is above its limit',
    { orderType: 'SL', triggerPrice: 9_005, price: 9_000 },
    'InputException',
    /cannot be above the limit price/,
  ],
  [
    'a stop-loss sell whose trigger is below its limit',
    { side: 'SELL', orderType: 'SL', triggerPrice: 4_000, price: 4_005 },
    'InputException',
    /cannot be below the limit price/,
  ],
  ['a stop-loss order without a trigger', { orderType: 'SL' }, 'InputException', /trigger_price/],
];

describe('refused at once, without an order id', () => {
  it.each(REFUSED_AT_ONCE)('%s', async (_rule, changes, errorType, words) => {
    const exchange = await open();
    expect(refusal(() => exchange.place(request(changes)))).toEqual({
      status: 400,
      errorType,
      message: expect.stringMatching(words),
    });
    expect(exchange.allOrders()).toEqual([]);
  });

  describe('by the day’s price range and the last price, in the broker’s words', () => {
    const CLOSE_TO = /^Your order price is/;

    it.each([
      [
        'a limit above it',
        { price: 5 },
        'upper',
        /^Your order price is higher than the current \[upper circuit limit\]\(/,
      ],
      [
        'a sell above it, which endangers nobody',
        { price: 5, side: 'SELL' },
        'upper',
        /^Your order price is higher than the current \[upper circuit limit\]\(/,
      ],
      [
        'a stop whose trigger is above it',
        { orderType: 'SL', triggerPrice: 5, price: 10 },
        'upper',
        /^Trigger price for stoploss buy orders cannot be above the upper circuit price\. .* with trigger price below /,
      ],
      [
        'a stop whose limit is above it',
        { orderType: 'SL', triggerPrice: -5, price: 5 },
        'upper',
        /^Price for stoploss buy orders cannot be above the upper circuit price\. .* with price below /,
      ],
      [
        'a limit below it',
        { tradingsymbol: DEEP_PUT, price: -5 },
        'lower',
        /^Your order price is lower than the current \[lower circuit limit\]\(/,
      ],
      [
        'a sell stop whose trigger is below it',
        { tradingsymbol: DEEP_PUT, side: 'SELL', orderType: 'SL', triggerPrice: -5, price: -10 },
        'lower',
        /^Trigger price for stoploss sell orders cannot be below the lower circuit price\. .* with trigger price above /,
      ],
    ] as const)('%s', async (_what, { price, ...changes }, bound, words) => {
      const exchange = await open();
      const symbol = 'tradingsymbol' in changes ? changes.tradingsymbol : PUT;
      const { upperCircuit, lowerCircuit } = quoteOf(exchange, symbol);
      const from = bound === 'upper' ? upperCircuit : lowerCircuit;
      const terms = {
        ...changes,
        price: from + price,
        triggerPrice: 'triggerPrice' in changes ? from + changes.triggerPrice : 0,
      };
      expect(refusal(() => exchange.place(request(terms)))).toEqual({
        status: 400,
        errorType: 'InputException',
        message: expect.stringMatching(words),
      });
      expect(exchange.allOrders()).toEqual([]);
    });

    it('but the range itself is taken', async () => {
      const exchange = await open();
      expect(await place(exchange, { side: 'SELL', price: quoteOf(exchange).upperCircuit })).toMatchObject({
        status: 'OPEN',
      });
    });

    it('a stop whose trigger the last price has reached: bought at or below it, sold at or above it', async () => {
      const exchange = await open();
      const last = lastPrice(exchange);
      const words = (kind: string, where: string) => ({
        status: 400,
        errorType: 'InputException',
        message: `Trigger price for stoploss ${kind} orders should be ${where} than the last traded price (${(last / 100).toFixed(2)}). Try limit order.`,
      });
      const buy = request({ orderType: 'SL', triggerPrice: last, price: last + 100 });
      expect(refusal(() => exchange.place(buy))).toEqual(words('buy', 'higher'));
      const sell = request({ side: 'SELL', orderType: 'SL', triggerPrice: last, price: last - 100 });
      expect(refusal(() => exchange.place(sell))).toEqual(words('sell', 'lower'));
      expect(exchange.allOrders()).toEqual([]);
      const above = await place(exchange, { orderType: 'SL', triggerPrice: last + 5, price: last + 100 });
      expect(above).toMatchObject({ status: 'TRIGGER PENDING' });
    });

    it('a modification to such terms: the order stays as it is, and none of its 25 is used', async () => {
      const exchange = await open();
      const { upperCircuit, lastPrice: last } = quoteOf(exchange);
      const stop = await place(exchange, { orderType: 'SL', triggerPrice: last + 2_000, price: last + 2_500 });
      const beyond = { orderType: 'LIMIT', price: upperCircuit + 5, triggerPrice: 0 };
      expect(refusal(() => exchange.modify(stop.orderId, beyond))).toMatchObject({
        errorType: 'InputException',
        message: expect.stringMatching(CLOSE_TO),
      });
      const reached = { triggerPrice: last, price: last + 100 };
      expect(refusal(() => exchange.modify(stop.orderId, reached))).toMatchObject({
        errorType: 'InputException',
        message: expect.stringContaining('higher than the last traded price'),
      });
      expect(exchange.order(stop.orderId)).toEqual(stop);
    });

    it('but not a triggered stop’s new price, which is a limit’s', async () => {
      const exchange = await open();
      const last = lastPrice(exchange);
      const stop = await place(exchange, { orderType: 'SL', triggerPrice: last + 5, price: last + 10 });
      exchange.addFault({ kind: 'price_shift', count: 1, points: 5 });
      moveTo(exchange, '11:15:02');
      expect(exchange.order(stop.orderId)).toMatchObject({ status: 'OPEN', orderType: 'SL' });
      expect(await modify(exchange, stop.orderId, { price: last + 15 })).toMatchObject({ price: last + 15 });
    });
  });

  it('but a tag of 20, the freeze quantity and one tick are taken', async () => {
    const exchange = await open();
    const order = await place(exchange, { tag: 'A'.repeat(20), quantity: 1_800, price: 5 });
    expect(order).toMatchObject({ status: 'OPEN', tag: 'A'.repeat(20) });
  });

  it.each([
    ['before 09:15', '2025-07-14', '09:14:59'],
    ['from 15:30 on', '2025-07-14', '15:30'],
    ['on a Saturday', '2025-07-12', '11:00'],
  ])('any order %s', async (_when, date, time) => {
    const exchange = await open({ at: istAt(date, time) });
    expect(refusal(() => exchange.place(request({ product: 'NRML' })))).toMatchObject({
      errorType: 'OrderException',
      message: expect.stringContaining('closed'),
    });
  });

  it('a new MIS order from the broker’s square-off on, while NRML goes on', async () => {
    const exchange = await open({ time: '15:25' });
    expect(refusal(() => exchange.place(request())).message).toContain('MIS');
    expect((await place(exchange, { product: 'NRML', price: 7_000 })).status).toBe('COMPLETE');
  });
});

describe('acknowledged and then rejected', () => {
  it('a buy above the price protection, in words that speak of the circuit', async () => {
    const exchange = await open();
    const order = await place(exchange, { price: Math.ceil((lastPrice(exchange) * 1.45) / 5) * 5 });
    expect(order).toMatchObject({ status: 'REJECTED', filledQuantity: 0, pendingQuantity: 0, cancelledQuantity: 0 });
    expect(order.statusMessage).toBe(OUTSIDE_PROTECTION);
  });

  it('a sell below the price protection', async () => {
    const exchange = await open();
    const order = await place(exchange, { side: 'SELL', price: Math.floor((lastPrice(exchange) * 0.55) / 5) * 5 });
    expect(order).toMatchObject({ status: 'REJECTED' });
    expect(order.statusMessage).toBe(OUTSIDE_PROTECTION);
  });

  it('but not a buy far below the market, which endangers nobody', async () => {
    const exchange = await open();
    expect(await place(exchange, { price: 500 })).toMatchObject({ status: 'OPEN' });
  });

  it('a market order whose protection lies beyond the day’s range', async () => {
    const exchange = await open();
    const { upperCircuit, lastPrice: last } = quoteOf(exchange);
    exchange.addFault({ kind: 'price_shift', count: 1, points: (upperCircuit - last) / 100 });
    const order = await place(exchange, { orderType: 'MARKET', price: 0, marketProtection: 2 });
    expect(order).toMatchObject({ status: 'REJECTED', statusMessage: expect.stringContaining('upper circuit limit') });
  });

  it('a stop whose trigger is reached on its way to the exchange', async () => {
    const exchange = await open({ latency: { minMs: 100, maxMs: 100 } });
    const last = lastPrice(exchange);
    const { orderId } = exchange.place(request({ orderType: 'SL', triggerPrice: last + 5, price: last + 100 }));
    exchange.addFault({ kind: 'price_shift', count: 1, points: 5 });
    const order = await arrived(exchange, orderId);
    expect(order).toMatchObject({
      status: 'REJECTED',
      statusMessage: expect.stringContaining('higher than the last traded price'),
    });
  });

  it('a stop whose limit is too far from its trigger: 20 %, or 10 rupees up to 50', async () => {
    const exchange = await open();
    const far = await place(exchange, { orderType: 'SL', triggerPrice: 10_000, price: 12_005 });
    expect(far).toMatchObject({ status: 'REJECTED' });
    expect(far.statusMessage).toContain('of the trigger price');
    const near = await place(exchange, { orderType: 'SL', triggerPrice: 10_000, price: 12_000 });
    expect(near).toMatchObject({ status: 'TRIGGER PENDING' });
    const cheap = { tradingsymbol: 'NIFTY2571724800PE', orderType: 'SL', triggerPrice: 3_000 };
    expect(await place(exchange, { ...cheap, price: 4_005 })).toMatchObject({ status: 'REJECTED' });
    expect(await place(exchange, { ...cheap, price: 4_000 })).toMatchObject({ status: 'TRIGGER PENDING' });
  });

  it('also by a modification', async () => {
    const exchange = await open();
    const resting = await place(exchange, { price: 4_000 });
    const same = await modify(exchange, resting.orderId, { price: 20_000 });
    expect(same).toMatchObject({ status: 'OPEN', price: 4_000 });
    expect(same.statusMessage).toBe(OUTSIDE_PROTECTION);
  });

  it('what reaches the exchange after the close', async () => {
    const exchange = await open({ time: '15:29:59', latency: { minMs: 150, maxMs: 150 } });
    const { orderId } = exchange.place(request({ product: 'NRML' }));
    exchange.clock.set({ speed: 100 });
    await expect.poll(() => exchange.order(orderId)?.status).toMatch(/CANCELLED|REJECTED/);
    moveTo(exchange, '15:31');
    expect(exchange.order(orderId)?.filledQuantity).toBe(0);
  });
});

describe('the exchange’s price rules', () => {
  it('allow 40 % around a premium above 50 rupees, and 20 rupees around one up to 50', () => {
    expect(priceProtection(10_000)).toEqual({ lower: 6_000, upper: 14_000 });
    expect(priceProtection(5_000)).toEqual({ lower: 3_000, upper: 7_000 });
    expect(priceProtection(1_000)).toEqual({ lower: 0, upper: 3_000 });
  });

  it('allow 20 % between trigger and limit, and 10 rupees up to a trigger of 50', () => {
    expect(triggerRange(10_000)).toBe(2_000);
    expect(triggerRange(5_000)).toBe(1_000);
    expect(triggerRange(1_000)).toBe(1_000);
  });

  it('turn a protection into a limit beyond the last price, rounded away from it to the tick', () => {
    expect(protectedPrice('BUY', 6_340, 3, 5)).toBe(6_535);
    expect(protectedPrice('SELL', 6_340, 3, 5)).toBe(6_145);
    expect(protectedPrice('BUY', 10_000, 3, 5)).toBe(10_300);
    expect(protectedPrice('SELL', 5, 50, 5)).toBe(5);
  });
});

describe('a far hedge in NRML', () => {
  const hedge = { tradingsymbol: 'NIFTY2571724800PE', product: 'NRML', price: 2_000 };
  const restricted = { kind: 'refuse_far_hedge', count: 9 };

  it('is refused at once before its short exists, where that is asked for', async () => {
    const exchange = await open();
    exchange.addFault(restricted);
    expect(refusal(() => exchange.place(request(hedge)))).toEqual({
      status: 400,
      errorType: 'InputException',
      message: 'Strike price is outside the allowed range. Try a strike closer to the spot price.',
    });
    expect(exchange.allOrders()).toEqual([]);
    expect(await place(exchange, { ...hedge, product: 'MIS' })).toMatchObject({ status: 'COMPLETE' });
  });

  it('is taken nearer to the index, and when it covers a short', async () => {
    const exchange = await open();
    exchange.addFault(restricted);
    expect(await place(exchange, { ...hedge, tradingsymbol: PUT, price: 7_000 })).toMatchObject({ status: 'COMPLETE' });
    exchange.foreignTrade({ tradingsymbol: 'NIFTY2571725050PE', product: 'NRML', side: 'SELL', quantity: 75 });
    expect(await place(exchange, hedge)).toMatchObject({ status: 'COMPLETE' });
  });
});
