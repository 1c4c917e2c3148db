import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiConfig } from '../../src/api/deps.ts';
import { placedOrderView, testedOrderView } from '../../src/api/order-schemas.ts';
import { orderView } from '../../src/api/schemas.ts';
import type { PlacedOrder } from '../../src/contract/commands.ts';
import type { OrderView } from '../../src/contract/ledger.ts';
import { DEFAULTS } from './fixtures/api-deps.ts';
import { type ApiProgram, startApiProgram } from './fixtures/api-program.ts';
import { restingStop } from './fixtures/day-facts.ts';
import type { Change } from './fixtures/stub-day.ts';

let program: ApiProgram;
const config: ApiConfig = { mode: 'replay', host: '127.0.0.1', allowedHosts: [], defaults: DEFAULTS };
beforeAll(async () => {
  program = await startApiProgram({ deps: { config } });
});
afterAll(() => program.stop());
beforeEach(() => {
  program.freshAccount();
  config.mode = 'replay';
});

const SYMBOL = 'NIFTY25JUL25000PE';
const BUY = { symbol: SYMBOL, transaction_type: 'BUY', quantity: 75, order_type: 'MARKET' };
/** The body of the original system. */
const SEED_TEST = { symbol: SYMBOL, quantity: 75, order_type: 'MARKET' };

const bought: OrderView = {
  ...restingStop(),
  ...{ tag: 'R001D25071401BE01001', orderId: '2507140001', positionId: 'M1', role: 'hedge', purpose: 'entry' },
  ...{ tradingsymbol: SYMBOL, quantity: 75, filledQuantity: 75, averagePrice: 132_50 },
  ...{ status: 'COMPLETE', phase: 'ended' },
};
const checks: PlacedOrder['checks'] = {
  ...{ tradingsymbol: SYMBOL, expiry: '2025-07-31', lotSize: 75, product: 'MIS', effect: 'opens_long' },
  ...{ price: 135_15, premium: 10_136_25, available: 1_500_000_00, marginRequired: 10_164_41, reserved: 10_202_27 },
  charges: { brokerage: 20_00, stt: 0, transaction: 3_60, sebi: 1, stamp: 30, gst: 4_25, total: 28_16 },
};
const placed: PlacedOrder = { order: bought, checks };

async function openDay(orders: Change['orders']): Promise<void> {
  await program.openDay();
  await program.change(orders === undefined ? {} : { orders });
}

describe('POST /live/place-order', () => {
  it('sends the order to the day in paise, with the key and the plan in force, and answers it in rupees', async () => {
    await openDay(placed);
    const body = { ...BUY, order_type: 'SL', trigger_price: 120.05, price: 121, product: 'NRML' };
    const answer = await program.call('POST', '/live/place-order', body, { 'idempotency-key': 'a' });
    expect(answer.status).toBe(200);
    expect(placedOrderView.parse(answer.body)).toEqual({
      ...{ order_id: '2507140001', tag: 'R001D25071401BE01001', position_id: 'M1', status: 'COMPLETE' },
      ...{ status_message: null, filled_quantity: 75, average_price: 132.5 },
    });
    const [{ payload } = { payload: null }] = (await program.received()).filter(
      ({ signal }) => signal === 'placeOrder',
    );
    expect(payload).toMatchObject({
      order: { symbol: SYMBOL, side: 'BUY', quantity: 75, orderType: 'SL', price: 121_00, triggerPrice: 120_05 },
      ...{ key: 'a', checkOnly: false, by: 'the API', plan: { lotSize: 75, maxLossPerDay: 50_000_00 } },
      expiresAt: expect.any(Number),
    });
  });

  it('one that is in doubt is 202: nobody knows its id yet', async () => {
    await openDay({
      order: { ...bought, orderId: null, status: 'IN DOUBT', phase: 'doubt', filledQuantity: 0 },
      checks,
    });
    expect(await program.post('/live/place-order', BUY)).toMatchObject({
      status: 202,
      body: { order_id: null, status: 'IN DOUBT' },
    });
  });

  it.each([
    [{ ...BUY, symbol: undefined }, 400, 'malformed'],
    [{ ...BUY, quantity: '75' }, 400, 'malformed'],
    [{ ...BUY, validity: 'DAY' }, 400, 'unknown_field'],
    [{ ...BUY, quantity: 0 }, 422, 'invalid_value'],
    [{ ...BUY, transaction_type: 'HOLD' }, 422, 'invalid_value'],
    [{ ...BUY, price: 100 }, 422, 'invalid_value'],
    [{ ...BUY, order_type: 'LIMIT' }, 422, 'invalid_value'],
    [{ ...BUY, order_type: 'LIMIT', price: 100, trigger_price: 99 }, 422, 'invalid_value'],
    [{ ...BUY, order_type: 'SL', price: 100 }, 422, 'invalid_value'],
    [{ ...BUY, order_type: 'SL-M', trigger_price: 100 }, 422, 'invalid_value'],
  ])('refuses %j with %i %s, and nothing is sent', async (body, status, code) => {
    await openDay(placed);
    const answer = await program.post('/live/place-order', body);
    expect([answer.status, answer.body]).toMatchObject([status, { error: { code, message: expect.any(String) } }]);
    expect(await program.received()).toEqual([]);
  });

  it.each([
    ['unknown_symbol', 422, { near: [SYMBOL] }, { near: [SYMBOL] }],
    ['lot_size_mismatch', 422, { lot_size: 75, sent: 50 }, { lot_size: 75, sent: 50 }],
    ['insufficient_margin', 422, { shortfall: 1_050_50 }, { shortfall: 1_050.5 }],
    ['limit_exceeded', 422, { limit: 'max_positions', allowed: 3, open: 3 }, { limit: 'max_positions', allowed: 3 }],
    ['limit_exceeded', 422, { limit: 'max_loss_per_day', allowed: 50_000_00 }, { allowed: 50_000 }],
    ['price_not_allowed', 422, { least_price: 60_00 }, { least_price: 60 }],
    ['naked_sell', 409, { covered: 0, sent: 75 }, { covered: 0 }],
    ['market_closed', 409, undefined, undefined],
    ['not_authenticated', 409, undefined, undefined],
    ['entries_off', 409, undefined, undefined],
    ['idempotency_key_reused', 409, undefined, undefined],
    ['kite_refused', 502, { words: 'RMS' }, { words: 'RMS' }],
    ['expired', 503, undefined, undefined],
  ])('the day’s refusal %s is %i with its numbers in rupees', async (refused, status, details, shown) => {
    await openDay({ refused, message: 'because of this', ...(details ? { details } : {}) });
    const answer = await program.post('/live/place-order', BUY);
    expect([answer.status, answer.body]).toMatchObject([
      status,
      { error: { code: refused, message: 'Because of this.', ...(shown ? { details: shown } : {}) } },
    ]);
  });

  it('without a day is 409 no_day, after its end 409 day_over', async () => {
    expect(await program.post('/live/place-order', BUY)).toMatchObject({
      status: 409,
      body: { error: { code: 'no_day' } },
    });
    await program.openDay();
    await program.endDay();
    expect(await program.post('/live/place-order', BUY)).toMatchObject({
      status: 409,
      body: { error: { code: 'day_over' } },
    });
  });
});

