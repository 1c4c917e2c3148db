import { describe, expect, it } from 'vitest';
import { isThrough } from '../../../src/exchange-simulator/core/matching.ts';
import {
  arrived,
  FAR_PUT,
  lastPrice,
  modify,
  moveTo,
  open,
  PUT,
  place,
  quoteOf,
  request,
  statuses,
} from './core-fixture.ts';

/** Trigger and limit of a stop above the last price that every rule allows. */
const stopAbove = (last: number) => ({ orderType: 'SL', triggerPrice: last + 2_000, price: last + 2_500 });

describe('an order', () => {
  it('is acknowledged first, then goes through the interim states to the exchange', async () => {
    const exchange = await open({ latency: { minMs: 40, maxMs: 60 } });
    const acknowledged = exchange.place(request());
    expect(acknowledged.status).toBe('PUT ORDER REQ RECEIVED');
    expect(acknowledged.exchangeOrderId).toBeNull();
    const order = await arrived(exchange, acknowledged.orderId);
    expect(statuses(order)).toEqual([
      'PUT ORDER REQ RECEIVED',
      'VALIDATION PENDING',
      'OPEN PENDING',
      'OPEN',
      'COMPLETE',
    ]);
    expect(order.exchangeOrderId).toMatch(/^\d{16}$/);
    expect(order.orderId).toMatch(/^\d{19}$/);
  });

  it('takes its time on the wall, also while the market stands still', async () => {
    const exchange = await open({ latency: { minMs: 200, maxMs: 200 } });
    const began = performance.now();
    await place(exchange);
    expect(performance.now() - began).toBeGreaterThan(180);
  });

  it('fills in parts, level by level, when it is larger than the touch', async () => {
    const exchange = await open();
    const { asks } = quoteOf(exchange).depth;
    const order = await place(exchange, { quantity: 1_800, price: 8_500 });
    expect(order.fills.length).toBeGreaterThan(1);
    expect(order.fills[0]).toMatchObject({ price: asks[0]?.price, quantity: asks[0]?.quantity });
    expect(order.fills[1]).toMatchObject({ price: asks[1]?.price });
    const value = order.fills.reduce((sum, fill) => sum + fill.price * fill.quantity, 0);
    expect(order.averagePrice).toBeCloseTo(value / 1_800, 6);
    expect(order).toMatchObject({ status: 'COMPLETE', filledQuantity: 1_800, pendingQuantity: 0 });
  });

  it('does not find again what an earlier order has taken, until the book has recovered', async () => {
    const exchange = await open();
    const before = quoteOf(exchange).depth.asks;
    const first = await place(exchange, { quantity: before[0]?.quantity ?? 75 });
    expect(first.averagePrice).toBe(before[0]?.price);
    expect(quoteOf(exchange).depth.asks[0]).toEqual(before[1]);
    const second = await place(exchange, { quantity: 75 });
    expect(second.averagePrice).toBe(before[1]?.price);
    const untouched = await open();
    for (const time of ['11:15:02', '11:15:04']) {
      moveTo(exchange, time);
      moveTo(untouched, time);
      expect(quoteOf(exchange).depth.asks).not.toEqual(quoteOf(untouched).depth.asks);
    }
    moveTo(exchange, '11:15:06');
    moveTo(untouched, '11:15:06');
    expect(quoteOf(exchange).depth).toEqual(quoteOf(untouched).depth);
  });

  it('keeps taking with its remainder, second by second, while the touch is within its limit', async () => {
    const exchange = await open();
    const large = { quantity: 1_800, price: 8_500 };
    let last = await place(exchange, large);
    for (let more = 0; more < 8 && last.status === 'COMPLETE'; more++) last = await place(exchange, large);
    expect(last.status).toBe('OPEN');
    expect(last.pendingQuantity).toBe(1_800 - last.filledQuantity);
    moveTo(exchange, '11:15:10');
    const filled = exchange.order(last.orderId);
    expect(filled?.status).toBe('COMPLETE');
    expect(new Set(filled?.fills.map(({ at }) => at)).size).toBeGreaterThan(1);
    for (const fill of filled?.fills ?? []) expect(fill.price).toBeLessThan(8_500);
  });

  it('rests once the touch has left its limit', async () => {
    const exchange = await open();
    const { asks } = quoteOf(exchange).depth;
    const partial = await place(exchange, { quantity: 1_800, price: asks[0]?.price ?? 0 });
    expect(partial).toMatchObject({ status: 'OPEN', filledQuantity: asks[0]?.quantity });
    exchange.addFault({ kind: 'price_shift', count: 1, points: 10 });
    moveTo(exchange, '11:15:01');
    exchange.clearFaults();
    exchange.addFault({ kind: 'price_shift', count: 1, points: -10 });
    moveTo(exchange, '11:15:02');
    const later = exchange.order(partial.orderId)?.fills.slice(partial.fills.length) ?? [];
    expect(later.length).toBeGreaterThan(0);
    for (const fill of later) expect(fill.price).toBe(partial.price);
  });

  it('rests when it is not marketable, and fills at its own price only when the market has gone through it', async () => {
    const exchange = await open();
    const resting = await place(exchange, { price: 5_600 });
    expect(resting).toMatchObject({ status: 'OPEN', filledQuantity: 0 });
    moveTo(exchange, '15:20');
    const filled = exchange.order(resting.orderId);
    expect(filled).toMatchObject({ status: 'COMPLETE', averagePrice: 5_600 });
    const at = filled?.fills[0]?.at ?? 0;
    const again = await open({ at });
    expect(lastPrice(again)).toBeLessThan(5_600);
    again.clock.set({ market: at - 1_000 });
    expect(lastPrice(again)).toBeGreaterThanOrEqual(5_600);
  });

  it('is not filled by a price that only touches its limit', () => {
    expect(isThrough('BUY', 5_600, 5_600)).toBe(false);
    expect(isThrough('BUY', 5_600, 5_595)).toBe(true);
    expect(isThrough('SELL', 5_600, 5_600)).toBe(false);
    expect(isThrough('SELL', 5_600, 5_605)).toBe(true);
  });

  it('with validity IOC is cancelled for what it does not get at once', async () => {
    const exchange = await open();
    const { asks } = quoteOf(exchange).depth;
    const order = await place(exchange, { quantity: 1_800, price: asks[0]?.price ?? 0, validity: 'IOC' });
    expect(order).toMatchObject({ status: 'CANCELLED', filledQuantity: asks[0]?.quantity });
    expect(order.pendingQuantity).toBe(1_800 - (asks[0]?.quantity ?? 0));
  });

  it('of type MARKET with protection becomes a limit at the protection price', async () => {
    const exchange = await open();
    const last = lastPrice(exchange);
    const order = await place(exchange, { orderType: 'MARKET', price: 0, marketProtection: 5 });
    expect(order).toMatchObject({ orderType: 'LIMIT', status: 'COMPLETE' });
    expect(order.price).toBe(Math.ceil((last * 1.05) / 5) * 5);
    expect(order).toMatchObject({ marketProtection: null, marks: ['mktp', 'mktp:5.00'] });
    const automatic = await place(exchange, { orderType: 'MARKET', price: 0, marketProtection: -1, side: 'SELL' });
    expect(automatic.price).toBe(Math.floor((last * 0.97) / 5) * 5);
    expect(automatic.marks).toEqual(['mktp', 'mktp:3.00']);
  });

  it('modified into MARKET becomes such a limit too', async () => {
    const exchange = await open();
    const last = lastPrice(exchange);
    const { orderId } = await place(exchange, { price: 4_000, tag: 'RESTED' });
    const changed = await modify(exchange, orderId, { orderType: 'MARKET', price: 0, marketProtection: 2 });
    expect(changed).toMatchObject({ orderType: 'LIMIT', price: Math.ceil((last * 1.02) / 5) * 5, status: 'COMPLETE' });
    expect(changed).toMatchObject({ tag: 'RESTED', marketProtection: null, marks: ['mktp', 'mktp:2.00'] });
  });

  it('is announced at every step', async () => {
    const exchange = await open();
    const seen: string[] = [];
    const stop = exchange.onOrder((order) => seen.push(order.status));
    const order = await place(exchange);
    expect(seen).toEqual(statuses(order));
    stop();
    await place(exchange);
    expect(seen).toHaveLength(statuses(order).length);
  });
});

