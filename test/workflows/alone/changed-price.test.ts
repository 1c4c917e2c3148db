/** By which price an order that is changed again is judged. */
import { expect, it, vi } from 'vitest';
import type { ChangeInput, ChangeResult } from '../../../src/contract/activities.ts';
import type { Order } from '../../../src/domain/control/facts.ts';
import { Day } from '../../../workflows/day/day.ts';
import { newFacts } from '../../../workflows/day/facts.ts';
import { cancel, change } from '../../../workflows/orders/perform.ts';
import { DATE, HEDGE, order, spread } from '../../domain/control/builder.ts';

const asked = vi.hoisted((): ChangeInput[] => []);
const answers = vi.hoisted((): ChangeResult[] => []);
vi.mock('../../../workflows/activity-proxies.ts', () => ({
  orderCalls: {
    changeOrder: {
      executeWithOptions: async (_: unknown, [input]: [ChangeInput]) => {
        asked.push(input);
        return answers.shift();
      },
    },
  },
}));
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  CancellationScope: { nonCancellable: (work: () => Promise<void>) => work() },
}));

const sent = (price: number): ChangeResult => ({ kind: 'sent', price, row: null });
const refused = (busy: boolean): ChangeResult => ({ kind: 'refused', message: 'no', busy, row: null });

/** A purchase at 100 that has had these changes; `listed` is what the list shows after each. Answers the price that the next one takes for shown. */
async function shownAfter(
  purpose: 'entry' | 'exit',
  changes: { answer: ChangeResult; listed: number; kind?: 'cancel' }[],
) {
  const facts = newFacts({ identity: { mode: 'paper', account: 'a', run: 1, date: DATE }, clock: [] });
  const position = spread();
  const bought: Order = order('X', {
    ...{ role: 'hedge', purpose, side: 'BUY', tradingsymbol: HEDGE.tradingsymbol },
    ...{ orderId: '1', phase: 'working', orderType: 'LIMIT', price: 100_00 },
  });
  Object.assign(facts, { positions: [position], orders: { X: bought } });
  const day = new Day(facts);
  const reprice = () => change(day, position, { do: 'change', tag: 'X', kind: 'reprice', widen: 1, noWorseThan: null });
  for (const { answer, listed, kind } of changes) {
    answers.push(answer);
    if (kind === 'cancel') cancel(day, position, 'X', false);
    else reprice();
    await new Promise((done) => setTimeout(done, 0));
    bought.price = listed;
  }
  answers.push(sent(1));
  reprice();
  const how = asked.at(-1)?.how;
  return how?.kind === 'cancel' ? undefined : how?.shown;
}

it('an exit has shown the highest price that was accepted, also where the list stands still', async () => {
  expect(await shownAfter('exit', [{ answer: sent(110_00), listed: 100_00 }])).toBe(110_00);
});

it('until the exchange refuses a price', async () => {
  const changes = [{ answer: sent(110_00), listed: 100_00 }];
  expect(await shownAfter('exit', [...changes, { answer: refused(false), listed: 100_00 }])).toBe(100_00);
});

it('a cancellation that is refused, or an order that is busy, refuses no price', async () => {
  const changes = [{ answer: sent(110_00), listed: 100_00 }];
  expect(await shownAfter('exit', [...changes, { answer: refused(true), listed: 100_00 }])).toBe(110_00);
  const kind = 'cancel' as const;
  expect(await shownAfter('exit', [...changes, { answer: refused(false), listed: 100_00, kind }])).toBe(110_00);
});

it('an entry, whose price may fall, shows what the list says: back at its higher price it is changed again', async () => {
  const changes = [
    { answer: sent(105_00), listed: 105_00 },
    { answer: sent(98_00), listed: 98_00 },
  ];
  expect(await shownAfter('entry', changes)).toBe(98_00);
});
