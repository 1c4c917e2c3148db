import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KiteConnect } from 'kiteconnect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { istAt } from '../../../src/domain/clock.ts';
import { createExchange } from '../../../src/exchange-simulator/replay/exchange.ts';
import { startExchangeServer } from '../../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../../src/exchange-simulator/wire/keys.ts';
import { RUN } from '../../run-typescript.ts';
import {
  accessToken,
  eventually,
  type KiteClient,
  login,
  PUT,
  refusal,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';
import {
  folder,
  order,
  type Paper,
  paperLogin,
  place,
  quoted,
  reached,
  row,
  rupees,
  startPaper,
} from './paper-fixture.ts';

const CHILD = fileURLToPath(new URL('./paper.child.ts', import.meta.url));

let kite: Simulator;
let data: ReturnType<typeof folder>;
const ends: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  kite = await startSimulator();
  data = folder();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await kite.stop();
  data.remove();
});

async function open(options: Parameters<typeof startPaper>[1] = {}): Promise<{ paper: Paper; client: KiteClient }> {
  const paper = await startPaper(kite, { latency: { minMs: 5, maxMs: 5 }, dataDir: data.path, ...options });
  ends.push(paper.stop);
  return { paper, client: await paperLogin(paper, kite) };
}

/** Crosses the touch by two rupees. */
const crossing = () => rupees(quoted(kite).depth.asks[0]?.price, 40);

describe('while Kite is away', () => {
  it('orders are refused, nothing fills, the book is shown; when it is back, everything goes on', async () => {
    const { paper, client } = await open();
    const resting = await place(client, { price: rupees(quoted(kite).lastPrice, -200) });
    await reached(client, resting, 'OPEN');
    const { port } = kite.server;
    await kite.server.close();

    const refused = await refusal(client.placeOrder('regular', order({ price: crossing() })));
    expect(refused).toMatchObject({
      error_type: 'NetworkException',
      message: expect.stringMatching(/^Kite cannot be reached/),
    });
    const quote = await fetch(`${paper.root}/quote?i=NSE:NIFTY+50`);
    expect(quote.status).toBe(503);
    expect(await quote.json()).toMatchObject({ status: 'error', error_type: 'NetworkException', data: null });
    expect((await refusal(client.modifyOrder('regular', resting, { price: crossing() }))).error_type).toBe(
      'NetworkException',
    );
    expect(await upgrade(paper)).toBe(503);
    expect((await client.getOrders()).map(({ status }) => status)).toEqual(['OPEN']);
    kite.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: PUT, points: -20 });
    await sleep(1_000);
    expect((await row(client, resting)).filled_quantity).toBe(0);

    kite.server = await startExchangeServer({
      ...{ exchange: kite.exchange, port, redirectUrl: 'http://127.0.0.1/', keys: DEFAULT_KEYS },
      limits: { other: 10_000, orders: 1_000, quote: 1_000 },
    });
    await reached(client, resting, 'COMPLETE');
    kite.exchange.clearFaults();
    await reached(client, await place(client, { price: crossing() }), 'COMPLETE');
  });

  it('an order that was taken before waits for prices of after', async () => {
    const { paper, client } = await open({ latency: { minMs: 6_000, maxMs: 6_000 } });
    const id = await place(client, { price: crossing() });
    const { port } = kite.server;
    await kite.server.close();
    await reached(client, id, 'OPEN');
    await sleep(500);
    expect((await row(client, id)).filled_quantity).toBe(0);
    const back = kite.exchange.clock.now();
    kite.server = await startExchangeServer({
      ...{ exchange: kite.exchange, port, redirectUrl: 'http://127.0.0.1/', keys: DEFAULT_KEYS },
      limits: { other: 10_000, quote: 1_000 },
    });
    await reached(client, id, 'COMPLETE');
    expect(paper.exchange.order(id)?.fills[0]?.at).toBeGreaterThanOrEqual(back);
  });

  it('a stopped Kite is answered for with 504, an error page of its gateway is passed on', async () => {
    const { paper, client } = await open();
    // The paper exchange has asked for all that it wants to know itself.
    await client.getMargins();
    const headers = { 'X-Kite-Version': '3', Authorization: `token ${DEFAULT_KEYS.apiKey}:${accessToken(client)}` };
    kite.exchange.addFault({ kind: 'http_error', count: 1, path: '/quote', status: 502 });
    const page = await fetch(`${paper.root}/quote?i=NSE:NIFTY+50`, { headers });
    expect(page.status).toBe(502);
    expect(await page.text()).toContain('Bad gateway');
    kite.exchange.addFault({ kind: 'drop_connection', count: 2, path: '/quote' });
    const broken = await fetch(`${paper.root}/quote?i=NSE:NIFTY+50`, { headers });
    expect([broken.status, ((await broken.json()) as { error_type: string }).error_type]).toEqual([
      502,
      'NetworkException',
    ]);
    kite.exchange.clearFaults();
    kite.exchange.addFault({ kind: 'slow', count: 1, path: '/quote', ms: 10_000 });
    const slow = await fetch(`${paper.root}/quote?i=NSE:NIFTY+50`, { headers });
    expect([slow.status, ((await slow.json()) as { error_type: string }).error_type]).toEqual([
      504,
      'NetworkException',
    ]);
  });
});

