import { expect, it } from 'vitest';
import { played } from '../scenario.ts';

/** Events of a whole live day's histories, summed over its runs: people read them, and Temporal has limits. */
const MOST = { quiet: 200, onePosition: 400, threePositions: 1_000 };

const quiet = played({ from: '08:45', coarse: true, plan: { signals: ['S8'] } }, async (day) => {
  await day.ended();
  return { events: day.execution.history.events, orders: day.orders().length };
});

it('a quiet live day stays under 200 events', async () => {
  const { events, orders } = await quiet();
  expect(orders).toBe(0);
  expect(events).toBeLessThan(MOST.quiet);
});

const onePosition = played({ from: '08:45', coarse: true }, async (day) => {
  await day.ended();
  return { events: day.execution.history.events, orders: day.orders().length };
});

it('a live day with one position, from its entry to its exit, stays under 400 events', async () => {
  const { events, orders } = await onePosition();
  expect(orders).toBeGreaterThanOrEqual(4);
  expect(events).toBeLessThan(MOST.onePosition);
});

const threePositions = played({ from: '08:45', coarse: true }, async (day) => {
  await day.opened();
  for (const contract of ['NIFTY2571724500PE', 'NIFTY2571724600PE']) {
    await day.placeOrder(contract);
    await day.pass(5_000);
  }
  const { positions } = await day.view();
  await day.ended();
  return { events: day.execution.history.events, positions: positions.length };
});

it('a live day with three positions stays under 1,000 events', async () => {
  const { events, positions } = await threePositions();
  expect(positions).toBe(3);
  expect(events).toBeLessThan(MOST.threePositions);
});
