import { KiteConnect, KiteTicker } from 'kiteconnect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createKite } from '../../../src/brokers/kite.ts';
import { createFeed } from '../../../src/market/feed.ts';
import {
  accessToken,
  eventually,
  headersOf,
  type KiteClient,
  NIFTY,
  PUT,
  postLogin,
  refusal,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';
import { order, type Paper, paperLogin, place, quoted, reached, rupees, startPaper } from './paper-fixture.ts';

let kite: Simulator;
let paper: Paper;
let client: KiteClient;
let putToken: number;
const open: WebSocket[] = [];
beforeAll(async () => {
  kite = await startSimulator();
  paper = await startPaper(kite, { latency: { minMs: 5, maxMs: 5 } });
  client = await paperLogin(paper, kite);
  putToken = quoted(kite).instrument.instrumentToken;
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});
afterAll(async () => {
  await paper.stop();
  await kite.stop();
});

/** The same question put to Kite and to the paper exchange: status, type and bytes. */
async function both(path: string, init: RequestInit = {}) {
  const ask = async (root: string) => {
    const answer = await fetch(root + path, { ...init, headers: { ...headersOf(kite, client), ...init.headers } });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  };
  return { kite: await ask(kite.root), paper: await ask(paper.root) };
}

describe('logging in on paper', () => {
  it("leads to the broker's own login page, with everything that was asked", async () => {
    const query = `v=3&api_key=abc&redirect_params=${encodeURIComponent('state=s1&x=2')}`;
    const answer = await fetch(`${paper.server.addresses.login_url}?${query}`, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const target = new URL(answer.headers.get('location') ?? '');
    expect(target.origin + target.pathname).toBe(kite.server.addresses.login_url);
    expect(Object.fromEntries(target.searchParams)).toEqual({
      v: '3',
      api_key: 'abc',
      redirect_params: 'state=s1&x=2',
    });
  });

  it("exchanges a request token with the client's own checksum: the access token is Kite's", async () => {
    const { api_key, api_secret } = kite.server.addresses;
    const other = new KiteConnect({ api_key, root: paper.root });
    const token = (await postLogin(kite)).searchParams.get('request_token') ?? '';
    expect(await refusal(other.generateSession(token, 'another secret'))).toMatchObject({
      error_type: 'TokenException',
      message: 'Invalid `checksum`.',
    });
    const session = await other.generateSession(token, api_secret);
    expect(session.user_id).toBe(kite.exchange.userId);
    expect(kite.exchange.sessionAlive(session.access_token)).toBe(true);
  });

  it("passes Kite's TokenException on as it is, for its own routes as well", async () => {
    for (const path of ['/user/profile', '/quote?i=NSE:NIFTY+50', '/orders', '/portfolio/positions', '/user/margins']) {
      const dead = await both(path, { headers: { Authorization: 'token nobody:nothing' } });
      expect(dead.kite.status).toBe(403);
      expect(dead.paper).toEqual(dead.kite);
    }
  });
});

describe('the market on paper', () => {
  it("is Kite's to the byte: profile, quotes, instruments, candles, charges", async () => {
    kite.exchange.clock.set({ speed: 0 });
    const span = 'from=2025-07-11+09:15:00&to=2025-07-14+09:30:00';
    const basket = JSON.stringify([order({ price: 70 }), order({ transaction_type: 'SELL', price: 70 })]);
    const post = { method: 'POST', body: basket, headers: { 'Content-Type': 'application/json' } };
    const answers = [
      await both('/user/profile'),
      await both(`/quote?i=NFO:${PUT}&i=NSE:NIFTY+50`),
      await both(`/quote/ltp?i=NFO:${PUT}`),
      await both(`/quote/ohlc?i=NFO:${PUT}&i=NSE:INDIA+VIX`),
      await both('/instruments'),
      await both('/instruments/NFO'),
      await both(`/instruments/historical/${NIFTY}/60minute?${span}`),
      await both('/instruments/historical/1/60minute?from=x'),
      await both('/portfolio/holdings'),
      await both('/charges/orders', post),
      await both('/margins/orders', post),
      await both('/margins/basket?consider_positions=true&mode=compact', post),
    ];
    kite.exchange.clock.set({ speed: 1 });
    for (const answer of answers) expect(answer.paper).toEqual(answer.kite);
    expect(answers.filter(({ kite }) => kite.status === 200)).toHaveLength(11);
  });

  it('reads for the official client as it does at Kite: the zipped list of instruments too', async () => {
    const rows = await client.getInstruments('NFO' as never);
    expect(rows.find(({ tradingsymbol }) => tradingsymbol === PUT)).toMatchObject({ lot_size: 75 });
    expect((await client.getQuote([`NFO:${PUT}`]))[`NFO:${PUT}`]?.instrument_token).toBe(putToken);
  });

  it('passes on nothing that could move real money, and nothing that it does not know', async () => {
    const questions: [string, string][] = [
      ['POST', '/gtt/triggers'],
      ['PUT', '/portfolio/positions'],
      ['POST', '/mf/orders'],
      ['POST', '/alerts'],
      ['POST', '/portfolio/holdings/authorise'],
      ['POST', '/orders'],
      ['GET', '/gtt/triggers'],
    ];
    for (const [method, path] of questions) {
      const answer = await fetch(paper.root + path, { method, headers: headersOf(kite, client) });
      expect(`${path} ${answer.status}`).toBe(`${path} 404`);
      expect(await answer.json()).toMatchObject({
        error_type: 'GeneralException',
        message: expect.stringMatching(/does not pass/),
      });
    }
    expect(kite.exchange.allOrders()).toEqual([]);
  });
});

describe("the account's money on paper", () => {
  it("is Kite's, less what paper positions use", async () => {
    const before = await both('/user/margins');
    expect(JSON.parse(before.paper.body)).toEqual(JSON.parse(before.kite.body));
    const id = await place(client, { price: rupees(quoted(kite).depth.asks[0]?.price, 40) });
    const { average_price } = await reached(client, id, 'COMPLETE');
    const real = JSON.parse((await both('/user/margins/equity')).kite.body).data;
    const shown = (await client.getMargins('equity')) as typeof real;
    expect(shown.available.live_balance).toBeCloseTo(real.available.live_balance - 75 * average_price, 2);
    expect(shown.net).toBeCloseTo(real.net - 75 * average_price, 2);
    expect(shown.utilised.option_premium).toBeCloseTo(75 * average_price, 2);
    expect(shown.available.opening_balance).toBe(real.available.opening_balance);
    const all = (await client.getMargins()) as { equity: unknown; commodity: { enabled: boolean } };
    expect(all.equity).toEqual(shown);
    expect(all.commodity.enabled).toBe(false);
  });

  it('begins with the given cash where there is one, whatever Kite holds', async () => {
    const rich = await startPaper(kite, { cash: 100_000_00 });
    const other = await paperLogin(rich, kite);
    expect(await other.getMargins('equity')).toMatchObject({ net: 100_000, available: { live_balance: 100_000 } });
    const id = await place(other, { quantity: 1_800, price: rupees(quoted(kite).depth.asks[0]?.price) });
    expect((await reached(other, id, 'REJECTED')).status_message).toMatch(/^Insufficient funds\. Required margin/);
    await rich.stop();
  });
});

describe('the clock on paper', () => {
  it('is the market of now: it says so, and is not moved by anybody', async () => {
    const read = async (path: string, body?: unknown) => {
      const answer = await fetch(
        `${paper.root}/simulator/clock${path}`,
        body ? { method: 'POST', body: JSON.stringify(body) } : {},
      );
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const before = kite.exchange.clock.now();
    const { body } = await read('');
    expect(body).toMatchObject({ speed: 1, segments: [], holds: [], frozen: false });
    const told = Date.parse(String(body.market_time));
    // In whole seconds.
    expect(told).toBeGreaterThan(before - 1_000);
    expect(told).toBeLessThanOrEqual(kite.exchange.clock.now());
    for (const [path, change] of [
      ['', { speed: 60 }],
      ['', { market_time: '2025-07-14T15:00' }],
      ['/holds', { key: 'entry', on: true }],
      ['/lease', { seconds: 5 }],
    ] as const) {
      const refused = await read(path, change);
      expect(refused.status).toBe(400);
      expect(refused.body).toMatchObject({ error: { code: 'refused', message: expect.stringMatching(/wall clock/) } });
    }
  });
});

describe('the ticker on paper', () => {
  type Feed = { socket: WebSocket; frames: Buffer[]; texts: { type: string; data: Record<string, unknown> }[] };

  async function connect(root: string): Promise<Feed> {
    const query = `api_key=${kite.server.addresses.api_key}&access_token=${accessToken(client)}`;
    const socket = new WebSocket(`${root}/?${query}`);
    open.push(socket);
    const feed: Feed = { socket, frames: [], texts: [] };
    socket.on('message', (data: Buffer, binary: boolean) =>
      binary ? feed.frames.push(data) : feed.texts.push(JSON.parse(data.toString())),
    );
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return feed;
  }

  it("passes Kite's frames on as they are, heartbeats and errors included", async () => {
    const feed = await connect(paper.server.addresses.ticker_root);
    const direct = await connect(kite.server.addresses.ticker_root);
    kite.exchange.clock.set({ speed: 0 });
    for (const { socket } of [feed, direct]) socket.send(JSON.stringify({ a: 'mode', v: ['full', [putToken, NIFTY]] }));
    const full = ({ frames }: Feed) => eventually(() => frames.find((bytes) => bytes.length > 200));
    expect((await full(feed)).equals(await full(direct))).toBe(true);
    kite.exchange.clock.set({ speed: 1 });
    await eventually(() => feed.frames.some((bytes) => bytes.length === 1));
    feed.socket.send('nonsense');
    await eventually(() => feed.texts.some(({ type }) => type === 'error'));
  });

  it("tells of paper orders, and not of the account's real ones", async () => {
    const feed = await connect(paper.server.addresses.ticker_root);
    const { api_key, kite_root } = kite.server.addresses;
    const direct = new KiteConnect({ api_key, access_token: accessToken(client), root: kite_root });
    const real = await place(direct, { price: rupees(quoted(kite).depth.asks[0]?.price, 40), tag: 'REAL' });
    await reached(direct, real, 'COMPLETE');
    const id = await place(client, { price: rupees(quoted(kite).depth.asks[0]?.price, 40), tag: 'TOLD' });
    const update = await eventually(() => feed.texts.find(({ data }) => data.status === 'COMPLETE'));
    expect(update).toMatchObject({ type: 'order', data: { order_id: id, tag: 'TOLD', filled_quantity: 75 } });
    expect(feed.texts.map(({ data }) => data.tag)).not.toContain('REAL');
    expect((await client.getOrders()).map(({ tag }) => tag)).not.toContain('REAL');
    expect((await direct.getOrders()).map(({ tag }) => tag)).not.toContain('TOLD');
  });

  it("refuses as Kite refuses: a dead session's upgrade with 403", async () => {
    const socket = new WebSocket(`${paper.server.addresses.ticker_root}/?api_key=x&access_token=dead`);
    const status = await new Promise((resolve, reject) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('open', () => reject(new Error('it was let in')));
      socket.on('error', () => undefined);
    });
    expect(status).toBe(403);
  });

  it('speaks to the official client', async () => {
    const options = {
      ...{ api_key: kite.server.addresses.api_key, access_token: accessToken(client), reconnect: false },
      // Taken by the client, though its types do not say so.
      root: `${paper.server.addresses.ticker_root}/`,
    };
    const ticker = new KiteTicker(options);
    const ticks: { instrument_token: number; mode: string; depth?: { sell: unknown[] } }[] = [];
    const updates: { order_id: string; status: string }[] = [];
    ticker.on('ticks', (batch: typeof ticks) => ticks.push(...batch));
    ticker.on('order_update', (update: (typeof updates)[number]) => updates.push(update));
    ticker.on('connect', () => {
      ticker.subscribe([putToken]);
      ticker.setMode('full', [putToken]);
    });
    ticker.connect();
    const tick = await eventually(() => ticks.find(({ mode }) => mode === 'full'));
    expect(tick.instrument_token).toBe(putToken);
    expect(tick.depth?.sell).toHaveLength(5);
    const id = await place(client, { price: rupees(quoted(kite).depth.asks[0]?.price, 40) });
    await eventually(() => updates.some(({ order_id, status }) => order_id === id && status === 'COMPLETE'));
    ticker.disconnect();
  });
});

it("serves the program's own adapter and feed as Kite does", async () => {
  const { api_key, api_secret } = kite.server.addresses;
  const { kite_root, ticker_root, login_url } = paper.server.addresses;
  const broker = createKite({ apiKey: api_key, apiSecret: api_secret, root: kite_root, loginUrl: login_url });
  const page = await fetch(broker.loginUrl('s1'), { redirect: 'manual' });
  expect(page.headers.get('location')).toContain(kite.server.addresses.login_url);
  const login = await broker.exchange((await postLogin(kite)).searchParams.get('request_token') ?? '');
  const session = broker.session(login.accessToken);
  const feed = createFeed({ apiKey: api_key, tickerRoot: ticker_root, now: Date.now, clock: paper.exchange.clock });
  const updates: string[] = [];
  feed.onOrderUpdate(({ tag, state }) => updates.push(`${tag} ${state}`));
  feed.subscribe([putToken]);
  feed.use(login.accessToken);
  const tick = await eventually(() => feed.last(putToken));
  const contract = (await session.optionContracts('NIFTY')).find(({ tradingsymbol }) => tradingsymbol === PUT);
  expect(contract).toMatchObject({ instrumentToken: putToken, lotSize: 75, tickSize: 5 });
  const { funds, basketMargin } = session;
  expect((await funds()).available).toBeLessThan(150_000_000);
  const sale = { tradingsymbol: PUT, exchange: 'NFO', side: 'SELL', quantity: 75, product: 'MIS' } as const;
  expect((await basketMargin([{ ...sale, orderType: 'LIMIT', price: 7_000 }])).final).toBeGreaterThan(0);
  const price = (tick.bids[0]?.price ?? 0) - 100;
  await session.placeOrder({ ...sale, orderType: 'LIMIT', price, tag: 'ADAPTER' });
  await eventually(() => updates.includes('ADAPTER complete'));
  expect((await session.orders()).find(({ tag }) => tag === 'ADAPTER')).toMatchObject({ state: 'complete' });
  await feed.stop();
});
