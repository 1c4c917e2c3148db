import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { KiteSession, NewOrder } from '../../src/brokers/types.ts';
import { BrokerError } from '../../src/errors.ts';
import type { SimFault } from '../../src/exchange-simulator/core/types.ts';
import { type BothOptions, outcomeOf, type Side, seenBothWays, until } from './both-ways.ts';

/* What fails at the simulated Kite fails as at the real adapter, and leaves the same book behind. */

const PUT = 'NIFTY2571725000PE';
const IMPATIENT_MS = 1_000;

const order = (tag: string, more: Partial<NewOrder> = {}): NewOrder => ({
  ...{ tradingsymbol: PUT, exchange: 'NFO', side: 'BUY', quantity: 75, product: 'MIS', orderType: 'LIMIT' },
  ...{ price: 5_000, tag, ...more },
});

/** An account with an order that rests at the exchange. Its caller may be patient or not. */
async function opened(side: Side, timeoutMs?: number) {
  const { exchange, kite, moveTo } = side;
  const { accessToken } = await kite.exchange(exchange.newRequestToken());
  const session = (timeoutMs === undefined ? kite : side.kiteWithin(timeoutMs)).session(accessToken);
  const { orderId } = await kite.session(accessToken).placeOrder(order('RESTING'));
  moveTo(exchange.clock.now() + 1_000);
  return { session, orderId };
}

/** The book, once everything on its way has arrived, and what is left of the faults. */
function book({ exchange, moveTo }: Side) {
  moveTo(exchange.clock.now() + 1_000);
  const orders = exchange.orders().map(({ tag, status, quantity, price }) => ({ tag, status, quantity, price }));
  return { orders, faults: exchange.faults() };
}

const CALLS = {
  placing: (session: KiteSession) => session.placeOrder(order('NEW')),
  changing: (session: KiteSession, orderId: string) => session.modifyOrder(orderId, { price: 4_500 }),
  cancelling: (session: KiteSession, orderId: string) => session.cancelOrder(orderId),
  'reading orders': async (session: KiteSession) => (await session.orders()).length,
  'reading quotes': async (session: KiteSession) => (await session.quotes([`NFO:${PUT}`])).size,
};

/** Each kind of call under the fault, each at an exchange that only it has met. */
const underFault = (fault: SimFault, calls: readonly (keyof typeof CALLS)[]) => async (side: Side) => {
  const seen: object[] = [];
  for (const call of calls) {
    const { session, orderId } = await opened(side);
    side.exchange.addFault(fault);
    seen.push({ call, outcome: await outcomeOf<unknown>(CALLS[call](session, orderId)), book: book(side) });
    side.exchange.clearFaults();
  }
  return seen;
};

/** Which rule a definite no has named. */
async function ruleOf(call: Promise<unknown>): Promise<object> {
  try {
    await call;
    return { kind: 'answered' };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { kind: error.kind, rule: error.details?.rule };
  }
}

const EVERY = Object.keys(CALLS) as (keyof typeof CALLS)[];
const once = (kind: string, more: object = {}): SimFault => ({ kind, count: 1, ...more });

