import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { KiteTicker } from 'kiteconnect';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BrokerOrder } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import { createFeed } from '../../src/market/feed.ts';
import type { Feed, Tick } from '../../src/market/types.ts';
import { PATIENCE_MS } from '../patience.ts';
import { RUN } from '../run-typescript.ts';
import {
  eventually,
  frame,
  INDEX,
  indexPacket,
  OPTION,
  optionPacket,
  quotePacket,
  scriptedTicker,
} from './scripted-ticker.ts';

const at = istAt('2025-07-14', '11:15');

let ticker: Awaited<ReturnType<typeof scriptedTicker>>;
let feed: Feed;
let ticks: Tick[];
let orders: BrokerOrder[];
let warnings: string[];

beforeEach(async () => {
  ticker = await scriptedTicker();
  ticks = [];
  orders = [];
  warnings = [];
  feed = newFeed();
  feed.onTick((tick) => ticks.push(tick));
  feed.onOrderUpdate((order) => orders.push(order));
});
afterEach(async () => {
  await feed.stop();
  await ticker.kill();
});

/** A machine that is busy is slow to send: only the test of a mute server has a feed that leaves one soon. */
function newFeed(muteMs = PATIENCE_MS): Feed {
  return createFeed({
    apiKey: 'key',
    tickerRoot: ticker.root(),
    now: () => Date.now(),
    clock: { now: () => at },
    warn: (message) => warnings.push(message),
    pace: { lookMs: 1_000, muteMs },
  });
}

const connection = () => ticker.connections[0];
const asked = () => connection()?.asked ?? [];
const open = async () => {
  feed.use('access');
  await eventually(() => feed.status().connected && ticker.connections.length === 1);
};

describe('what comes over the feed', () => {
  test('prices arrive in paise with five levels at most, empty ones left out', async () => {
    feed.subscribe([OPTION, INDEX]);
    await open();
    ticker.send(frame(optionPacket(6_905, [6_900, 75], [6_910, 150], at), indexPacket(2_506_395, at)));
    await eventually(() => ticks.length === 2);
    expect(feed.last(OPTION)).toMatchObject({
      lastPrice: 6_905,
      bids: [{ price: 6_900, quantity: 75 }],
      asks: [{ price: 6_910, quantity: 150 }],
      exchangeAt: at,
    });
    expect(feed.last(INDEX)).toMatchObject({ lastPrice: 2_506_395, bids: [], asks: [], exchangeAt: at });
  });

  test('an order update is read as an order of the book is', async () => {
    await open();
    const data = {
      order_id: '1953367517686685697',
      tag: '250714P1MEN11',
      tradingsymbol: 'NIFTY2571725000PE',
      exchange: 'NFO',
      transaction_type: 'BUY',
      product: 'MIS',
      order_type: 'SL',
      status: 'TRIGGER PENDING',
      quantity: 750,
      filled_quantity: 0,
      pending_quantity: 750,
      price: 150.5,
      trigger_price: 138.1,
      average_price: 0,
      order_timestamp: '2025-07-14 11:15:03',
      unfilled_quantity: 750,
      checksum: 'x',
    };
    ticker.send(JSON.stringify({ type: 'order', data }));
    await eventually(() => orders.length === 1);
    expect(orders[0]).toMatchObject({
      orderId: '1953367517686685697',
      state: 'live',
      triggerPrice: 13_810,
      placedAt: istAt('2025-07-14', '11:15:03'),
    });
  });

  test('garbage in any form changes nothing and ends nothing', async () => {
    feed.subscribe([OPTION, INDEX]);
    await open();
    ticker.send(Buffer.from([0x7f, 0xff, 0x00, 0xb8, 1, 2, 3]));
    ticker.send(Buffer.from([0x00, 0x02, 0x00, 0x0d, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5]));
    ticker.send(frame(Buffer.alloc(184, 0xff), Buffer.alloc(32), Buffer.alloc(8, 0x80)));
    for (const text of ['null', '1', '"order"', '{', '{"type":"order"}', '{"type":"order","data":{"order_id":7}}'])
      ticker.send(text);
    ticker.send('{"type":"error","data":"Something went wrong."}');
    ticker.send(frame(indexPacket(2_506_395, at)));
    await eventually(() => ticks.length > 0);
    expect(ticks.map((tick) => tick.instrumentToken)).toEqual([INDEX]);
    expect(orders).toEqual([]);
    expect(warnings).toHaveLength(2);
    expect(feed.status().connected).toBe(true);
  });

  test('a packet without depth does not look like an empty book', async () => {
    feed.subscribe([OPTION]);
    await open();
    ticker.send(frame(quotePacket(6_905)));
    ticker.send(frame(optionPacket(6_910, [6_900, 75], [6_920, 75], at)));
    await eventually(() => ticks.length > 0);
    expect(ticks).toHaveLength(1);
    expect(ticks[0]?.lastPrice).toBe(6_910);
  });

  test('a listener that throws does not keep others from hearing', async () => {
    feed.subscribe([INDEX]);
    feed.onTick(() => {
      throw new Error('broken');
    });
    let heard = 0;
    feed.onTick(() => {
      heard += 1;
    });
    await open();
    ticker.send(frame(indexPacket(100, at), indexPacket(105, at)));
    await eventually(() => heard === 2);
    expect(ticks).toHaveLength(2);
    expect(warnings).toContain('a listener of the feed threw: broken');
  });

  test('heartbeats count as messages, not as ticks', async () => {
    feed.subscribe([INDEX]);
    await open();
    ticker.send(Buffer.from([0]));
    await eventually(() => feed.status().lastMessageAt !== null);
    expect(feed.status()).toMatchObject({ lastTickAt: null, subscribed: 1, reconnects: 0 });
  });
});

