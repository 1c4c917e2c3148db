import { describe, expect, it } from 'vitest';
import { istAt, istTime } from '../../../src/domain/clock.ts';
import { FAR_PUT, lastPrice, moveTo, open, PUT, place, refusal, request, statuses } from './core-fixture.ts';

const spread = async (product: 'MIS' | 'NRML', exchange: Awaited<ReturnType<typeof open>>) => {
  await place(exchange, { tradingsymbol: FAR_PUT, quantity: 750, price: 3_000, product });
  await place(exchange, { side: 'SELL', quantity: 750, price: 5_000, product });
};
const quantities = (exchange: Awaited<ReturnType<typeof open>>) =>
  Object.fromEntries(exchange.positions().map(({ tradingsymbol, quantity }) => [tradingsymbol, quantity]));

/** A put near the index whose expiry is wanted. */
function nearPut(
  exchange: Awaited<ReturnType<typeof open>>,
  date: string,
  wanted: (expiry: string) => boolean,
): string {
  const index = lastPrice(exchange, 'NIFTY 50');
  const found = exchange
    .instruments(date)
    .find(
      (one) => one.kind === 'option' && one.optionType === 'PE' && wanted(one.expiry) && one.strike > index - 5_000,
    );
  if (!found) throw new Error(`no put near ${index}`);
  return found.tradingsymbol;
}

describe('the close', () => {
  it('cancels live DAY orders at 15:30 and says why', async () => {
    const exchange = await open();
    const limit = await place(exchange, { price: 1_000, product: 'NRML' });
    const stop = await place(exchange, { orderType: 'SL', triggerPrice: 20_000, price: 22_000, product: 'NRML' });
    moveTo(exchange, '15:29:59');
    expect(exchange.order(limit.orderId)?.status).toBe('OPEN');
    moveTo(exchange, '15:30');
    for (const { orderId } of [limit, stop]) {
      const order = exchange.order(orderId);
      expect(order).toMatchObject({ status: 'CANCELLED', statusMessage: 'DAY order cancelled at the close (15:30).' });
      expect(istTime(order?.updatedAt ?? 0)).toBe('15:30:00');
    }
  });
});

describe('a day’s candle of the index', () => {
  it('closes at the last price while the day goes on, and at the official close after it', async () => {
    const exchange = await open({ time: '15:29' });
    const nifty = exchange.find('NSE', 'NIFTY 50');
    const from = istAt('2025-07-11', '00:00');
    const closes = () =>
      nifty && exchange.candles(nifty, from, istAt('2025-07-14', '23:59'), 1_440).map(({ close }) => close);
    expect(closes()?.[0]).toBe(25_149_85);
    expect(closes()?.[1]).not.toBe(25_082_30);
    moveTo(exchange, '15:30');
    expect(closes()).toEqual([25_149_85, 25_082_30]);
  });
});

describe('the close by date', () => {
  it('is 15:40 from 3 August 2026 on', async () => {
    const date = '2026-09-16';
    const exchange = await open({ at: istAt(date, '15:35') });
    const tradingsymbol = nearPut(exchange, date, (expiry) => expiry > date);
    const price = Math.floor(lastPrice(exchange, tradingsymbol) / 10) * 5;
    const order = await place(exchange, { tradingsymbol, product: 'NRML', quantity: 65, price });
    moveTo(exchange, '15:39:59', date);
    expect(exchange.order(order.orderId)?.status).toBe('OPEN');
    moveTo(exchange, '15:40', date);
    expect(exchange.order(order.orderId)?.statusMessage).toContain('15:40');
  });

  it('comes at 15:30 for what expires, and at 15:45 for the rest, from 7 December 2026 on', async () => {
    const date = '2026-12-08';
    const exchange = await open({ at: istAt(date, '15:20') });
    const expiring = nearPut(exchange, date, (expiry) => expiry === date);
    const later = nearPut(exchange, date, (expiry) => expiry > date);
    for (const tradingsymbol of [expiring, later])
      exchange.foreignTrade({ tradingsymbol, product: 'NRML', side: 'BUY', quantity: 65, price: 1_000 });
    moveTo(exchange, '15:29:59', date);
    expect(quantities(exchange)).toEqual({ [expiring]: 65, [later]: 65 });
    moveTo(exchange, '15:31', date);
    expect(quantities(exchange)).toEqual({ [expiring]: 0, [later]: 65 });
    expect(
      refusal(() => exchange.place(request({ tradingsymbol: expiring, product: 'NRML', quantity: 65 }))),
    ).toMatchObject({ message: expect.stringContaining('closed') });
    const sold = await place(exchange, {
      ...{ tradingsymbol: later, product: 'NRML', side: 'SELL', quantity: 65 },
      price: lastPrice(exchange, later) - 200,
    });
    expect(sold.status).toBe('COMPLETE');
  });
});

