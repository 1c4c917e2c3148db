import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  type KiteClient,
  NIFTY,
  PUT,
  refusal,
  type Simulator,
  startSimulator,
} from '../exchange-server.ts';
import { order, type Paper, paperLogin, place, quoted, reached, row, rupees, startPaper } from './paper-fixture.ts';

const CALL = 'NIFTY2571725000CE';
const FAR_PUT = 'NIFTY2571724800PE';

let kite: Simulator;
let paper: Paper;
let client: KiteClient;
beforeAll(async () => {
  kite = await startSimulator();
  paper = await startPaper(kite, { latency: { minMs: 5, maxMs: 5 } });
  client = await paperLogin(paper, kite);
});
afterEach(() => {
  kite.exchange.clearFaults();
  kite.exchange.clock.set({ speed: 1 });
});
afterAll(async () => {
  await paper.stop();
  await kite.stop();
});

const fills = (id: string) => paper.exchange.order(id)?.fills ?? [];
const taken = (id: string) => fills(id).map(({ price, quantity }) => ({ price, quantity }));
type Level = { price: number; quantity: number };
const units = (levels: { quantity: number }[]) => levels.reduce((sum, { quantity }) => sum + quantity, 0);

/** What an order of so many units takes of a book, level by level, and what it leaves. */
function walk(levels: Level[], quantity: number): { taken: Level[]; left: Level[] } {
  let missing = quantity;
  const parts = levels.map((level) => {
    const part = Math.min(level.quantity, missing);
    missing -= part;
    return { price: level.price, part, rest: level.quantity - part };
  });
  const some = (one: Level) => one.quantity > 0;
  return {
    taken: parts.map(({ price, part }) => ({ price, quantity: part })).filter(some),
    left: parts.map(({ price, rest }) => ({ price, quantity: rest })).filter(some),
  };
}

/** The market stands still, and its prices are younger than two seconds: for as long, each order sees the same book. */
async function standStill(symbol: string): Promise<Level[]> {
  // A quote of the contract has come by, so that nothing must be asked for.
  await client.getQuote([`NFO:${symbol}`]);
  kite.exchange.clock.set({ speed: 0 });
  await client.getQuote([`NFO:${symbol}`]);
  return quoted(kite, symbol).depth.asks.map(({ price, quantity }) => ({ price, quantity }));
}