describe('POST /live/test-order', () => {
  it('takes the body of the original system, and answers what it takes and the order', async () => {
    await openDay(placed);
    const answer = await program.post('/live/test-order', SEED_TEST);
    expect(answer.status).toBe(200);
    expect(testedOrderView.parse(answer.body)).toMatchObject({
      ...{ placed: true, at: 'simulated exchange', order: { order_id: '2507140001', status: 'COMPLETE' } },
      checks: { lot_size: 75, margin_required: 10_164.41, charges: { brokerage: 20, gst: 4.25, total: 28.16 } },
    });
    expect((await program.received())[0]).toMatchObject({ payload: { checkOnly: false, order: { side: 'BUY' } } });
  });

  it('in live mode only checks, unless confirm_live is true', async () => {
    config.mode = 'live';
    await openDay({ order: null, checks });
    expect(await program.post('/live/test-order', SEED_TEST)).toMatchObject({
      status: 200,
      body: { placed: false, at: null, order: null, checks: { lot_size: 75 } },
    });
    await program.change({ orders: placed });
    expect(await program.post('/live/test-order', { ...SEED_TEST, confirm_live: true })).toMatchObject({
      body: { placed: true, at: 'Zerodha', order: { order_id: '2507140001' } },
    });
    const asked = (await program.received()).map(({ payload }) => (payload as { checkOnly: boolean }).checkOnly);
    expect(asked).toEqual([true, false]);
  });
});

describe('POST /live/cancel-order/{id}', () => {
  it('answers the order after it; 202 while its cancellation is under way', async () => {
    await openDay({ order: { ...bought, status: 'CANCELLED' }, checks });
    const answer = await program.post('/live/cancel-order/2507140001');
    expect(answer.status).toBe(200);
    expect(orderView.parse(answer.body)).toMatchObject({ order_id: '2507140001', status: 'CANCELLED' });
    await program.change({ orders: { order: { ...bought, status: 'CANCEL PENDING', phase: 'working' }, checks } });
    expect((await program.post('/live/cancel-order/2507140001', {})).status).toBe(202);
    expect((await program.received())[0]).toMatchObject({ payload: { orderId: '2507140001', by: 'the API' } });
  });

  it.each([
    ['unknown_order', 404],
    ['protective_order', 409],
    ['signal_order', 409],
    ['already_final', 409],
  ])('%s is %i', async (refused, status) => {
    await openDay({ refused, message: 'because of this' });
    const answer = await program.post('/live/cancel-order/1', {});
    expect([answer.status, answer.body]).toMatchObject([status, { error: { code: refused } }]);
  });
});

describe('an order that nobody confirms', () => {
  it('has expired when no worker takes it up', async () => {
    await openDay(placed);
    await program.stopWorker();
    const answer = await program.post('/live/place-order', BUY);
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'worker_away', message: /expired/ } } });
    await program.startWorker();
  });
});
