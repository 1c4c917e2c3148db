import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BrokerOrder, NewOrder } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import type { Feed, Tick } from '../../src/market/types.ts';
import { outcomeOf, type Side, seenBothWays, until } from './both-ways.ts';

/* The product's own feed over the simulation's ticker, and over the official KiteTicker on a socket. */

const PUT = 'NIFTY2571725000PE';
const CALL = 'NIFTY2571725100CE';
const NIFTY = 256_265;
const VIX = 264_969;
const at = (time: string) => istAt('2025-07-14', time);

async function opened(side: Side, pace?: Parameters<Side['openFeed']>[1]) {
  const { exchange, kite } = side;
  const { accessToken } = await kite.exchange(exchange.newRequestToken());
  const feed = side.openFeed(accessToken, pace);
  await until(() => feed.status().connected);
  const tokens = [PUT, CALL].map((symbol) => exchange.find('NFO', symbol)?.instrumentToken ?? 0);
  return { feed, tokens, session: kite.session(accessToken) };
}

/** The market is there, and the feed has heard of it: the index comes with every frame of prices. */
async function ticked({ exchange, moveTo }: Side, feed: Feed, market: MarketMs) {
  moveTo(market);
  const second = Math.floor(market / 1_000) * 1_000;
  await until(() => {
    exchange.step();
    return feed.last(NIFTY)?.exchangeAt === second;
  });
}

const shown = (tick: Tick | undefined) => {
  if (!tick) return tick;
  const { receivedAt: _, ...seen } = tick;
  return seen;
};

describe('ticks', () => {
  test('say the same of the same instants: last price, five levels a side, whole seconds', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed, tokens } = await opened(side);
      feed.subscribe([NIFTY, VIX, ...tokens]);
      const seen: unknown[] = [];
      const every = (seconds: number, from: string) =>
        Array.from({ length: 20 }, (_, index) => at(from) + 250 + index * seconds * 1_000);
      for (const market of [at('09:30:01'), ...every(7, '11:15'), ...every(1, '13:00'), at('15:31'), at('15:35')]) {
        await ticked(side, feed, market);
        seen.push([NIFTY, VIX, ...tokens].map((token) => shown(feed.last(token))));
      }
      await feed.stop();
      return seen;
    });
    expect(double).toEqual(real);
    expect(new Set(real.map((all) => JSON.stringify(all))).size).toBe(43);
  });

  test('come of what is subscribed alone, and at once of what is asked for anew', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed, tokens } = await opened(side);
      const [put = 0, call = 0] = tokens;
      const leave = feed.subscribe([put]);
      feed.subscribe([NIFTY, call]);
      await ticked(side, feed, at('10:00'));
      leave();
      const heard = new Set<number>();
      feed.onTick(({ instrumentToken }) => heard.add(instrumentToken));
      await ticked(side, feed, at('10:05'));
      const seen: unknown[] = [shown(feed.last(put)), [...heard].sort(), shown(feed.last(call))];
      // Twice: what comes at once does not wait for a change.
      for (let time = 0; time < 2; time++) {
        const leaveAgain = feed.subscribe([put]);
        await until(() => feed.last(put) !== undefined);
        seen.push(shown(feed.last(put)));
        leaveAgain();
      }
      seen.push({ ...feed.status(), lastTickAt: 0, lastMessageAt: 0 });
      await feed.stop();
      return seen;
    });
    expect(double).toEqual(real);
    expect(real[0]).toBeUndefined();
  });
});

describe('order updates', () => {
  const order = (tag: string, more: Partial<NewOrder> = {}): NewOrder => ({
    ...{ tradingsymbol: PUT, exchange: 'NFO', side: 'BUY', quantity: 75, product: 'MIS', orderType: 'LIMIT' },
    ...{ price: 4_000, tag, ...more },
  });

  /** Orders through all their states, and what was told of them; `before` sets what is wrong with the updates. */
  const told = (before: (side: Side) => void, expected: number) => async (side: Side) => {
    const { exchange, moveTo } = side;
    const { feed, session } = await opened(side);
    const updates: BrokerOrder[] = [];
    feed.onOrderUpdate((update) => updates.push(update));
    const step = (seconds: number) => moveTo(at('10:00') + seconds * 1_000);
    step(0);
    before(side);
    const last = (await session.quotes([`NFO:${PUT}`])).get(`NFO:${PUT}`)?.lastPrice ?? 0;
    const tick = (price: number) => Math.round(price / 5) * 5;
    const { orderId } = await session.placeOrder(order('RESTING', { price: tick(last * 0.7) }));
    step(1);
    await session.modifyOrder(orderId, { price: tick(last * 0.6) });
    step(2);
    await session.placeOrder(
      order('STOP', { orderType: 'SL', triggerPrice: tick(last * 1.5), price: tick(last * 1.6) }),
    );
    exchange.addFault({ kind: 'thin_depth', count: 1, tag_prefix: 'PART', quantity: 150 });
    await session.placeOrder(order('PART', { price: tick(last * 1.1), quantity: 750 }));
    exchange.addFault({ kind: 'reject_order', count: 1, tag_prefix: 'NO' });
    await session.placeOrder(order('NO'));
    step(3);
    await session.placeOrder(order('WHOLE', { price: tick(last * 1.1) }));
    await session.cancelOrder(orderId);
    step(4);
    await until(() => updates.length >= expected);
    await sleep(300);
    await feed.stop();
    return updates;
  };
  const brief = (updates: BrokerOrder[]) => updates.map(({ tag, status }) => `${tag} ${status}`);

  test('tell each state that Kite announces, and UPDATE for a second change in it', async () => {
    const { real, double } = await seenBothWays(told(() => {}, 9));
    expect(double).toEqual(real);
    expect(brief(real)).toEqual([
      'RESTING OPEN',
      'RESTING UPDATE',
      'NO REJECTED',
      'STOP TRIGGER PENDING',
      'PART OPEN',
      'PART UPDATE',
      'WHOLE OPEN',
      'WHOLE COMPLETE',
      'RESTING CANCELLED',
    ]);
  });

  test('get lost and come late on request of the same faults', async () => {
    const { real, double } = await seenBothWays(
      told(({ exchange }) => {
        exchange.addFault({ kind: 'drop_order_update', count: 2 });
        exchange.addFault({ kind: 'late_order_update', count: 1, ms: 1_500 });
      }, 7),
    );
    // When the late one comes between the others depends on how long the calls took.
    const inOrder = (updates: BrokerOrder[]) => [...updates].sort((a, b) => (brief([a]) < brief([b]) ? -1 : 1));
    expect(inOrder(double)).toEqual(inOrder(real));
    expect(brief(double).at(-1)).toBe('NO REJECTED');
  });
});

