import { describe, expect, it } from 'vitest';
import { cancel, lastPrice, modify, moveTo, open, place, refusal, request, statuses } from './core-fixture.ts';

/** How the broker refuses a change of an order that is final or on its way. */
const busy = (verb: 'modified' | 'cancelled') => ({
  status: 400,
  errorType: 'InputException',
  message: `Order cannot be ${verb} as it is being processed. Try later.`,
});

/** Trigger and limit of a stop above the last price that every rule allows. */
const stopAbove = (last: number) => ({ orderType: 'SL', triggerPrice: last + 2_000, price: last + 2_500 });

describe('a modification', () => {
  it('goes through its own interim states and takes effect at the exchange', async () => {
    const exchange = await open();
    const resting = await place(exchange, { price: 4_000 });
    const before = statuses(resting).length;
    const changed = await modify(exchange, resting.orderId, { price: 4_100 });
    expect(statuses(changed).slice(before)).toEqual([
      'MODIFY VALIDATION PENDING',
      'MODIFY PENDING',
      'MODIFIED',
      'OPEN',
    ]);
    expect(changed).toMatchObject({ price: 4_100, modifications: 1 });
  });

  it('shows the old terms until it has taken effect', async () => {
    const exchange = await open({ latency: { minMs: 100, maxMs: 100 } });
    const resting = await place(exchange, { price: 4_000 });
    expect(exchange.modify(resting.orderId, { price: 4_100 })).toMatchObject({
      status: 'MODIFY VALIDATION PENDING',
      price: 4_000,
    });
  });

  it('fills at once what it makes marketable', async () => {
    const exchange = await open();
    const resting = await place(exchange, { price: 4_000 });
    const changed = await modify(exchange, resting.orderId, { price: 8_000 });
    expect(changed.status).toBe('COMPLETE');
  });

  it('turns a resting stop into a limit order: {LIMIT, price, trigger_price 0}', async () => {
    const exchange = await open();
    const stop = await place(exchange, stopAbove(lastPrice(exchange)));
    const exit = await modify(exchange, stop.orderId, { orderType: 'LIMIT', price: 8_000, triggerPrice: 0 });
    expect(exit).toMatchObject({ orderType: 'LIMIT', triggerPrice: 0, status: 'COMPLETE' });
  });

  it('of the type is refused where the switch says so', async () => {
    const exchange = await open({ typeChange: 'refuse' });
    const stop = await place(exchange, stopAbove(lastPrice(exchange)));
    expect(refusal(() => exchange.modify(stop.orderId, { orderType: 'LIMIT', price: 8_000, triggerPrice: 0 }))).toEqual(
      {
        status: 400,
        errorType: 'OrderException',
        message: 'The order type of this order cannot be changed.',
      },
    );
    const moved = await modify(exchange, stop.orderId, { price: stop.price + 5 });
    expect(moved).toMatchObject({ orderType: 'SL', status: 'TRIGGER PENDING', price: stop.price + 5 });
  });

  it('may be acknowledged and then not happen', async () => {
    const exchange = await open();
    const stop = await place(exchange, stopAbove(lastPrice(exchange)));
    exchange.addFault({ kind: 'refuse_type_change', count: 1, after: true });
    const same = await modify(exchange, stop.orderId, { orderType: 'LIMIT', price: 8_000, triggerPrice: 0 });
    expect(same).toMatchObject({ orderType: 'SL', status: 'TRIGGER PENDING', triggerPrice: stop.triggerPrice });
    expect(same.statusMessage).toContain('cannot be changed');
  });

  it('is refused by the exchange when the new terms break its rules, and the old ones stay', async () => {
    const exchange = await open();
    const stop = await place(exchange, stopAbove(lastPrice(exchange)));
    const same = await modify(exchange, stop.orderId, { price: stop.triggerPrice + 5_000 });
    expect(same).toMatchObject({ status: 'TRIGGER PENDING', price: stop.price });
    expect(same.statusMessage).toContain('of the trigger price');
  });

  it('can lose the race against a fill', async () => {
    const exchange = await open();
    const resting = await place(exchange, { price: 4_000 });
    exchange.addFault({ kind: 'fill_before_change', count: 1 });
    expect(exchange.modify(resting.orderId, { price: 4_100 })).toMatchObject({
      status: 'COMPLETE',
      averagePrice: 4_000,
    });
  });

  it('is possible 25 times and no more', async () => {
    const exchange = await open();
    const { orderId } = await place(exchange, { price: 4_000 });
    for (let count = 1; count <= 25; count++) await modify(exchange, orderId, { price: 4_000 + count * 5 });
    expect(refusal(() => exchange.modify(orderId, { price: 4_500 }))).toEqual({
      status: 400,
      errorType: 'NetworkException',
      message: 'Maximum allowed order modifications exceeded.',
    });
    expect(exchange.order(orderId)?.price).toBe(4_125);
  });

  it('is refused while another one is under way', async () => {
    const exchange = await open({ latency: { minMs: 100, maxMs: 100 } });
    const { orderId } = await place(exchange, { price: 4_000 });
    exchange.modify(orderId, { price: 4_100 });
    expect(refusal(() => exchange.modify(orderId, { price: 4_200 }))).toEqual(busy('modified'));
    expect(refusal(() => exchange.cancel(orderId))).toEqual(busy('cancelled'));
  });
});

