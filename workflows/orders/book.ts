/** The day's side of the book watcher: one activity an account, begun anew with what the day knows. Its news become facts here. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookCursor, BookNews } from '../../src/domain/control/book.ts';
import { cursorOf } from '../../src/domain/control/cursor.ts';
import { mayFill } from '../../src/domain/control/intervals.ts';
import { lostSession, watching, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import type { DayFacts } from '../day/facts.ts';
import { askAboutHoldings, takeOvernight } from '../day/reconcile.ts';
import { attribute, recordSquareOffOrders } from '../external/attribution.ts';
import { contractsOf, recordExternalTrades } from '../external/trades.ts';
import { checkDayLoss } from '../position/request-exit.ts';
import { applyRow, settleAbsent } from './ledger.ts';

/** Pause before restarting a watcher that failed permanently. Wall milliseconds. */
const AFTER_FAILURE_MS = 2_000;

/** Runs while somebody is logged in, to the close. */
export async function watchBook(day: Day): Promise<void> {
  const { facts } = day;
  askAboutHoldings(day);
  while (!day.ending && !facts.over) {
    await day.until('book', () => facts.over || facts.sessionLives);
    if (day.ending || facts.over) return;
    await watchOnce(day);
  }
}

async function watchOnce(day: Day): Promise<void> {
  const { facts } = day;
  const input = inputOf(day);
  const told = interestOf(input);
  const scope = new CancellationScope();
  let done = false;
  let failed = false;
  let quiet = false;
  const run = scope
    .run(() =>
      watching().book.watchBook.executeWithOptions({ summary: 'Orders, trades and positions at Zerodha' }, [input]),
    )
    .then((news) => {
      quiet = news.kind === 'quiet';
      applyNews(day, news);
    })
    .catch((error: unknown) => {
      if (isCancellation(error)) return;
      const lost = lostSession(error);
      if (lost !== null) day.loseSession(lost);
      else {
        failed = true;
        day.log('alert', 'book_failed', `The book watcher failed and is started again. ${wordsOf(error)}`);
      }
    })
    .finally(() => {
      done = true;
      day.changed();
    });
  await day.until('book', () => done || facts.over || !facts.sessionLives || interestOf(inputOf(day)) !== told);
  if (!done) {
    scope.cancel();
    if (day.ending || facts.over) await run;
    // One that has seen the close by a clock that is ahead of ours would see it again at once.
  } else if (failed || quiet) await day.pause('a new book watcher', AFTER_FAILURE_MS, () => facts.over);
}

function inputOf(day: Day): BookInput {
  const { facts } = day;
  const open = facts.positions.some(({ closedAt }) => closedAt === null);
  return {
    identity: day.identity,
    cursor: cursorNow(facts),
    contracts: contractsOf(facts.positions),
    open: open || Object.values(facts.orders).some(mayFill),
    until: facts.timetable?.close ?? day.now(),
  };
}

export function cursorNow(facts: DayFacts): BookCursor {
  return cursorOf({
    orders: Object.values(facts.orders),
    // Closings over night have no order: the broker shows no trade of them.
    externalTradeIds: facts.external.flatMap(({ trades }) =>
      trades.filter(({ orderId }) => orderId !== '').map(({ tradeId }) => tradeId),
    ),
    seenOrderIds: facts.seenIds,
    overnight: facts.overnight,
    unreadableSince: facts.book.unreadableSince,
  });
}

/** What makes a running watcher outdated. What the day learns of single orders it hears of by itself. */
function interestOf({ cursor, contracts, open }: BookInput): string {
  return JSON.stringify([
    cursor.doubts.map(({ tag }) => tag),
    cursor.absent,
    contracts.map(({ tradingsymbol }) => tradingsymbol),
    open,
  ]);
}

export function applyNews(day: Day, news: BookNews): void {
  const { facts } = day;
  switch (news.kind) {
    case 'session_lost':
      day.loseSession(news.number);
      return;
    case 'unreadable':
      facts.book.unreadableSince = news.since;
      day.log('alert', 'book_unreadable', `Zerodha's order book cannot be read: ${news.message}.`);
      return;
    case 'readable':
      facts.book = { readAt: news.at, unreadableSince: null };
      day.log('info', 'book_readable', "Zerodha's order book can be read again.");
      return;
    case 'quiet':
      return;
    case 'news':
      facts.book = { readAt: news.at, unreadableSince: null };
      facts.seenIds.push(...news.ids.filter((id) => !facts.seenIds.includes(id)));
      if (news.overnight) takeOvernight(day, news.overnight);
      for (const row of news.rows) applyRow(day, row, news.at);
      for (const tag of news.absent) {
        const order = facts.orders[tag];
        if (order) settleAbsent(day, order, 'neither orders, trades nor positions show it');
      }
      recordExternalTrades(day, news.externalTrades);
      recordSquareOffOrders(day, news.squareOffOrders);
      attribute(day);
      checkDayLoss(day);
      day.changed();
  }
}