describe('a session on paper', () => {
  it('dies with the one at Kite, for orders too, and a new login goes on with the same book', async () => {
    const { client } = await open();
    const id = await place(client, { price: rupees(quoted(kite).lastPrice, -200) });
    await reached(client, id, 'OPEN');
    kite.exchange.killSessions();
    expect((await refusal(client.getProfile())).error_type).toBe('TokenException');
    expect((await refusal(client.getOrders())).error_type).toBe('TokenException');
    expect((await refusal(client.placeOrder('regular', order({ price: 70 })))).error_type).toBe('TokenException');
    const paper = { root: Reflect.get(client, 'root') as string } as Paper;
    const again = await paperLogin(paper, kite);
    expect((await row(again, id)).status).toBe('OPEN');
    await reached(again, await place(again, { price: crossing() }), 'COMPLETE');
  });

  it('dies at 06:00, whether or not Kite was asked since', async () => {
    const { client } = await open();
    expect(await client.getOrders()).toEqual([]);
    kite.exchange.clock.set({ market: istAt('2025-07-15', '06:00:01') });
    expect((await refusal(client.getOrders())).error_type).toBe('TokenException');
  });

  it('ends at a logout', async () => {
    const { client } = await open();
    await client.getOrders();
    await client.invalidateAccessToken(accessToken(client));
    expect((await refusal(client.getOrders())).error_type).toBe('TokenException');
  });

  it("of another account is refused: the book is one person's for ever", async () => {
    const { paper } = await open();
    await paper.stop();
    const exchange = await createExchange({ at: kite.exchange.clock.now(), userId: 'AB1234' });
    const server = await startExchangeServer({
      exchange,
      port: 0,
      redirectUrl: 'http://127.0.0.1/',
      keys: DEFAULT_KEYS,
    });
    const stranger: Simulator = { ...kite, exchange, server, root: server.addresses.kite_root };
    ends.push(server.close, exchange.close);
    const second = await startPaper(stranger, { dataDir: data.path });
    ends.push(second.stop);
    expect(await refusal(paperLogin(second, stranger))).toMatchObject({
      error_type: 'PermissionException',
      message: 'This paper book belongs to SIM001, not to AB1234.',
    });
    const direct = await login(stranger);
    const client = new KiteConnect({
      api_key: DEFAULT_KEYS.apiKey,
      access_token: accessToken(direct),
      root: second.root,
    });
    expect((await refusal(client.getOrders())).error_type).toBe('PermissionException');
  });

  it('leaves no secret behind', async () => {
    const { client } = await open();
    await reached(client, await place(client, { price: crossing() }), 'COMPLETE');
    const kept = readdirSync(data.path)
      .map((name) => readFileSync(join(data.path, name), 'utf8'))
      .join('');
    expect(kept).toContain('SIM001');
    for (const secret of [accessToken(client), DEFAULT_KEYS.apiSecret, DEFAULT_KEYS.apiKey])
      expect(kept).not.toContain(secret);
  });
});

