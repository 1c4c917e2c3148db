import { describe, expect, it } from 'vitest';
import { FAR_PUT, lastPrice, modify, moveTo, open, PUT, place, quoteOf, refusal } from './core-fixture.ts';

describe('a fault', () => {
  it('happens as often as it was asked for', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'reject_order', count: 2, message: 'RMS: blocked' });
    expect(await place(exchange)).toMatchObject({ status: 'REJECTED', statusMessage: 'RMS: blocked' });
    expect(exchange.faults()).toEqual([{ kind: 'reject_order', count: 1, message: 'RMS: blocked' }]);
    expect((await place(exchange)).status).toBe('REJECTED');
    expect((await place(exchange)).status).toBe('COMPLETE');
    expect(exchange.faults()).toEqual([]);
  });

  it('means only the orders that it describes', async () => {
    const exchange = await open();
    exchange.addFault({
      kind: 'reject_order',
      count: 9,
      tradingsymbol: PUT,
      transaction_type: 'BUY',
      tag_prefix: 'D1',
    });
    expect((await place(exchange, { tag: 'D2X' })).status).toBe('COMPLETE');
    expect((await place(exchange, { tag: 'D1X', tradingsymbol: FAR_PUT, price: 3_000 })).status).toBe('COMPLETE');
    expect((await place(exchange, { tag: 'D1X', side: 'SELL', price: 5_000 })).status).toBe('COMPLETE');
    expect((await place(exchange, { tag: 'D1X' })).status).toBe('REJECTED');
  });

  it('can be taken by the wire, with a condition of its own', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'slow', count: 1, ms: 10 });
    expect(exchange.takeFault('slow', (fault) => fault.ms === 11)).toBeUndefined();
    expect(exchange.takeFault('slow')).toMatchObject({ kind: 'slow', ms: 10 });
    expect(exchange.takeFault('slow')).toBeUndefined();
  });

  it('that nobody knows is refused with the list of those that are', async () => {
    const exchange = await open();
    expect(refusal(() => exchange.addFault({ kind: 'explode', count: 1 })).message).toMatch(/reject_order/);
    expect(refusal(() => exchange.addFault({ kind: 'slow', count: 0 })).message).toContain('count');
  });

  it('is over when all are cleared', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'reject_order', count: 1 });
    exchange.clearFaults();
    expect((await place(exchange)).status).toBe('COMPLETE');
  });
});

describe('faults of the market', () => {
  it('thin_depth fills a part; the rest waits for a modification', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'thin_depth', count: 1, quantity: 225 });
    const part = await place(exchange, { quantity: 750 });
    expect(part).toMatchObject({ status: 'OPEN', filledQuantity: 225, pendingQuantity: 525 });
    moveTo(exchange, '11:16');
    expect(exchange.order(part.orderId)?.filledQuantity).toBe(225);
    const rest = await modify(exchange, part.orderId, { price: 8_200 });
    expect(rest).toMatchObject({ status: 'COMPLETE', filledQuantity: 750 });
  });

  it('no_liquidity leaves a side without quotes, and orders without fills, until it is cleared', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: PUT, side: 'asks' });
    expect(quoteOf(exchange).depth.asks).toEqual([]);
    expect(quoteOf(exchange).depth.bids).toHaveLength(5);
    expect(quoteOf(exchange, FAR_PUT).depth.asks).toHaveLength(5);
    const waiting = await place(exchange);
    expect(waiting.status).toBe('OPEN');
    exchange.clearFaults();
    moveTo(exchange, '11:15:05');
    expect(exchange.order(waiting.orderId)?.status).toBe('COMPLETE');
  });

  it('no_liquidity may end by itself after some wall time', async () => {
    const exchange = await open();
    exchange.addFault({ kind: 'no_liquidity', count: 1, seconds: 0.05 });
    expect(quoteOf(exchange).depth.asks).toEqual([]);
    await expect.poll(() => quoteOf(exchange).depth.asks.length).toBe(5);
  });

  it('price_shift moves an option by points, never below a tick', async () => {
    const exchange = await open();
    const before = lastPrice(exchange);
    exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: PUT, points: 12.5 });
    expect(lastPrice(exchange)).toBe(before + 1_250);
    exchange.clearFaults();
    exchange.addFault({ kind: 'price_shift', count: 1, points: -1_000 });
    expect(lastPrice(exchange)).toBe(5);
  });

  it('freeze_quotes shows the same quote for ever while the market goes on', async () => {
    const exchange = await open();
    const before = quoteOf(exchange);
    exchange.addFault({ kind: 'freeze_quotes', count: 1, tradingsymbol: PUT });
    const moving = lastPrice(exchange, FAR_PUT);
    moveTo(exchange, '12:30');
    expect(quoteOf(exchange)).toMatchObject({ at: before.at, lastPrice: before.lastPrice, volume: before.volume });
    expect(lastPrice(exchange, FAR_PUT)).not.toBe(moving);
    exchange.clearFaults();
    expect(quoteOf(exchange).at).toBeGreaterThan(before.at);
  });
});
