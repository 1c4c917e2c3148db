/** The day's side of the book watcher: one activity an account, begun anew with what the day knows. Its news become facts here. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { BookInput } from '../../src/contract/activities.ts';
import type { BookCursor, BookNews } from '../../src/domain/book/book.ts';
import { cursorOf } from '../../src/domain/book/cursor.ts';
import { mayFill } from '../../src/domain/control/intervals.ts';
import type { MarketMs } from '../../src/domain/types.ts';
import { lostSession, watching, wordsOf } from '../activity-proxies.ts';
import type { Day } from '../day/day.ts';
import type { DayFacts } from '../day/facts.ts';
import { askAboutHoldings, takeOvernight, unexplainedUnits } from '../day/reconcile.ts';
import { attribute, recordSquareOffOrders } from '../external/attribution.ts';
import { contractsOf, recordExternalTrades } from '../external/trades.ts';
import { checkDayLoss } from '../position/request-exit.ts';
import { asKnown } from './dropped.ts';
import { applyRow } from './ledger.ts';
import { NOWHERE, settleAbsent } from './phases.ts';

/** Pause before restarting a watcher that failed permanently. Wall milliseconds. */
const AFTER_FAILURE_MS = 2_000;

/** Runs while there is a login, to the close. */
export async function watchBook(day: Day): Promise<void> {
  const { facts } = day;
  askAboutHoldings(day);
  // What is left to see at the close is seen after it.
  const isOver = () => facts.over || day.now() >= (facts.timetable?.close ?? 0);
  while (!day.ending && !isOver()) {
    await day.until('book', () => isOver() || facts.sessionLives);
    if (day.ending || isOver()) return;
    await watchOnce(day);
  }
}

async function watchOnce(day: Day): Promise<void> {
  const { facts } = day;
  const input = inputOf(day);
  const told = interestOf(day);
  const scope = new CancellationScope();
  let done = false;
  let failed = false;
  let quietUntil: MarketMs | null = null;
  const run = scope
    .run(() => watching().watchBook.executeWithOptions({ summary: 'Orders, trades and positions at Zerodha' }, [input]))
    .then((news) => {
      if (news.kind === 'quiet') quietUntil = news.until;
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
  const outdated = () => facts.over || !facts.sessionLives || interestOf(day) !== told;
  await day.until('book', () => done || outdated());
  const calls = facts.rates.day;
  if (!done) {
    scope.cancel();
    if (day.ending || facts.over) await run;
  } else if (failed) await day.pause('a new book watcher', AFTER_FAILURE_MS, () => facts.over);
  // One that has nothing to look for before then is not asked again, unless an order call gives it something.
  else if (quietUntil !== null) await waitUntil(day, quietUntil, () => outdated() || facts.rates.day !== calls);
}

async function waitUntil(day: Day, market: MarketMs, interrupted: () => boolean): Promise<void> {
  await day.until(
    'book',
    () => interrupted() || day.now() >= market,
    () => day.wallOf(market),
  );
}

function inputOf(day: Day): BookInput {
  const { facts } = day;
  return {
    identity: day.identity,
    cursor: cursorOfDay(facts),
    contracts: contractsOf(facts.positions),
    open: isOpen(facts),
    // Before the night is known it is read until that is told.
    ...(facts.book.readAt === null && facts.overnight !== null ? { unread: true } : {}),
    until: facts.timetable?.close ?? day.now(),
  };
}

function isOpen(facts: DayFacts): boolean {
  return facts.positions.some(({ closedAt }) => closedAt === null) || Object.values(facts.orders).some(mayFill);
}

/** What the day knows of the book. */
export function cursorOfDay(facts: DayFacts): BookCursor {
  const cursor = cursorOf({
    orders: [...Object.values(facts.orders), ...facts.dropped.map(asKnown)],
    // Closings overnight have no order: the broker shows no trade of them.
    externalTradeIds: facts.external.flatMap(({ trades }) =>
      trades.filter(({ orderId }) => orderId !== '').map(({ tradeId }) => tradeId),
    ),
    seenOrderIds: facts.seenIds,
    overnight: facts.overnight,
    unreadableSince: facts.book.unreadableSince,
  });
  const held = heldByDoubts(facts);
  const doubts = cursor.doubts.map((doubt) => (held.includes(doubt.tag) ? { ...doubt, held: true as const } : doubt));
  return { ...cursor, doubts };
}

/**
 * Orders in doubt that no look may settle as absent. Where the broker's positions differ from what the trades explain, the difference may be
 * these orders, others of ours whose trades no list shows yet, or external trades. A sale in doubt always waits, because units sold twice are
 * short. A purchase waits only where our orders can explain every difference: otherwise the positions are wrong for another reason, and prove
 * as much as before. A contract in which only others have just opened something is left out: there only the list of trades is behind.
 */
function heldByDoubts(facts: DayFacts): string[] {
  const ours = Object.values(facts.orders).filter(({ takenFrom }) => takenFrom === undefined);
  const sharing = unexplainedUnits(facts).flatMap(({ product, tradingsymbol, quantity, before }) => {
    const of = ours.filter((order) => order.product === product && order.tradingsymbol === tradingsymbol);
    if (of.length === 0 && before * quantity >= 0) return [];
    const may = of.filter(({ side }) => side === (quantity > 0 ? 'BUY' : 'SELL'));
    const most = may.reduce((sum, order) => sum + (mayFill(order) ? order.quantity : order.filledQuantity), 0);
    return [{ may, explains: most >= Math.abs(quantity) }];
  });
  const allExplained = sharing.every(({ explains }) => explains);
  return sharing
    .flatMap(({ may }) => may)
    .flatMap(({ phase, side, tag }) => (phase === 'doubt' && (allExplained || side === 'SELL') ? [tag] : []));
}

/** What makes a running watcher outdated. News of single orders it gets by itself. */
function interestOf({ facts }: Day): string {
  const unsettled = Object.values(facts.orders).filter(({ phase }) => phase === 'doubt' || phase === 'absent');
  const contracts = contractsOf(facts.positions).map(({ tradingsymbol }) => tradingsymbol);
  return JSON.stringify([unsettled.map(({ tag, phase }) => `${tag} ${phase}`), contracts, isOpen(facts)]);
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
      if (facts.book.unreadableSince !== null)
        day.log('info', 'book_readable', "Zerodha's order book can be read again.");
      facts.book = { readAt: news.at, unreadableSince: null };
      // A run that goes on asks anew what nobody could answer.
      attribute(day);
      return;
    case 'quiet':
      return;
    case 'news':
      // Of a list that is not whole there are news as well: that it can be read again comes by itself.
      facts.book.readAt = news.at;
      facts.seenIds.push(...news.ids.filter((id) => !facts.seenIds.includes(id)));
      if (news.overnight) takeOvernight(day, news.overnight);
      for (const row of news.rows) applyRow(day, row, news.at);
      for (const tag of news.absent) {
        const order = facts.orders[tag];
        if (order) settleAbsent(day, order, NOWHERE);
      }
      recordExternalTrades(day, news.externalTrades);
      recordSquareOffOrders(day, news.squareOffOrders);
      attribute(day);
      checkDayLoss(day);
      day.changed();
  }
}
