import { expect, it } from 'vitest';
import { buyingBack, filledOf, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

/** An exchange that answers ends every exit within a minute. */
const EXIT_MS = 60_000;

const emptyPositions = played({}, async (day) => {
  await day.opened();
  await day.at('11:20');
  day.world.faults.add({ kind: 'positions.empty', calls: ['positions'], effect: { do: 'empty' }, forMs: 10_000 });
  const short = shortOf(day.exchange, MAIN);
  day.emergency();
  await day.pass(EXIT_MS);
  const { exchange } = day;
  return { met: day.used('positions.empty'), short, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a position is open, and an emergency meets a list of positions that is empty for ten seconds', async () => {
  const { met, short } = await emptyPositions();
  expect(short).toBe(750);
  expect(met).toBeGreaterThan(0);
});

it('CONTROL 1: an empty list of positions during an emergency stops no exit: flat within a minute', async () => {
  const { net } = await emptyPositions();
  expect(net).toEqual([0, 0]);
});

const blind = played({}, async (day) => {
  await day.opened();
  await day.at('11:20');
  const forMs = 120_000;
  day.world.ticker.addFault({ kind: 'ticker.unavailable', effect: { do: 'unavailable' }, forMs });
  day.world.ticker.addFault({ kind: 'ticker.cut', effect: { do: 'cut' }, forMs: 1, count: 1 });
  day.world.faults.add({
    kind: 'quotes.unavailable',
    calls: ['quotes'],
    effect: { do: 'refuse', status: 503, errorType: 'GeneralException', message: 'Service unavailable' },
    forMs,
  });
  // Ticks are believed for some seconds.
  await day.pass(8_000);
  const asked = day.now();
  const { exchange } = day;
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  day.emergency();
  await day.pass(40_000);
  return {
    met: [day.used('ticker.unavailable'), day.used('quotes.unavailable')],
    before,
    unprotected: shortOf(exchange, MAIN) - buyingBack(exchange, MAIN),
    paged: day.pages(asked - 8_000, asked + 30_000).length,
  };
});

it('a position is open and its stop rests, and an emergency finds neither ticks nor quotes', async () => {
  const { met, before } = await blind();
  expect(before).toEqual({ short: 750, buying: 750 });
  for (const times of met) expect(times).toBeGreaterThan(0);
});

it('CONTROL 7: without a price the stop stays where it is, and the owner is paged within 30 s', async () => {
  const { unprotected, paged } = await blind();
  expect({ unprotected, paged: paged > 0 }).toEqual({ unprotected: 0, paged: true });
});

const nearCircuit = played({ plan: { maxLossPerTrade: 5_000_000_00, maxLossPerDay: 9_000_000_00 } }, async (day) => {
  await day.opened();
  const { exchange } = day;
  const main = exchange.find('NFO', MAIN);
  const quote = main && exchange.quote(main);
  if (!quote) throw new Error(`no quote of ${MAIN}`);
  const { upperCircuit, lastPrice } = quote;
  // 23.45 rupees below the circuit: a touch there has room for one per cent more, and no exit reckons with less than two.
  const points = (upperCircuit - 2_345 - lastPrice) / 100;
  day.exchange.addFault({ kind: 'price_shift', count: 1, points, tradingsymbol: MAIN });
  const short = shortOf(exchange, MAIN);
  const lastBefore = exchange.quote(main)?.lastPrice ?? 0;
  day.emergency();
  await day.pass(EXIT_MS);
  const bought = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
  return {
    upperCircuit,
    short,
    room: upperCircuit - lastBefore,
    left: shortOf(exchange, MAIN),
    highest: Math.max(0, ...bought.flatMap(({ fills }) => fills.map(({ price }) => price))),
  };
});

it('a position is open, and its last price stands one per cent below the upper circuit', async () => {
  const { short, room } = await nearCircuit();
  expect(short).toBe(750);
  // Less than the two per cent that an exit reaches beyond the touch.
  expect(room).toBeLessThan(30_00);
});

it('CONTROL 10: an exit near the circuit fills within a minute, at or below it', async () => {
  const { left, highest, upperCircuit } = await nearCircuit();
  expect(left).toBe(0);
  expect(highest).toBeLessThanOrEqual(upperCircuit);
});

const refusedOnce = played({}, async (day) => {
  await day.opened();
  await day.at('11:20');
  const { exchange, world } = day;
  world.faults.add({
    kind: 'modify.429',
    calls: ['modifyOrder'],
    effect: { do: 'refuse', status: 429, errorType: 'NetworkException', message: 'Too many requests' },
    count: 1,
  });
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  day.emergency();
  await day.pass(EXIT_MS);
  const buys = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'BUY');
  return {
    met: day.used('modify.429'),
    before,
    bought: filledOf(exchange, MAIN, 'BUY'),
    buys: buys.map(({ status, orderType }) => `${orderType} ${status}`),
  };
});

it('a position is open, and the modification of its stop is answered once with 429', async () => {
  const { met, before } = await refusedOnce();
  expect(before).toEqual({ short: 750, buying: 750 });
  expect(met).toBe(1);
});

it('CONTROL 14: after one 429 the stop is modified again: it is the exit, and nothing is cancelled', async () => {
  const { buys, bought } = await refusedOnce();
  expect(bought).toBe(750);
  expect(buys).toEqual(['LIMIT COMPLETE']);
});

const stuck = played({ plan: { maxLossPerTrade: 5_000_000_00, maxLossPerDay: 9_000_000_00 } }, async (day) => {
  await day.opened();
  await day.at('11:20');
  const { exchange } = day;
  exchange.addFault({ kind: 'price_shift', count: 1, points: 90, seconds: 12, tradingsymbol: MAIN });
  exchange.addFault({ kind: 'thin_depth', quantity: 75, count: 5, transaction_type: 'BUY', tradingsymbol: MAIN });
  day.emergency();
  // A lot fills with each price that is shown at the peak; after it the rest stands still, far above what others ask.
  await day.pass(20_000);
  const left = shortOf(exchange, MAIN);
  await day.pass(EXIT_MS);
  return { left, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('an exit that was shown at a peak stands above what others ask, and is not filled', async () => {
  expect((await stuck()).left).toBe(450);
});

it('an exit that is not filled at a price that somebody offers is replaced: flat within a minute', async () => {
  expect((await stuck()).net).toEqual([0, 0]);
});

const besideTheBroker = played({ coarse: true, from: '11:10' }, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('15:14');
  exchange.addFault({ kind: 'no_liquidity', count: 100_000, tradingsymbol: MAIN, side: 'asks' });
  await day.at('15:20:10');
  // A person's own: in MIS and without a tag at this time of the day it may be the broker's.
  exchange.place({
    ...{ variety: 'regular', exchange: 'NFO', tradingsymbol: MAIN, side: 'BUY', orderType: 'LIMIT', product: 'MIS' },
    ...{ validity: 'DAY', quantity: 75, price: 5, triggerPrice: 0, disclosedQuantity: 0 },
    ...{ marketProtection: null, tag: null },
  });
  const before = day.orders().length;
  await day.at('15:21');
  exchange.clearFaults();
  const sent = day.orders().length - before;
  await day.at('15:22:30');
  return { sent, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it("nothing is sent beside an order that may be the broker's square-off, and what fills nothing for a minute is not waited for any more", async () => {
  const { sent, net } = await besideTheBroker();
  expect(sent).toBe(0);
  expect(net).toEqual([0, 0]);
});

/** While the worker stands still an answer and a signal come for the same workflow task: the loop decides before the call's work has ended. */
const answeredWithASignal = [20, 40, 60, 80].map((afterMs) =>
  played({ exchange: { typeChange: 'refuse' } }, async (day) => {
    await day.opened();
    await day.at('11:20');
    day.emergency();
    await day.pass(afterMs);
    day.world.stop(day.product.process, 1_000, false);
    await day.pass(300);
    day.acknowledge();
    await day.pass(EXIT_MS);
    return [netOf(day.exchange, MAIN), netOf(day.exchange, HEDGE)];
  }),
);

it('a conversion that is refused in the workflow task of a signal is followed by the cancellation: flat within a minute', async () => {
  for (const play of answeredWithASignal) expect(await play()).toEqual([0, 0]);
});
