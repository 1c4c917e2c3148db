import { expect, it } from 'vitest';
import { afterEachFill, buyingBack, filledOf, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

/** An exchange that answers ends every exit within a minute. */
const EXIT_MS = 60_000;

const whileOpen = played({}, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  await day.loseRun(30_000);
  await day.pass(15_000);
  const { positions, session } = await day.view();
  const after = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  day.emergency();
  await day.pass(EXIT_MS);
  const tags = day.orders().flatMap(({ tag }) => tag ?? []);
  return {
    positions: positions.map(({ id, state }) => `${id} ${state}`),
    loggedIn: session !== null,
    after,
    net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)],
    twice: tags.filter((tag, index) => tags.indexOf(tag) !== index),
    report: await day.ended(),
  };
});

it('a run that is terminated with a position open is gone on with: the position is known, its stop rests once, and it is left', async () => {
  const { positions, loggedIn, after, net, twice, report } = await whileOpen();
  expect({ positions, loggedIn, after }).toEqual({
    positions: ['P1 open'],
    loggedIn: true,
    after: { short: 750, buying: 750 },
  });
  expect(net).toEqual([0, 0]);
  expect(twice).toEqual([]);
  expect({ result: report.result, differences: report.differences }).toEqual({ result: 'flat', differences: [] });
});

const whileEntering = (moment: 'hedge' | 'main') =>
  played({}, async (day) => {
    const { exchange } = day;
    await day.at('11:15');
    const contract = moment === 'hedge' ? HEDGE : MAIN;
    // Right when the exchange has it: no answer has come back, and nothing of it is in the journal.
    await day.until(`an order of the ${moment}`, () =>
      day.orders().some(({ tradingsymbol }) => tradingsymbol === contract),
    );
    await day.loseRun(5_000);
    await day.pass(60_000);
    const naked = Math.max(0, ...afterEachFill(exchange, MAIN, HEDGE).map(({ short, long }) => short - long));
    const unprotected = shortOf(exchange, MAIN) - buyingBack(exchange, MAIN);
    const sold = filledOf(exchange, MAIN, 'SELL');
    const report = await day.ended();
    return { naked, unprotected, sold, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)], report };
  });

for (const moment of ['hedge', 'main'] as const) {
  const run = whileEntering(moment);
  it(`a run that is terminated while its ${moment} leg is being entered leaves nothing naked, unprotected or unknown`, async () => {
    const { naked, unprotected, sold, net, report } = await run();
    expect({ naked, unprotected, most: Math.max(sold, 750) }).toEqual({ naked: 0, unprotected: 0, most: 750 });
    expect(net).toEqual([0, 0]);
    expect({ result: report.result, differences: report.differences }).toEqual({ result: 'flat', differences: [] });
  });
}

const handsOff = played({}, async (day) => {
  await day.opened();
  day.handsOff(true);
  await day.pass(5_000);
  const sent = day.orders().length;
  await day.loseRun(30_000);
  await day.pass(15_000);
  day.emergency();
  await day.pass(EXIT_MS);
  const { handsOff, warnings, entriesOff } = await day.view();
  const sentMeanwhile = day.orders().length - sent;
  await day.loseRun(30_000);
  day.handsOff(false);
  await day.pass(EXIT_MS);
  return {
    by: handsOff?.by,
    warned: warnings.map(({ code }) => code),
    entriesOff,
    sentMeanwhile,
    net: [netOf(day.exchange, MAIN), netOf(day.exchange, HEDGE)],
    report: await day.ended(),
  };
});

it('hands off, and an emergency, outlive a run that is terminated: nothing is sent until hands are on again, and then all is left', async () => {
  const { by, warned, entriesOff, sentMeanwhile, net, report } = await handsOff();
  expect({ by, warned, entriesOff, sentMeanwhile }).toEqual({
    by: 'test',
    warned: expect.arrayContaining(['hands_off']),
    entriesOff: 'emergency',
    sentMeanwhile: 0,
  });
  expect(net).toEqual([0, 0]);
  expect(report.result).toBe('flat');
});

const withQuestion = played({}, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 300 });
  // Its smaller stop rests by then, and the journal has not heard of it.
  await day.pass(10_000);
  await day.loseRun(30_000);
  await day.pass(15_000);
  const buying = buyingBack(exchange, MAIN);
  const { positions, warnings } = await day.view();
  const { state, exitReason } = positions[0] ?? {};
  const asked = warnings.filter(({ blocksEntries }) => blocksEntries).map(({ id }) => id);
  day.acknowledge();
  await day.pass(15_000);
  const bought = filledOf(exchange, MAIN, 'BUY');
  day.emergency();
  await day.pass(EXIT_MS);
  return { buying, state, asked, bought, exitReason, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a stop that rests and that the journal does not have is heard of at once by the run that goes on: no second one is sent', async () => {
  expect((await withQuestion()).buying).toBe(450);
});

it('an adopted stop rests on as a stop: its position stays', async () => {
  const { state, exitReason, bought } = await withQuestion();
  expect({ state, exitReason, bought }).toEqual({ state: 'open', exitReason: null, bought: 300 });
});

it('what others closed is asked about anew by the run that goes on: it can be answered, and all is left', async () => {
  const { asked, net } = await withQuestion();
  expect({ asked, net }).toEqual({ asked: ['external:P1'], net: [0, 0] });
});

