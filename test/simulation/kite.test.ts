import { beforeAll, describe, expect, test } from 'vitest';
import type { KiteSession, MarginOrder, NewOrder } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import { INDIA_VIX, NIFTY } from '../../src/exchange-simulator/core/contracts.ts';
import { logIn, outcomeOf, type Side, seenBothWays } from './both-ways.ts';

/* The simulated Kite answers what the official client's answers are read as: one day and its morrows, read at both. */

const DAY = '2025-07-14';
const PUT = 'NIFTY2571725000PE';
const CALL = 'NIFTY2571725100CE';
const FAR = 'NIFTY2571724800PE';
const KEYS = [`NFO:${PUT}`, `NFO:${CALL}`, `NFO:${FAR}`, 'NSE:NIFTY 50', 'NSE:INDIA VIX', 'NFO:NOTHING', 'NIFTY'];
const INTERVALS = ['minute', '30minute', '60minute', 'day'] as const;

const order = (tag: string, more: Partial<NewOrder>): NewOrder => ({
  ...{ tradingsymbol: PUT, exchange: 'NFO', side: 'BUY', quantity: 75, product: 'MIS', orderType: 'LIMIT' },
  ...{ tag, ...more },
});

const BASKETS: MarginOrder[][] = [
  [order('', { side: 'SELL', price: 6_000, quantity: 750 })],
  [
    order('', { tradingsymbol: FAR, price: 3_000, quantity: 750, product: 'NRML' }),
    order('', { side: 'SELL', price: 6_000, quantity: 750, product: 'NRML' }),
  ],
  [order('', { side: 'SELL', orderType: 'MARKET' })],
  [],
];

/** Everything that a session can read. */
async function readAll(session: KiteSession, orderIds: readonly string[]) {
  const each = async <T>(read: (orderId: string) => Promise<T>) => {
    const rows: T[] = [];
    for (const orderId of orderIds) rows.push(await read(orderId));
    return rows;
  };
  const margins: object[] = [];
  for (const basket of BASKETS) margins.push(await outcomeOf(session.basketMargin(basket)));
  return {
    profile: await session.profile(),
    orders: await session.orders(),
    histories: await each(session.orderHistory),
    trades: await session.trades(),
    tradesOfEach: await each(session.orderTrades),
    positions: await session.positions(),
    funds: await session.funds(),
    quotes: await session.quotes(KEYS),
    margins,
  };
}

async function candles(session: KiteSession, to: MarketMs) {
  const from = istAt('2025-07-11', '09:15');
  const put = (await session.quotes([`NFO:${PUT}`])).get(`NFO:${PUT}`)?.instrumentToken;
  const bars = new Map<string, unknown>();
  for (const token of [NIFTY.instrumentToken, INDIA_VIX.instrumentToken, put ?? 0])
    for (const interval of INTERVALS) {
      if (token === 0) continue;
      bars.set(`${token} ${interval}`, await session.historical(token, interval, from, to));
      // Kite's times have whole seconds.
      bars.set(`${token} ${interval} odd`, await session.historical(token, interval, to - 3_599_250, to - 250));
    }
  bars.set('nothing', await session.historical(NIFTY.instrumentToken, 'minute', to, to - 60_000));
  return bars;
}

type Seen = { at: string; what: object };