describe('an order on paper', () => {
  it('fills at the live touch, 150 ms after it was taken, through the interim states, and Kite never hears of it', async () => {
    const real = await startPaper(kite);
    const other = await paperLogin(real, kite);
    const id = await place(other, { price: rupees(quoted(kite).depth.asks[0]?.price, 40), tag: 'TOUCH' });
    await reached(other, id, 'COMPLETE');
    const done = real.exchange.order(id);
    expect(done?.history.map(({ status }) => status)).toEqual([
      'PUT ORDER REQ RECEIVED',
      'VALIDATION PENDING',
      'OPEN PENDING',
      'OPEN',
      'COMPLETE',
    ]);
    const took = (done?.fills[0]?.at ?? 0) - (done?.placedAt ?? 0);
    expect(took).toBeGreaterThanOrEqual(145);
    expect(kite.exchange.allOrders()).toEqual([]);
    expect((await other.getPositions()).net).toMatchObject([{ tradingsymbol: PUT, quantity: 75 }]);
    expect(await other.getTrades()).toMatchObject([{ order_id: id, quantity: 75 }]);
    expect(kite.exchange.positions()).toEqual([]);
    await real.stop();
  });

  it('takes five levels, remembers what it has taken, and goes on when there is more', async () => {
    const levels = await standStill(PUT);
    const price = rupees(levels.at(-1)?.price, 100);
    const ids = [await place(client, { price }), await place(client, { quantity: 1_800, price })];
    for (const id of ids) await reached(client, id, 'COMPLETE');
    const last = await place(client, { quantity: 1_800, price });
    await eventually(async () => (await row(client, last)).filled_quantity > 0);

    let book = levels;
    for (const id of ids) {
      expect(taken(id)).toEqual(walk(book, units(fills(id))).taken);
      book = walk(book, units(fills(id))).left;
    }
    // Five levels hold less than three such orders: the last one gets what is left, and waits.
    expect(taken(last)).toEqual(book);
    expect(await row(client, last)).toMatchObject({ status: 'OPEN', filled_quantity: units(book) });

    kite.exchange.clock.set({ speed: 1 });
    await reached(client, last, 'COMPLETE');
    expect(units(fills(last))).toBe(1_800);
  });

  it('rests until the market has traded through it, and fills at its own price', async () => {
    await client.getQuote([`NFO:${CALL}`]);
    const limit = quoted(kite, CALL).depth.bids[0]?.price ?? 0;
    const id = await place(client, { tradingsymbol: CALL, price: rupees(limit, -200) });
    await reached(client, id, 'OPEN');
    // Seconds of ticks above it fill nobody.
    await sleep(1_500);
    expect((await row(client, id)).filled_quantity).toBe(0);
    kite.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: CALL, points: -20 });
    const done = await reached(client, id, 'COMPLETE');
    expect(done.average_price).toBe(rupees(limit, -200));
  });

  it('waits for its trigger as a stop, and then fills only where the market goes through its limit', async () => {
    const last = quoted(kite, FAR_PUT).lastPrice;
    const trigger = rupees(last, 60);
    const limit = rupees(last, 80);
    const id = await place(client, {
      tradingsymbol: FAR_PUT,
      order_type: 'SL',
      trigger_price: trigger,
      price: limit,
    });
    await reached(client, id, 'TRIGGER PENDING');
    kite.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: FAR_PUT, points: 8 });
    await reached(client, id, 'OPEN');
    await sleep(1_500);
    expect((await row(client, id)).filled_quantity).toBe(0);
    kite.exchange.clearFaults();
    expect((await reached(client, id, 'COMPLETE')).average_price).toBe(limit);
  });

  it('is modified and cancelled as at Kite, a stop into a limit order too', async () => {
    const last = quoted(kite).lastPrice;
    const id = await place(client, { order_type: 'SL', trigger_price: rupees(last, 100), price: rupees(last, 120) });
    await reached(client, id, 'TRIGGER PENDING');
    await client.modifyOrder('regular', id, { order_type: 'LIMIT', price: rupees(last, -200), trigger_price: 0 });
    expect(await reached(client, id, 'OPEN')).toMatchObject({ order_type: 'LIMIT', price: rupees(last, -200) });
    await client.cancelOrder('regular', id);
    expect(await reached(client, id, 'CANCELLED')).toMatchObject({ cancelled_quantity: 75 });
    expect(await refusal(client.cancelOrder('regular', id))).toMatchObject({
      error_type: 'InputException',
      message: 'Order cannot be cancelled as it is being processed. Try later.',
    });
  });

  it.each([
    ['a part of a lot', { quantity: 80 }, /multiples of the lot size 75/],
    ['more than the freeze quantity', { quantity: 1_875 }, /freeze quantity of 1800/],
    ['a price between ticks', { price: 70.03 }, /Tick size for this script is 0.05/],
    ['a tag that is too long', { tag: 'ABCDEFGHIJKLMNOPQRSTU' }, /Invalid `tag`/],
    ['a stop without a limit', { order_type: 'SL-M' as const, trigger_price: 90 }, /SL-M orders are not allowed/],
    ['MARKET without protection', { order_type: 'MARKET' as const }, /market protection/],
    ['an unknown contract', { tradingsymbol: 'NIFTY2571799000PE' }, /NIFTY options that are listed today/],
    ['another underlying', { tradingsymbol: 'BANKNIFTY25JULFUT' }, /NIFTY options that are listed today/],
  ])('is refused at once for %s', async (_case, changes, words) => {
    expect((await refusal(client.placeOrder('regular', order({ price: 70, ...changes })))).message).toMatch(words);
  });

  it('is refused at once beyond the day’s range, and as a stop whose trigger is reached: no order of it is in the book', async () => {
    const before = (await client.getOrders()).length;
    const { lastPrice, upperCircuit } = quoted(kite);
    const beyond = order({ price: rupees(upperCircuit, 1) });
    expect(await refusal(client.placeOrder('regular', beyond))).toMatchObject({
      error_type: 'InputException',
      message: expect.stringMatching(/^Your order price is higher than the current \[upper circuit limit\]/),
    });
    // Far enough below the last price that it cannot fall there meanwhile.
    const reached = order({
      order_type: 'SL',
      trigger_price: rupees(lastPrice, -200),
      price: rupees(lastPrice, -180),
    });
    expect(await refusal(client.placeOrder('regular', reached))).toMatchObject({
      error_type: 'InputException',
      message: expect.stringContaining('should be higher than the last traded price'),
    });
    expect(await client.getOrders()).toHaveLength(before);
  });

  it("is rejected beyond price protection, of the live market's last half minute", async () => {
    const id = await place(client, { price: rupees(Math.round((quoted(kite).lastPrice * 2) / 5) * 5) });
    expect((await reached(client, id, 'REJECTED')).status_message).toMatch(/circuit limit/);
  });
});

