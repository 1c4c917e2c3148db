import { expect, it } from 'vitest';
import { afterEachFill, buyingBack, filledOf, netOf, shortOf } from '../book.ts';
import { FORTY_LOTS, HEDGE, MAIN, played } from '../scenario.ts';

const rejected = played({}, async (day) => {
  const { exchange, world } = day;
  exchange.addFault({ kind: 'reject_order', count: 5, tradingsymbol: MAIN, transaction_type: 'SELL' });
  exchange.addFault({ kind: 'reject_order', count: 40, tradingsymbol: HEDGE, transaction_type: 'SELL' });
  await day.at('11:15');
  const rejections = () => day.orders().filter(({ status }) => status === 'REJECTED');
  await day.until('a hedge that cannot be sold', () =>
    rejections().some(({ tradingsymbol }) => tradingsymbol === HEDGE),
  );
  const since = day.now();
  await day.pass(32_000);
  const loud = world.lines.filter(
    ({ at, level, text }) => at >= day.time('11:15') && level !== 'info' && /reject/i.test(text),
  );
  return {
    rejected: [MAIN, HEDGE].map(
      (symbol) => rejections().filter(({ tradingsymbol }) => tradingsymbol === symbol).length,
    ),
    long: netOf(exchange, HEDGE),
    loud: loud.length,
    paged: day.pages(since, since + 30_000).length,
  };
});

it('the main leg is rejected, and so is each sale of its hedge', async () => {
  const { rejected: times, long } = await rejected();
  expect(Math.min(...times)).toBeGreaterThan(0);
  expect(long).toBe(750);
});

it('F1: what is rejected again and again is logged as a warning and paged within 30 s', async () => {
  const { loud, paged } = await rejected();
  expect({ loud: loud > 0, paged: paged > 0 }).toEqual({ loud: true, paged: true });
});

const hidden = played({}, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  const short = shortOf(exchange, MAIN);
  exchange.addFault({ kind: 'hide_orders', count: 1, seconds: 5 });
  const asked = day.now();
  await day.ask('closePosition', { id: 'P1' });
  await day.pass(asked + 10_000 - day.now());
  const { warnings } = await day.view();
  return {
    short,
    hides: exchange.faults().length,
    net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)],
    claimed: [...warnings.map(({ message }) => message), ...day.pages(asked, day.now()).map(({ text }) => text)],
  };
});

it('a position is to be closed while lists of orders and trades leave everything out for five seconds', async () => {
  const { short, hides } = await hidden();
  expect(short).toBe(750);
  expect(hides).toBe(0);
});

it('F2: the own ledger explains the position: nothing is claimed of others, and it is flat within ten seconds', async () => {
  const { net, claimed } = await hidden();
  expect({ net, claimed }).toEqual({ net: [0, 0], claimed: [] });
});

const THOUSAND_LOTS = {
  numLots: 1_000,
  maxLossPerTrade: 10 ** 9,
  maxLossPerDay: 3 * 10 ** 9,
  maxCapitalAtRisk: 3 * 10 ** 9,
};

const manySlices = played({ plan: THOUSAND_LOTS }, async (day) => {
  const { exchange } = day;
  await day.at('11:15');
  await day.until('35 slices of the hedge', () => filledOf(exchange, HEDGE, 'BUY') === 35 * 1_800);
  // Until all is sold, or the hedge goes again.
  const ended = () => shortOf(exchange, MAIN) === 75_000 || filledOf(exchange, HEDGE, 'SELL') > 0;
  for (let looks = 0; looks < 300 && !ended(); looks++) await day.pass(1_000);
  return { bought: filledOf(exchange, HEDGE, 'BUY'), short: shortOf(exchange, MAIN), long: netOf(exchange, HEDGE) };
});

it('a thousand lots are being entered, and 35 slices of the hedge are bought', async () => {
  const { bought } = await manySlices();
  expect(bought).toBeGreaterThanOrEqual(35 * 1_800);
});

it('F4: a position of 42 slices is entered as planned', async () => {
  const { short, long } = await manySlices();
  expect({ short, long }).toEqual({ short: 75_000, long: 75_000 });
});

