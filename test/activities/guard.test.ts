import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { SESSION_LOST } from '../../activities/contract.ts';
import { createGuardActivities } from '../../activities/guard.ts';
import type { Feed, Tick } from '../../src/market/types.ts';
import { type Desk, MAIN, openDesk } from './trading-desk.ts';

let desk: Desk | undefined;
afterEach(async () => {
  await desk?.close();
  desk = undefined;
});

const modifications = (order: { history: { status: string }[] }) =>
  order.history.filter((state) => state.status === 'MODIFY VALIDATION PENDING').length;

describe('the guard of a position', () => {
  it('turns the resting stop into the exit when the loss cap is reached, with one modification', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const watching = desk.guard(input);
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: 25 });
    const seen = await watching;
    expect(seen).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
    const exit = await desk.eventually('the exit', () => {
      const order = desk?.order(stop.orderId);
      return order?.status === 'COMPLETE' && order;
    });
    expect(exit.orderType).toBe('LIMIT');
    expect(modifications(exit)).toBe(1);
    expect(desk.exchange.allOrders()).toHaveLength(2);
  });

  it('leaves when the target is earned', async () => {
    desk = await openDesk();
    const { input } = await desk.openPosition();
    const watching = desk.guard({ ...input, target: 500_00 });
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: -12 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'target', sent: true });
  });

  it('leaves at the exit time, not before it', async () => {
    desk = await openDesk();
    const { input } = await desk.openPosition();
    const exitAt = desk.exchange.clock.now() + 2_500;
    const seen = await desk.guard({ ...input, exitAt });
    expect(seen).toMatchObject({ kind: 'triggered', reason: 'exit_time', sent: true });
    expect(seen.kind === 'triggered' && seen.at).toBeGreaterThanOrEqual(exitAt);
  });

  it('ends quietly at its end when nothing happens', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const until = desk.exchange.clock.now() + 2_000;
    expect(await desk.guard({ ...input, until })).toEqual({ kind: 'quiet', until });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });

  it('says that the resting stop was filled, and sends nothing', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const watching = desk.guard({ ...input, maxLoss: 1_000_000_00 });
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: stop.triggerPrice / 200 + 1 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'catastrophe_stop', sent: false });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });

  it('finds a stop that was filled before it began', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: stop.triggerPrice / 200 + 1 });
    await desk.eventually('the fill', () => desk?.order(stop.orderId).status === 'COMPLETE');
    expect(await desk.guard({ ...input, maxLoss: 1_000_000_00 })).toMatchObject({
      reason: 'catastrophe_stop',
      sent: false,
    });
  });

  it('leaves the rest to the workflow when the exchange refuses the conversion', async () => {
    desk = await openDesk({ typeChange: 'refuse' });
    const { stop, input } = await desk.openPosition();
    const watching = desk.guard(input);
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: 25 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap' });
    expect(desk.order(stop.orderId).status).toBe('TRIGGER PENDING');
    expect(desk.exchange.allOrders()).toHaveLength(2);
  });

  it('says that somebody traded the contract outside, once, when two looks agree', async () => {
    desk = await openDesk();
    const { input } = await desk.openPosition();
    const watched = desk.guard(input);
    desk.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    expect(await watched).toMatchObject({ kind: 'traded_outside' });
    const known = { ...input, moved: { [MAIN]: 75 }, until: desk.exchange.clock.now() + 3_000 };
    expect(await desk.guard(known)).toMatchObject({ kind: 'quiet' });
  });

  it('sends nothing of a position that somebody closed by hand', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    desk.exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
    const exitAt = desk.exchange.clock.now() + 3_000;
    const known = { ...input, exitAt, moved: { [MAIN]: 75 } };
    expect(await desk.guard(known)).toMatchObject({ reason: 'exit_time', sent: false });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });

  it('sees the loss over HTTP when the feed is mute', async () => {
    desk = await openDesk();
    const { input } = await desk.openPosition();
    desk.exchange.addFault({ kind: 'mute_ticker', count: 1, ms: 60_000 });
    desk.exchange.addFault({ kind: 'refuse_ticker', count: 1_000 });
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: 25 });
    expect(await desk.guard(input)).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true });
  });

  it('ends promptly when it is cancelled, and sends nothing', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    const watching = desk.guard(input, environment);
    await desk.eventually('a heartbeat', () => beats > 0);
    environment.cancel();
    await expect(watching).rejects.toBeInstanceOf(CancelledFailure);
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });
});

