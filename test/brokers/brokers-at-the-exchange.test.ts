import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBreeze } from '../../src/brokers/breeze.ts';
import { createKite } from '../../src/brokers/kite.ts';
import type { BrokerOrder, KiteSession, NewOrder } from '../../src/brokers/types.ts';
import { istAt, istDate } from '../../src/domain/clock.ts';
import { evaluateWeek } from '../../src/domain/strategy/index.ts';
import type { OptionContract } from '../../src/domain/types.ts';
import { createHourlyCandles } from '../../src/market/candles.ts';
import { createSimulatorClock } from '../../src/market/clock-source.ts';
import { createFeed } from '../../src/market/feed.ts';
import { createInstrumentMaster } from '../../src/market/instruments.ts';
import type { Feed } from '../../src/market/types.ts';
import { eventually, NIFTY, PUT, type Simulator, startSimulator } from '../exchange-simulator/exchange-server.ts';
import { PATIENCE_MS } from '../patience.ts';
import { failureOf } from './scripted-server.ts';

/* Every method of the adapters against the simulated exchange, on Monday 14 July 2025 from 11:15 on. */

let simulator: Simulator;
let session: KiteSession;
let accessToken: string;
let put: OptionContract;

beforeAll(async () => {
  simulator = await startSimulator({ at: '11:15' });
  session = await logIn();
  const contracts = await createInstrumentMaster({
    session: async () => session,
    now: () => istAt('2025-07-14', '11:20'),
  }).contracts('2025-07-14');
  put = contracts.find((contract) => contract.tradingsymbol === PUT) as OptionContract;
});
afterAll(() => simulator.stop());

const kite = () => {
  const { api_key, api_secret, kite_root, login_url } = simulator.server.addresses;
  return createKite({ apiKey: api_key, apiSecret: api_secret, root: kite_root, loginUrl: login_url });
};

/** As a browser does it: the login page that the adapter names, its form, the redirect. */
async function logIn(): Promise<KiteSession> {
  const page = new URL(kite().loginUrl('state-1'));
  const posted = await fetch(page, { method: 'POST', redirect: 'manual', body: page.searchParams });
  const redirect = new URL(posted.headers.get('location') ?? '');
  expect(redirect.searchParams.get('state')).toBe('state-1');
  const login = await kite().exchange(redirect.searchParams.get('request_token') ?? '');
  accessToken = login.accessToken;
  expect(istDate(login.loginAt)).toBe('2025-07-14');
  return kite().session(login.accessToken);
}

const buy = (tag: string, more: Partial<NewOrder> = {}): NewOrder => ({
  tradingsymbol: PUT,
  exchange: 'NFO',
  side: 'BUY',
  quantity: put.lotSize,
  product: 'MIS',
  orderType: 'LIMIT',
  tag,
  ...more,
});
const putQuote = async () => {
  const quote = (await session.quotes([`NFO:${PUT}`])).get(`NFO:${PUT}`);
  if (!quote) throw new Error('nobody quotes the put');
  return quote;
};
const seen = (orderId: string, holds: (order: BrokerOrder) => boolean) =>
  eventually(async () => (await session.orders()).find((order) => order.orderId === orderId && holds(order)));

