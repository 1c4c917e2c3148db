import { KiteConnect } from 'kiteconnect';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { orderCharges } from '../../../src/domain/charges.ts';
import {
  accessToken,
  eventually,
  headersOf,
  type KiteClient,
  login,
  order,
  PUT,
  refusal,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';

let simulator: Simulator;
let kite: KiteClient;
beforeAll(async () => {
  simulator = await startSimulator();
  kite = await login(simulator);
});
afterAll(() => simulator.stop());
beforeEach(() => simulator.exchange.clearFaults());

type Params = Parameters<KiteClient['placeOrder']>[1];

/** Times the way they are on the wire, before a client makes them Dates of its own zone. */
async function raw(path: string) {
  const answer = await fetch(simulator.root + path, { headers: headersOf(simulator, kite) });
  return (await answer.json()) as { data: Record<string, unknown>[] };
}

async function touch(): Promise<{ bid: number; ask: number }> {
  const { depth } = (await kite.getQuote([`NFO:${PUT}`]))[`NFO:${PUT}`] as {
    depth: Record<'buy' | 'sell', { price: number }[]>;
  };
  return { bid: depth.buy[0]?.price ?? 0, ask: depth.sell[0]?.price ?? 0 };
}

const status = async (id: string) => (await kite.getOrders()).find((row) => row.order_id === id)?.status;

/** Far enough below the market to rest, near enough to be allowed by the price protection. */
async function resting(tag: string): Promise<string> {
  const price = Math.round((await touch()).bid * 0.8 * 20) / 20;
  const { order_id } = await kite.placeOrder('regular', order({ price, tag }));
  await eventually(async () => (await status(order_id)) === 'OPEN');
  return order_id;
}

async function bought(tag: string): Promise<string> {
  const price = Math.round(((await touch()).ask + 2) * 20) / 20;
  const { order_id } = await kite.placeOrder('regular', order({ price, tag }));
  await eventually(async () => (await status(order_id)) === 'COMPLETE');
  return order_id;
}

describe('orders', () => {
  it('shows an order with all of its fields, its id a string, its times in India', async () => {
    const id = await resting('FIELDS');
    expect(id).toMatch(/^\d{1,19}$/);
    const row = (await raw('/orders')).data.find((candidate) => candidate.order_id === id);
    expect(row).toMatchObject({
      placed_by: simulator.exchange.userId,
      parent_order_id: null,
      status: 'OPEN',
      status_message: null,
      variety: 'regular',
      modified: false,
      exchange: 'NFO',
      tradingsymbol: PUT,
      order_type: 'LIMIT',
      transaction_type: 'BUY',
      validity: 'DAY',
      product: 'MIS',
      quantity: 75,
      disclosed_quantity: 0,
      trigger_price: 0,
      average_price: 0,
      filled_quantity: 0,
      pending_quantity: 75,
      cancelled_quantity: 0,
      meta: {},
      tag: 'FIELDS',
      tags: ['FIELDS'],
    });
    expect(row?.order_timestamp).toMatch(/^2025-07-14 09:3\d:\d\d$/);
    expect(row?.exchange_order_id).toMatch(/^\d+$/);
    expect(Object.keys(row ?? {})).toEqual(
      expect.arrayContaining([
        'exchange_update_timestamp',
        'exchange_timestamp',
        'status_message_raw',
        'instrument_token',
        'auction_number',
        'market_protection',
        'guid',
      ]),
    );
  });

  it('shows a market order with protection as the limit order that it became, marked in its list of tags alone', async () => {
    const market = { order_type: 'MARKET', price: 0, market_protection: 2 } as Partial<Params>;
    const rows = [];
    for (const tag of ['MARKET', undefined])
      rows.push(await kite.placeOrder('regular', order({ ...market, ...(tag ? { tag } : { tag: '' }) })));
    const seen = (await raw('/orders')).data;
    const [tagged, untagged] = rows.map(({ order_id }) => seen.find((row) => row.order_id === order_id));
    expect(tagged).toMatchObject({
      ...{ order_type: 'LIMIT', market_protection: 0 },
      ...{ tag: 'MARKET', tags: ['MARKET', 'mktp', 'mktp:2.00'] },
    });
    expect(untagged).toMatchObject({ order_type: 'LIMIT', tag: null, tags: ['mktp', 'mktp:2.00'] });
  });

  it('modifies and cancels a resting order', async () => {
    const id = await resting('CHANGE');
    await kite.modifyOrder('regular', id, { price: 15.05 });
    const changed = await eventually(async () =>
      (await kite.getOrders()).find((row) => row.order_id === id && row.price === 15.05),
    );
    expect((changed as { modified?: boolean }).modified).toBe(true);
    await kite.cancelOrder('regular', id);
    await eventually(async () => (await status(id)) === 'CANCELLED');
    expect((await kite.getOrders()).find((row) => row.order_id === id)).toMatchObject({
      ...{ quantity: 75, filled_quantity: 0, pending_quantity: 75, cancelled_quantity: 75 },
    });
    expect(await refusal(kite.cancelOrder('regular', id))).toMatchObject({
      error_type: 'InputException',
      message: 'Order cannot be cancelled as it is being processed. Try later.',
    });
  });

  it('fills an order and tells its history from the first interim state, its trades and its positions', async () => {
    const id = await bought('FILL');
    const history = await kite.getOrderHistory(id);
    expect(history[0]?.status).toBe('PUT ORDER REQ RECEIVED');
    expect(history[0]?.filled_quantity).toBe(0);
    expect(history.at(-1)).toMatchObject({ status: 'COMPLETE', filled_quantity: 75, pending_quantity: 0 });

    const trades = (await raw(`/orders/${id}/trades`)).data;
    expect(trades.reduce((sum, trade) => sum + Number(trade.quantity), 0)).toBe(75);
    expect(trades[0]).toMatchObject({ order_id: id, exchange: 'NFO', tradingsymbol: PUT, transaction_type: 'BUY' });
    expect(trades[0]?.order_timestamp).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(trades[0]?.fill_timestamp).toMatch(/^2025-07-14 \d\d:\d\d:\d\d$/);
    expect((await kite.getTrades()).some((trade) => trade.order_id === id)).toBe(true);

    const { net, day } = await kite.getPositions();
    for (const rows of [net, day]) {
      const position = rows.find((row) => row.tradingsymbol === PUT);
      expect(position).toMatchObject({ exchange: 'NFO', product: 'MIS', overnight_quantity: 0, multiplier: 1 });
      expect(position?.quantity).toBe(75 * (await kite.getOrders()).filter((row) => row.status === 'COMPLETE').length);
      expect(position?.buy_price).toBeCloseTo(position?.average_price ?? 0, 6);
      expect(position?.pnl).toBeCloseTo(
        (position?.quantity ?? 0) * (position?.last_price ?? 0) - (position?.buy_value ?? 0),
        2,
      );
    }
  });

  it("refuses what is missing or malformed with Kite's InputException", async () => {
    const { price: _, ...unpriced } = order();
    for (const [changes, message] of [
      [{ quantity: -75 }, 'Invalid `quantity`.'],
      [{ tradingsymbol: '' }, 'Missing or empty field `tradingsymbol`'],
      [{ product: 'XYZ' as 'MIS' }, 'Invalid `product`.'],
      [{ price: 'cheap' as unknown as number }, 'Invalid `price`.'],
    ] as [Partial<Params>, string][])
      expect(await refusal(kite.placeOrder('regular', { ...unpriced, price: 20, ...changes }))).toMatchObject({
        error_type: 'InputException',
        message,
      });
    expect((await refusal(kite.placeOrder('regular', order({ tag: 'T'.repeat(21) })))).error_type).toMatch(
      /Exception$/,
    );
    expect((await refusal(kite.getOrderHistory('999'))).message).toContain('order_id');
  });

  it('gives margins of orders and of a basket, and the charges of a contract note', async () => {
    const leg = {
      exchange: 'NFO',
      tradingsymbol: PUT,
      variety: 'regular',
      product: 'NRML',
      order_type: 'LIMIT',
      quantity: 75,
      price: 100,
    };
    const sale = { ...leg, transaction_type: 'SELL', trigger_price: 0 };
    const hedge = { ...sale, tradingsymbol: 'NIFTY2571724800PE', transaction_type: 'BUY', price: 50 };
    const ask = kite as unknown as Record<
      'orderMargins' | 'orderBasketMargins' | 'getvirtualContractNote',
      (...args: unknown[]) => Promise<never>
    >;

    const [alone] = (await ask.orderMargins([sale], 'full')) as {
      total: number;
      span: number;
      charges: { total: number };
    }[];
    expect(alone?.total).toBeGreaterThan(100_000);
    const expected = orderCharges({ date: '2025-07-14', side: 'SELL', turnover: 75 * 10_000 }, 'unrounded');
    expect(alone?.charges.total).toBe(expected.total / 100);

    const basket = (await ask.orderBasketMargins([hedge, sale], true, 'compact')) as {
      initial: { total: number };
      final: { total: number };
    };
    expect(basket.final.total).toBeLessThan(alone?.total ?? 0);
    expect(basket.initial.total).toBeGreaterThanOrEqual(basket.final.total);

    const [note] = (await ask.getvirtualContractNote([{ ...sale, order_id: '1', average_price: 100 }])) as {
      charges: { total: number };
    }[];
    expect(note?.charges.total).toBe(expected.total / 100);
  });
});

describe('an exchange that misbehaves on request', () => {
  const tagged = (tag: string) => eventually(async () => (await kite.getOrders()).find((row) => row.tag === tag));

  it('accepts an order and never answers: the client times out, the book has it', async () => {
    const { api_key, kite_root } = simulator.server.addresses;
    const hasty = new KiteConnect({ api_key, root: kite_root, access_token: accessToken(kite), timeout: 2_000 });
    simulator.exchange.addFault({ kind: 'timeout_after_accept', count: 1 });
    const failure = await refusal(hasty.placeOrder('regular', order({ tag: 'SILENT' })));
    expect(failure).toMatchObject({ error_type: 'NetworkException' });
    await tagged('SILENT');
  });

  it('tells an order by the ticker before the HTTP answer comes', async () => {
    const token = accessToken(kite);
    const { ticker_root, api_key } = simulator.server.addresses;
    const socket = new WebSocket(`${ticker_root}/?api_key=${api_key}&access_token=${token}`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const told = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer, binary: boolean) => {
        if (!binary && data.includes('EARLY')) resolve('update');
      }),
    );
    simulator.exchange.addFault({ kind: 'slow', count: 1, ms: 3_000, after: true, path: '/orders', method: 'POST' });
    const answered = kite.placeOrder('regular', order({ tag: 'EARLY' })).then(() => 'answer');
    expect(await Promise.race([told, answered])).toBe('update');
    await answered;
    socket.terminate();
  });

  it('answers an error and accepts the order later', async () => {
    simulator.exchange.addFault({ kind: 'late_acceptance', count: 1, ms: 300 });
    expect(await refusal(kite.placeOrder('regular', order({ tag: 'LATE' })))).toMatchObject({
      error_type: 'NetworkException',
    });
    await tagged('LATE');
  });

  it('answers an error only to the order that the fault names', async () => {
    const named = { kind: 'late_acceptance', count: 1, ms: 300, tag_prefix: 'NAMED' };
    simulator.exchange.addFault(named);
    await kite.placeOrder('regular', order({ tag: 'ANOTHER' }));
    await tagged('ANOTHER');
    expect(await refusal(kite.placeOrder('regular', order({ tag: 'NAMED1' })))).toMatchObject({
      error_type: 'NetworkException',
    });
    await tagged('NAMED1');
  });

  it('drops the connection before, or after, the order was taken', async () => {
    simulator.exchange.addFault({ kind: 'drop_connection', count: 1, path: '/orders', method: 'POST' });
    await refusal(kite.placeOrder('regular', order({ tag: 'DROPPED1' })));
    simulator.exchange.addFault({ kind: 'drop_connection', count: 1, path: '/orders', method: 'POST', after: true });
    await refusal(kite.placeOrder('regular', order({ tag: 'DROPPED2' })));
    await tagged('DROPPED2');
    expect((await kite.getOrders()).some((row) => row.tag === 'DROPPED1')).toBe(false);
  });

  it("fails like a gateway, refuses this machine's address, says too many requests, forgets the session", async () => {
    const { exchange } = simulator;
    exchange.addFault({ kind: 'http_error', count: 1, status: 502 });
    expect(await refusal(kite.getOrders())).toMatchObject({ error_type: 'NetworkException', message: 'Bad Gateway' });
    exchange.addFault({ kind: 'ip_refused', count: 1 });
    expect((await refusal(kite.placeOrder('regular', order({ tag: 'IP' })))).message).toContain(
      'No IPs configured for this app',
    );
    exchange.addFault({ kind: 'rate_limit', count: 1 });
    expect(await refusal(kite.getOrders())).toMatchObject({
      error_type: 'NetworkException',
      message: 'Too many requests',
    });
    exchange.addFault({ kind: 'token_death', count: 1 });
    expect(await refusal(kite.getOrders())).toMatchObject({ error_type: 'TokenException' });
    expect(exchange.allOrders().some((row) => row.tag === 'IP')).toBe(false);
  });
});