describe('after SIGKILL', () => {
  async function start(): Promise<{ child: ChildProcess; root: string }> {
    const { kite_root, ticker_root, login_url } = kite.server.addresses;
    const argument = JSON.stringify({
      kite: { root: kite_root, tickerRoot: ticker_root, loginUrl: login_url },
      ...{ dataDir: data.path, ahead: kite.exchange.clock.now() - Date.now() },
    });
    const child = spawn(process.execPath, [RUN, CHILD, argument], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    ends.push(() => void child.kill('SIGKILL'));
    const port = await new Promise((resolve) => child.stdout?.once('data', (line: Buffer) => resolve(Number(line))));
    return { child, root: `http://127.0.0.1:${port}` };
  }

  it('every acknowledged order is there once, what was on its way arrives, what rested rests, positions are the same', async () => {
    const first = await start();
    const client = await paperLogin({ root: first.root } as Paper, kite);
    const bought = await place(client, { price: crossing(), tag: 'BOUGHT' });
    await reached(client, bought, 'COMPLETE');
    const resting = await place(client, { price: rupees(quoted(kite).lastPrice, -300), tag: 'RESTS' });
    await reached(client, resting, 'OPEN');
    const underWay: string[] = [];
    for (let count = 0; count < 5; count++) underWay.push(await place(client, { price: crossing() }));
    first.child.kill('SIGKILL');

    const second = await start();
    const again = new KiteConnect({
      api_key: DEFAULT_KEYS.apiKey,
      access_token: accessToken(client),
      root: second.root,
    });
    const ids = await again.getOrders().then((rows) => rows.map(({ order_id }) => order_id));
    expect(ids).toEqual([bought, resting, ...underWay]);
    for (const id of underWay) await reached(again, id, 'COMPLETE');
    expect((await row(again, resting)).status).toBe('OPEN');
    expect((await again.getPositions()).net).toMatchObject([{ tradingsymbol: PUT, quantity: 75 * 6 }]);
    kite.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: PUT, points: -25 });
    await reached(again, resting, 'COMPLETE');
    expect(kite.exchange.allOrders()).toEqual([]);
  });
});

describe("a day's end on paper", () => {
  const moveTo = (time: string, date = '2025-07-17') => kite.exchange.clock.set({ market: istAt(date, time) });

  it('squares MIS off at 15:25 with orders of the broker, and takes no new ones', async () => {
    moveTo('15:24:40', '2025-07-14');
    const { client } = await open();
    const id = await place(client, {
      product: 'MIS',
      transaction_type: 'SELL',
      price: rupees(quoted(kite).depth.bids[0]?.price, -10),
    });
    await reached(client, id, 'COMPLETE');
    const rest = await place(client, { product: 'MIS', price: 1 });
    await eventually(async () => (await row(client, rest)).status !== 'PUT ORDER REQ RECEIVED');
    moveTo('15:25:01', '2025-07-14');
    await eventually(async () => (await client.getPositions()).net.every(({ quantity }) => quantity === 0));
    const broker = (await client.getOrders()).at(-1);
    expect(broker).toMatchObject({ tag: null, product: 'MIS', transaction_type: 'BUY', status: 'COMPLETE' });
    expect((await refusal(client.placeOrder('regular', order({ product: 'MIS', price: 70 })))).message).toMatch(
      /allowed only till 15:25/,
    );
  });

  it('ends DAY orders at the close, and settles what has expired on the official close once Kite has it', async () => {
    moveTo('15:29:00');
    const { client } = await open();
    const held = await place(client, { price: crossing() });
    await reached(client, held, 'COMPLETE');
    const rests = await place(client, { price: 0.05 });
    await reached(client, rests, 'OPEN');
    moveTo('15:30:01');
    expect((await reached(client, rests, 'CANCELLED')).status_message).toMatch(/DAY order cancelled at the close/);
    expect((await refusal(client.placeOrder('regular', order({ price: 70 })))).message).toMatch(/closed/);
    await sleep(700);
    expect((await client.getPositions()).net).toMatchObject([{ quantity: 75 }]);

    moveTo('16:05:00');
    const [settled] = await eventually(async () => {
      const { net } = await client.getPositions();
      return net[0]?.quantity === 0 && net;
    });
    const span = ['2025-07-17 00:00:00', '2025-07-17 23:59:59'] as const;
    const [day] = await client.getHistoricalData(256_265, 'day', ...span);
    const worth = Math.max(0, 25_000 - Number(day?.close));
    expect(settled?.sell_price).toBeCloseTo(worth, 2);
  });
});

/** The HTTP status with which an upgrade is refused. */
function upgrade({ server }: Paper): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.addresses.ticker_root}/?api_key=x&access_token=y`);
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });
}
