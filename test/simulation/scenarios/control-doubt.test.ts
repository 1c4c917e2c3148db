import { expect, it } from 'vitest';
import { afterEachFill, filledOf, netOf, shortOf } from '../book.ts';
import { FORTY_LOTS, HEDGE, MAIN, played, type Scenario } from '../scenario.ts';

/** An exchange that answers ends every exit within a minute. */
const EXIT_MS = 60_000;

/** Orders of a leg that came so late: placed at the exchange at or after that time. */
function arrivedAt(day: Scenario, tradingsymbol: string, side: 'BUY' | 'SELL', at: string) {
  const [from, to] = [day.time(at), day.time(at) + 1_000];
  return day
    .orders()
    .filter((order) => order.tradingsymbol === tradingsymbol && order.side === side)
    .filter(({ placedAt }) => placedAt >= from && placedAt < to);
}

const sellAppears = played({}, async (day) => {
  const { exchange } = day;
  day.loseOrder(MAIN, 'SELL', '11:17:40');
  await day.at('11:15:30');
  exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', tradingsymbol: HEDGE });
  await day.at('11:17');
  day.emergency();
  await day.at('11:18:30');
  const appeared = { short: filledOf(exchange, MAIN, 'SELL'), long: netOf(exchange, HEDGE) };
  // The hedge has buyers again from here on.
  exchange.clearFaults();
  day.emergency();
  await day.pass(EXIT_MS);
  return { appeared, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('the main sell is lost, its hedge finds no buyer, and after an emergency the sell appears', async () => {
  const { appeared } = await sellAppears();
  expect(appeared).toEqual({ short: 750, long: 750 });
});

it('CONTROL 2: a sell that appears after an emergency is bought back by the next one, and the hedge is sold', async () => {
  const { net } = await sellAppears();
  expect(net).toEqual([0, 0]);
});

const sliceAppears = played({ plan: FORTY_LOTS }, async (day) => {
  const { exchange } = day;
  day.loseOrder(MAIN, 'SELL', '11:18', 1);
  await day.at('11:17:55');
  const before = { short: shortOf(exchange, MAIN), long: netOf(exchange, HEDGE) };
  await day.at('11:18:05');
  const appeared = arrivedAt(day, MAIN, 'SELL', '11:18').map(({ quantity }) => quantity);
  await day.at('11:18:20');
  const naked = () => shortOf(exchange, MAIN) - netOf(exchange, HEDGE);
  const after20s = naked();
  await day.at('11:20');
  return { before, appeared, after20s, after2min: naked() };
});

it("forty lots: the second slice's sell is lost, its hedge is sold, and the sell appears at 11:18", async () => {
  const { before, appeared } = await sliceAppears();
  expect(before).toEqual({ short: 1_800, long: 1_800 });
  expect(appeared).toEqual([1_200]);
});

it('CONTROL 3: a slice that appears after its hedge was sold is covered or bought back within 20 s', async () => {
  const { after20s, after2min } = await sliceAppears();
  expect({ after20s, after2min }).toEqual({ after20s: 0, after2min: 0 });
});

const hedgesAppear = played({ plan: FORTY_LOTS }, async (day) => {
  const { exchange, world } = day;
  // Each slice of the hedge is bought by its second order.
  day.loseOrder(HEDGE, 'BUY', '11:16:50');
  day.loseOrder(HEDGE, 'BUY', '11:16:40', 2);
  world.faults.add({
    kind: 'unwind.lost',
    calls: ['placeOrder'],
    effect: { do: 'lost' },
    order: { tradingsymbol: HEDGE, side: 'SELL' },
    count: 1,
  });
  await day.at('11:16:35');
  const before = { short: shortOf(exchange, MAIN), long: netOf(exchange, HEDGE) };
  await day.at('11:18:30');
  const appeared = [...arrivedAt(day, HEDGE, 'BUY', '11:16:40'), ...arrivedAt(day, HEDGE, 'BUY', '11:16:50')];
  const naked = afterEachFill(exchange, MAIN, HEDGE).map(({ short, long }) => short - long);
  return {
    before,
    appeared: appeared.map(({ filledQuantity }) => filledQuantity),
    dropped: day.used('unwind.lost'),
    sold: filledOf(exchange, HEDGE, 'SELL'),
    mostNaked: Math.max(...naked),
  };
});

it('forty lots: both hedge buys were lost and sent again, both appear, and one of the sales that undo them is dropped', async () => {
  const { before, appeared, dropped } = await hedgesAppear();
  expect(before).toEqual({ short: 3_000, long: 3_000 });
  // One that nobody needs any more is cancelled as soon as it shows: how much of it fills is the market's.
  expect(appeared.filter((filled) => filled > 0)).toHaveLength(2);
  expect(dropped).toBe(1);
});

it('CONTROL 4: two late hedges are undone once: never more of a hedge is sold than covers nothing', async () => {
  const { mostNaked, sold } = await hedgesAppear();
  expect(mostNaked).toBe(0);
  expect(sold).toBeLessThanOrEqual(3_000);
});

const lateUnwind = played({ coarse: true }, async (day) => {
  const { exchange } = day;
  await day.opened();
  exchange.addFault({ kind: 'refuse_type_change', count: 100 });
  await day.at('15:14:50');
  const short = shortOf(exchange, MAIN);
  // The first exit is lost: a second one buys, and then the first one buys too.
  day.loseOrder(MAIN, 'BUY', '15:23:10');
  await day.at('15:24:30');
  const last = day.time('15:23');
  const appeared = arrivedAt(day, MAIN, 'BUY', '15:23:10');
  const placed = day.orders().filter((order) => order.placedAt >= last && !appeared.includes(order));
  return {
    short,
    appeared: appeared.map(({ filledQuantity }) => filledQuantity),
    placed: placed.map(({ side, quantity }) => `${side} ${quantity}`),
    paged: day.pages(last, day.now()).length,
  };
});

it('a lost exit of 15:15 appears at 15:23:10 under MIS, after another one has bought', async () => {
  const { short, appeared } = await lateUnwind();
  expect(short).toBe(750);
  expect(appeared).toEqual([750]);
});

it('CONTROL 16: nothing new is placed after 15:23 under MIS: what is left over is paged instead', async () => {
  const { placed, paged } = await lateUnwind();
  expect({ placed, paged: paged > 0 }).toEqual({ placed: [], paged: true });
});

it('an order that lists hide while its position shows is not absent: it is not sent again, and the exit ends when they show it', async () => {
  const exit = played({}, async (day) => {
    const { exchange, world } = day;
    const hidden = { calls: ['orders', 'trades', 'orderHistory'], effect: { do: 'hides_new' }, forMs: 60_000 } as const;
    await day.at('11:16');
    world.faults.add({ kind: 'place.unanswered', calls: ['placeOrder'], effect: { do: 'cut_after' }, count: 1 });
    exchange.addFault({ kind: 'refuse_type_change', count: 5 });
    world.ticker.addFault({ kind: 'updates.missing', effect: { do: 'no_updates' }, forMs: 60_000 });
    day.emergency();
    world.faults.add({ kind: 'orders.hide_new', ...hidden });
    await day.pass(55_000);
    const bought = filledOf(exchange, MAIN, 'BUY');
    await day.pass(EXIT_MS);
    return { bought, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)], all: filledOf(exchange, MAIN, 'BUY') };
  });
  expect(await exit()).toEqual({ bought: 750, net: [0, 0], all: 750 });
});

it('positions that are wrong by themselves keep no doubt waiting: the exit goes again', async () => {
  const exit = played({}, async (day) => {
    const { exchange, world } = day;
    await day.at('11:16');
    world.faults.add({ kind: 'place.never', calls: ['placeOrder'], effect: { do: 'lost' }, count: 1 });
    exchange.addFault({ kind: 'refuse_type_change', count: 5 });
    world.faults.add({ kind: 'positions.empty', calls: ['positions'], effect: { do: 'empty' }, forMs: 300_000 });
    day.emergency();
    await day.pass(EXIT_MS);
    return [netOf(exchange, MAIN), netOf(exchange, HEDGE)];
  });
  expect(await exit()).toEqual([0, 0]);
});

/** What was sold twice is bought back at last, however often the broker has refused that before. */
const undoneAtLast = played({}, async (day) => {
  const { exchange } = day;
  day.loseOrder(HEDGE, 'SELL', '11:18');
  await day.opened();
  await day.at('11:16');
  day.emergency();
  await day.at('11:17:55');
  const before = netOf(exchange, HEDGE);
  exchange.addFault({ kind: 'reject_order', count: 1_000_000, tradingsymbol: HEDGE, transaction_type: 'BUY' });
  await day.at('11:18:02');
  const twice = netOf(exchange, HEDGE);
  await day.at('11:20');
  exchange.clearFaults();
  await day.pass(EXIT_MS);
  const ended = day.world.pages.filter(({ cause, kind }) => cause === 'overclosed' && kind === 'ended');
  return { before, twice, net: netOf(exchange, HEDGE), endedAfterIt: ended.map(({ at }) => at > day.time('11:20')) };
});

it('a hedge that was sold twice is bought back once that is no longer refused, and paged until then', async () => {
  expect(await undoneAtLast()).toEqual({ before: 0, twice: -750, net: 0, endedAfterIt: [true] });
});

/** What a hedge has too much is sold at last as well: it closes, and is called an unwind all the same. */
const trimmedAtLast = played({}, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 300 });
  await day.pass(10_000);
  exchange.addFault({ kind: 'reject_order', count: 1_000_000, tradingsymbol: HEDGE, transaction_type: 'SELL' });
  day.acknowledge();
  await day.at('11:24');
  const refused = day.orders().filter(({ tradingsymbol, status }) => tradingsymbol === HEDGE && status === 'REJECTED');
  exchange.clearFaults();
  await day.pass(EXIT_MS);
  return { often: refused.length > 16, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a hedge that is larger than its short is cut once that is no longer refused', async () => {
  expect(await trimmedAtLast()).toEqual({ often: true, net: [-450, 450] });
});
