import { afterEach, describe, expect, it } from 'vitest';
import type { ChangeInput, OrderIntent } from '../../src/contract/activities.ts';
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

const send = ({ run, orders, intent }: Desk, of: Partial<OrderIntent> = {}) =>
  run(() => orders.sendOrder(intent({ tag: TAG, side: 'BUY', ...of })));

describe('changing an order', () => {
  async function openStop(today: Desk) {
    const { stop, input } = await today.openPosition();
    const change = (how: ChangeInput['how'], of: Partial<ChangeInput> = {}) =>
      today.run(() =>
        today.orders.changeOrder({
          ...{ identity: today.identity, orderId: stop.orderId, contract: input.main.contract, side: 'BUY', how },
          ...{ sendBy: Date.now() + 30_000, ...of },
        }),
      );
    return { stop, change, entryPrice: input.main.entryPrice };
  }
  const toLimit = { kind: 'to_limit', widen: 0, noWorseThan: null, shown: null } as const;

  it('turns a stop into the exit, and answers with the row that shows it', async () => {
    const today = await open();
    const { change, stop } = await openStop(today);
    const changed = await change(toLimit);
    expect(changed).toMatchObject({ kind: 'sent', row: { orderId: stop.orderId, phase: 'ended', filledQuantity: 75 } });
  });

  it('turns a stop into a limit also at the price that the stop shows', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN, side: 'asks' });
    const { stop, change } = await openStop(today);
    const changed = await change({ ...toLimit, noWorseThan: stop.price, shown: stop.price });
    expect(changed.kind).toBe('sent');
  });

  it('never lets the price of a buy fall below what it has shown; where it shows it, nothing is sent', async () => {
    const today = await open();
    const { change, entryPrice, stop } = await openStop(today);
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: MAIN });
    const shown = Math.ceil((entryPrice * 1.2) / 5) * 5;
    expect(await change({ ...toLimit, noWorseThan: shown })).toMatchObject({
      ...{ kind: 'sent', price: shown, row: { phase: 'working', orderType: 'LIMIT', price: shown } },
    });
    const reprice = { kind: 'reprice', widen: 0, noWorseThan: shown, shown } as const;
    expect(await change(reprice)).toMatchObject({ kind: 'unchanged', price: shown });
    expect(today.order(stop.orderId).modifications).toBe(1);
  });

  it('without an answer is doubt; a refusal has the broker’s words and the order’s row', async () => {
    const today = await open();
    const { change, stop } = await openStop(today);
    today.exchange.addFault({ kind: 'drop_connection', path: '/orders', method: 'PUT', count: 1 });
    expect(await change(toLimit)).toMatchObject({ kind: 'doubt' });
    today.exchange.addFault({ kind: 'refuse_type_change', count: 1 });
    expect(await change(toLimit)).toMatchObject({
      ...{ kind: 'refused', message: expect.stringContaining('order type') },
      row: { orderId: stop.orderId, phase: 'resting' },
    });
  });

  it('meets a full second by waiting for the next one', async () => {
    const today = await open();
    const { change } = await openStop(today);
    today.exchange.addFault({ kind: 'rate_limit', path: '/orders', method: 'PUT', count: 1 });
    expect(await change(toLimit)).toMatchObject({ kind: 'sent' });
  });

  it('sends nothing after its deadline', async () => {
    const today = await open();
    const { change, stop } = await openStop(today);
    expect(await change(toLimit, { sendBy: Date.now() - 1 })).toEqual({ kind: 'too_late' });
    expect(today.order(stop.orderId).modifications).toBe(0);
  });

  it('cancels, and answers with the end', async () => {
    const today = await open();
    const { change } = await openStop(today);
    expect(await change({ kind: 'cancel', onlyIfPriced: true })).toMatchObject({
      ...{ kind: 'sent', price: null, row: { status: 'CANCELLED', phase: 'ended' } },
    });
    expect(await change({ kind: 'cancel', onlyIfPriced: false })).toMatchObject({
      ...{ kind: 'refused', row: { status: 'CANCELLED' } },
    });
  });

  it('tells a fill that was quicker than the cancellation', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE });
    const contract = today.contract(HEDGE);
    const sent = await send(today, { contract, role: 'hedge' });
    if (sent.kind !== 'sent') throw new Error(sent.kind);
    today.exchange.addFault({ kind: 'fill_before_change', count: 1 });
    const cancelled = await today.run(() =>
      today.orders.changeOrder({
        ...{ identity: today.identity, orderId: sent.orderId, contract, side: 'BUY', sendBy: Date.now() + 30_000 },
        how: { kind: 'cancel', onlyIfPriced: false },
      }),
    );
    expect(cancelled).toMatchObject({ row: { status: 'COMPLETE', filledQuantity: 75 } });
  });

  it('cancels nothing that could not be replaced: no price, no cancellation', async () => {
    const today = await open();
    const { change, stop } = await openStop(today);
    await today.parts.feed.stop();
    today.exchange.addFault({ kind: 'http_error', path: '/quote', count: 1_000 });
    await new Promise((done) => setTimeout(done, 2_100));
    expect(await change({ kind: 'cancel', onlyIfPriced: true })).toMatchObject({ kind: 'no_price' });
    expect(today.order(stop.orderId).status).toBe('TRIGGER PENDING');
  });
});