describe('a stop-loss order', () => {
  it('waits for its trigger', async () => {
    const exchange = await open();
    const stop = await place(exchange, stopAbove(lastPrice(exchange)));
    expect(stop.status).toBe('TRIGGER PENDING');
    expect(statuses(stop).at(-1)).toBe('TRIGGER PENDING');
  });

  it('becomes a limit order when the last price reaches its trigger, and fills against the depth', async () => {
    const exchange = await open();
    const last = lastPrice(exchange);
    const stop = await place(exchange, stopAbove(last));
    exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: PUT, points: 22 });
    moveTo(exchange, '11:15:40');
    const filled = exchange.order(stop.orderId);
    expect(filled?.status).toBe('COMPLETE');
    expect(statuses(filled ?? stop)).toContain('OPEN');
    for (const fill of filled?.fills ?? []) {
      expect(fill.price).toBeGreaterThan(stop.triggerPrice);
      expect(fill.price).toBeLessThanOrEqual(stop.price);
    }
  });

  it('is cancelled when price protection refuses it at its trigger', async () => {
    const exchange = await open();
    const last = lastPrice(exchange);
    const stop = await place(exchange, { orderType: 'SL', triggerPrice: last + 4_000, price: last + 5_500 });
    expect(stop.status).toBe('TRIGGER PENDING');
    exchange.addFault({ kind: 'cancel_triggered', count: 1 });
    exchange.addFault({ kind: 'price_shift', count: 1, points: 41 });
    moveTo(exchange, '11:15:02');
    expect(exchange.order(stop.orderId)).toMatchObject({ status: 'CANCELLED', filledQuantity: 0 });
  });
});

describe('determinism', () => {
  it('gives the same fills for the same seed and the same orders', async () => {
    const run = async (seed: number) => {
      const exchange = await open({ seed });
      const order = await place(exchange, { quantity: 1_500, price: 8_500 });
      return order.fills.map(({ price, quantity }) => ({ price, quantity }));
    };
    expect(await run(3)).toEqual(await run(3));
    expect(await run(3)).not.toEqual(await run(4));
  });

  it('numbers orders so that no two days share one', async () => {
    const exchange = await open();
    const monday = await place(exchange, { tradingsymbol: FAR_PUT, price: 2_000 });
    moveTo(exchange, '09:20', '2025-07-15');
    const tuesday = await place(exchange, { tradingsymbol: FAR_PUT, price: 2_000 });
    expect(monday.orderId).not.toBe(tuesday.orderId);
    expect(exchange.allOrders().map(({ orderId }) => orderId)).toContain(monday.orderId);
  });
});
