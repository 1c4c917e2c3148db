import { expect, it } from 'vitest';
import { buyingBack, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

const partly = played({ tickMs: 250, plan: { maxLossPerTrade: 10_000_00 } }, async (day) => {
  const { exchange } = day;
  exchange.addFault({ kind: 'thin_depth', count: 1, quantity: 375, transaction_type: 'SELL' });
  await day.at('11:15');
  await day.until('half of the main leg is sold', () => shortOf(exchange, MAIN) === 375);
  exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', tradingsymbol: MAIN, seconds: 60 });
  await day.until('its stop rests', () => buyingBack(exchange, MAIN) === 375);
  await day.pass(1_000);
  const before = { short: shortOf(exchange, MAIN), entering: (await day.view()).positions[0]?.state };
  exchange.addFault({ kind: 'price_shift', count: 1, points: 45, tradingsymbol: MAIN });
  await day.pass(4_000);
  const left = (await day.view()).positions[0]?.exitReason;
  await day.pass(60_000);
  return { before, left, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('half of the main leg is sold and protected, its entry goes on, and the loss goes beyond the cap', async () => {
  const { before } = await partly();
  expect(before).toEqual({ short: 375, entering: 'opening' });
});

it('what is sold is guarded from its first fill on: the loss cap does not wait for the end of the entry', async () => {
  const { left, net } = await partly();
  expect(left).toBe('loss_cap');
  expect(net).toEqual([0, 0]);
});

const unseen = played({}, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  await day.at('11:20');
  world.journalAway = true;
  exchange.killSessions();
  const since = day.now();
  await day.pass(36_000);
  const pages = world.pages.filter(({ at, cause }) => at >= since && cause === 'no_session');
  return { short: shortOf(exchange, MAIN), away: day.used('journal.away'), pages: pages.map(({ kind }) => kind) };
});

it('the journal, which has the logins, is away when the broker ends the session of an open position', async () => {
  const { short, away } = await unseen();
  expect(short).toBe(750);
  expect(away).toBeGreaterThan(0);
});

it('that nobody is logged in is paged after 30 s, whether the journal answers or not', async () => {
  const { pages } = await unseen();
  expect(pages).toEqual(['raised']);
});

const locked = played({}, async (day) => {
  const { world, settings } = day;
  await day.opened();
  await day.at('11:20');
  world.journalAway = true;
  world.kill(day.product.process);
  world.boot(settings, 3_000);
  const since = day.now();
  await day.pass(36_000);
  world.journalAway = false;
  await day.pass(20_000);
  const pages = world.pages.filter(({ at, cause }) => at >= since && ['book', 'no_session'].includes(cause));
  return { away: day.used('journal.away'), pages: pages.map(({ kind, cause }) => `${cause} ${kind}`) };
});

it('a new process finds the journal, which has the login, away, and something is open', async () => {
  const { away } = await locked();
  expect(away).toBeGreaterThan(0);
});

it('it is paged that the book cannot be read, not that nobody is logged in, and its end when the journal is back', async () => {
  const { pages } = await locked();
  expect(pages).toEqual(['book raised', 'book ended']);
});

const standingStill = played({}, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  await day.at('11:20');
  const calls = ['orders', 'orderHistory', 'trades', 'orderTrades'] as const;
  world.faults.add({ kind: 'orders.frozen', calls, effect: { do: 'frozen' }, forMs: 60_000 });
  await day.pass(5_000);
  const stops = day.orders().filter(({ status }) => status === 'TRIGGER PENDING');
  for (const { orderId } of stops) exchange.cancel(orderId);
  await day.pass(20_000);
  return { stops: stops.length, frozen: day.used('orders.frozen'), short: shortOf(exchange, MAIN) };
});

it('the list of orders stands still, and the broker cancels the stop', async () => {
  const { stops, frozen } = await standingStill();
  expect(stops).toBe(1);
  expect(frozen).toBeGreaterThan(0);
});

it('what the ticker tells of its end counts: the short is left', async () => {
  const { short } = await standingStill();
  expect(short).toBe(0);
});

const refusedOnce = played({}, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  const sells = { tradingsymbol: HEDGE, transaction_type: 'SELL' } as const;
  exchange.addFault({ kind: 'reject_order', count: 1, ...sells });
  exchange.addFault({ kind: 'thin_depth', count: 3, quantity: 75, ...sells });
  day.emergency();
  await day.pass(30_000);
  const sales = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === HEDGE && side === 'SELL');
  return sales.map(({ status, placedAt, history }) => {
    const changed = history.find(({ status: was }) => was.startsWith('MODIFY'));
    return { status, changedAfter: changed ? changed.at - placedAt : null };
  });
});

it('the sale of a hedge is refused once, and the next one finds little depth', async () => {
  const [first, second] = await refusedOnce();
  expect(first?.status).toBe('REJECTED');
  expect(second?.changedAfter).not.toBeNull();
});

it('the next one goes on with the chase at its next step: its own price is not taken for the best one', async () => {
  const [, second] = await refusedOnce();
  // A step is two seconds; at the best price the next look is ten seconds later.
  expect(second?.changedAfter).toBeLessThan(8_000);
});
