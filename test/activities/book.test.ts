import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BOOK_PACE } from '../../activities/book-pace.ts';
import type { KiteSession } from '../../src/brokers/types.ts';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookNews } from '../../src/domain/book/book.ts';
import { isGood } from '../../src/domain/book/look.ts';
import { sketchOf } from '../../src/domain/control/sketch.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { type Desk, HEDGE, MAIN, openDesk } from './trading-desk.ts';
import { WatchingDay } from './watching-day.ts';

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
const send = ({ run, orders, intent, contract }: Desk, tag = TAG) =>
  run(() => orders.sendOrder(intent({ tag, side: 'BUY', contract: contract(HEDGE), role: 'hedge' })));

/** An order of ours that no activity of this process has sent; it crosses. */
function placed(today: Desk, tag = TAG): SimOrder {
  return today.exchange.place({ ...termsOf(today), tag });
}

function termsOf({ exchange }: Desk): Omit<Parameters<Desk['exchange']['place']>[0], 'tag'> {
  const instrument = exchange.find('NFO', HEDGE);
  const last = instrument && exchange.lastPrice(instrument);
  if (last === undefined) throw new Error('no price');
  return {
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: HEDGE, side: 'BUY', orderType: 'LIMIT', product: 'MIS' },
    ...{ validity: 'DAY', quantity: 75, price: last + 3_00, triggerPrice: 0, disclosedQuantity: 0 },
    marketProtection: null,
  };
}

/** An order was filled. Watches for two seconds, as an activity of a run. */
async function watchesOfAFill() {
  const today = await open();
  const day = new WatchingDay(today);
  placed(today);
  await today.eventually('the fill', () => today.exchange.allOrders()[0]?.status === 'COMPLETE');
  return (activityId: string, runId = 'run', of: Partial<BookInput> = {}) => {
    const until = today.exchange.clock.now() + 2_000;
    const workflowExecution = { workflowId: 'day', runId };
    return day.watch({ until, ...of }, new MockActivityEnvironment({ activityId, workflowExecution }));
  };
}

/** What each list is answered with from now on. */
const failing = ({ exchange }: Desk, ...paths: string[]) => {
  for (const path of paths) exchange.addFault({ kind: 'http_error', path, method: 'GET', count: 10_000 });
};

