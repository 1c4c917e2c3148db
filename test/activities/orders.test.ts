import { afterEach, describe, expect, it, vi } from 'vitest';
import { createOrderActivities } from '../../activities/orders.ts';
import type { OrderIntent } from '../../src/contract/activities.ts';
import { entryOf, sketchOf } from '../../src/domain/control/sketch.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await desk?.close();
  desk = undefined;
});

async function open(...options: Parameters<typeof openDesk>): Promise<Desk> {
  desk = await openDesk(...options);
  return desk;
}

const TAG = 'R001D25071401HE01001';
const POST = { path: '/orders', method: 'POST', count: 1 };
const GET = { path: '/orders', method: 'GET', count: 1 };

const send = ({ run, orders, intent }: Desk, of: Partial<OrderIntent> = {}) =>
  run(() => orders.sendOrder(intent({ tag: TAG, side: 'BUY', ...of })));

/** An order of the main contract that appears in the book with our tag, not by this process. */
const appear = ({ exchange }: Desk, tag: string, quantity = 75): SimOrder =>
  exchange.place({
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: MAIN, side: 'BUY', orderType: 'LIMIT', product: 'MIS' },
    ...{ validity: 'DAY', quantity, price: 80_00, triggerPrice: 0, disclosedQuantity: 0 },
    ...{ marketProtection: null, tag },
  });

