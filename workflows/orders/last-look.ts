/** What orders filled in their last instants belongs to the day: the book is read once more after the close. */
import { isCancellation } from '@temporalio/workflow';
import { watching } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import { DayOver } from '../day/loops.ts';
import { contractsOf } from '../external/trades.ts';
import { applyNews, cursorOfDay } from './book.ts';

/** Whatever is news by then, or nothing within a moment. Never throws: the comparison says what could not be read. */
export async function lastLook(day: Day): Promise<void> {
  const { facts } = day;
  if (Object.keys(facts.orders).length === 0 && facts.carriedOrders.length === 0) return;
  const input = {
    identity: day.identity,
    cursor: cursorOfDay(facts),
    contracts: contractsOf(facts.positions),
    open: true,
    until: day.now() + 5_000,
  };
  try {
    const news = await day.withSession('last look', () =>
      watching().watchBook.executeWithOptions({ summary: 'The book after the close' }, [input]),
    );
    applyNews(day, news);
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (!(error instanceof DayOver))
      day.log('warn', 'last_look', `The book could not be read after the close: ${String(error)}.`);
  }
}
