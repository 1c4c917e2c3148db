import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKite } from '../../src/brokers/kite.ts';
import type { NewOrder } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import { ORDER_ROW as row } from './kite-order-row.ts';
import { failureOf, json, scriptedServer } from './scripted-server.ts';

let kite: Awaited<ReturnType<typeof scriptedServer>>;
beforeAll(async () => {
  kite = await scriptedServer();
});
afterAll(() => kite.close());

const broker = (timeoutMs = 5000) => createKite({ apiKey: 'key', apiSecret: 'secret', root: kite.root, timeoutMs });
const session = (timeoutMs?: number) => broker(timeoutMs).session('access');

const order: NewOrder = {
  tradingsymbol: 'NIFTY2571725000PE',
  exchange: 'NFO',
  side: 'SELL',
  quantity: 750,
  product: 'MIS',
  orderType: 'LIMIT',
  price: 6_905,
  tag: '250714P1MEN11',
};

describe('orders on the wire', () => {
  test('a limit order is sent in rupees, as a form, with the tag and the authorisation', async () => {
    kite.gives({ order_id: '1953367517686685697' });
    expect(await session().placeOrder(order)).toEqual({ orderId: '1953367517686685697' });
    const sent = kite.seen.at(-1);
    expect(sent).toMatchObject({ method: 'POST', url: '/orders/regular' });
    expect(sent?.headers).toMatchObject({ authorization: 'token key:access', 'x-kite-version': '3' });
    expect(Object.fromEntries(new URLSearchParams(sent?.body))).toMatchObject({
      tradingsymbol: 'NIFTY2571725000PE',
      transaction_type: 'SELL',
      quantity: '750',
      order_type: 'LIMIT',
      price: '69.05',
      product: 'MIS',
      validity: 'DAY',
      tag: '250714P1MEN11',
    });
    expect(sent?.body).not.toContain('market_protection');
  });

  test('an order without a price carries market protection, which Kite demands', async () => {
    kite.gives({ order_id: '1' });
    const { price: _price, ...unpriced } = order;
    await session().placeOrder({ ...unpriced, orderType: 'MARKET' });
    expect(new URLSearchParams(kite.seen.at(-1)?.body).get('market_protection')).toBe('-1');
  });

  test('a change names only what it changes, and can clear the trigger', async () => {
    kite.gives({ order_id: '7' });
    await session().modifyOrder('7', { orderType: 'LIMIT', price: 12_005, triggerPrice: 0 });
    expect(kite.seen.at(-1)).toMatchObject({ method: 'PUT', url: '/orders/regular/7' });
    const body = Object.fromEntries(new URLSearchParams(kite.seen.at(-1)?.body));
    expect(body).toMatchObject({ order_type: 'LIMIT', price: '120.05', trigger_price: '0' });
    expect(body).not.toHaveProperty('quantity');
  });

  test('order ids keep all their digits, times are Indian, an unknown status is live', async () => {
    kite.gives([row, { ...row, status: 'GONE FISHING' }, { ...row, status: 'COMPLETE' }]);
    const orders = await session().orders();
    expect(orders.map((each) => each.state)).toEqual(['live', 'live', 'complete']);
    expect(orders[0]).toMatchObject({
      orderId: '1953367517686685697',
      price: 6_905,
      placedAt: istAt('2025-07-14', '11:15:03'),
      updatedAt: istAt('2025-07-14', '11:15:04'),
    });
  });

  test('an order id that came as a number has lost digits and is doubt', async () => {
    kite.gives({ order_id: 1 });
    expect(await failureOf(session().placeOrder(order))).toMatchObject({ kind: 'doubt' });
  });
});

describe('answers that no healthy broker gives', () => {
  test('200 with an unexpected content type is doubt, not success', async () => {
    kite.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');
    expect(await failureOf(session().placeOrder(order))).toMatchObject({ name: 'BrokerError', kind: 'doubt' });
  });

  test('200 without an order id is doubt', async () => {
    kite.gives({});
    expect(await failureOf(session().placeOrder(order))).toMatchObject({ kind: 'doubt' });
  });

  test('200 with broken JSON is doubt', async () => {
    kite.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":');
    expect(await failureOf(session().orders())).toMatchObject({ kind: 'doubt' });
  });

  test('200 with an error in it is that error', async () => {
    kite.answer = (_request, response) =>
      json(response, 200, { status: 'error', error_type: 'MarginException', message: 'Insufficient funds.' });
    expect(await failureOf(session().placeOrder(order))).toMatchObject({
      kind: 'refused',
      message: 'Insufficient funds.',
    });
  });

  test('the HTTP status and the wait that Kite asks for are kept', async () => {
    kite.answer = (_request, response) =>
      json(
        response,
        429,
        { status: 'error', error_type: 'NetworkException', message: 'Too many requests' },
        { 'retry-after': '1' },
      );
    const error = await failureOf(session().orders());
    expect(error).toMatchObject({ kind: 'rate_limited', details: { status: 429, retry_after: 1 } });
  });

  test('a redirect is not followed: an order must not be sent twice', async () => {
    kite.answer = (_request, response) => response.writeHead(307, { location: `${kite.root}/orders/regular` }).end();
    const before = kite.seen.length;
    expect(await failureOf(session().placeOrder(order))).toMatchObject({ kind: 'doubt' });
    expect(kite.seen.length).toBe(before + 1);
  });

  test('silence ends after the timeout, in doubt', async () => {
    kite.answer = () => undefined;
    expect(await failureOf(session(200).placeOrder(order))).toMatchObject({ kind: 'doubt', details: { status: null } });
  });

  test('an answer that trickles ends after the timeout as well', async () => {
    kite.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(drip));
    };
    expect(await failureOf(session(300).placeOrder(order))).toMatchObject({ kind: 'doubt' });
  });

  test('a connection that is cut while we wait is doubt', async () => {
    kite.answer = (_request, response) => response.socket?.destroy();
    expect(await failureOf(session().placeOrder(order))).toMatchObject({ kind: 'doubt' });
  });

  test('a server that is not there was never sent anything', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const nobody = createKite({ apiKey: 'key', apiSecret: 'secret', root: `http://127.0.0.1:${port}` });
    expect(await failureOf(nobody.session('access').placeOrder(order))).toMatchObject({
      kind: 'refused',
      retryable: true,
      details: { not_sent: true },
    });
  });

  test('no error carries a token or a secret', async () => {
    kite.answer = (_request, response) => response.writeHead(502).end();
    const error = (await failureOf(broker().exchange('request-token'))) as Error & { details: unknown };
    expect(JSON.stringify([error.message, error.details, error.stack])).not.toMatch(/request-token|secret|access/);
    expect(error.cause).toBeUndefined();
  });
});