describe('a cancellation', () => {
  it('is pending first, then the order is cancelled, and its row keeps as pending what was left of it', async () => {
    const exchange = await open();
    const { orderId } = await place(exchange, { price: 4_000 });
    expect(exchange.cancel(orderId).status).toBe('CANCEL PENDING');
    await expect
      .poll(() => exchange.order(orderId))
      .toMatchObject({ status: 'CANCELLED', pendingQuantity: 75, cancelledQuantity: 75 });
  });

  it('of a part leaves the rest pending, without any claim on cash or margin', async () => {
    const exchange = await open();
    const before = exchange.cash().used;
    exchange.addFault({ kind: 'thin_depth', count: 1 });
    const part = await place(exchange, { quantity: 750 });
    const ended = await cancel(exchange, part.orderId);
    expect(ended).toMatchObject({ filledQuantity: 75, pendingQuantity: 675, cancelledQuantity: 675 });
    const paid = ended.fills.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    expect(exchange.cash().used).toBe(before + paid);
  });

  it('that nobody asked for shows no cancelled quantity', async () => {
    const exchange = await open();
    const { orderId } = await place(exchange, { price: 4_000 });
    moveTo(exchange, '15:26');
    expect(exchange.order(orderId)).toMatchObject({ status: 'CANCELLED', pendingQuantity: 75, cancelledQuantity: 0 });
  });

  it('can lose the race against a fill', async () => {
    const exchange = await open();
    const { orderId } = await place(exchange, { price: 4_000 });
    exchange.addFault({ kind: 'fill_before_change', count: 1, change: 'cancel' });
    await cancel(exchange, orderId);
    expect(exchange.order(orderId)).toMatchObject({ status: 'COMPLETE', filledQuantity: 75 });
  });

  it('of an order that is on its way to the exchange is refused, as is its modification', async () => {
    const exchange = await open({ latency: { minMs: 100, maxMs: 100 } });
    const { orderId } = exchange.place(request({ price: 4_000 }));
    expect(refusal(() => exchange.cancel(orderId))).toEqual(busy('cancelled'));
    expect(refusal(() => exchange.modify(orderId, { price: 4_100 }))).toEqual(busy('modified'));
  });

  it('of a final order is refused in the words for one that is being processed, as is its modification', async () => {
    const exchange = await open();
    const filled = await place(exchange);
    const cancelled = await cancel(exchange, (await place(exchange, { price: 4_000 })).orderId);
    exchange.addFault({ kind: 'reject_order', count: 1 });
    const rejected = await place(exchange);
    expect([filled.status, cancelled.status, rejected.status]).toEqual(['COMPLETE', 'CANCELLED', 'REJECTED']);
    for (const { orderId } of [filled, cancelled, rejected]) {
      expect(refusal(() => exchange.cancel(orderId))).toEqual(busy('cancelled'));
      expect(refusal(() => exchange.modify(orderId, { price: 9_000 }))).toEqual(busy('modified'));
    }
  });

  it('of an unknown order is refused', async () => {
    const exchange = await open();
    expect(refusal(() => exchange.cancel('1925071400000000009')).message).toContain("Couldn't find");
  });
});