describe('the broker’s square-off of MIS at 15:25', () => {
  it('closes both legs with orders of its own, shorts first', async () => {
    const exchange = await open();
    await spread('MIS', exchange);
    moveTo(exchange, '15:24:59');
    expect(quantities(exchange)).toEqual({ [PUT]: -750, [FAR_PUT]: 750 });
    moveTo(exchange, '15:26');
    expect(quantities(exchange)).toEqual({ [PUT]: 0, [FAR_PUT]: 0 });
    const own = exchange.orders().filter(({ source }) => source === 'broker');
    expect(own.map(({ tradingsymbol, side }) => [tradingsymbol, side])).toEqual([
      [PUT, 'BUY'],
      [FAR_PUT, 'SELL'],
    ]);
    expect(own.every(({ status, tag }) => status === 'COMPLETE' && tag === null)).toBe(true);
  });

  it('cancels live MIS orders first, so that nothing is bought twice', async () => {
    const exchange = await open();
    await spread('MIS', exchange);
    const stop = await place(exchange, { orderType: 'SL', quantity: 750, triggerPrice: 20_000, price: 22_000 });
    moveTo(exchange, '15:26');
    expect(exchange.order(stop.orderId)).toMatchObject({ status: 'CANCELLED', filledQuantity: 0 });
    expect(quantities(exchange)[PUT]).toBe(0);
  });

  it('leaves NRML positions and their orders alone', async () => {
    const exchange = await open();
    await spread('NRML', exchange);
    const stop = await place(exchange, { orderType: 'SL', triggerPrice: 20_000, price: 22_000, product: 'NRML' });
    moveTo(exchange, '15:26');
    expect(quantities(exchange)).toEqual({ [PUT]: -750, [FAR_PUT]: 750 });
    expect(exchange.order(stop.orderId)?.status).toBe('TRIGGER PENDING');
  });

  it('slices at the freeze quantity', async () => {
    const exchange = await open({ cash: 10 ** 12 });
    exchange.foreignTrade({ tradingsymbol: PUT, product: 'MIS', side: 'SELL', quantity: 3_000 });
    moveTo(exchange, '15:29');
    const own = exchange.orders().filter(({ source }) => source === 'broker');
    expect(own.map(({ quantity }) => quantity)).toEqual([1_800, 1_200]);
    expect(quantities(exchange)[PUT]).toBe(0);
  });

  it('gets nobody out while nobody quotes, and the position is carried', async () => {
    const exchange = await open();
    await place(exchange, { price: 8_000 });
    exchange.addFault({ kind: 'no_liquidity', count: 1 });
    moveTo(exchange, '15:31');
    expect(quantities(exchange)[PUT]).toBe(75);
    expect(exchange.orders().find(({ source }) => source === 'broker')).toMatchObject({ status: 'CANCELLED' });
  });
});

describe('the night', () => {
  it('gives the broker’s book a new day at 06:00 and keeps the run’s book', async () => {
    const exchange = await open();
    const order = await place(exchange);
    moveTo(exchange, '05:59:59', '2025-07-15');
    expect(exchange.orders()).toHaveLength(2);
    moveTo(exchange, '06:00', '2025-07-15');
    expect(exchange.orders()).toEqual([]);
    expect(exchange.allOrders()[0]?.orderId).toBe(order.orderId);
    expect(exchange.order(order.orderId)?.status).toBe('COMPLETE');
  });

  it('carries an NRML position at its average price, and forgets flat ones', async () => {
    const exchange = await open();
    const bought = await place(exchange, { product: 'NRML', quantity: 150 });
    await place(exchange, { tradingsymbol: FAR_PUT, price: 3_000 });
    moveTo(exchange, '09:20', '2025-07-15');
    const positions = exchange.positions();
    expect(positions).toHaveLength(1);
    expect(positions[0]).toMatchObject({
      tradingsymbol: PUT,
      product: 'NRML',
      quantity: 150,
      overnightQuantity: 150,
      buyQuantity: 150,
      buyValue: Math.round(bought.averagePrice * 150),
      dayBuyQuantity: 0,
    });
    await place(exchange, { product: 'NRML', side: 'SELL', quantity: 75, price: lastPrice(exchange) - 200 });
    expect(exchange.positions()[0]).toMatchObject({ quantity: 75, overnightQuantity: 150, daySellQuantity: 75 });
  });

  it('ends the session at 06:00, and a request token works once', async () => {
    const exchange = await open();
    const requestToken = exchange.newRequestToken();
    const { accessToken } = exchange.exchangeRequestToken(requestToken);
    expect(refusal(() => exchange.exchangeRequestToken(requestToken))).toMatchObject({
      status: 403,
      errorType: 'TokenException',
    });
    expect(exchange.sessionAlive(accessToken)).toBe(true);
    expect(exchange.sessionAlive('nobody')).toBe(false);
    expect(exchange.sessionAlive('constructor')).toBe(false);
    moveTo(exchange, '05:59:59', '2025-07-15');
    expect(exchange.sessionAlive(accessToken)).toBe(true);
    moveTo(exchange, '06:00', '2025-07-15');
    expect(exchange.sessionAlive(accessToken)).toBe(false);
  });

  it('can lose all sessions before that', async () => {
    const exchange = await open();
    const { accessToken } = exchange.exchangeRequestToken(exchange.newRequestToken());
    exchange.killSessions();
    expect(exchange.sessionAlive(accessToken)).toBe(false);
  });
});

