import { expect, it } from 'vitest';
import { buyingBack, filledOf, isLive, netOf, shortOf } from '../book.ts';
import { FORTY_LOTS, MAIN, played } from '../scenario.ts';

/** An exchange that answers ends every exit within a minute. */
const EXIT_MS = 60_000;
/** Most events of a day, summed over its runs. */
const MOST_EVENTS = 10_000;

const stuckCancel = played({}, async (day) => {
  const { exchange, world } = day;
  exchange.addFault({ kind: 'thin_depth', count: 1, quantity: 375, tradingsymbol: MAIN, transaction_type: 'SELL' });
  exchange.onOrder(({ tradingsymbol, side, filledQuantity }) => {
    const first = tradingsymbol === MAIN && side === 'SELL' && filledQuantity === 375;
    if (first) exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', tradingsymbol: MAIN });
  });
  world.faults.add({
    kind: 'cancel.503',
    calls: ['cancelOrder'],
    effect: { do: 'refuse', status: 503, errorType: 'GeneralException', message: 'Service unavailable' },
  });
  await day.at('11:15');
  await day.until('half of the main leg is sold', () => filledOf(exchange, MAIN, 'SELL') === 375);
  const filledAt = day.now();
  await day.pass(20_000);
  const after20s = shortOf(exchange, MAIN) - buyingBack(exchange, MAIN);
  await day.pass(20_000);
  const paged = day.pages(filledAt, day.now()).length;
  const met = day.used('cancel.503');
  day.emergency();
  await day.pass(EXIT_MS);
  const entry = day.orders().find(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'SELL');
  return { met, entry, after20s, paged, left: shortOf(exchange, MAIN) };
});

it('the main leg is filled 375 of 750, and each cancellation of the rest is answered with 503', async () => {
  const { met, entry } = await stuckCancel();
  expect(met).toBeGreaterThan(0);
  expect(entry).toMatchObject({ filledQuantity: 375, quantity: 750 });
  expect(entry && isLive(entry)).toBe(true);
});

it('CONTROL 8: an entry that cannot be cancelled is protected as far as it filled, paged, and left on request', async () => {
  const { after20s, paged, left } = await stuckCancel();
  expect({ after20s, paged: paged > 0, left }).toEqual({ after20s: 0, paged: true, left: 0 });
});

const refusedForEver = played({ coarse: true, plan: { ...FORTY_LOTS, exitPolicy: 'weekly' } }, async (day) => {
  const { exchange } = day;
  await day.opened(3_000);
  await day.at('15:14');
  exchange.addFault({ kind: 'refuse_type_change', count: 1_000_000 });
  exchange.addFault({ kind: 'reject_order', count: 1_000_000, tradingsymbol: MAIN, transaction_type: 'BUY' });
  const before = { short: shortOf(exchange, MAIN), stops: day.orders().filter(isLive).length };
  await day.at('15:16');
  day.emergency();
  await day.at('15:17');
  const { history } = day.execution;
  const events = history.events;
  await day.at('15:18');
  const rejected = day.orders().filter(({ status }) => status === 'REJECTED').length;
  return { before, rejected, byTheClose: history.events + 12 * (history.events - events) };
});

it('two slices of a weekly position are to be left at 15:16, and each of their exits is rejected', async () => {
  const { before, rejected } = await refusedForEver();
  expect(before).toEqual({ short: 3_000, stops: 2 });
  expect(rejected).toBeGreaterThan(2);
});

it('CONTROL 9: exits that are refused to the close stay within the 10,000 events of a day', async () => {
  const { byTheClose } = await refusedForEver();
  expect(byTheClose).toBeLessThan(MOST_EVENTS);
});

const LARGE = { numLots: 480, maxLossPerTrade: 10 ** 9, maxLossPerDay: 3 * 10 ** 9, maxCapitalAtRisk: 2 * 10 ** 9 };
const OTHER = 'NIFTY2571724500PE';

const twentyFollowed = played({ plan: LARGE }, async (day) => {
  const { exchange } = day;
  await day.opened(36_000);
  await day.placeOrder(OTHER);
  await day.pass(10_000);
  // Nobody sells the main leg: each of its exits is live, and followed.
  exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'asks', tradingsymbol: MAIN });
  await day.ask('closePosition', { id: 'P1' });
  await day.pass(4_000);
  const exits = day.orders().filter((order) => isLive(order) && order.tradingsymbol === MAIN);
  const before = { exits: exits.map(({ orderType }) => orderType), held: netOf(exchange, OTHER) };
  const asked = day.now();
  await day.ask('closePosition', { id: 'M1' });
  await day.pass(20_000);
  const exit = day.orders().find(({ tradingsymbol, side }) => tradingsymbol === OTHER && side === 'SELL');
  return { before, afterMs: (exit?.placedAt ?? Number.POSITIVE_INFINITY) - asked, left: netOf(exchange, OTHER) };
});

it('twenty exits of a position without sellers are followed, and another position is to be closed', async () => {
  const { before } = await twentyFollowed();
  expect(before).toEqual({ exits: Array.from({ length: 20 }, () => 'LIMIT'), held: 75 });
});

it('CONTROL 12: an exit does not starve while twenty orders are followed: it is in the book within ten seconds', async () => {
  const { afterMs, left } = await twentyFollowed();
  expect(left).toBe(0);
  expect(afterMs).toBeLessThan(10_000);
});