describe('the watcher', () => {
  it('tells of a row that ends, with its trades, and no more once the day knows it', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    const order = placed(today);
    const news = await day.news();
    expect(news.rows).toMatchObject([{ orderId: order.orderId, phase: 'ended', filledQuantity: 75 }]);
    expect(news.rows[0]?.fills.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(75);
    expect(news.ids).toContain(order.orderId);
    day.take(news);
    expect(await day.quietFor(3_000)).toMatchObject({ kind: 'quiet' });
  });

  it('tells again what did not reach the day', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    placed(today);
    await today.eventually('the fill', () => today.exchange.allOrders()[0]?.status === 'COMPLETE');
    const { at: _first, ...lost } = await day.news();
    const { at: _again, ...again } = await day.news();
    expect(again).toEqual(lost);
  });

  it('tells at once what an earlier attempt of the same watch has told in vain', async () => {
    const watch = await watchesOfAFill();
    expect(await watch('1')).toMatchObject({ kind: 'news' });
    expect(await watch('1')).toMatchObject({ kind: 'news' });
    expect(await watch('2')).toMatchObject({ kind: 'quiet' });
  });

  it('tells once more at once what it has told a watch that was called off in that moment', async () => {
    const watch = await watchesOfAFill();
    expect(await watch('1')).toMatchObject({ kind: 'news' });
    expect(await watch('2')).toMatchObject({ kind: 'news' });
    expect(await watch('3')).toMatchObject({ kind: 'quiet' });
  });

  it('tells at once, and before the book counts as read, what was told to a run that is lost', async () => {
    const watch = await watchesOfAFill();
    const unread = { unread: true } as const;
    for (const id of ['1', '2']) expect(await watch(id, 'lost', unread)).toMatchObject({ kind: 'news' });
    expect(await watch('3', 'lost', unread)).toMatchObject({ kind: 'quiet' });
    expect(await watch('1', 'next', unread)).toMatchObject({ kind: 'news' });
  });

  it('tells nothing of a row that a send has just returned', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    expect(await send(today)).toMatchObject({ kind: 'sent', row: { phase: 'ended' } });
    expect(await day.quietFor(3_000)).toMatchObject({ kind: 'quiet' });
  });

  it('looks at once when the ticker tells of an order', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    day.pace = { ...BOOK_PACE, busyMs: 60_000, openMs: 60_000 };
    await day.quietFor(300);
    const watching = day.news();
    await new Promise((done) => setTimeout(done, 300));
    const began = Date.now();
    placed(today);
    expect((await watching).rows).toHaveLength(1);
    expect(Date.now() - began).toBeLessThan(5_000);
  });

  it('looks each second while something works, without the ticker too', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    today.exchange.addFault({ kind: 'no_liquidity', count: 1, tradingsymbol: HEDGE });
    placed(today);
    await today.eventually('the order in the market', () => today.exchange.allOrders()[0]?.status === 'OPEN');
    day.take(await day.news());
    today.exchange.clearFaults();
    today.exchange.addFault({ kind: 'drop_order_update', count: 100 });
    expect((await day.news()).rows).toMatchObject([{ phase: 'ended' }]);
  });

  it('tells of trades of other people in its contracts', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    const { orderId } = today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    const news = await day.news();
    expect(news).toMatchObject({ rows: [], externalTrades: [{ orderId, tag: null, side: 'BUY', quantity: 75 }] });
    expect(news.externalTrades[0]?.byBroker).toBe(false);
    day.take(news);
    expect(await day.quietFor(1_500)).toMatchObject({ kind: 'quiet' });
  });

  it('tells of the broker’s own square-off and of its trades', async () => {
    const today = await open();
    today.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    const day = new WatchingDay(today);
    day.take(await day.news());
    today.exchange.clock.set({ market: Date.parse('2025-07-14T15:24:58+05:30') });
    const news = await day.news();
    expect(news.externalTrades.length + news.squareOffOrders.length).toBeGreaterThan(0);
    expect(news.externalTrades.every(({ byBroker }) => byBroker)).toBe(true);
  });

  it('tells what was held overnight once it was read twice alike', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    day.overnight = null;
    day.seen.clear();
    const began = Date.now();
    expect((await day.news()).overnight).toEqual([]);
    expect(Date.now() - began).toBeGreaterThanOrEqual(5_000);
  });

  it('beats, subscribes to the contracts while it runs, and ends promptly when it is cancelled', async () => {
    const today = await open();
    const token = today.contract(HEDGE).instrumentToken;
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    const watching = new WatchingDay(today).watch({}, environment);
    const ended = expect(watching).rejects.toThrow(/cancel/i);
    await today.eventually('two heartbeats and a tick', () => beats >= 2 && today.parts.feed.last(token));
    environment.cancel();
    await ended;
  });
});

describe('a doubt', () => {
  it('ends by two good looks that do not show its tag', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    day.doubt(TAG);
    const began = Date.now();
    expect((await day.news()).absent).toEqual([TAG]);
    expect(Date.now() - began).toBeGreaterThanOrEqual(15_000);
  });

  it('ends by its row, in whatever state', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    const began = Date.now();
    day.doubt(TAG);
    today.exchange.addFault({ kind: 'late_acceptance', count: 1, ms: 2_000 });
    expect(await send(today)).toMatchObject({ kind: 'doubt' });
    const news = await day.news();
    expect(news).toMatchObject({ absent: [], rows: [{ tag: TAG }] });
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  it('is not over while the list leaves out what the positions show', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    today.exchange.addFault({ kind: 'hide_orders', count: 1, tradingsymbol: HEDGE });
    today.exchange.addFault({ kind: 'drop_order_update', count: 100 });
    placed(today);
    await today.eventually('the fill', () => today.exchange.allOrders()[0]?.status === 'COMPLETE');
    day.doubt(TAG);
    const hiddenUntil = Date.now() + 17_500;
    setTimeout(() => today.exchange.clearFaults(), 17_500);
    const answers: BookNews[] = [];
    for (let rows = 0; rows === 0; ) {
      const answer = await day.watch();
      answers.push(answer);
      if (answer.kind === 'unreadable') day.unreadableSince = answer.since;
      if (answer.kind === 'readable') day.unreadableSince = null;
      rows = answer.kind === 'news' ? answer.rows.length : 0;
    }
    expect(Date.now()).toBeGreaterThanOrEqual(hiddenUntil);
    expect(answers.flatMap((answer) => (answer.kind === 'news' ? answer.absent : []))).toEqual([]);
  });
});