const dearer = played({}, async (day) => {
  const { exchange, world } = day;
  let planned = 0;
  world.hooks.add((point) => {
    if (point.kind !== 'activity' || point.point !== 'ended' || point.type !== 'planEntry') return;
    planned += 1;
    exchange.addFault({ kind: 'price_shift', count: 1, points: 60, tradingsymbol: HEDGE });
  });
  await day.at('11:15:30');
  const { decisions, positions } = await day.view();
  const paid = (symbol: string) =>
    day
      .orders()
      .filter(({ tradingsymbol }) => tradingsymbol === symbol)
      .flatMap(({ side, fills }) => fills.map((fill) => (side === 'SELL' ? 1 : -1) * fill.price * fill.quantity))
      .reduce((sum, value) => sum + value, 0);
  const short = shortOf(exchange, MAIN);
  return {
    planned,
    fired: decisions.map(({ signal }) => signal),
    // Paise, charges left out.
    worst: short > 0 ? 200_00 * short - paid(MAIN) - paid(HEDGE) : 0,
    reserved: positions[0]?.worstLoss ?? 0,
  };
});

it('the hedge becomes sixty rupees dearer after its entry was planned', async () => {
  const { planned, fired } = await dearer();
  expect(planned).toBe(1);
  expect(fired).toEqual(['S1']);
});

it('F6: no entry fills at prices at which more can be lost than was reserved', async () => {
  const { worst, reserved } = await dearer();
  expect(worst).toBeLessThanOrEqual(reserved);
});

const twoStops = played({ plan: FORTY_LOTS }, async (day) => {
  const { exchange } = day;
  // The first slice's stop is lost, a second one rests; then the first one comes, and fills just before it is cancelled.
  day.loseOrder(MAIN, 'BUY', '11:17');
  await day.at('11:16:50');
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  exchange.addFault({
    kind: 'fill_before_change',
    count: 1,
    change: 'cancel',
    tradingsymbol: MAIN,
    transaction_type: 'BUY',
  });
  await day.until('the late stop fills', () => filledOf(exchange, MAIN, 'BUY') > 0);
  const filled = filledOf(exchange, MAIN, 'BUY');
  await day.pass(10_000);
  const naked = Math.max(...afterEachFill(exchange, MAIN, HEDGE).map(({ short, long }) => short - long));
  return { before, filled, naked, tooMany: buyingBack(exchange, MAIN) - shortOf(exchange, MAIN) };
});

it('a stop of 1,800 comes late and fills, while another one rests for the same 1,800', async () => {
  const { before, filled } = await twoStops();
  expect(before).toEqual({ short: 3_000, buying: 3_000 });
  expect(filled).toBe(1_800);
});

it('F7: a stop that rests on a short of 0 is cancelled at once', async () => {
  const { tooMany, naked } = await twoStops();
  expect({ tooMany, naked }).toEqual({ tooMany: 0, naked: 0 });
});

const watches = played({ plan: { maxPositions: 40, maxLossPerDay: 5_000_000_00 } }, async (day) => {
  const { exchange } = day;
  await day.opened();
  const running = () =>
    day.execution.pendingActivities().filter((type) => /^(watchBook|guardPosition)/.test(type)).length;
  const most: number[] = [];
  const strikes = Array.from({ length: 17 }, (_, number) => `NIFTY25717${24_300 + 50 * number}PE`);
  for (const symbol of strikes.filter((one) => one !== HEDGE && one !== MAIN)) {
    await day.placeOrder(symbol);
    await day.until(`${symbol} is held`, () => netOf(exchange, symbol) === 75);
    most.push(running());
    const { positions } = await day.view();
    const id = positions.find(
      ({ legs, state }) => state === 'open' && legs.some((leg) => leg.tradingsymbol === symbol),
    )?.id;
    await day.ask('closePosition', { id });
    await day.until(`${symbol} is sold`, () => netOf(exchange, symbol) === 0);
  }
  await day.pass(10_000);
  const left = running();
  const asked = day.now();
  day.emergency();
  await day.until('the short is bought back', () => shortOf(exchange, MAIN) === 0);
  return { most, left, tookMs: day.now() - asked };
});

it('fifteen manual positions are opened and closed one after the other', async () => {
  const { most } = await watches();
  expect(most).toHaveLength(15);
});

it('F8: no watch outlives its position, and an exit does not wait behind the looks of others', async () => {
  const { most, left, tookMs } = await watches();
  // The book is watched once, and the signal's position has its guard.
  expect({ most: Math.max(...most), left, withinMs: Math.max(tookMs, 1_500) }).toEqual({
    most: 2,
    left: 2,
    withinMs: 1_500,
  });
});