describe('one garbage tick', () => {
  // The exchange cannot be made to send just one: this feed hands on the real one's ticks, and one of its own.
  it('exits nothing', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const { feed } = desk.parts;
    const token = desk.contract(MAIN).instrumentToken;
    let garbage: Tick | undefined;
    const listeners = new Set<(tick: Tick) => void>();
    const once: Feed = {
      ...feed,
      last: (of) => (of === token && garbage ? garbage : feed.last(of)),
      onTick: (listener) => {
        listeners.add(listener);
        const end = feed.onTick((tick) => {
          garbage = undefined;
          listener(tick);
        });
        return () => {
          listeners.delete(listener);
          end();
        };
      },
    };
    const { guardPosition } = createGuardActivities({ ...desk.parts.activities, feed: once });
    const until = desk.exchange.clock.now() + 3_000;
    const watching = desk.run(() => guardPosition({ ...input, until }));
    const real = await desk.eventually('a real tick', () => feed.last(token));
    const price = real.lastPrice + 30_00;
    garbage = {
      ...real,
      lastPrice: price,
      asks: [{ price, quantity: 75 }],
      bids: [{ price: price - 100, quantity: 75 }],
      receivedAt: Date.now(),
    };
    for (const listener of listeners) listener(garbage);
    expect(await watching).toEqual({ kind: 'quiet', until });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });
});

describe('what the guard does not act on', () => {
  it('old ticks exit nothing: quotes of this instant decide', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    const { feed } = desk.parts;
    const token = desk.contract(MAIN).instrumentToken;
    const real = await desk.eventually('a real tick', () => feed.last(token));
    const price = real.lastPrice + 30_00;
    const old = { ...real, lastPrice: price, asks: [{ price, quantity: 75 }], receivedAt: Date.now() - 6_000 };
    const mute: Feed = { ...feed, last: () => old, onTick: () => () => {} };
    const { guardPosition } = createGuardActivities({ ...desk.parts.activities, feed: mute });
    const until = desk.exchange.clock.now() + 2_500;
    expect(await desk.run(() => guardPosition({ ...input, until }))).toEqual({ kind: 'quiet', until });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });

  it('a dead session ends it by its next look over HTTP, so that the day asks for a login, while ticks go on', async () => {
    desk = await openDesk();
    const { input } = await desk.openPosition();
    const { feed } = desk.parts;
    await desk.eventually('a tick', () => feed.status().lastTickAt !== null);
    desk.exchange.killSessions();
    await expect(desk.guard(input)).rejects.toMatchObject({ type: SESSION_LOST, details: [1] });
    const since = feed.status().lastTickAt ?? 0;
    await desk.eventually('another tick', () => (feed.status().lastTickAt ?? 0) > since + 1_500);
    expect(feed.status()).toMatchObject({ connected: true, reconnects: 0, refused: false });
  });

  it('a broker that fails does not end it: the loss is seen by ticks, and the rest is left to the workflow', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    desk.exchange.addFault({ kind: 'http_error', path: '/orders', count: 10_000 });
    const watching = desk.guard(input);
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: 25 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: false });
    expect(modifications(desk.order(stop.orderId))).toBe(0);
  });

  it('a stop that was modified eight times is left to the workflow', async () => {
    desk = await openDesk();
    const { stop, input } = await desk.openPosition();
    for (let times = 1; times <= 8; times += 1) {
      desk.exchange.modify(stop.orderId, { price: stop.price + 5 * times });
      await desk.eventually('the stop at rest', () => desk?.order(stop.orderId).status === 'TRIGGER PENDING');
    }
    const watching = desk.guard(input);
    desk.exchange.addFault({ kind: 'price_shift', count: 1, points: 25 });
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: false });
    expect(modifications(desk.order(stop.orderId))).toBe(8);
  });
});
