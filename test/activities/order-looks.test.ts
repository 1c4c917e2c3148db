import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { SESSION_LOST } from '../../src/contract/activities.ts';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function open(...options: Parameters<typeof openDesk>): Promise<Desk> {
  desk = await openDesk(...options);
  return desk;
}

const TAG = 'R001D25071401HE01001';
const POST = { path: '/orders', method: 'POST', count: 1 };
const GET = { path: '/orders', method: 'GET', count: 1 };

/** A hedge that finds no seller: it stays open in the book. */
async function openOrder(today: Desk): Promise<string> {
  const { exchange, run, parts, intent, contract, eventually } = today;
  exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE });
  const bought = intent({ tag: TAG, side: 'BUY', role: 'hedge', contract: contract(HEDGE) });
  const sent = await run(() => parts.day.sendOrder(bought));
  if (sent.kind !== 'sent') throw new Error(`not sent: ${sent.kind}`);
  await eventually('the open order', () => exchange.order(sent.orderId)?.status === 'OPEN');
  return sent.orderId;
}

describe('the look before sending', () => {
  it('is made again when it took too long: an order is sent at most 2 s after one', async () => {
    const { parts, run, intent, exchange, eventually } = await open({}, 5_000);
    exchange.addFault({ kind: 'slow', ...GET, after: true, ms: 2_300 });
    const ours = intent({ tag: TAG, side: 'BUY' });
    const sending = run(() => parts.day.sendOrder(ours));
    await eventually('the slow answer', () => exchange.faults().length === 0);
    // It shows up while the answer that does not have it is on its way.
    exchange.place({
      ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: MAIN, side: 'BUY', orderType: 'LIMIT', product: 'MIS' },
      ...{ validity: 'DAY', quantity: 75, price: 80_00, triggerPrice: 0, disclosedQuantity: 0 },
      ...{ marketProtection: null, tag: TAG },
    });
    expect(await sending).toMatchObject({ kind: 'found', order: { tag: TAG } });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('sends nothing when the time is over after it', async () => {
    const { parts, run, intent, exchange } = await open();
    exchange.addFault({ kind: 'slow', ...GET, ms: 450 });
    const late = intent({ tag: TAG, side: 'BUY', sendBy: Date.now() + 300 });
    expect(await run(() => parts.day.sendOrder(late))).toEqual({ kind: 'too_late' });
    expect(exchange.allOrders()).toEqual([]);
  });

  it.each([
    ['too many requests', { kind: 'rate_limit' }],
    ['a gateway error', { kind: 'http_error' }],
    ['a broken connection', { kind: 'drop_connection' }],
  ])('that failed (%s) is no doubt: it is made again in the next second', async (_, fault) => {
    const { parts, run, intent, exchange } = await open();
    exchange.addFault({ ...fault, ...GET });
    expect(await run(() => parts.day.sendOrder(intent({ tag: TAG, side: 'BUY' })))).toMatchObject({ kind: 'sent' });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('at a broker that cannot be reached goes on until the time is over', async () => {
    const { parts, run, intent, server } = await open();
    await server.close();
    const late = intent({ tag: TAG, side: 'BUY', sendBy: Date.now() + 500 });
    expect(await run(() => parts.day.sendOrder(late))).toEqual({ kind: 'too_late' });
  });
});

describe('an order that may have been placed', () => {
  it.each([
    ['a gateway error', { kind: 'http_error', status: 503 }],
    ['a broken connection', { kind: 'drop_connection' }],
  ])('after %s is doubt, and found with its fills by trade', async (_, fault) => {
    const { parts, run, intent, exchange, eventually } = await open();
    exchange.addFault({ ...fault, ...POST, after: true });
    const doubtful = intent({ tag: TAG, side: 'BUY' });
    expect(await run(() => parts.day.sendOrder(doubtful))).toMatchObject({ kind: 'doubt' });
    const order = await eventually('the fill', () => exchange.allOrders().find(({ status }) => status === 'COMPLETE'));
    const fills = order.fills.map(({ tradeId, quantity, price }) => ({ tradeId, quantity, price }));
    const found = await run(() => parts.day.findOrder({ intent: doubtful, expectedNet: 0 }));
    expect(found).toMatchObject({ kind: 'found', order: { state: 'complete', filledQuantity: 75, fills } });
  });

  it('was not placed when the session was dead: that is said, with its number', async () => {
    const { parts, run, intent, exchange } = await open();
    exchange.killSessions();
    await expect(run(() => parts.day.sendOrder(intent({ tag: TAG, side: 'BUY' })))).rejects.toMatchObject({
      type: SESSION_LOST,
      details: [1],
      nonRetryable: true,
    });
    expect(exchange.allOrders()).toEqual([]);
  });
});

describe('following an order', () => {
  it('answers at its end', async () => {
    const { parts, run, intent, exchange } = await open();
    const sent = await run(() => parts.day.sendOrder(intent({ tag: TAG, side: 'BUY' })));
    const orderId = sent.kind === 'sent' ? sent.orderId : '';
    const seen = await run(() => parts.day.followOrder({ orderId, tag: TAG, waitMs: 20_000, until: 'terminal' }));
    expect(seen).toMatchObject({ state: 'complete', filledQuantity: 75 });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('answers what it is when the wait is over', async () => {
    const today = await open();
    const orderId = await openOrder(today);
    const seen = await today.run(() =>
      today.parts.day.followOrder({ orderId, tag: TAG, waitMs: 200, until: 'terminal' }),
    );
    expect(seen).toMatchObject({ state: 'live', status: 'OPEN', filledQuantity: 0 });
  });

  it('beats while a slow broker makes it wait, and ends at once when it is called off', async () => {
    const today = await open({}, 5_000);
    const orderId = await openOrder(today);
    today.exchange.addFault({ kind: 'slow', ...GET, ms: 2_500 });
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    const running = today.run(
      () => today.parts.day.followOrder({ orderId, tag: TAG, waitMs: 60_000, until: 'terminal' }),
      environment,
    );
    await today.eventually('the second heartbeat', () => beats >= 2);
    expect(today.exchange.faults().filter(({ kind }) => kind === 'slow')).toEqual([]);
    environment.cancel();
    await expect(running).rejects.toThrow(/cancel/i);
  });
});

describe('a change of an order', () => {
  const change = { side: 'BUY', how: 'to_limit', widen: 0, noWorseThan: null, budget: 21 } as const;

  it('is not asked for while another one is under way', async () => {
    const { parts, run, openPosition, exchange, contract } = await open({ latency: { minMs: 700, maxMs: 700 } });
    const { stop } = await openPosition();
    const input = { ...change, orderId: stop.orderId, contract: contract(MAIN) };
    expect(await run(() => parts.day.changeOrder(input))).toMatchObject({ kind: 'modified' });
    const second = await run(() => parts.day.changeOrder({ ...input, how: 'reprice', widen: 2 }));
    expect(second).toMatchObject({ kind: 'refused', message: expect.stringContaining('under way') });
    expect(exchange.order(stop.orderId)?.modifications).toBe(1);
  });

  it('to the price that it has costs nothing', async () => {
    const { parts, run, openPosition, exchange, contract, eventually } = await open();
    const { stop } = await openPosition();
    exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    const shown = Math.round((stop.triggerPrice * 0.6) / 5) * 5;
    const input = { ...change, orderId: stop.orderId, contract: contract(MAIN), noWorseThan: shown };
    await run(() => parts.day.changeOrder(input));
    await eventually('the limit', () => {
      const order = exchange.order(stop.orderId);
      return order?.status === 'OPEN' && order.orderType === 'LIMIT';
    });
    expect(await run(() => parts.day.changeOrder({ ...input, how: 'reprice' }))).toMatchObject({ kind: 'unchanged' });
    expect(exchange.order(stop.orderId)?.modifications).toBe(1);
  });

  it('without an answer is doubt, a refused one has its words', async () => {
    const { parts, run, openPosition, exchange, contract } = await open();
    const { stop } = await openPosition();
    const input = { ...change, orderId: stop.orderId, contract: contract(MAIN) };
    exchange.addFault({ kind: 'drop_connection', path: '/orders', method: 'PUT', count: 1 });
    expect(await run(() => parts.day.changeOrder(input))).toMatchObject({ kind: 'doubt' });
    exchange.addFault({ kind: 'refuse_type_change', count: 1 });
    const refused = await run(() => parts.day.changeOrder(input));
    expect(refused).toMatchObject({ kind: 'refused', message: expect.stringContaining('order type') });
  });
});

describe('a cancellation', () => {
  it('tells a fill that was quicker', async () => {
    const today = await open();
    const orderId = await openOrder(today);
    today.exchange.addFault({ kind: 'fill_before_change', count: 1 });
    const seen = await today.run(() => today.parts.day.cancelOrder({ orderId, tag: TAG }));
    expect(seen).toMatchObject({ state: 'complete', filledQuantity: 75 });
  });
});