describe('Kite', () => {
  test('knows who is logged in', async () => {
    expect(await session.profile()).toEqual({ userId: simulator.exchange.userId });
  });

  test('lists the contracts of the day with their lot', () => {
    expect(put).toMatchObject({ expiry: '2025-07-17', strike: 2_500_000, optionType: 'PE', lotSize: 75, tickSize: 5 });
  });

  test('quotes a contract with its depth, and the index without', async () => {
    const quotes = await session.quotes([`NFO:${PUT}`, 'NSE:NIFTY 50', 'NFO:NOTHING']);
    const quote = quotes.get(`NFO:${PUT}`);
    expect(quote?.bids[0]?.price).toBeLessThan(quote?.asks[0]?.price ?? 0);
    expect(quote?.lowerCircuit).toBeLessThan(quote?.upperCircuit ?? 0);
    expect(istDate(quote?.at ?? 0)).toBe('2025-07-14');
    expect(quotes.get('NSE:NIFTY 50')).toMatchObject({ instrumentToken: NIFTY, bids: [], asks: [] });
    expect(quotes.size).toBe(2);
  });

  test('an order is placed, changed from stop to limit, cancelled; its history tells', async () => {
    const { lastPrice } = await putQuote();
    const trigger = Math.ceil((lastPrice * 1.5) / 5) * 5;
    const { orderId } = await session.placeOrder(
      buy('RESTING1', { orderType: 'SL', triggerPrice: trigger, price: trigger + 500 }),
    );
    await seen(orderId, (order) => order.status === 'TRIGGER PENDING');
    const price = Math.floor((lastPrice * 0.8) / 5) * 5;
    await session.modifyOrder(orderId, { orderType: 'LIMIT', price, triggerPrice: 0 });
    expect(await seen(orderId, (order) => order.status === 'OPEN')).toMatchObject({
      orderType: 'LIMIT',
      price,
      triggerPrice: 0,
      tag: 'RESTING1',
      state: 'live',
    });
    await session.cancelOrder(orderId);
    await seen(orderId, (order) => order.state === 'cancelled');
    const history = await session.orderHistory(orderId);
    expect(history.map((order) => order.status)).toEqual(
      expect.arrayContaining(['TRIGGER PENDING', 'MODIFIED', 'OPEN', 'CANCELLED']),
    );
    expect(await failureOf(session.cancelOrder(orderId))).toMatchObject({ kind: 'refused' });
  });

  test('a filled order shows in trades and positions, to the paisa', async () => {
    const { asks } = await putQuote();
    const { orderId } = await session.placeOrder(buy('FILLED1', { price: (asks[0]?.price ?? 0) + 500 }));
    const filled = await seen(orderId, (order) => order.state === 'complete');
    expect(filled).toMatchObject({ filledQuantity: 75, pendingQuantity: 0 });
    const trades = await session.orderTrades(orderId);
    expect(trades.reduce((sum, trade) => sum + trade.quantity, 0)).toBe(75);
    expect(trades[0]).toMatchObject({ orderId, side: 'BUY', product: 'MIS', tradingsymbol: PUT });
    expect(await session.trades()).toEqual(expect.arrayContaining(trades));
    const { net, day } = await session.positions();
    const held = { tradingsymbol: PUT, product: 'MIS', quantity: 75 };
    expect([net, day]).toEqual([[expect.objectContaining(held)], [expect.objectContaining(held)]]);
  });

  test('funds and the margin of a basket are in paise', async () => {
    const { available, used } = await session.funds();
    expect(available).toBeGreaterThan(100_000_00);
    expect(used).toBeGreaterThan(0);
    const short = buy('x', { side: 'SELL', price: 6_000, quantity: 750 });
    const margin = await session.basketMargin([short]);
    expect(margin.final).toBeGreaterThan(10_000_00);
    expect(margin.initial).toBeGreaterThanOrEqual(margin.final);
  });

  test('refusals come as what they are', async () => {
    const { lastPrice } = await putQuote();
    const refused: [string, NewOrder][] = [
      ['a tag over 20', buy('A'.repeat(21), { price: lastPrice })],
      ['an odd lot', buy('ODD', { price: lastPrice, quantity: 70 })],
      ['a price off the tick', buy('TICK', { price: 6_903 })],
      ['an unknown symbol', buy('GONE', { price: lastPrice, tradingsymbol: 'NIFTY2571799999PE' })],
    ];
    for (const [what, order] of refused) {
      expect(await failureOf(session.placeOrder(order)), what).toMatchObject({ name: 'BrokerError', kind: 'refused' });
    }
    const dead = kite().session('not-a-session');
    expect(await failureOf(dead.orders())).toMatchObject({ kind: 'token', details: { status: 403 } });
    expect(await failureOf(kite().exchange('used-up'))).toMatchObject({ kind: 'token' });
  });

  test.each([
    [{ kind: 'rate_limit' }, 'rate_limited'],
    [{ kind: 'ip_refused' }, 'ip_refused'],
    [{ kind: 'http_error', status: 502 }, 'doubt'],
    [{ kind: 'timeout_after_accept' }, 'doubt'],
  ])('a placement under the fault %j is read as %s', async (fault, kind) => {
    const impatient = createKite({
      apiKey: simulator.server.addresses.api_key,
      apiSecret: 's',
      root: simulator.root,
      // Only the silent one is to be waited out.
      timeoutMs: fault.kind === 'timeout_after_accept' ? 1_000 : PATIENCE_MS,
    }).session(accessToken);
    const { lastPrice } = await putQuote();
    simulator.exchange.addFault({ ...fault, count: 1 });
    const order = buy(`FAULT${kind.replace('_', '').toUpperCase()}`, { price: Math.floor((lastPrice * 0.8) / 5) * 5 });
    expect(await failureOf(impatient.placeOrder(order))).toMatchObject({ kind });
    simulator.exchange.clearFaults();
  });

  test('hourly candles of the index are the recorded ones', async () => {
    const bars = await session.historical(
      NIFTY,
      '60minute',
      istAt('2025-07-14', '09:15'),
      istAt('2025-07-14', '10:15'),
    );
    expect(bars.map((bar) => [bar.open, bar.close])).toEqual([
      [2_514_950, 2_511_980],
      [2_512_075, 2_506_395],
    ]);
  });
});