describe('expiry', () => {
  it('settles in cash on the official close, which the last candle’s close is not', async () => {
    const exchange = await open({ at: istAt('2025-07-17', '15:00') });
    const call = 'NIFTY2571725000CE';
    const bought = await place(exchange, { tradingsymbol: call, product: 'NRML', price: 17_000 });
    expect(bought.status).toBe('COMPLETE');
    moveTo(exchange, '15:30', '2025-07-17');
    const [position] = exchange.positions();
    // Official close 25111.45, last candle 25109.50.
    expect(position).toMatchObject({ quantity: 0, daySellQuantity: 75, daySellValue: 11_145 * 75 });
    moveTo(exchange, '08:45', '2025-07-18');
    expect(exchange.positions()).toEqual([]);
    const paid = Math.round(bought.averagePrice * 75);
    const gross = 150_000_000 - paid + 11_145 * 75;
    expect(exchange.cash().opening).toBeLessThan(gross);
    expect(exchange.cash().opening).toBeGreaterThan(gross - 10_000);
  });

  it('lets a put out of the money end worthless and a short keep its credit', async () => {
    const exchange = await open();
    await spread('NRML', exchange);
    moveTo(exchange, '15:31', '2025-07-17');
    expect(quantities(exchange)).toEqual({ [PUT]: 0, [FAR_PUT]: 0 });
    expect(exchange.positions().find(({ tradingsymbol }) => tradingsymbol === PUT)?.dayBuyValue).toBe(0);
  });

  it('takes no order for it afterwards', async () => {
    const exchange = await open({ at: istAt('2025-07-18', '09:20') });
    expect(refusal(() => exchange.place(request())).message).toContain('expired');
  });
});

describe('a jump of the market', () => {
  it('lets everything happen that lies between, each at its own time', async () => {
    const exchange = await open();
    await spread('MIS', exchange);
    const touched = await place(exchange, { tradingsymbol: FAR_PUT, price: 1_500 });
    moveTo(exchange, '08:45', '2025-07-16');
    const fill = exchange.order(touched.orderId)?.fills[0];
    expect(fill && istTime(fill.at) > '11:15:00' && istTime(fill.at) < '15:25:00').toBe(true);
    const broker = exchange.allOrders().filter(({ source }) => source === 'broker');
    expect(broker.length).toBeGreaterThan(0);
    for (const order of broker) expect(istTime(order.placedAt)).toBe('15:25:00');
  });

  it('first settles what is on its way', async () => {
    const exchange = await open({ latency: { minMs: 5_000, maxMs: 5_000 } });
    const { orderId } = exchange.place(request());
    moveTo(exchange, '11:20');
    const order = exchange.order(orderId);
    expect(order?.status).toBe('COMPLETE');
    expect(statuses(order as NonNullable<typeof order>)).toContain('OPEN PENDING');
    expect(istTime(order?.fills[0]?.at ?? 0)).toBe('11:15:00');
  });
});

describe('a trade made in the broker’s app', () => {
  it('is in book and positions at once, without a tag', async () => {
    const exchange = await open();
    const order = exchange.foreignTrade({
      tradingsymbol: PUT,
      product: 'NRML',
      side: 'BUY',
      quantity: 75,
      price: 6_000,
    });
    expect(order).toMatchObject({ status: 'COMPLETE', tag: null, source: 'app', averagePrice: 6_000 });
    expect(quantities(exchange)).toEqual({ [PUT]: 75 });
    const atMarket = exchange.foreignTrade({ tradingsymbol: PUT, product: 'NRML', side: 'SELL', quantity: 75 });
    expect(atMarket.averagePrice).toBe(lastPrice(exchange));
  });
});
