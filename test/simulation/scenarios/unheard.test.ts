import { expect, it } from 'vitest';
import { filledOf, netOf, shortOf } from '../book.ts';
import { HEDGE, MAIN, played } from '../scenario.ts';

const stopUnheard = played({ plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange } = day;
  await day.opened();
  exchange.killSessions();
  exchange.addFault({ kind: 'price_shift', count: 1, points: 68, seconds: 600, tradingsymbol: MAIN });
  await day.until('the stop filled', () => shortOf(exchange, MAIN) === 0);
  day.emergency();
  await day.ended();
  const bought = filledOf(exchange, MAIN, 'BUY');
  await day.nextDay(false);
  await day.at('09:20');
  // What others trade today is told before it is known what was held overnight.
  exchange.foreignTrade({ tradingsymbol: HEDGE, side: 'BUY', quantity: 75, product: 'NRML' });
  day.logIn();
  await day.pass(120_000);
  const again = filledOf(exchange, MAIN, 'BUY') - bought;
  return { bought, again, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a stop that filled unheard is not bought a second time where somebody logs in after the open of the next day', async () => {
  expect(await stopUnheard()).toEqual({ bought: 750, again: 0, net: [0, 75] });
});

/** The login dies before anybody has heard that the hedge was bought, and is there again two days later. */
const hedgeUnheard = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  const { exchange } = day;
  await day.at('11:15');
  await day.until('the hedge bought', () => netOf(exchange, HEDGE) === 750);
  exchange.killSessions();
  await day.ended();
  await day.nextDay(false);
  await day.nextDay(false);
  await day.at('09:20');
  const { positions } = await day.view();
  day.logIn();
  await day.pass(120_000);
  return { known: positions.length, net: [netOf(exchange, MAIN), netOf(exchange, HEDGE)] };
});

it('a hedge that was bought unheard is handed on over a day on which nobody logs in, and sold then', async () => {
  expect(await hedgeUnheard()).toEqual({ known: 1, net: [0, 0] });
});

/** The hedge's order gets lost with the login, and an emergency asks for the rest. */
const hedgeInDoubt = played({ coarse: true, plan: { exitPolicy: 'weekly' } }, async (day) => {
  day.loseOrder(HEDGE, 'BUY', '15:45');
  await day.at('11:15');
  await day.seen('an order in doubt', ({ orders }) => orders.some(({ phase }) => phase === 'doubt'));
  day.exchange.killSessions();
  day.emergency();
  return (await day.ended()).result;
});

it('a hedge of which nobody knows whether it was bought is not told as carried', async () => {
  expect(await hedgeInDoubt()).toBe('not_flat');
});