describe('a book that cannot be read', () => {
  it.each([
    ['orders', '/orders'],
    ['trades', '/trades'],
    ['positions', '/portfolio'],
  ])('is told of after 10 s without %s, and when it can be read again', async (_, path) => {
    const today = await open();
    const day = new WatchingDay(today);
    day.pace = { ...BOOK_PACE, unreadableMs: 2_000 };
    failing(today, path);
    const began = Date.now();
    const news = await day.watch();
    expect(news).toMatchObject({ kind: 'unreadable' });
    expect(Date.now() - began).toBeGreaterThanOrEqual(2_000);
    if (news.kind !== 'unreadable') return;
    day.unreadableSince = news.since;
    expect(await day.quietFor(2_500)).toMatchObject({ kind: 'quiet' });
    today.exchange.clearFaults();
    expect(await day.watch()).toMatchObject({ kind: 'readable' });
  });

  it('is not told of by a look that failed before others looked: how it went on after that nobody here knows', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    day.pace = { ...BOOK_PACE, unreadableMs: 2_000 };
    failing(today, '/orders');
    expect(await day.quietFor(500)).toMatchObject({ kind: 'quiet' });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await day.quietFor(1_000)).toMatchObject({ kind: 'quiet' });
  });

  it('nor by a watch that begins in a moment in which somebody else has just read it', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    day.pace = { ...BOOK_PACE, unreadableMs: 2_000 };
    failing(today, '/orders');
    expect(await day.quietFor(500)).toMatchObject({ kind: 'quiet' });
    today.exchange.clearFaults();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await today.run(() => today.parts.activities.book.look());
    expect(await day.quietFor(1_000)).toMatchObject({ kind: 'quiet' });
  });

  it('is told of as readable by its first whole look to a day that has read none, though there is no news', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    failing(today, '/trades');
    expect(await day.watch({ unread: true, until: today.exchange.clock.now() + 1_500 })).toMatchObject({
      kind: 'quiet',
    });
    today.exchange.clearFaults();
    expect(await day.watch({ unread: true })).toMatchObject({ kind: 'readable' });
    expect(await day.quietFor(1_500)).toMatchObject({ kind: 'quiet' });
  });

  it('still tells of rows while trades and positions do not answer', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    failing(today, '/trades', '/portfolio');
    const order = placed(today);
    expect((await day.news()).rows).toMatchObject([{ orderId: order.orderId, filledQuantity: 75, fills: [] }]);
  });

  it('is one whose list has lost an order that the day has seen', async () => {
    const today = await open();
    const day = new WatchingDay(today);
    placed(today);
    day.take(await day.news());
    day.pace = { ...BOOK_PACE, unreadableMs: 2_000 };
    today.exchange.addFault({ kind: 'hide_orders', count: 1, tradingsymbol: HEDGE });
    expect(await day.watch()).toMatchObject({ kind: 'unreadable', message: expect.stringContaining('missing') });
  });

  it('is told of as a dead session, with its number, where it is that', async () => {
    const today = await open();
    today.exchange.killSessions();
    expect(await new WatchingDay(today).watch()).toEqual({ kind: 'session_lost', number: 1 });
  });

  it('is told of as a dead session by whichever list hears it, where the orders find no answer', async () => {
    const today = await open();
    today.exchange.addFault({ kind: 'http_error', path: '/orders', method: 'GET', count: 1_000 });
    today.exchange.killSessions();
    expect(await new WatchingDay(today).watch()).toEqual({ kind: 'session_lost', number: 1 });
  });

  it.each([
    ['hangs', () => new Promise<never>(() => {})],
    ['refuses', () => Promise.reject(new Error('the journal is away'))],
  ])('is told of as a dead session also while the journal, which may have a newer one, %s', async (_how, answer) => {
    const today = await open();
    vi.spyOn(today.parts.activities.journal, 'currentSession').mockImplementation(answer);
    today.exchange.killSessions();
    expect(await new WatchingDay(today).watch()).toEqual({ kind: 'session_lost', number: 1 });
  });
});