describe('the simulated Kite fails as Kite does over HTTP', () => {
  test.each([
    once('token_death'),
    once('rate_limit'),
    once('rate_limit', { path: '/orders', method: 'GET' }),
    once('ip_refused'),
    once('ip_refused', { error_type: 'PermissionException', message: 'IP (192.0.2.1) is not allowed to place orders' }),
    once('slow', { ms: 50 }),
    once('slow', { ms: 50, after: true }),
    once('drop_connection'),
    once('drop_connection', { after: true }),
    once('drop_connection', { after: true, path: '/orders/regular', method: 'DELETE' }),
    once('http_error'),
    once('http_error', { after: true, status: 503 }),
    once('http_error', { status: 429 }),
    once('http_error', { status: 403, after: true }),
    once('http_error', { status: 200, after: true }),
    once('late_acceptance', { ms: 50 }),
  ])('under the fault %j, call by call', async (fault) => {
    const { real, double } = await seenBothWays(underFault(fault, EVERY));
    expect(double).toEqual(real);
  });

  test('a fault meets the same calls by their paths and methods', async () => {
    const paths: [string, string][] = [
      ['/user/profile', 'GET'],
      ['/user/margins/equity', 'GET'],
      ['/margins/basket', 'POST'],
      ['/portfolio/positions', 'GET'],
      ['/trades', 'GET'],
      ['/instruments/NFO', 'GET'],
      ['/instruments/historical/256265/minute', 'GET'],
      ['/quote', 'GET'],
    ];
    const { real, double } = await seenBothWays(async (side) => {
      const { session, orderId } = await opened(side);
      const now = side.exchange.clock.now();
      for (const [path, method] of paths) side.exchange.addFault(once('http_error', { path, method, status: 500 }));
      side.exchange.addFault(once('http_error', { path: `/orders/${orderId}/trades`, method: 'GET', status: 501 }));
      const seen: unknown[] = [
        await outcomeOf(session.profile()),
        await outcomeOf(session.funds()),
        await outcomeOf(session.basketMargin([order('')])),
        await outcomeOf(session.positions()),
        await outcomeOf(session.trades()),
        await outcomeOf(session.optionContracts('NIFTY')),
        await outcomeOf(session.historical(256_265, 'minute', now - 60_000, now)),
        await outcomeOf(session.quotes([`NFO:${PUT}`])),
        await outcomeOf(session.orderTrades(orderId)),
      ];
      side.exchange.addFault(once('http_error', { path: `/orders/${orderId}`, method: 'GET', status: 502 }));
      seen.push(await outcomeOf(session.orderHistory(orderId)), side.exchange.faults());
      return seen;
    });
    expect(double).toEqual(real);
    expect(real.slice(0, -1).map((one) => (one as { failed?: string }).failed)).toEqual(Array(10).fill('doubt'));
    expect(real.at(-1)).toEqual([]);
  });

  test.each([
    once('timeout_after_accept', { ms: 2_000 }),
    once('late_acceptance', { ms: 2_000 }),
    once('slow', { ms: 2_000, after: true }),
    once('slow', { ms: 2_000 }),
  ])('a placement that nobody waits for any more is in the book: %j', async (fault) => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session } = await opened(side, IMPATIENT_MS);
      side.exchange.addFault(fault);
      const outcome = await outcomeOf(session.placeOrder(order('NEW')));
      await until(() => side.exchange.orders().length === 2);
      return { outcome, book: book(side) };
    });
    expect(double).toEqual(real);
    expect(real.outcome).toEqual({ failed: 'doubt', status: null });
  });

  test('a change and a cancellation that were handled too late to be answered are done all the same', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session, orderId } = await opened(side, IMPATIENT_MS);
      side.exchange.addFault(once('slow', { ms: 1_500, method: 'DELETE' }));
      const outcome = await outcomeOf(session.cancelOrder(orderId));
      await until(() => side.exchange.order(orderId)?.status === 'CANCEL PENDING');
      return { outcome, book: book(side) };
    });
    expect(double).toEqual(real);
  });
});