describe('who is subscribed', () => {
  test('an instrument is asked for once, in full mode, and left when its last user has gone', async () => {
    await open();
    const first = feed.subscribe([INDEX, OPTION]);
    const second = feed.subscribe([INDEX]);
    await eventually(() => asked().length === 2);
    expect(asked()).toEqual([
      { a: 'subscribe', v: [INDEX, OPTION] },
      { a: 'mode', v: ['full', [INDEX, OPTION]] },
    ]);
    first();
    first();
    second();
    await eventually(() => asked().length === 4);
    expect(asked().slice(2)).toEqual([
      { a: 'unsubscribe', v: [OPTION] },
      { a: 'unsubscribe', v: [INDEX] },
    ]);
    expect(feed.status().subscribed).toBe(0);
  });
});

describe('a connection that breaks', () => {
  test('the server is killed and comes back, twice: the feed is there again, asks again, and hears each tick once', async () => {
    feed.subscribe([INDEX]);
    await open();
    for (const round of [1, 2]) {
      await ticker.kill();
      await eventually(() => !feed.status().connected);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await ticker.start();
      await eventually(() => asked().length === 2);
      expect(asked()).toEqual([
        { a: 'subscribe', v: [INDEX] },
        { a: 'mode', v: ['full', [INDEX]] },
      ]);
      ticks.length = 0;
      ticker.send(frame(indexPacket(2_500_000 + round, at)));
      await eventually(() => ticks.length > 0);
      expect(ticks.map((tick) => tick.lastPrice)).toEqual([2_500_000 + round]);
      expect(feed.status()).toMatchObject({ connected: true, reconnects: round });
      expect(ticker.connections).toHaveLength(1);
    }
  });

  test('a server that goes mute is left for a new connection, and only one stays', async () => {
    feed = newFeed(5_000);
    feed.subscribe([INDEX]);
    await open();
    const mute = connection();
    await eventually(() => ticker.connections.length === 1 && connection() !== mute);
    await eventually(() => asked().length === 2);
    expect(feed.status().reconnects).toBe(1);
  });

  test('a connection that tells no prices is replaced when asked for, once for all who ask', async () => {
    expect(feed.reconnect('before a login')).toBe(false);
    feed.subscribe([INDEX]);
    await open();
    const older = connection();
    expect(feed.reconnect('no prices of P1')).toBe(true);
    expect(feed.reconnect('no prices of P2')).toBe(false);
    await eventually(() => ticker.connections.length === 1 && connection() !== older && feed.status().connected);
    await eventually(() => asked().length === 2);
    expect(feed.reconnect('no prices of P2')).toBe(false);
    expect(feed.status().reconnects).toBe(1);
    expect(warnings).toEqual(['the ticker gets a new connection: no prices of P1']);
  });

  test('a refused session gets no other connection, for any caller', async () => {
    ticker.refuse = 403;
    feed.use('dead');
    await eventually(() => feed.status().refused);
    expect(feed.reconnect('no prices')).toBe(false);
    expect(ticker.handshakes).toBe(1);
  });

  test('a newer session reconnects, and the late end of the older connection does no harm', async () => {
    feed.subscribe([INDEX]);
    await open();
    const older = connection();
    feed.use('access');
    expect(ticker.handshakes).toBe(1);
    feed.use('newer');
    await eventually(() => ticker.connections.length === 1 && connection() !== older);
    expect(connection()?.url).toContain('access_token=newer');
    await eventually(() => asked().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(feed.status().connected).toBe(true);
    expect(ticker.handshakes).toBe(2);
  });

  test('a refused session is not asked again each second, a newer one at once', async () => {
    ticker.refuse = 403;
    feed.use('dead');
    await eventually(() => ticker.handshakes === 1);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(ticker.handshakes).toBe(1);
    ticker.refuse = null;
    feed.use('alive');
    await eventually(() => feed.status().connected);
  });

  test('a handshake that is never answered does not hold the feed', async () => {
    ticker.refuse = 'silence';
    feed.use('access');
    await eventually(() => ticker.handshakes === 1);
    ticker.refuse = null;
    await eventually(() => feed.status().connected);
  });

  test('after stop nothing reconnects', async () => {
    await open();
    await feed.stop();
    await eventually(() => ticker.connections.length === 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(ticker.handshakes).toBe(1);
  });

  test('another KiteTicker of the process keeps its own socket', async () => {
    await open();
    const other = new KiteTicker({
      api_key: 'other',
      access_token: 'x',
      reconnect: false,
      root: `${ticker.root()}/`,
    } as never);
    other.connect();
    await eventually(() => ticker.connections.length === 2);
    feed.use('newer');
    await eventually(() => ticker.handshakes === 3);
    expect(other.connected()).toBe(true);
    other.disconnect();
  });
});

describe('the process behind the feed', () => {
  test('lives through retries against nobody, then connects when somebody is there', async () => {
    await ticker.kill();
    const child = fileURLToPath(new URL('./feed.child.ts', import.meta.url));
    const run = spawn(process.execPath, [RUN, child, ticker.root()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said: string[] = [];
    run.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString().trim()));
    await eventually(() => said.includes('alone'));
    await ticker.start();
    await new Promise((closed) => run.once('close', closed));
    expect(said).toEqual(['alone', 'connected']);
  });
});