describe('a connection', () => {
  test('is refused to a dead session, and made with a living one', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const feed = side.openFeed('never alive');
      await until(() => feed.status().refused);
      const seen: object[] = [feed.status()];
      const { accessToken } = await side.kite.exchange(side.exchange.newRequestToken());
      feed.use(accessToken);
      await until(() => feed.status().connected);
      seen.push({ ...feed.status(), lastMessageAt: 0 });
      await feed.stop();
      return seen;
    });
    expect(double).toEqual(real);
  });

  test('outlives its session, prices and order updates and all; once it is cut, the next one is refused', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed, tokens, session } = await opened(side);
      feed.subscribe([NIFTY, ...tokens]);
      await ticked(side, feed, at('10:00'));
      const updates: string[] = [];
      feed.onOrderUpdate(({ status }) => updates.push(status));
      side.exchange.killSessions();
      const reading = await outcomeOf(session.orders());
      // Longer than from one heartbeat to the next.
      await sleep(2_500);
      await ticked(side, feed, at('10:01'));
      side.exchange.foreignTrade({ tradingsymbol: PUT, product: 'MIS', side: 'BUY', quantity: 75, price: 6_000 });
      await until(() => updates.length > 0);
      const seen = { reading, updates, put: shown(feed.last(tokens[0] ?? 0)), status: { ...feed.status() } };
      side.ticker.cut();
      await until(() => feed.status().refused);
      const { connected } = feed.status();
      await feed.stop();
      return { ...seen, connected, status: { ...seen.status, lastTickAt: 0, lastMessageAt: 0 } };
    });
    expect(double).toEqual(real);
    expect(real).toMatchObject({
      ...{ reading: { failed: 'token' }, updates: ['COMPLETE'], connected: false },
      status: { connected: true, reconnects: 0, refused: false },
    });
  });

  test('that is cut is made again, also after the server was away once, and everything is asked for again', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed, tokens } = await opened(side);
      feed.subscribe([NIFTY, ...tokens]);
      await ticked(side, feed, at('10:00'));
      side.ticker.refuseOnce();
      side.ticker.cut();
      await until(() => feed.status().reconnects === 1);
      await ticked(side, feed, at('10:01'));
      const seen = [NIFTY, ...tokens].map((token) => shown(feed.last(token)));
      await feed.stop();
      return { seen, status: { ...feed.status(), lastTickAt: 0, lastMessageAt: 0 } };
    });
    expect(double).toEqual(real);
  });

  test('on which nothing comes is noticed and left, and prices come again', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed } = await opened(side, { lookMs: 100, muteMs: 1_500 });
      feed.subscribe([NIFTY]);
      await ticked(side, feed, at('10:00'));
      side.ticker.mute(2_500);
      await until(() => feed.status().reconnects > 0);
      await ticked(side, feed, at('10:01'));
      await feed.stop();
      return shown(feed.last(NIFTY));
    });
    expect(double).toEqual(real);
  });

  test('on which prices stand still still lives', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { feed } = await opened(side, { lookMs: 100, muteMs: 5_000 });
      feed.subscribe([NIFTY]);
      await ticked(side, feed, at('10:00'));
      const heard = feed.status().lastMessageAt ?? 0;
      side.ticker.freeze(2_500);
      side.exchange.step();
      side.moveTo(at('10:01'));
      side.exchange.step();
      await until(() => (feed.status().lastMessageAt ?? 0) > heard + 1_500);
      const frozen = shown(feed.last(NIFTY));
      const { connected, reconnects } = feed.status();
      await feed.stop();
      return { frozen, connected, reconnects };
    });
    expect(double).toEqual(real);
    expect(real.frozen?.exchangeAt).toBe(at('10:00'));
  });
});