describe('an old quote', () => {
  it('never fills: nothing happens until the market speaks again, then the order fills at the prices of then', async () => {
    await client.getQuote([`NFO:${PUT}`]);
    kite.exchange.addFault({ kind: 'freeze_quotes', count: 1, tradingsymbol: PUT });
    const ask = quoted(kite).depth.asks[0]?.price ?? 0;
    // Longer than the two seconds for which a quote is believed.
    await sleep(2_300);
    const id = await place(client, { price: rupees(ask, 40) });
    await reached(client, id, 'OPEN');
    // A client that looks at the same old quote makes it no younger.
    await client.getQuote([`NFO:${PUT}`]);
    await sleep(1_500);
    expect((await row(client, id)).filled_quantity).toBe(0);
    const asleepUntil = kite.exchange.clock.now();
    kite.exchange.clearFaults();
    await reached(client, id, 'COMPLETE');
    for (const { at } of fills(id)) expect(at).toBeGreaterThanOrEqual(asleepUntil);
  });

  it('is no reason to fill a stop either', async () => {
    await client.getQuote([`NFO:${CALL}`]);
    const last = quoted(kite, CALL).lastPrice;
    const id = await place(client, {
      ...{ tradingsymbol: CALL, order_type: 'SL', trigger_price: rupees(last, 60), price: rupees(last, 80) },
    });
    await reached(client, id, 'TRIGGER PENDING');
    const asleepFrom = kite.exchange.clock.now();
    kite.exchange.addFault({ kind: 'freeze_ticks', count: 1, ms: 6_000 });
    await eventually(() => !kite.exchange.faults().some(({ kind }) => kind === 'freeze_ticks'));
    kite.exchange.addFault({ kind: 'price_shift', count: 1, tradingsymbol: CALL, points: 20 });
    await reached(client, id, 'OPEN');
    const triggered = paper.exchange.order(id)?.history.find(({ status }) => status === 'OPEN');
    // The market runs at 1x.
    expect(triggered?.at).toBeGreaterThanOrEqual(asleepFrom + 6_000);
  });
});

it('watches the index all the time, for margins', () => {
  const spot = paper.exchange.lastPrice({
    ...{ kind: 'index', exchange: 'NSE', tradingsymbol: 'NIFTY 50', instrumentToken: NIFTY },
  });
  expect(Math.abs((spot ?? 0) - quoted(kite, 'NIFTY 50').lastPrice)).toBeLessThan(5_000);
});
