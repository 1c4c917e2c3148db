import { expect, it } from 'vitest';
import { type CandleFile, tuesdayAfterS1 } from '../../workflows/candles.ts';
import { buyingBack, filledOf, isLive, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

/** An exchange that answers ends every exit within a minute. */
const EXIT_MS = 60_000;

const cancelled = played({}, async (day) => {
  const { exchange, execution, world } = day;
  await day.opened();
  await day.at('11:20');
  const before = { short: shortOf(exchange, MAIN), buying: buyingBack(exchange, MAIN) };
  execution.cancel();
  await day.pass(EXIT_MS);
  return { before, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)], failedTasks: world.taskFailures };
});

it('a position is open and its stop rests, and somebody requests the cancellation of the workflow', async () => {
  const { before } = await cancelled();
  expect(before).toEqual({ short: 750, buying: 750 });
});

it('CONTROL 5: a cancellation requested in the UI is an emergency: flat within a minute, and no task fails', async () => {
  const { net, failedTasks } = await cancelled();
  expect(failedTasks).toEqual([]);
  expect(net).toEqual([0, 0]);
});

const lostLogin = played({ coarse: true }, async (day) => {
  const { exchange } = day;
  let died = 0;
  exchange.onOrder(({ tradingsymbol, status }) => {
    if (tradingsymbol !== HEDGE || status !== 'COMPLETE' || died > 0) return;
    died += 1;
    exchange.killSessions();
  });
  await day.at('14:50');
  const before = { died, sold: filledOf(exchange, MAIN, 'SELL'), long: netOf(exchange, HEDGE) };
  day.logIn();
  await day.at('14:52');
  const sold = day.orders().filter(({ tradingsymbol, side }) => tradingsymbol === MAIN && side === 'SELL');
  return { before, sold: sold.map(({ quantity }) => quantity), long: netOf(exchange, HEDGE) };
});

it('the session dies between hedge and main leg, and somebody logs in again at 14:50', async () => {
  const { before } = await lostLogin();
  expect(before).toEqual({ died: 1, sold: 0, long: 750 });
});

it('CONTROL 6: the decision of 11:15 is not sold at 14:50, and the hedge is', async () => {
  const { sold, long } = await lostLogin();
  expect({ sold, long }).toEqual({ sold: [], long: 0 });
});

it('an entry that has waited for a look at the book is not sent any more seconds after an emergency', async () => {
  const emergencyAtTheEntry = played({}, async (day) => {
    const effect = {
      do: 'refuse',
      status: 503,
      errorType: 'GeneralException',
      message: 'Service unavailable',
    } as const;
    await day.at('11:15');
    await day.seen('the entry', ({ orders }) => orders.length > 0);
    day.world.faults.add({ kind: 'orders.503', calls: ['orders'], effect, forMs: 5_000 });
    day.emergency();
    await day.pass(EXIT_MS);
    return { met: day.used('orders.503') > 0, orders: day.orders().length };
  });
  expect(await emergencyAtTheEntry()).toEqual({ met: true, orders: 0 });
});

const gapUnseen = async () => {
  const hour = (close: number) => [25_050, 25_060, Math.min(close, 25_030), close] as const;
  // The last quarter of an hour closes below the strike, and Tuesday opens above it.
  const monday = [hour(25_050), hour(25_050), hour(25_050), hour(25_050), hour(24_990)];
  const tuesday = [[25_060, 25_080, 25_040, 25_060]] as const;
  const candles: CandleFile = await tuesdayAfterS1(monday, tuesday);
  try {
    return await played(
      { coarse: true, exchange: { candles: candles.path }, plan: { exitPolicy: 'weekly' } },
      async (day) => {
        const { exchange, world } = day;
        await day.opened();
        const report = await day.ended();
        world.faults.add({ kind: 'breeze.away', calls: ['candles'], effect: { do: 'gateway' }, forMs: 18 * 3_600_000 });
        await day.nextDay();
        const carried = [netOf(exchange, MAIN), netOf(exchange, HEDGE)];
        await day.at('09:05');
        const met = day.used('breeze.away');
        world.faults.clear();
        await day.at('09:17');
        return { result: report.result, carried, met, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
      },
    )();
  } finally {
    await candles.remove();
  }
};
let gap: ReturnType<typeof gapUnseen> | null = null;
const carriedBeyond = () => {
  gap ??= gapUnseen();
  return gap;
};

it("a carried position's last close of the day before was beyond the strike, and Breeze is away from 08:45 to 09:05", async () => {
  const { result, carried, met } = await carriedBeyond();
  expect(result).toBe('carried');
  expect(carried).toEqual([-750, 750]);
  expect(met).toBeGreaterThan(0);
});

it('CONTROL 11: the close that Breeze did not show in time is still judged: the position leaves at the open', async () => {
  const { net } = await carriedBeyond();
  expect(net).toEqual([0, 0]);
});

const dayLimit = played({ plan: { maxLossPerTrade: 300_00, maxLossPerDay: 300_00 } }, async (day) => {
  const { exchange } = day;
  exchange.addFault({ kind: 'no_liquidity', count: 1, side: 'bids', tradingsymbol: HEDGE });
  await day.at('11:15');
  await day.until('the main leg is sold', () => filledOf(exchange, MAIN, 'SELL') === 750);
  exchange.addFault({ kind: 'price_shift', count: 1, points: 2, tradingsymbol: MAIN });
  await day.until('the main leg is bought back', () => filledOf(exchange, MAIN, 'BUY') === 750);
  await day.pass(30_000);
  const main = day.orders().filter(({ tradingsymbol }) => tradingsymbol === MAIN);
  const realised = main
    .flatMap(({ side, fills }) => fills.map(({ price, quantity }) => (side === 'SELL' ? 1 : -1) * price * quantity))
    .reduce((sum, value) => sum + value, 0);
  const { limits } = await day.view();
  return { realised, long: netOf(exchange, HEDGE), lostToday: limits?.lostToday ?? 0 };
});

it('the short is bought back at a loss beyond the limit of the day, and nobody buys its hedge', async () => {
  const { realised, long } = await dayLimit();
  expect(realised).toBeLessThan(-300_00);
  expect(long).toBe(750);
});

it('CONTROL 13: what the closed leg of an open position has lost counts against the limit of the day', async () => {
  const { realised, lostToday } = await dayLimit();
  expect(lostToday).toBeGreaterThanOrEqual(-realised);
});

const ownPurchase = played({ plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange } = day;
  await day.opened();
  await day.at('11:20');
  day.emergency();
  await day.at('11:30');
  const before = [netOf(exchange, MAIN), netOf(exchange, HEDGE)];
  exchange.foreignTrade({ tradingsymbol: MAIN, product: 'NRML', side: 'BUY', quantity: 75 });
  const report = await day.ended();
  return { before, theirs: netOf(exchange, MAIN), live: day.orders().filter(isLive).length, report };
});

it('we are flat by 11:30, and then the user buys 75 of the contract', async () => {
  const { before, theirs, live } = await ownPurchase();
  expect(before).toEqual([0, 0]);
  expect(theirs).toBe(75);
  expect(live).toBe(0);
});

it("CONTROL 15: the user's own purchase leaves the day flat", async () => {
  const { report } = await ownPurchase();
  expect(report.result).toBe('flat');
});
