/** What a day is told when it is opened. */
import { expect, it } from 'vitest';
import type { Deps } from '../../activities/deps.ts';
import { createJournalActivities } from '../../activities/journal.ts';
import type { Order } from '../../src/domain/control/facts.ts';
import { makeTag } from '../../src/domain/tags.ts';
import { createMemoryJournal } from '../../src/simulation/world/journal.ts';
import { batch, freshDay, order } from '../journal/journal-rows.ts';

/** Temporal takes answers of two megabytes. */
const MOST_BYTES = 1_000_000;

it('a day of thousands of refused exits fits into one answer, with all that counts of them', async () => {
  const journal = createMemoryJournal();
  const day = freshDay();
  const refused = (slice: number, attempt: number): Order => {
    const of = { position: 1, role: 'main', purpose: 'exit', slice, attempt } as const;
    return order(makeTag({ run: day.run, date: day.date, ...of }), {
      ...{ role: 'main', purpose: 'exit', slice, phase: 'ended', status: 'REJECTED', sentAt: 1 },
      ...{ orderId: `1953367517686${slice}${String(attempt).padStart(5, '0')}`, statusMessage: 'x'.repeat(200) },
    });
  };
  const orders = [1, 2].flatMap((slice) => Array.from({ length: 2_300 }, (_, index) => refused(slice, index + 1)));
  const entry = order('R001D25071401ME01001', { role: 'main', phase: 'ended', filledQuantity: 75, sentAt: 1 });
  await journal.write(batch(day, { sequence: 1, orders: [entry, ...orders] }));
  const deps = { journal, clock: { now: () => 0 } } as unknown as Deps;
  const context = await createJournalActivities(deps).loadDayContext(day);
  expect(JSON.stringify(context).length).toBeLessThan(MOST_BYTES);
  if (context.kind !== 'session' || !context.before) throw new Error('no day before');
  const { orders: told, spent } = context.before;
  expect(told.map(({ tag }) => tag)).toContain(entry.tag);
  expect(told.filter(({ purpose }) => purpose === 'exit').length).toBeLessThan(100);
  expect(told.length + spent.rows.length).toBe(orders.length + 1);
  expect(spent).toMatchObject({ calls: spent.rows.length, attempt: expect.any(Number) });
  expect(Math.max(spent.attempt, 2_300)).toBe(2_300);
});
