import { expect, it } from 'vitest';
import { buyingBack, filledOf, isLive, netOf, shortOf } from '../book.ts';
import { FORTY_LOTS, HEDGE, MAIN, played } from '../scenario.ts';

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

/** New orders get no answer, and none of them reaches the exchange. */
const UNANSWERED = { kind: 'place.gateway', calls: ['placeOrder'], effect: { do: 'gateway' } } as const;

const unanswered = played({ coarse: true }, async (day) => {
  const { exchange, world, execution } = day;
  await day.opened();
  await day.at('11:20');
  exchange.addFault({ kind: 'refuse_type_change', count: 1_000_000 });
  world.faults.add(UNANSWERED);
  day.emergency();
  await day.at('11:30');
  const { events } = execution.history;
  await day.at('11:40');
  const tenMinutes = execution.history.events - events;
  const short = shortOf(exchange, MAIN);
  world.faults.clear();
  await day.pass(60_000);
  const bought = day.orders().filter(({ side, tradingsymbol }) => side === 'BUY' && tradingsymbol === MAIN);
  return {
    short,
    // From the open to 15:23, ten minutes like these after the others.
    byTheClose: events + (tenMinutes * 353) / 10,
    net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)],
    bought: bought.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0),
  };
});

it('a position is to be left, and nobody answers its orders for twenty minutes', async () => {
  expect((await unanswered()).short).toBe(750);
});

it('exits that nobody answers to the close stay within the 10,000 events of a day', async () => {
  expect((await unanswered()).byTheClose).toBeLessThan(MOST_EVENTS);
});

it('once orders are answered again, the position is flat within a minute, and bought back once', async () => {
  const { net, bought } = await unanswered();
  expect({ net, bought }).toEqual({ net: [0, 0], bought: 750 });
});

const comesLate = played({ coarse: true }, async (day) => {
  const { exchange, world } = day;
  await day.opened();
  await day.at('11:20');
  exchange.addFault({ kind: 'refuse_type_change', count: 1_000_000 });
  world.faults.add(UNANSWERED);
  day.emergency();
  await day.at('11:30');
  world.faults.clear();
  // One is taken long after it was settled as absent; those after it never are.
  world.faults.add({ ...UNANSWERED, kind: 'place.lost', count: 1, effect: { do: 'late', ms: 40_000 } });
  world.faults.add({ ...UNANSWERED, count: 3 });
  await day.pass(150_000);
  const bought = day.orders().filter(({ side, tradingsymbol }) => side === 'BUY' && tradingsymbol === MAIN);
  return {
    late: day.used('place.lost'),
    net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)],
    filled: bought.filter(({ filledQuantity }) => filledQuantity > 0).map(({ filledQuantity }) => filledQuantity),
  };
});

it('an exit is taken long after two good looks have not shown it, while others of it are tried', async () => {
  expect((await comesLate()).late).toBe(1);
});

it('what comes so late is the exit: nothing is bought beside it', async () => {
  const { net, filled } = await comesLate();
  expect({ net, filled }).toEqual({ net: [0, 0], filled: [750] });
});

const nobodySells = played({ coarse: true }, async (day) => {
  const { exchange, execution } = day;
  await day.opened();
  await day.at('11:20');
  const asks = { kind: 'no_liquidity', side: 'asks', tradingsymbol: MAIN } as const;
  exchange.addFault({ ...asks, count: 1 });
  day.emergency();
  await day.at('11:30');
  const { events } = execution.history;
  await day.at('11:40');
  const tenMinutes = execution.history.events - events;
  const short = shortOf(exchange, MAIN);
  // They come back far above what was shown: it takes another price.
  exchange.clearFaults();
  exchange.addFault({ kind: 'price_shift', count: 1, points: 60, seconds: 600, tradingsymbol: MAIN });
  await day.pass(EXIT_MS);
  return { short, byTheClose: events + (tenMinutes * 353) / 10, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a position is to be left, and nobody sells for twenty minutes', async () => {
  expect((await nobodySells()).short).toBe(750);
});

it('an exit that nobody fills stays within the 10,000 events of a day', async () => {
  expect((await nobodySells()).byTheClose).toBeLessThan(MOST_EVENTS);
});

it('once somebody sells again, for more than was shown, the position is flat within a minute', async () => {
  expect((await nobodySells()).net).toEqual([0, 0]);
});

const withoutQuotes = played({ coarse: true }, async (day) => {
  const { exchange, execution, world } = day;
  await day.opened();
  await day.at('11:20');
  const forMs = 1_200_000;
  world.ticker.addFault({ kind: 'ticker.unavailable', effect: { do: 'unavailable' }, forMs });
  world.ticker.addFault({ kind: 'ticker.cut', effect: { do: 'cut' }, forMs: 1, count: 1 });
  const effect = { do: 'refuse', status: 503, errorType: 'GeneralException', message: 'Service unavailable' } as const;
  world.faults.add({ kind: 'quotes.unavailable', calls: ['quotes'], effect, forMs });
  await day.pass(8_000);
  day.emergency();
  await day.at('11:25');
  const { events } = execution.history;
  await day.at('11:35');
  const tenMinutes = execution.history.events - events;
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  await day.at('11:40');
  await day.pass(EXIT_MS);
  return { before, byTheClose: events + (tenMinutes * 353) / 10, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a position is to be left, and there is no price for twenty minutes: its stop rests', async () => {
  expect((await withoutQuotes()).before).toEqual({ short: 750, buying: 750 });
});

it('an exit without a price stays within the 10,000 events of a day', async () => {
  expect((await withoutQuotes()).byTheClose).toBeLessThan(MOST_EVENTS);
});

it('once there are prices again, the position is flat within a minute', async () => {
  expect((await withoutQuotes()).net).toEqual([0, 0]);
});