describe('Breeze', () => {
  const breeze = () => {
    const { breeze_api_key, breeze_api_secret, breeze_session, breeze_root, security_master_url } =
      simulator.server.addresses;
    return createBreeze({
      apiKey: breeze_api_key,
      apiSecret: breeze_api_secret,
      session: breeze_session,
      root: breeze_root,
      securityMasterUrl: security_master_url,
    });
  };

  test('logs in and gives candles of index and options', async () => {
    const client = breeze();
    expect(await client.check()).toEqual({ authenticated: true, reason: null });
    const [from, to] = [istAt('2025-07-14', '09:15'), istAt('2025-07-14', '10:45')];
    const bars = await client.indexCandles(from, to, '30minute');
    expect(bars).toHaveLength(4);
    expect(bars.at(-1)?.close).toBe(2_506_395);
    expect(await client.optionCandles(put, from, to, '5minute')).toHaveLength(19);
  });

  test('a session that is not of today is a token error', async () => {
    const { breeze_api_key, breeze_api_secret, breeze_root } = simulator.server.addresses;
    const stale = createBreeze({
      apiKey: breeze_api_key,
      apiSecret: breeze_api_secret,
      session: '1',
      root: breeze_root,
    });
    expect(await stale.check()).toEqual({ authenticated: false, reason: 'Invalid session.' });
  });

  test('its candles decide S1 at 11:15 on 14 July 2025, as in the worked example', async () => {
    const [barStart, barEnd] = [istAt('2025-07-14', '10:15'), istAt('2025-07-14', '11:15')];
    const candles = createHourlyCandles({ breeze: breeze() });
    const hour = {
      barStart,
      barEnd,
      signal: new AbortController().signal,
      own: () => undefined,
    };
    const seenBars = await candles.forDecision({ ...hour, kite: session });
    if (seenBars.kind !== 'bars') throw new Error(seenBars.reason);
    expect(seenBars).toMatchObject({ source: 'breeze', filledFromKite: [] });
    expect(evaluateWeek(seenBars.bars, barEnd)).toMatchObject({ signal: 'S1', strike: 2_500_000, optionType: 'PE' });
    expect(await candles.closeWithin({ ...hour, withinMs: PATIENCE_MS })).toMatchObject({ close: 2_506_395 });
  });
});

describe('the feed', () => {
  test('streams the put and the index, tells of orders, and goes on after the session was killed: only calls tell of that', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    const { api_key, ticker_root } = simulator.server.addresses;
    const feed: Feed = createFeed({ apiKey: api_key, tickerRoot: ticker_root, now: Date.now, clock });
    const updates: BrokerOrder[] = [];
    feed.onOrderUpdate((order) => updates.push(order));
    feed.subscribe([put.instrumentToken, NIFTY]);
    feed.use(accessToken);
    const tick = await eventually(() => feed.last(put.instrumentToken));
    expect(tick.bids).toHaveLength(5);
    expect(tick.asks).toHaveLength(5);
    expect(istDate(tick.exchangeAt ?? 0)).toBe('2025-07-14');
    await eventually(() => feed.last(NIFTY));

    const price = Math.floor((tick.lastPrice * 0.8) / 5) * 5;
    const { orderId } = await session.placeOrder(buy('UPDATE1', { price }));
    await eventually(() => updates.find((order) => order.orderId === orderId && order.status === 'OPEN'));

    simulator.exchange.killSessions();
    expect(await failureOf(session.orders())).toMatchObject({ kind: 'token' });
    const killed = Date.now();
    // Later than a ticker that closes with its session would have told of its end.
    await eventually(() => (feed.status().lastTickAt ?? 0) > killed + 2_000);
    expect(feed.status()).toMatchObject({ connected: true, reconnects: 0, refused: false });
    session = await logIn();
    feed.use(accessToken);
    const before = feed.status().lastTickAt ?? 0;
    await eventually(() => feed.status().reconnects === 1 && (feed.status().lastTickAt ?? 0) > before);
    expect((await session.orders()).map((order) => order.orderId)).toContain(orderId);
    await feed.stop();
    await clock.stop();
  });
});
