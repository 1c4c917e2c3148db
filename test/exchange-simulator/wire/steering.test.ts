import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, login, order, PUT, type Simulator, startSimulator } from '../exchange-server.ts';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.stop());

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(simulator.root + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A request under any Host and Origin, which fetch would not let a test choose. */
function statusFor(path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(simulator.root + path, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    call.on('error', reject).end();
  });
}

describe("the market's clock", () => {
  it('is shown in India and moved on, with the same answer to both', async () => {
    const shown = await call('GET', '/simulator/clock');
    expect(shown.body).toMatchObject({
      speed: 1,
      holds: [],
      frozen: false,
      segments: [expect.objectContaining({ speed: 1 })],
    });
    expect(shown.body.market_time).toMatch(/^2025-07-14T09:30:\d\d\.\d{3}\+05:30$/);

    const moved = await call('POST', '/simulator/clock', { market_time: '2025-07-14T11:14', speed: 60 });
    expect(moved.body.market_time).toMatch(/^2025-07-14T11:14:0/);
    expect(moved.body.speed).toBe(60);
    expect(Object.keys(moved.body)).toEqual(Object.keys(shown.body));
    const zoned = await call('POST', '/simulator/clock', { market_time: '2025-07-14T06:00:00Z', speed: 1 });
    expect(zoned.body.market_time).toMatch(/^2025-07-14T11:30:0/);
  });

  it('runs at 1x at most while somebody holds it', async () => {
    await call('POST', '/simulator/clock', { speed: 60 });
    const held = await call('POST', '/simulator/clock/holds', { key: 'entry', on: true });
    expect(held.body).toMatchObject({ speed: 1, holds: ['entry'] });
    const released = await call('POST', '/simulator/clock/holds', { key: 'entry', on: false });
    expect(released.body).toMatchObject({ speed: 60, holds: [] });
    await call('POST', '/simulator/clock', { speed: 1 });
  });

  it('stands still at speed 0, and when a lease was not renewed', async () => {
    expect((await call('POST', '/simulator/clock', { speed: 0 })).body).toMatchObject({ speed: 0, frozen: true });
    await call('POST', '/simulator/clock', { speed: 1 });
    expect((await call('POST', '/simulator/clock/lease', { seconds: 0.2 })).body.frozen).toBe(false);
    await eventually(async () => (await call('GET', '/simulator/clock')).body.frozen === true);
    expect((await call('POST', '/simulator/clock/lease', { seconds: 60 })).body.frozen).toBe(false);
  });

  it('says what to do about a request that it does not understand', async () => {
    for (const [path, body, words] of [
      ['/simulator/clock', { market_time: 'noon' }, /2025-07-14T09:20/],
      ['/simulator/clock', { speed: -1 }, /speed/],
      ['/simulator/clock', { spede: 1 }, /spede/],
      ['/simulator/clock/holds', { key: 'x' }, /on/],
      ['/simulator/faults', { kind: 'no_such_fault' }, /no_such_fault/],
      ['/simulator/faults', { kind: 'slow', ms: 'soon' }, /ms/],
      ['/simulator/faults', { kind: 'reject_order', symbol: PUT }, /symbol/],
      ['/simulator/faults', { kind: 'no_liquidity', side: 'left' }, /bids/],
      ['/simulator/foreign-trades', { tradingsymbol: PUT }, /transaction_type/],
    ] as [string, unknown, RegExp][]) {
      const answer = await call('POST', path, body);
      expect(answer.status).toBe(400);
      expect((answer.body.error as { message: string }).message).toMatch(words);
    }
    expect((await call('GET', '/simulator/nothing')).status).toBe(404);
  });
});

describe('the book, the market and the faults', () => {
  it('shows all orders in rupees in the order of arrival, with their states, fills and positions', async () => {
    const kite = await login(simulator);
    const { depth } = simulator.exchange.quote(simulator.exchange.find('NFO', PUT) ?? unlisted()) ?? unlisted();
    const { order_id } = await kite.placeOrder(
      'regular',
      order({ price: (depth.asks[0]?.price ?? 0) / 100 + 2, tag: 'BOOK' }),
    );
    const filled = await eventually(async () => {
      const { orders } = (await call('GET', '/simulator/book')).body as { orders: Record<string, unknown>[] };
      return orders.find((row) => row.order_id === order_id && row.status === 'COMPLETE');
    });
    expect(filled).toMatchObject({
      tag: 'BOOK',
      tradingsymbol: PUT,
      transaction_type: 'BUY',
      quantity: 75,
      filled_quantity: 75,
      product: 'MIS',
    });
    const fills = filled.fills as { quantity: number; price: number; at: string }[];
    const paid = fills.reduce((sum, fill) => sum + fill.price * fill.quantity, 0);
    expect(paid / 75).toBeCloseTo(Number(filled.average_price), 4);
    expect(Number.isInteger(Math.round((fills[0]?.price ?? 0) * 2_000) / 100)).toBe(true);
    expect(fills[0]?.at).toMatch(/^2025-07-14T\d\d:\d\d:\d\d\.\d{3}\+05:30$/);
    const history = filled.history as { status: string; at: string }[];
    expect(history[0]?.status).toBe('PUT ORDER REQ RECEIVED');
    expect(history.at(-1)?.status).toBe('COMPLETE');

    await call('POST', '/simulator/foreign-trades', { tradingsymbol: PUT, transaction_type: 'SELL', quantity: 75 });
    const flat = await eventually(async () => {
      const { positions } = (await call('GET', '/simulator/book')).body as { positions: Record<string, unknown>[] };
      const found = positions.find((row) => row.tradingsymbol === PUT);
      return (!found || found.quantity === 0) && positions;
    });
    expect(flat.every((row) => Object.keys(row).join() === 'tradingsymbol,product,quantity')).toBe(true);
  });

  it('shows the market and where its prices come from', async () => {
    const { body } = await call('GET', '/simulator/market');
    expect(body.spot).toBeGreaterThan(20_000);
    expect(body.india_vix).toBeGreaterThan(5);
    expect(body.provenance).toMatch(/model/);
  });

  it('lists faults, with a count of 1 unless told otherwise, and clears them', async () => {
    await call('POST', '/simulator/faults', { kind: 'rate_limit' });
    const { body } = await call('POST', '/simulator/faults', { kind: 'slow', count: 3, ms: 10, path: '/quote' });
    expect(body.faults).toEqual([
      { kind: 'rate_limit', count: 1 },
      { kind: 'slow', count: 3, ms: 10, path: '/quote' },
    ]);
    expect((await call('DELETE', '/simulator/faults')).body).toEqual({ faults: [] });
  });
});

describe('who may steer', () => {
  it('answers to this machine by its loopback names alone, and to no page of another site', async () => {
    const { port } = simulator.server;
    expect(await statusFor('/simulator/clock', { Host: `localhost:${port}` })).toBe(200);
    expect(await statusFor('/simulator/clock', { Host: `127.0.0.1:${port}` })).toBe(200);
    expect(await statusFor('/simulator/clock', { Host: `exchange.example:${port}` })).toBe(403);
    expect(await statusFor('/simulator/clock', { Origin: 'https://example.com' })).toBe(403);
    expect(await statusFor('/simulator/clock', { Origin: 'http://localhost:8000' })).toBe(200);
  });
});

function unlisted(): never {
  throw new Error('the contract is not listed');
}