/** Orders in each state that they can be in, by nobody's hand but the market's and ours, and what was read on the way. */
async function play(side: Side): Promise<Seen[]> {
  const { exchange, kite, moveTo } = side;
  const seen: Seen[] = [];
  const login = await kite.exchange(exchange.newRequestToken());
  let session = kite.session(login.accessToken);
  const ids: string[] = [];
  const read = async (at: string, orderIds = ids) => seen.push({ at, what: await readAll(session, orderIds) });
  const place = async (tag: string, more: Partial<NewOrder>) => {
    const { orderId } = await session.placeOrder(order(tag, more));
    ids.push(orderId);
    return orderId;
  };
  const last = async (symbol: string) => (await session.quotes([`NFO:${symbol}`])).get(`NFO:${symbol}`)?.lastPrice ?? 0;
  const tick = (price: number) => Math.round(price / 5) * 5;
  const at = (time: string, date = DAY) => istAt(date, time);

  seen.push({ at: 'login', what: login });
  seen.push({ at: 'contracts', what: await session.optionContracts('NIFTY') });
  await read('before anything');

  const [put, call] = [await last(PUT), await last(CALL)];
  const resting = await place('RESTING', { price: tick(put * 0.7) });
  const stop = await place('STOP', { orderType: 'SL', triggerPrice: tick(put * 1.6), price: tick(put * 1.7) });
  const kept = await place('KEPT', { orderType: 'SL', triggerPrice: tick(put * 1.8), price: tick(put * 1.9) });
  await place('TRIGGERED', {
    ...{ side: 'SELL', orderType: 'SL', product: 'NRML' },
    ...{ triggerPrice: tick(put * 0.97), price: tick(put * 0.9) },
  });
  exchange.addFault({ kind: 'thin_depth', count: 1, tag_prefix: 'PART', quantity: 150 });
  await place('PART', { tradingsymbol: CALL, price: tick(call * 1.05), quantity: 750 });
  await place('WHOLE', { price: tick(put * 1.1), quantity: 1_500, product: 'NRML' });
  await place('MARKET', { tradingsymbol: FAR, orderType: 'MARKET' });
  exchange.addFault({ kind: 'reject_order', count: 1, tag_prefix: 'REJECTED' });
  await place('REJECTED', { price: tick(put * 0.9) });
  await read('received');
  moveTo(at('09:30:05'));
  await read('at the exchange');

  await session.modifyOrder(resting, { price: tick(put * 0.65), quantity: 150 });
  await session.modifyOrder(stop, { orderType: 'LIMIT', price: tick(put * 0.6), triggerPrice: 0 });
  await session.cancelOrder(kept);
  await read('changes under way');
  moveTo(at('09:30:10'));
  await read('changed');
  await session.cancelOrder(resting);
  ids.push(
    exchange.foreignTrade({ tradingsymbol: CALL, product: 'NRML', side: 'SELL', quantity: 75, price: call + 15 })
      .orderId,
    // Averages that end on half a paisa.
    exchange.foreignTrade({ tradingsymbol: FAR, product: 'NRML', side: 'BUY', quantity: 75, price: 100 }).orderId,
    exchange.foreignTrade({ tradingsymbol: FAR, product: 'NRML', side: 'BUY', quantity: 75, price: 105 }).orderId,
  );
  moveTo(at('11:15:00') + 380);
  await read('a quarter past eleven');
  seen.push({ at: 'candles', what: await candles(session, at('11:15:00')) });
  exchange.addFault({ kind: 'hide_orders', count: 1, tag_prefix: 'WHOLE' });
  await read('an order is hidden');
  exchange.clearFaults();
  exchange.addFault({ kind: 'freeze_quotes', count: 1, tradingsymbol: PUT });
  moveTo(at('15:25'));
  await read('after the square-off, a contract frozen');
  exchange.clearFaults();

  moveTo(at('09:20', '2025-07-15'));
  session = await logIn(side);
  ids.length = 0;
  ids.push(
    exchange.foreignTrade({ tradingsymbol: FAR, product: 'NRML', side: 'SELL', quantity: 150, price: 305 }).orderId,
  );
  await read('the next morning, with what was carried');
  seen.push({ at: 'candles of the second day', what: await candles(session, at('09:20', '2025-07-15')) });
  moveTo(at('09:20', '2025-07-18'));
  session = await logIn(side);
  await read('the day after expiry', []);
  seen.push({ at: 'contracts after expiry', what: await session.optionContracts('NIFTY') });
  return seen;
}

let both: { real: Seen[]; double: Seen[] };
beforeAll(async () => {
  both = await seenBothWays(play);
});

const statuses = (of: Seen[]) =>
  new Set(
    of.flatMap(({ what }) => ('orders' in what ? (what.orders as { status: string }[]) : [])).map((o) => o.status),
  );

describe('the simulated Kite', () => {
  test('shows at every instant of some days what the official client shows of the same exchange', () => {
    expect(both.double).toEqual(both.real);
  });

  test('these days have orders in every state, fills in part, hidden orders and what was carried and settled', () => {
    expect([...statuses(both.real)].sort()).toEqual(
      expect.arrayContaining([
        'CANCELLED',
        'COMPLETE',
        'OPEN',
        'REJECTED',
        'TRIGGER PENDING',
        'PUT ORDER REQ RECEIVED',
      ]),
    );
    expect([...statuses(both.real)]).toEqual(expect.arrayContaining(['MODIFY VALIDATION PENDING', 'CANCEL PENDING']));
    const at = (name: string) => both.real.find((one) => one.at === name)?.what as Awaited<ReturnType<typeof readAll>>;
    const tagged = (name: string, tag: string) => at(name).orders.find((one) => one.tag === tag);
    expect(tagged('at the exchange', 'PART')).toMatchObject({ filledQuantity: 150, pendingQuantity: 600 });
    expect(tagged('a quarter past eleven', 'TRIGGERED')?.state).toBe('complete');
    expect(tagged('a quarter past eleven', 'WHOLE')?.state).toBe('complete');
    expect(tagged('an order is hidden', 'WHOLE')).toBeUndefined();
    const morning = at('the next morning, with what was carried').positions;
    expect(morning.net.length).toBeGreaterThan(morning.day.length);
    expect(at('the day after expiry').positions.net).toEqual([]);
    expect([...at('the day after expiry').quotes.keys()]).toEqual(['NSE:NIFTY 50', 'NSE:INDIA VIX']);
  });
});
