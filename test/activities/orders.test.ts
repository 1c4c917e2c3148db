import { afterEach, describe, expect, it } from 'vitest';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

async function open(options: Parameters<typeof openDesk>[0] = {}): Promise<Desk> {
  desk = await openDesk(options);
  return desk;
}

describe('sending an intent', () => {
  it('sends nothing after its deadline', async () => {
    const { parts, run, intent, exchange } = await open();
    const late = intent({ tag: 'R001D25071401HE01001', side: 'BUY', sendBy: Date.now() - 1 });
    expect(await run(() => parts.day.sendOrder(late))).toEqual({ kind: 'too_late' });
    expect(exchange.allOrders()).toEqual([]);
  });

  it('does not send a tag that is in the book already: it is adopted', async () => {
    const { parts, run, intent, exchange } = await open();
    const once = intent({ tag: 'R001D25071401HE01001', side: 'BUY' });
    const first = await run(() => parts.day.sendOrder(once));
    const again = await run(() => parts.day.sendOrder(once));
    expect(first).toMatchObject({ kind: 'sent' });
    expect(again).toMatchObject({ kind: 'found', order: { orderId: first.kind === 'sent' && first.orderId } });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it.each([
    ['another side', { side: 'SELL' as const }],
    ['another quantity', { side: 'BUY' as const, quantity: 150 }],
  ])('assumes nothing of an order that carries our tag with %s', async (_, other) => {
    const { parts, run, intent, exchange } = await open();
    await run(() => parts.day.sendOrder(intent({ tag: 'R001D25071401HE01001', ...other })));
    const ours = intent({ tag: 'R001D25071401HE01001', side: 'BUY' });
    expect((await run(() => parts.day.sendOrder(ours))).kind).toBe('doubt');
    const found = await run(() => parts.day.findOrder({ intent: ours, expectedNet: 0 }));
    expect(found.kind).toBe('mismatch');
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('goes on in the next second after too many requests, and the book has it once', async () => {
    const { parts, run, intent, exchange } = await open();
    exchange.addFault({ kind: 'rate_limit', count: 1, path: '/orders/regular', method: 'POST' });
    const sent = await run(() => parts.day.sendOrder(intent({ tag: 'R001D25071401HE01001', side: 'BUY' })));
    expect(sent.kind).toBe('sent');
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('tells a refusal in the broker’s words', async () => {
    const { parts, run, intent } = await open();
    const odd = intent({ tag: 'R001D25071401HE01001', side: 'BUY', quantity: 74 });
    const refused = await run(() => parts.day.sendOrder(odd));
    expect(refused).toMatchObject({ kind: 'refused' });
    expect(refused.kind === 'refused' && refused.message).toMatch(/lot|multiple/i);
  });

  it('tells an address that the broker does not take orders from', async () => {
    const { parts, run, intent, exchange } = await open();
    exchange.addFault({ kind: 'ip_refused', count: 1 });
    const refused = await run(() => parts.day.sendOrder(intent({ tag: 'R001D25071401HE01001', side: 'BUY' })));
    expect(refused).toMatchObject({ kind: 'ip_refused' });
    expect(exchange.allOrders()).toEqual([]);
  });

  it('calls an answer that did not come doubt, and finds the order by its tag', async () => {
    const { parts, run, intent, exchange } = await open();
    exchange.addFault({ kind: 'timeout_after_accept', count: 1 });
    const doubtful = intent({ tag: 'R001D25071401HE01001', side: 'BUY' });
    expect((await run(() => parts.day.sendOrder(doubtful))).kind).toBe('doubt');
    const found = await run(() => parts.day.findOrder({ intent: doubtful, expectedNet: 0 }));
    expect(found).toMatchObject({ kind: 'found', order: { tag: 'R001D25071401HE01001' } });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  it('calls a stop off whose trigger the market has passed', async () => {
    const { parts, run, intent, exchange } = await open();
    const passed = intent({
      tag: 'R001D25071401MS01001',
      side: 'BUY',
      purpose: 'stop',
      pricing: { kind: 'stop', triggerPrice: 10_00, price: 15_00 },
    });
    expect((await run(() => parts.day.sendOrder(passed))).kind).toBe('trigger_passed');
    expect(exchange.allOrders()).toEqual([]);
  });
});

describe('looking for a doubtful order', () => {
  it('calls absent only what moved nothing at the broker', async () => {
    const { parts, run, intent, exchange } = await open();
    const missing = intent({ tag: 'R001D25071401HE01001', side: 'BUY' });
    expect(await run(() => parts.day.findOrder({ intent: missing, expectedNet: 0 }))).toEqual({ kind: 'absent' });
    exchange.addFault({ kind: 'hide_orders', count: 1, tradingsymbol: MAIN });
    exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    expect((await run(() => parts.day.findOrder({ intent: missing, expectedNet: 0 }))).kind).toBe('unclear');
    // Once the lists show who moved it, the order that is looked for did nothing.
    exchange.clearFaults();
    expect((await run(() => parts.day.findOrder({ intent: missing, expectedNet: 0 }))).kind).toBe('absent');
  });
});

describe('changing an order', () => {
  it('stops at its budget of modifications, counted from the order’s own history', async () => {
    const { parts, run, openPosition } = await open();
    const { stop, input } = await openPosition();
    const change = {
      orderId: stop.orderId,
      contract: input.main.contract,
      side: 'BUY',
      how: 'to_limit',
      widen: 0,
      noWorseThan: null,
    } as const;
    expect(await run(() => parts.day.changeOrder({ ...change, budget: 0 }))).toEqual({ kind: 'budget' });
    expect((await run(() => parts.day.changeOrder({ ...change, budget: 1 }))).kind).toBe('modified');
  });

  it('never lets the price of a buy fall below what it has shown', async () => {
    const { parts, run, openPosition } = await open();
    const { stop, input } = await openPosition();
    const shown = Math.ceil((input.main.entryPrice * 1.2) / 5) * 5;
    const changed = await run(() =>
      parts.day.changeOrder({
        orderId: stop.orderId,
        contract: input.main.contract,
        side: 'BUY',
        how: 'to_limit',
        widen: 0,
        noWorseThan: shown,
        budget: 8,
      }),
    );
    expect(changed).toEqual({ kind: 'modified', price: shown });
  });

  it('answers with the final order instead of changing it', async () => {
    const { parts, run, intent, contract, eventually, order } = await open();
    const sent = await run(() =>
      parts.day.sendOrder(intent({ tag: 'R001D25071401HE01001', side: 'BUY', role: 'hedge', contract: contract(HEDGE) })),
    );
    const orderId = sent.kind === 'sent' ? sent.orderId : '';
    await eventually('the fill', () => order(orderId).status === 'COMPLETE');
    const changed = await run(() =>
      parts.day.changeOrder({
        orderId,
        contract: contract(HEDGE),
        side: 'BUY',
        how: 'reprice',
        widen: 1,
        noWorseThan: null,
        budget: 8,
      }),
    );
    expect(changed).toMatchObject({ kind: 'final', order: { state: 'complete', filledQuantity: 75 } });
  });
});

describe('cancelling an order', () => {
  it('answers with its final state, also when it was final already', async () => {
    const { parts, run, openPosition, order } = await open();
    const { stop } = await openPosition();
    const input = { orderId: stop.orderId, tag: 'R001D25071401MS01001' };
    expect((await run(() => parts.day.cancelOrder(input))).state).toBe('cancelled');
    expect((await run(() => parts.day.cancelOrder(input))).state).toBe('cancelled');
    expect(order(stop.orderId).status).toBe('CANCELLED');
  });
});