describe('sending an order', () => {
  it('answers with the row that the book shows of it within a second, its trades included', async () => {
    const today = await open();
    const sent = await send(today);
    expect(sent).toMatchObject({
      kind: 'sent',
      row: { tag: TAG, phase: 'ended', status: 'COMPLETE', filledQuantity: 75 },
    });
    const [order] = today.exchange.allOrders();
    const fills = order?.fills.map(({ tradeId, quantity, price }) => ({ tradeId, quantity, price }));
    expect(sent.kind === 'sent' && sent.row?.fills).toMatchObject(fills ?? []);
  });

  it('is in the journal by then, and held up by none that hangs', async () => {
    const today = await open();
    const { journal } = today.parts.activities;
    await send(today, { side: 'SELL' });
    expect(await journal.orders(today.identity)).toMatchObject([
      { tag: TAG, positionId: 'P1', side: 'SELL', quantity: 75, phase: 'in_flight' },
    ]);
    vi.spyOn(journal, 'noteIntent').mockReturnValue(new Promise(() => {}));
    expect(await send(today, { tag: 'R001D25071401HE01002' })).toMatchObject({ kind: 'sent' });
    vi.spyOn(journal, 'noteIntent').mockRejectedValue(new Error('the journal is away'));
    expect(await send(today, { tag: 'R001D25071401HE01003' })).toMatchObject({ kind: 'sent' });
  });

  it('answers without a row when the book shows none that matters within the second', async () => {
    const today = await open({ latency: { minMs: 3_000, maxMs: 3_000 } });
    expect(await send(today)).toMatchObject({ kind: 'sent', row: null });
  });

  it('sends nothing after its deadline', async () => {
    const today = await open();
    expect(await send(today, { sendBy: Date.now() - 1 })).toEqual({ kind: 'too_late' });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it('sends nothing, and is in no doubt, while the journal that has the login is away', async () => {
    const today = await open();
    const { journal, sessions } = today.parts.activities;
    sessions.forget(today.identity);
    vi.spyOn(journal, 'currentSession').mockRejectedValue(new Error('the journal is away'));
    const pricing = { kind: 'limit', price: 80_00 } as const;
    expect(await send(today, { pricing, sendBy: Date.now() + 2_000 })).toEqual({ kind: 'too_late' });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it.each([75, 150])('does not send a tag that is in the book, whatever the row is: %i units', async (quantity) => {
    const today = await open();
    appear(today, TAG, quantity);
    expect(await send(today)).toMatchObject({ kind: 'found', row: { tag: TAG, quantity } });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it('tells a refusal in the broker’s words, and an address that the broker takes no orders from', async () => {
    const today = await open();
    expect(await send(today, { quantity: 74 })).toMatchObject({
      ...{ kind: 'refused', message: expect.stringMatching(/lot|multiple/i) },
    });
    today.exchange.addFault({ kind: 'ip_refused', count: 1 });
    expect(await send(today)).toMatchObject({ kind: 'address_refused' });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it('goes on in the next second after too many requests, and says so when the time is over', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'rate_limit', ...POST });
    expect(await send(today)).toMatchObject({ kind: 'sent' });
    today.exchange.addFault({ kind: 'rate_limit', ...POST, count: 100 });
    const late = await send(today, { tag: 'R001D25071401HE01002', sendBy: Date.now() + 200 });
    expect(late).toMatchObject({ kind: 'rate_limited' });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it.each([
    ['a gateway error', { kind: 'http_error', status: 503, after: true, ...POST }],
    ['a broken connection', { kind: 'drop_connection', after: true, ...POST }],
    ['no answer', { kind: 'timeout_after_accept', count: 1 }],
  ])('calls %s doubt, and finds the order by its tag', async (_, fault) => {
    const today = await open();
    today.exchange.addFault(fault);
    expect(await send(today)).toMatchObject({ kind: 'doubt' });
    expect(await send(today)).toMatchObject({ kind: 'found', row: { tag: TAG } });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it('says that the session is dead, with its number: nothing was sent', async () => {
    const today = await open();
    today.exchange.killSessions();
    expect(await send(today)).toEqual({ kind: 'session_lost', number: 1 });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it('calls a stop off whose trigger the market has passed', async () => {
    const today = await open();
    const pricing = { kind: 'stop', triggerPrice: 10_00, price: 15_00 } as const;
    expect(await send(today, { purpose: 'stop', pricing })).toMatchObject({ kind: 'trigger_passed' });
  });

  it('does not by one packet of the ticker that a quote contradicts: the stop rests', async () => {
    const today = await open();
    const { feed } = today.parts;
    const tick = { lastPrice: 24_150_00, bids: [{ price: 24_149_00, quantity: 75 }], asks: [] };
    vi.spyOn(feed, 'last').mockReturnValue({ ...tick, receivedAt: Date.now() } as unknown as ReturnType<
      typeof feed.last
    >);
    const pricing = { kind: 'stop', triggerPrice: 200_00, price: 210_00 } as const;
    expect(await send(today, { purpose: 'stop', pricing })).toMatchObject({ kind: 'sent' });
  });
});

describe('the look before sending', () => {
  it('is made again when it took too long', async () => {
    const today = await open({}, 5_000);
    const { exchange, eventually } = today;
    exchange.addFault({ kind: 'slow', ...GET, after: true, ms: 2_300 });
    const sending = send(today);
    await eventually('the slow answer', () => exchange.faults().length === 0);
    // It shows up while the answer that does not have it is on its way.
    appear(today, TAG);
    expect(await sending).toMatchObject({ kind: 'found', row: { tag: TAG } });
    expect(exchange.allOrders()).toHaveLength(1);
  });

  /** Right before the first write the wall clock is so much further than at the look. */
  async function sendSuspended(today: Desk, ms: number) {
    const { kite } = today;
    const { sessions } = today.parts.activities;
    let asked = 0;
    const suspended = {
      ...kite,
      withPriority: () => suspended,
      placeOrder: (async (order, isStillWanted) => {
        asked += 1;
        const real = Date.now;
        if (asked === 1) vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
        return kite.placeOrder(order, isStillWanted).finally(() => vi.restoreAllMocks());
      }) as typeof kite.placeOrder,
    };
    const orders = createOrderActivities({
      ...today.parts.activities,
      sessions: { ...sessions, use: async (_, call) => call(suspended) },
    });
    const intent = today.intent({ tag: TAG, side: 'BUY', sendBy: Date.now() + 10_000 });
    return { sent: await today.run(() => orders.sendOrder(intent)), asked };
  }

  it('is made again after the machine was suspended right before the write: the wall clock has gone on', async () => {
    const today = await open();
    expect(await sendSuspended(today, 3_000)).toMatchObject({ sent: { kind: 'sent' }, asked: 2 });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it('is the last one where it was suspended for so long that the day may have given it up, and sends another', async () => {
    const today = await open();
    expect(await sendSuspended(today, 4_500)).toEqual({ sent: { kind: 'too_late' }, asked: 1 });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it('that fails is no doubt: it is made again while the time holds', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'http_error', ...GET, count: 3 });
    expect(await send(today)).toMatchObject({ kind: 'sent' });
    today.exchange.addFault({ kind: 'http_error', ...GET, count: 1_000 });
    const late = await send(today, { tag: 'R001D25071401HE01002', sendBy: Date.now() + 1_500 });
    expect(late).toEqual({ kind: 'too_late' });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it('that fails twice does not hold an exit that may go unseen', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'http_error', ...GET, count: 1_000 });
    const exit = { purpose: 'exit', mayGoUnseen: true, sendBy: Date.now() + 5_000 } as const;
    expect(await send(today, exit)).toMatchObject({ kind: 'sent' });
    expect(today.exchange.allOrders()).toHaveLength(1);
  });

  it('that shows trades of others on its side which the day has not heard of sends nothing', async () => {
    const today = await open();
    const traded = (side: 'BUY' | 'SELL') =>
      today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side, quantity: 75 });
    traded('BUY');
    const exit = { purpose: 'exit' } as const;
    const bought = (units: number) => ({ others: [{ tradingsymbol: MAIN, side: 'BUY' as const, traded: units }] });
    expect(await send(today, { ...exit, ...bought(0) })).toEqual({ kind: 'overtaken' });
    expect(today.exchange.allOrders()).toHaveLength(1);
    expect(await send(today, { ...exit, ...bought(75) })).toMatchObject({ kind: 'sent' });
    traded('SELL');
    // What they have opened, or another product, is nothing that it was to trade.
    expect(await send(today, { ...exit, tag: 'R001D25071401MX01001', ...bought(75) })).toMatchObject({ kind: 'sent' });
    const carried = { ...exit, tag: 'R001D25071401MX01002', product: 'NRML', ...bought(0) } as const;
    expect(await send(today, carried)).toMatchObject({ kind: 'sent' });
    // Of what covers it they may have sold.
    const covered = {
      tag: 'R001D25071401MX01003',
      others: [{ tradingsymbol: MAIN, side: 'SELL' as const, traded: 75 }],
    };
    expect(await send(today, covered)).toEqual({ kind: 'overtaken' });
  });

  it.each([
    ['this process was shown', (_: string) => sketchOf([])],
    ['the day was shown by another process', (id: string) => sketchOf([entryOf(id)])],
  ])('of a list that has lost an order which %s holds what opens, and no exit', async (_who, seenOf) => {
    const today = await open();
    const { orderId } = today.exchange.foreignTrade({
      tradingsymbol: HEDGE,
      product: 'MIS',
      side: 'BUY',
      quantity: 75,
    });
    const seen = seenOf(orderId);
    if (seen === sketchOf([])) await today.run(() => today.parts.activities.book.look());
    today.exchange.addFault({ kind: 'hide_orders', count: 1, tradingsymbol: HEDGE });
    expect(await send(today, { seen, sendBy: Date.now() + 1_500 })).toEqual({ kind: 'too_late' });
    const exit = { tag: 'R001D25071401MX01001', purpose: 'exit' } as const;
    expect(await send(today, exit)).toMatchObject({ kind: 'sent' });
    today.exchange.clearFaults();
    expect(await send(today, { seen })).toMatchObject({ kind: 'sent' });
  });

  it('that hangs is a failed one for it as well', async () => {
    const today = await open({}, 30_000);
    today.exchange.addFault({ kind: 'slow', ...GET, count: 1_000, ms: 20_000 });
    const began = Date.now();
    const exit = { purpose: 'exit', mayGoUnseen: true, sendBy: Date.now() + 15_000 } as const;
    expect(await send(today, exit)).toMatchObject({ kind: 'sent' });
    expect(Date.now() - began).toBeLessThan(10_000);
    today.exchange.clearFaults();
  });

  it('at a broker that cannot be reached goes on until the time is over', async () => {
    const today = await open();
    await today.server.close();
    const late = { sendBy: Date.now() + 500, mayGoUnseen: true, pricing: { kind: 'limit', price: 80_00 } } as const;
    expect(await send(today, late)).toEqual({ kind: 'too_late' });
  });

  it('is shared by orders that are sent at once', async () => {
    const today = await open();
    const orders = vi.spyOn(today.parts.activities.sessions, 'use');
    const tags = ['R001D25071401HE01001', 'R001D25071401HE02001', 'R001D25071401HE03001', 'R001D25071401HE04001'];
    today.parts.feed.subscribe([today.contract(MAIN).instrumentToken]);
    await today.eventually('depth', () => today.parts.feed.last(today.contract(MAIN).instrumentToken));
    const sent = await Promise.all(tags.map((tag) => send(today, { tag })));
    expect(sent.map(({ kind }) => kind)).toEqual(tags.map(() => 'sent'));
    // Four orders, their trades, a quote for the circuits: the looks are fewer than one an order.
    expect(orders.mock.calls.length).toBeLessThan(20);
  });
});

describe('the price of an order', () => {
  const bounded = (side: 'BUY' | 'SELL', bound: number): Partial<OrderIntent> => ({
    ...{ side, pricing: { kind: 'cross', widen: 4, noWorseThan: null, bound } },
  });
  const quoted = async (today: Desk) => {
    const quote = (await today.kite.quotes([`NFO:${MAIN}`])).get(`NFO:${MAIN}`);
    const [ask, bid] = [quote?.asks[0]?.price, quote?.bids[0]?.price];
    if (!quote || ask === undefined || bid === undefined) throw new Error('nobody quotes');
    return { ask, bid, quote };
  };

  it('of an entry is never worse than the plan has reserved for', async () => {
    const today = await open({ speed: 0 });
    const { ask, bid } = await quoted(today);
    expect(await send(today, bounded('BUY', ask + 50))).toMatchObject({ kind: 'sent', price: ask + 50 });
    const sold = { ...bounded('SELL', bid - 50), tag: 'R001D25071401ME01001' };
    expect(await send(today, sold)).toMatchObject({ kind: 'sent', price: bid - 50 });
  });

  it('is none when the touch is beyond that: nothing is sent', async () => {
    const today = await open({ speed: 0 });
    const { ask } = await quoted(today);
    const refused = await send(today, bounded('BUY', ask - 5));
    expect(refused).toMatchObject({ kind: 'no_price', message: expect.stringContaining('reserves') });
    expect(today.exchange.allOrders()).toEqual([]);
  });

  it('stays inside the circuit limits, also where the prices come from ticks, which carry none', async () => {
    const today = await open({ speed: 0 });
    const { ask, quote } = await quoted(today);
    const { book } = today.parts.activities;
    const upper = ask + 15;
    book.circuits.take(MAIN, { lowerCircuit: 5, upperCircuit: upper });
    today.parts.feed.subscribe([quote.instrumentToken]);
    await today.eventually('a tick', () => today.parts.feed.last(quote.instrumentToken));
    const pricing = { kind: 'cross', widen: 4, noWorseThan: null } as const;
    expect(await send(today, { pricing })).toMatchObject({ kind: 'sent', price: upper });
  });

  it('comes from circuit limits that are read anew after a rejection that names them', async () => {
    const today = await open({ speed: 0 });
    const { quote } = await quoted(today);
    const { circuits } = today.parts.activities.book;
    // Priced from ticks, no quote corrects them by the way.
    today.parts.feed.subscribe([quote.instrumentToken]);
    await today.eventually('a tick', () => today.parts.feed.last(quote.instrumentToken));
    circuits.take(MAIN, { lowerCircuit: 5, upperCircuit: 9_999_95 });
    today.exchange.addFault({
      kind: 'reject_order',
      count: 1,
      message: 'Order price is above the upper circuit limit',
    });
    const rejected = await send(today);
    expect(rejected).toMatchObject({ kind: 'sent', row: { status: 'REJECTED' } });
    const read = await circuits.of(MAIN, 'exit');
    expect(read).toMatchObject({ upperCircuit: quote.upperCircuit });
  });

  it('is none where nobody has a quote', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'http_error', path: '/quote', count: 1_000 });
    expect(await send(today)).toMatchObject({ kind: 'no_price' });
  });
});
