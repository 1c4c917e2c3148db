/** Runs that are lost on a day that has taken something over from the day before. */
import { expect, it } from 'vitest';
import { type Hour, tuesdayAfterS1 } from '../../workflows/candles.ts';
import { afterEachFill, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played, type Scenario } from '../scenario.ts';

const WEEKLY = { exitPolicy: 'weekly' } as const;
const net = ({ exchange }: Scenario) => [netOf(exchange, MAIN), netOf(exchange, HEDGE)];

/** Most of the sale is filled on Monday after the login has died, and nobody logs in again that day. */
const filledUnheard = (rest: (day: Scenario) => Promise<void>) =>
  played({ coarse: true, plan: WEEKLY }, async (day) => {
    const { exchange } = day;
    await day.at('11:14');
    exchange.addFault({ kind: 'thin_depth', count: 1, tradingsymbol: MAIN, quantity: 75 });
    await day.seen('the sale in the book', ({ orders }) =>
      orders.some(({ side, orderId }) => side === 'SELL' && orderId),
    );
    exchange.killSessions();
    const sale = day.orders().find(({ side }) => side === 'SELL');
    const left = (sale?.quantity ?? 0) - (sale?.filledQuantity ?? 0);
    expect(left).toBeGreaterThan(0);
    exchange.foreignTrade({ tradingsymbol: MAIN, side: 'SELL', quantity: left, product: 'NRML' });
    await day.ended();
    await rest(day);
    await day.pass(180_000);
    const fills = afterEachFill(exchange, MAIN, HEDGE);
    return { naked: Math.max(...fills.map(({ short, long }) => short - long)), short: shortOf(exchange, MAIN) };
  })();

it('a sale of which nobody could see any more whether it was filled keeps its hedge on the next day', async () => {
  const { naked, short } = await filledUnheard(async (day) => {
    await day.nextDay(false);
    await day.at('09:20');
    day.logIn();
  });
  expect({ naked: Math.max(0, naked), short }).toEqual({ naked: 0, short: 0 });
});

it('a sale that was filled unheard keeps its hedge where the run is lost before anybody has logged in', async () => {
  const { naked, short } = await filledUnheard(async (day) => {
    await day.nextDay(false);
    await day.pass(60_000);
    await day.loseRun(30_000);
    await day.at('09:20');
    day.logIn();
  });
  expect({ naked: Math.max(0, naked), short }).toEqual({ naked: 0, short: 0 });
});

it('a sale that was filled unheard keeps its hedge where nobody logs in on the day after', async () => {
  const { naked, short } = await filledUnheard(async (day) => {
    await day.nextDay(false);
    await day.nextDay(false);
    await day.at('09:20');
    day.logIn();
  });
  expect({ naked: Math.max(0, naked), short }).toEqual({ naked: 0, short: 0 });
});

/** Carried from Monday, whose hours after 11:15 these are, into a Tuesday of these hours. */
async function onTuesday<T>(monday: readonly Hour[], tuesday: readonly Hour[], play: (day: Scenario) => Promise<T>) {
  const candles = await tuesdayAfterS1(monday, tuesday);
  try {
    return await played({ coarse: true, exchange: { candles: candles.path }, plan: WEEKLY }, async (day) => {
      await day.opened();
      expect((await day.ended()).result).toBe('carried');
      return play(day);
    })();
  } finally {
    await candles.remove();
  }
}

const CALM: Hour = [25_050, 25_060, 25_030, 25_050];

it('a close of the day before that was not known yet is judged by the run that goes on', async () => {
  const monday: Hour[] = [CALM, CALM, CALM, CALM, [25_050, 25_060, 24_990, 24_990]];
  const left = await onTuesday(monday, [[25_060, 25_080, 25_040, 25_060]], async (day) => {
    const { faults } = day.world;
    faults.add({ kind: 'breeze.away', calls: ['candles'], effect: { do: 'gateway' }, forMs: 18 * 3_600_000 });
    await day.nextDay(false);
    await day.pass(120_000);
    await day.loseRun(30_000);
    day.logIn();
    await day.at('09:05');
    expect(day.used('breeze.away')).toBeGreaterThan(0);
    faults.clear();
    await day.at('09:17');
    return net(day);
  });
  expect(left).toEqual([0, 0]);
});

it('an index that stands beyond the strike in the middle of an hour is no open to the run that goes on', async () => {
  const hour: Hour = [25_060, 25_065, 24_950, 25_055];
  const { before, after } = await onTuesday([CALM], [[25_060, 25_080, 25_040, 25_060], hour, CALM], async (day) => {
    await day.nextDay();
    await day.at('10:16');
    const index = day.exchange.find('NSE', 'NIFTY 50');
    if (!index) throw new Error('no index');
    await day.until('the index below the strike', () => (day.exchange.lastPrice(index) ?? 0) < 24_980_00, 3_600_000);
    const held = net(day);
    await day.loseRun(30_000);
    expect(day.exchange.lastPrice(index)).toBeLessThan(25_000_00);
    await day.pass(60_000);
    return { before: held, after: net(day) };
  });
  expect(after).toEqual(before);
});

/** Others have closed it between the days, without a trade that the next one could see. */
const goneOvernight = (answer: 'before' | 'after') =>
  played({ coarse: true, plan: WEEKLY }, async (day) => {
    const { exchange } = day;
    await day.opened();
    await day.ended();
    exchange.foreignTrade({ tradingsymbol: MAIN, side: 'BUY', quantity: 750, product: 'NRML' });
    exchange.foreignTrade({ tradingsymbol: HEDGE, side: 'SELL', quantity: 750, product: 'NRML' });
    await day.nextDay();
    await day.at('09:20');
    if (answer === 'before') day.acknowledge();
    await day.pass(30_000);
    await day.loseRun(30_000);
    day.start();
    await day.pass(60_000);
    const asked = (await day.view()).warnings.map(({ id }) => id).filter((id) => !id.startsWith('preflight'));
    day.acknowledge();
    await day.pass(30_000);
    const { positions } = await day.view();
    const report = await day.ended();
    return {
      asked,
      states: positions.map(({ state }) => state),
      sent: day.orders().filter(({ tag, placedAt }) => tag !== null && placedAt > day.time('08:00')).length,
      result: report.result,
      differences: report.differences,
    };
  })();

it('what others closed overnight is booked once, whatever runs are lost after the answer', async () => {
  const closed = { states: ['closed'], sent: 0, result: 'flat', differences: [] };
  expect(await goneOvernight('before')).toEqual({ ...closed, asked: [] });
});

it('what others closed overnight is asked about by the run that goes on as well', async () => {
  const closed = { states: ['closed'], sent: 0, result: 'flat', differences: [] };
  expect(await goneOvernight('after')).toEqual({ ...closed, asked: ['external:P1'] });
});
