import { expect, it } from 'vitest';
import { HEDGE, MAIN, played } from '../scenario.ts';

const MOST_EVENTS = 10_000;
const HALF_HOURS = 13;
/** The facts go from run to run as the input of the next one. */
const MOST_BYTES = 512 * 1_024;

const handedOn: number[] = [];
const refusedAllDay = played(
  {
    coarse: true,
    plan: { exitPolicy: 'weekly' },
    suggestNewRunAt: 250,
    onCommands(_, commands) {
      for (const { continueAsNewWorkflowExecution: next } of commands)
        if (next) handedOn.push((next.arguments ?? []).reduce((sum, { data }) => sum + (data?.length ?? 0), 0));
    },
  },
  async (day) => {
    const { exchange } = day;
    await day.opened();
    await day.at('14:44');
    exchange.addFault({ kind: 'refuse_type_change', count: 1_000_000 });
    for (const tradingsymbol of [MAIN, HEDGE])
      exchange.addFault({ kind: 'reject_order', count: 1_000_000, tradingsymbol });
    day.emergency();
    await day.at('14:50');
    const begun = day.execution.history.events;
    await day.at('15:20');
    const { events } = day.execution.history;
    const orders = day.orders().length;
    await day.ended();
    return { begun, events, orders };
  },
);

it('a day whose exits are refused from its first hour to the close would stay under 10,000 events', async () => {
  const { begun, events, orders } = await refusedAllDay();
  expect(orders).toBeGreaterThan(100);
  // The half hour is played, and counted for each of the day.
  expect(begun + HALF_HOURS * (events - begun)).toBeLessThan(MOST_EVENTS);
});

it('and its facts stay under 512 KB, however often it goes on as new', async () => {
  await refusedAllDay();
  expect(handedOn.length).toBeGreaterThan(1);
  expect(Math.max(...handedOn)).toBeLessThan(MOST_BYTES);
});