const theirs = played({}, async (day) => {
  const { exchange } = day;
  await day.at('11:12');
  exchange.foreignTrade({ tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 });
  await day.at('11:20');
  await day.loseRun(30_000);
  await day.pass(15_000);
  const { warnings } = await day.view();
  const buying = buyingBack(exchange, MAIN);
  day.emergency();
  await day.pass(EXIT_MS);
  return {
    buying,
    warnings: warnings.filter(({ code }) => code === 'foreign_position'),
    net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)],
  };
});

it('what others traded before ours is theirs to the run that goes on as well', async () => {
  const { buying, warnings, net } = await theirs();
  expect({ buying, warnings, net }).toEqual({ buying: 750, warnings: [], net: [75, 0] });
});

const saleUnwritten = played({ seed: 2 }, async (day) => {
  const { exchange, world } = day;
  // Its answer never comes, and it is in the book some seconds later.
  day.loseOrder(MAIN, 'SELL', '11:15:25');
  // Nor does the journal hear of it before it leaves.
  world.journal.noteIntent = () => Promise.reject(new Error('the journal is away'));
  let hasLeft = false;
  world.hooks.add((point) => {
    if (point.kind === 'call' && point.point === 'leaves') hasLeft ||= point.call.order?.side === 'SELL';
  });
  await day.at('11:15');
  while (!hasLeft) await day.pass(5);
  const written = await world.journal.soFar({ ...day.settings.account, date: day.date });
  await day.loseRun(1_000);
  await day.pass(60_000);
  const naked = Math.max(0, ...afterEachFill(exchange, MAIN, HEDGE).map(({ short, long }) => short - long));
  const unprotected = shortOf(exchange, MAIN) - buyingBack(exchange, MAIN);
  const { result } = await day.ended();
  const net = [netOf(exchange, MAIN), netOf(exchange, HEDGE)];
  const sold = filledOf(exchange, MAIN, 'SELL');
  return { known: written?.orders.filter(({ side }) => side === 'SELL').length, sold, naked, unprotected, net, result };
});

it('a sale that the journal does not have, and that comes late, finds its hedge', async () => {
  const flat = { naked: 0, unprotected: 0, net: [0, 0], result: 'flat' };
  expect(await saleUnwritten()).toEqual({ ...flat, known: 0, sold: 750 });
});

const theirHedge = played({}, async (day) => {
  const { exchange } = day;
  const trade = (side: 'BUY' | 'SELL') =>
    exchange.foreignTrade({ tradingsymbol: HEDGE, product: 'MIS', side, quantity: 75 });
  await day.at('11:12');
  trade('BUY');
  await day.opened();
  // With all that the program remembers of the book.
  day.world.kill(day.product.process);
  await day.loseRun(30_000);
  day.product = day.world.boot(day.settings);
  await day.pass(15_000);
  trade('SELL');
  await day.pass(30_000);
  const { positions, warnings } = await day.view();
  return {
    states: positions.map(({ state }) => state),
    asked: warnings.map(({ id }) => id),
    net: netOf(exchange, HEDGE),
  };
});

it('what others bought before ours and sell again is theirs to the run that goes on', async () => {
  expect(await theirHedge()).toEqual({ states: ['open'], asked: [], net: 750 });
});

/** The run is lost when the hedge has just been bought, and with it the login: no journal has the order, and nobody can look. */
const hedgeUnseen = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange, world } = day;
  await day.at('11:15');
  await day.until('an order of the hedge', () => day.orders().some(({ tradingsymbol }) => tradingsymbol === HEDGE));
  exchange.killSessions();
  await day.loseRun(20_000);
  const from = day.now();
  await day.pass(90_000);
  const paged = world.pages.some(({ at, cause }) => at >= from && cause === 'no_session');
  day.emergency();
  const { result } = await day.ended();
  await day.nextDay(false);
  await day.at('09:20');
  const { positions } = await day.view();
  const bought = netOf(exchange, HEDGE);
  day.logIn();
  await day.pass(120_000);
  return { paged, result, known: positions.length, bought, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('what a lost run had bought and nobody could look at is not flat: it is paged, handed on, and sold the next day', async () => {
  expect(await hedgeUnseen()).toEqual({ paged: true, result: 'not_flat', known: 1, bought: 750, net: [0, 0] });
});

/** A position of a person's and one of a signal; the second loses more than a day may. */
const beyondTheDay = played({ plan: { maxLossPerDay: 26_000_00 } }, async (day) => {
  const { exchange } = day;
  const other = 'NIFTY2571724500PE';
  await day.opened();
  await day.placeOrder(other);
  await day.pass(10_000);
  await day.loseRun(10_000);
  await day.pass(15_000);
  exchange.addFault({ kind: 'price_shift', count: 1, points: 60, seconds: 300, tradingsymbol: MAIN });
  await day.pass(EXIT_MS);
  return { net: [netOf(exchange, MAIN), netOf(exchange, other)], entriesOff: (await day.view()).entriesOff };
});

it("the day's loss limit closes everything also after a run was lost, before anybody starts trading again", async () => {
  expect(await beyondTheDay()).toEqual({ net: [0, 0], entriesOff: 'day loss limit' });
});