describe('the simulated Kite refuses as Kite does', () => {
  /** What is refused by the rules of the broker, one after the other. */
  async function refusals(side: Side) {
    const { session, orderId } = await opened(side);
    const seen: unknown[] = [];
    const bad: [string, Partial<NewOrder>][] = [
      ['A'.repeat(21), {}],
      ['ODDLOT', { quantity: 70 }],
      ['NOTHING', { quantity: 0 }],
      ['NEGATIVE', { quantity: -75 }],
      ['FREEZE', { quantity: 7_500 }],
      ['OFFTICK', { price: 5_003 }],
      ['UNKNOWN', { tradingsymbol: 'NIFTY2571799999PE' }],
      ['SLM', { orderType: 'SL-M', triggerPrice: 9_000 }],
      ['NOTRIGGER', { orderType: 'SL' }],
      ['WRONGSIDE', { orderType: 'SL', triggerPrice: 9_000, price: 8_000 }],
    ];
    for (const [tag, more] of bad) seen.push([tag, await outcomeOf(session.placeOrder(order(tag, more)))]);
    const change = (to: object) => outcomeOf(session.modifyOrder(orderId, to));
    seen.push(await change({ price: 4_503 }), await change({ price: 0 }), await change({ quantity: 70 }));
    seen.push(await change({ orderType: 'SL', triggerPrice: 9_000, price: 9_100 }));
    seen.push(await outcomeOf(session.modifyOrder('190714', { price: 4_500 })));
    seen.push(await outcomeOf(session.cancelOrder('190714')), await outcomeOf(session.orderHistory('190714')));
    seen.push(await outcomeOf(session.orderTrades('190714')));
    seen.push(await outcomeOf(session.historical(1, 'minute', 0, 1_000)));
    seen.push(await outcomeOf(session.basketMargin([order('', { tradingsymbol: 'NIFTY2571799999PE' })])));
    seen.push(
      await change({ price: 4_500 }),
      await change({ price: 4_600 }),
      await outcomeOf(session.cancelOrder(orderId)),
    );
    seen.push(book(side));
    seen.push(await outcomeOf(session.cancelOrder(orderId)), await outcomeOf(session.cancelOrder(orderId)));
    seen.push(book(side), await outcomeOf(session.cancelOrder(orderId)), await change({ price: 4_700 }));
    return seen;
  }

  test('orders and changes against the rules, orders that nobody knows', async () => {
    const { real, double } = await seenBothWays(refusals);
    expect(double).toEqual(real);
  });

  test('what the broker will not let into the book is refused with its rule, and no order of it is anywhere', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session, orderId } = await opened(side);
      const quote = (await session.quotes([`NFO:${PUT}`])).get(`NFO:${PUT}`);
      if (!quote?.upperCircuit) throw new Error('no quote');
      const { lastPrice, upperCircuit } = quote;
      const stop = (triggerPrice: number) => ({ orderType: 'SL' as const, triggerPrice, price: triggerPrice + 100 });
      side.exchange.addFault(once('refuse_far_hedge', { points: 50 }));
      const bad: [string, Partial<NewOrder>][] = [
        ['TRIGGER', stop(lastPrice)],
        ['SELLTRIGGER', { ...stop(lastPrice), side: 'SELL', price: lastPrice - 100 }],
        ['CIRCUIT', { price: upperCircuit + 5 }],
        ['STOPCIRCUIT', stop(upperCircuit + 5)],
        ['FREEZE', { quantity: 1_875 }],
        ['STRIKE', { tradingsymbol: 'NIFTY2571724800PE', product: 'NRML', price: 2_000 }],
      ];
      const rules: unknown[] = [];
      for (const [tag, more] of bad) rules.push(await ruleOf(session.placeOrder(order(tag, more))));
      // The first order rests, the second is on its way.
      const busy = (await session.placeOrder(order('BUSY'))).orderId;
      const changes = [
        await ruleOf(session.modifyOrder(orderId, { price: upperCircuit + 5 })),
        await ruleOf(session.modifyOrder(busy, { price: 4_900 })),
        await ruleOf(session.cancelOrder(busy)),
      ];
      const tags = (await session.orders()).map(({ tag }) => tag);
      side.moveTo(side.exchange.clock.now() + 1_000);
      await session.cancelOrder(orderId);
      side.moveTo(side.exchange.clock.now() + 1_000);
      changes.push(
        await ruleOf(session.cancelOrder(orderId)),
        await ruleOf(session.modifyOrder(orderId, { price: 5 })),
      );
      return { rules, changes, tags, trades: await session.trades() };
    });
    expect(double).toEqual(real);
    const refused = (rule: string) => ({ kind: 'refused', rule });
    expect(real.rules).toEqual([
      refused('trigger_passed'),
      refused('trigger_passed'),
      refused('circuit'),
      refused('circuit'),
      refused('freeze'),
      refused('strike_range'),
    ]);
    expect(real.changes).toEqual([refused('circuit'), ...Array(4).fill(refused('being_processed'))]);
    expect(real.tags).toEqual(['RESTING', 'BUSY']);
  });

  test('a session that is dead or was never alive, and request tokens that were used or are unknown', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session, orderId } = await opened(side);
      const used = side.exchange.newRequestToken();
      const login = await outcomeOf(side.kite.exchange(used));
      const seen: unknown[] = [login, await outcomeOf(side.kite.exchange(used))];
      seen.push(await outcomeOf(side.kite.exchange('nobody')));
      side.exchange.killSessions();
      for (const call of EVERY) seen.push(await outcomeOf<unknown>(CALLS[call](session, orderId)));
      seen.push(await outcomeOf(side.kite.session('never').orders()), book(side));
      return seen;
    });
    expect(double).toEqual(real);
  });

  test('a session ends at six in the morning of the next day', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session } = await opened(side);
      const sixOClock = Date.parse('2025-07-15T06:00:00+05:30');
      side.moveTo(sixOClock - 1);
      const before = await outcomeOf(session.profile());
      side.moveTo(sixOClock);
      return [before, await outcomeOf(session.profile())];
    });
    expect(double).toEqual(real);
    expect(real[0]).toHaveProperty('value');
  });

  test('what is over the limits of a day', async () => {
    const options: BothOptions = { limits: { ordersPerDay: 3 } };
    const { real, double } = await seenBothWays(async (side) => {
      const { session, orderId } = await opened(side);
      const seen: unknown[] = [];
      for (const tag of ['A', 'B', 'C']) seen.push(await outcomeOf(session.placeOrder(order(tag))));
      seen.push(await outcomeOf(session.modifyOrder(orderId, { price: 4_500 })), await outcomeOf(session.orders()));
      seen.push(await outcomeOf(session.cancelOrder(orderId)));
      return seen;
    }, options);
    expect(double).toEqual(real);
  });

  test('a login is not counted with the other calls, and no fault of theirs meets it', async () => {
    const { real, double } = await seenBothWays(async (side) => {
      side.exchange.addFault(once('rate_limit'));
      const login = await outcomeOf(side.kite.exchange(side.exchange.newRequestToken()));
      return [login, side.exchange.faults()];
    });
    expect(double).toEqual(real);
  });

  test.each([
    once('timeout_after_accept', { ms: 3_000 }),
    once('drop_connection', { after: true }),
    once('http_error', { after: true }),
  ])('a refusal gets lost on its way back like any answer: %j', async (fault) => {
    const { real, double } = await seenBothWays(async (side) => {
      const { session } = await opened(side, IMPATIENT_MS);
      side.exchange.addFault(fault);
      const outcome = await outcomeOf(session.placeOrder(order('ODDLOT', { quantity: 70 })));
      await sleep(50);
      return [outcome, book(side)];
    });
    expect(double).toEqual(real);
    expect(real[0]).toMatchObject({ failed: 'doubt' });
  });
});
