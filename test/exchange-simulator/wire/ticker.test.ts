import { createHash } from 'node:crypto';
import { KiteTicker } from 'kiteconnect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { istAt } from '../../../src/domain/clock.ts';
import {
  accessToken,
  eventually,
  type KiteClient,
  login,
  NIFTY,
  order,
  PUT,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';

let simulator: Simulator;
let kite: KiteClient;
let putToken: number;
const open: WebSocket[] = [];
beforeAll(async () => {
  simulator = await startSimulator();
  kite = await login(simulator);
  putToken = simulator.exchange.find('NFO', PUT)?.instrumentToken ?? 0;
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.terminate();
  simulator.exchange.clearFaults();
});
afterAll(() => simulator.stop());

/** `longestSilence` is between two messages, in wall milliseconds. */
type Feed = {
  socket: WebSocket;
  frames: Buffer[];
  texts: { type: string; data: unknown }[];
  closed: () => boolean;
  longestSilence: () => number;
};

const address = (token = accessToken(kite)) =>
  `${simulator.server.addresses.ticker_root}/?api_key=${simulator.server.addresses.api_key}&access_token=${token}`;

/** A bare connection, to see the bytes that a client would decode. */
async function connect(): Promise<Feed> {
  const socket = new WebSocket(address());
  open.push(socket);
  let closed = false;
  let heardAt = performance.now();
  let silence = 0;
  const feed: Feed = { socket, frames: [], texts: [], closed: () => closed, longestSilence: () => silence };
  socket.on('message', (data: Buffer, binary: boolean) => {
    silence = Math.max(silence, performance.now() - heardAt);
    heardAt = performance.now();
    if (binary) feed.frames.push(data);
    else feed.texts.push(JSON.parse(data.toString()));
  });
  socket.on('close', () => {
    closed = true;
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return feed;
}

/** The HTTP status with which an upgrade is refused. */
function refused(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('open', () => reject(new Error('it was let in')));
    socket.on('error', () => undefined);
  });
}

const send = ({ socket }: Feed, a: string, v: unknown) => socket.send(JSON.stringify({ a, v }));

/** Packets of all frames so far: the bytes after each length. */
function packets({ frames }: Feed): Buffer[] {
  return frames
    .filter((bytes) => bytes.length > 1)
    .flatMap((bytes) => {
      const found: Buffer[] = [];
      for (let count = bytes.readUInt16BE(0), at = 2; count > 0; count--) {
        const length = bytes.readUInt16BE(at);
        found.push(bytes.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
      return found;
    });
}

const isBeat = (bytes?: Buffer) => bytes?.length === 1;

const packetOf = (feed: Feed, token: number, length: number) =>
  eventually(() => packets(feed).find((bytes) => bytes.readUInt32BE(0) === token && bytes.length === length));

describe('the ticker', () => {
  it('refuses the upgrade with 403 to a wrong key or a dead session', async () => {
    expect(await refused(address('dead'))).toBe(403);
    expect(
      await refused(`${simulator.server.addresses.ticker_root}/?api_key=other&access_token=${accessToken(kite)}`),
    ).toBe(403);
  });

  it('allows three connections an app', async () => {
    await Promise.all([connect(), connect(), connect()]);
    expect(await refused(address())).toBe(429);
  });

  it('sends ltp, quote and full packets, big endian in paise, and index packets of 28 and 32 bytes', async () => {
    const began = simulator.exchange.clock.now();
    const feed = await connect();
    send(feed, 'subscribe', [putToken, NIFTY]);
    const quote = await packetOf(feed, putToken, 44);
    expect(quote.readUInt32BE(36)).toBeLessThanOrEqual(quote.readUInt32BE(32));
    await packetOf(feed, NIFTY, 28);
    send(feed, 'mode', ['ltp', [putToken]]);
    await packetOf(feed, putToken, 8);
    send(feed, 'mode', ['full', [putToken, NIFTY]]);

    const index = await packetOf(feed, NIFTY, 32);
    const spot = (await kite.getLTP(['NSE:NIFTY 50']))['NSE:NIFTY 50']?.last_price ?? 0;
    expect(Math.abs(index.readUInt32BE(4) / 100 - spot)).toBeLessThan(50);
    expect(index.readInt32BE(24)).toBe(index.readUInt32BE(4) - index.readUInt32BE(20));
    const at = index.readUInt32BE(28) * 1000;
    expect(at).toBeGreaterThanOrEqual(began - 10_000);
    expect(at).toBeLessThanOrEqual(simulator.exchange.clock.now());
  });

  it('puts a contract of full mode at the offsets of the documentation, five levels a side', async () => {
    simulator.exchange.clock.set({ speed: 0 });
    const quote = simulator.exchange.quote(simulator.exchange.find('NFO', PUT) ?? never()) ?? never();
    const feed = await connect();
    send(feed, 'mode', ['full', [putToken]]);
    const full = await packetOf(feed, putToken, 184);
    simulator.exchange.clock.set({ speed: 1 });
    const at = (offset: number) => full.readUInt32BE(offset);
    const { bids, asks } = quote.depth;
    const units = (levels: typeof bids) => levels.reduce((sum, level) => sum + level.quantity, 0);
    expect([4, 8, 12, 16, 20, 24].map(at)).toEqual([
      quote.lastPrice,
      quote.lastQuantity,
      quote.averagePrice,
      quote.volume,
      units(bids),
      units(asks),
    ]);
    expect([28, 32, 36, 40, 48].map(at)).toEqual([quote.open, quote.high, quote.low, quote.close, quote.oi]);
    expect(at(60)).toBe(Math.floor(quote.at / 1000));
    const levels = Array.from({ length: 10 }, (_, index) => ({
      quantity: at(64 + index * 12),
      price: at(68 + index * 12),
      orders: full.readUInt16BE(72 + index * 12),
    }));
    expect(levels).toEqual([...bids, ...asks]);
  });

  it('ticks on while the market moves and stops after unsubscribe', async () => {
    const feed = await connect();
    send(feed, 'mode', ['full', [NIFTY]]);
    await eventually(() => packets(feed).length >= 3);
    send(feed, 'unsubscribe', [NIFTY]);
    // Answered in turn: once this is, the other has been read.
    send(feed, 'mode', ['loud', [NIFTY]]);
    await eventually(() => feed.texts.length === 1);
    const before = feed.frames.length;
    await eventually(() => feed.frames.length >= before + 3);
    expect(feed.frames.slice(before).filter((bytes) => !isBeat(bytes))).toEqual([]);
  });

  it('sends at most about ten packets a second for an instrument, however fast the market is replayed', async () => {
    simulator.exchange.clock.set({ speed: 60 });
    const feed = await connect();
    send(feed, 'mode', ['full', [NIFTY]]);
    const began = Date.now();
    await eventually(() => packets(feed).length >= 10);
    simulator.exchange.clock.set({ speed: 1 });
    expect(packets(feed).length).toBeLessThanOrEqual(((Date.now() - began) / 1000) * 12 + 2);
  });

  it('tells each state of an order once it matters, with the checksum of a postback', async () => {
    const feed = await connect();
    const ask = simulator.exchange.quote(simulator.exchange.find('NFO', PUT) ?? never())?.depth.asks[0]?.price ?? 0;
    const { order_id } = await kite.placeOrder('regular', order({ price: ask / 100 + 2, tag: 'UPDATES' }));
    type Update = { order_id: string; status: string; checksum: string; order_timestamp: string; tag: string };
    const updates = () =>
      feed.texts
        .filter((text) => text.type === 'order')
        .map((text) => text.data as Update)
        .filter((row) => row.order_id === order_id);
    const last = await eventually(() => updates().find((update) => update.status === 'COMPLETE'));
    const { api_secret } = simulator.server.addresses;
    expect(last).toMatchObject({
      tag: 'UPDATES',
      user_id: simulator.exchange.userId,
      filled_quantity: 75,
      unfilled_quantity: 0,
      checksum: createHash('sha256')
        .update(order_id + last.order_timestamp + api_secret)
        .digest('hex'),
    });
    expect(updates().map((update) => update.status)).not.toContain('PUT ORDER REQ RECEIVED');
  });

  it('answers nonsense with an error text and goes on', async () => {
    const feed = await connect();
    feed.socket.send('not json');
    send(feed, 'mode', ['loud', [NIFTY]]);
    await eventually(() => feed.texts.filter((text) => text.type === 'error').length === 2);
    send(feed, 'mode', ['ltp', [NIFTY]]);
    await packetOf(feed, NIFTY, 8);
  });

  it('goes mute, sends garbage, a wrong price or an error, and drops connections on request', async () => {
    const feed = await connect();
    send(feed, 'mode', ['full', [NIFTY]]);
    await packetOf(feed, NIFTY, 32);
    const { exchange } = simulator;
    exchange.addFault({ kind: 'bad_tick', count: 1, instrument_token: NIFTY, price: 1 });
    expect((await packetOf(feed, NIFTY, 8)).readUInt32BE(4)).toBe(100);
    exchange.addFault({ kind: 'ticker_error', count: 1, message: 'Server busy.' });
    await eventually(() => feed.texts.some((text) => text.type === 'error' && text.data === 'Server busy.'));
    // Ten prices lie between two heartbeats now, which are a second apart.
    exchange.clock.set({ speed: 60 });
    const before = feed.frames.length;
    exchange.addFault({ kind: 'freeze_ticks', count: 1, ms: 3_000 });
    const frozenAt = await eventually(() => {
      const index = feed.frames.findIndex((bytes, at) => at > before && isBeat(bytes) && isBeat(feed.frames[at - 1]));
      return index > 0 && index;
    });
    await eventually(() => feed.frames.slice(frozenAt).some((bytes) => !isBeat(bytes)));
    exchange.clock.set({ speed: 1 });
    exchange.addFault({ kind: 'mute_ticker', count: 1, ms: 4_000 });
    await eventually(() => exchange.faults().length === 0);
    const mutedAt = performance.now();
    const beforeMute = feed.frames.length;
    // What was on its way then still arrives.
    await eventually(() => feed.frames.length > beforeMute && performance.now() - mutedAt > 3_000);
    expect(feed.longestSilence()).toBeGreaterThan(2_000);
    exchange.addFault({ kind: 'drop_ticker', count: 1 });
    await eventually(feed.closed);
  });

  it('speaks to the official client: full ticks with depth, and its order updates', async () => {
    const options = {
      api_key: simulator.server.addresses.api_key,
      access_token: accessToken(kite),
      reconnect: false,
      // Taken by the client, though its types do not say so.
      root: simulator.server.addresses.ticker_root,
    };
    const ticker = new KiteTicker(options);
    const ticks: { instrument_token: number; mode: string; depth?: { buy: unknown[] } }[] = [];
    const updates: { status: string }[] = [];
    ticker.on('ticks', (batch: typeof ticks) => ticks.push(...batch));
    ticker.on('order_update', (update: (typeof updates)[number]) => updates.push(update));
    ticker.on('connect', () => {
      ticker.subscribe([putToken, NIFTY]);
      ticker.setMode('full', [putToken, NIFTY]);
    });
    ticker.connect();
    const full = await eventually(() =>
      ticks.find((tick) => tick.instrument_token === putToken && tick.mode === 'full'),
    );
    expect(full.depth?.buy).toHaveLength(5);
    await eventually(() => ticks.some((tick) => tick.instrument_token === NIFTY && tick.mode === 'full'));
    ticker.disconnect();
  });

  it('goes on after the death of its session, with heartbeats, prices and order updates; a new connection is refused', async () => {
    const feed = await connect();
    const mine = address();
    send(feed, 'mode', ['full', [NIFTY]]);
    simulator.exchange.clock.set({ market: istAt('2025-07-15', '06:00:01') });
    expect(await refused(mine)).toBe(403);
    const since = feed.frames.length;
    simulator.exchange.clock.set({ market: istAt('2025-07-15', '09:20') });
    simulator.exchange.foreignTrade({ tradingsymbol: PUT, product: 'MIS', side: 'BUY', quantity: 75 });
    const later = () => ({ ...feed, frames: feed.frames.slice(since) });
    await eventually(() => packets(later()).some((bytes) => bytes.readUInt32BE(0) === NIFTY));
    await eventually(() => later().frames.filter(isBeat).length > 1);
    await eventually(() => feed.texts.some(({ type }) => type === 'order'));
    expect(feed.closed()).toBe(false);
  });
});

function never(): never {
  throw new Error('the contract is not listed');
}