describe('a book behind a journal', () => {
  it('that is away, and has the login that this process does not, is told of as one that cannot be read', async () => {
    const today = await open();
    const { journal, sessions } = today.parts.activities;
    const day = new WatchingDay(today);
    day.pace = { ...BOOK_PACE, unreadableMs: 2_000 };
    sessions.forget(today.identity);
    vi.spyOn(journal, 'currentSession').mockRejectedValue(new Error('the journal is away'));
    const news = await day.watch();
    expect(news).toMatchObject({ kind: 'unreadable', message: 'the login cannot be read: the journal is away' });
    if (news.kind === 'unreadable') day.unreadableSince = news.since;
    vi.restoreAllMocks();
    expect(await day.watch()).toMatchObject({ kind: 'readable' });
  });
});

describe('looks', () => {
  it('are shared by those who ask at once, and begin after they asked', async () => {
    const today = await open();
    const { book, sessions } = today.parts.activities;
    const calls = vi.spyOn(sessions, 'use');
    const asked = performance.now();
    const looks = await Promise.all([book.look(), book.look('exit'), book.look()]);
    expect(new Set(looks).size).toBe(1);
    expect(calls.mock.calls.length).toBe(3);
    expect(looks[0]?.beganMono).toBeGreaterThanOrEqual(asked);
    const [first, second] = [book.look(), new Promise((done) => setTimeout(done, 1)).then(() => book.look())];
    expect(await first).not.toBe(await second);
    expect(book.newest()?.look).toBe(await second);
  });

  it('of a list that shows as live what has ended by the ticker’s word prove no absence', async () => {
    const today = await open();
    const { book, sessions } = today.parts.activities;
    const use = sessions.use.bind(sessions);
    const { orderId } = today.exchange.place({ ...termsOf(today), price: 5, tag: TAG });
    await today.eventually('the order in the market', () => today.exchange.allOrders()[0]?.status === 'OPEN');
    const before = await use(today.identity, (session) => session.orders());
    today.exchange.cancel(orderId);
    await today.eventually('the word of the ticker', () => book.memory().ended.has(orderId));
    const still = (session: KiteSession): KiteSession =>
      Object.assign(Object.create(session), { orders: async () => before, withPriority: () => still(session) });
    vi.spyOn(sessions, 'use').mockImplementation((account, call) => use(account, (session) => call(still(session))));
    const look = await book.look();
    expect(look).toMatchObject({ isStale: true, orders: [{ orderId, phase: 'ended' }] });
    expect(isGood(look, { seen: sketchOf([]), overnight: null }, new Map())).toBe(false);
    vi.restoreAllMocks();
    const after = await book.look();
    expect(after.isStale).toBeUndefined();
    expect(isGood(after, { seen: sketchOf([]), overnight: null }, new Map())).toBe(true);
  });

  it('are overtaken when one hangs', async () => {
    const today = await open({}, 5_000);
    const { book } = today.parts.activities;
    today.exchange.addFault({ kind: 'slow', path: '/orders', method: 'GET', count: 1, ms: 4_000 });
    const hung = book.look();
    await new Promise((done) => setTimeout(done, 50));
    const began = performance.now();
    await book.look('exit');
    expect(performance.now() - began).toBeLessThan(3_000);
    await hung;
  });
});
