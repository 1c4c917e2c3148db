/**
 * One trading day, from 08:45 to its report (DESIGN section 4). All that it knows are its facts; loops look at them and do what is due. A
 * long day goes on in a new run with the same facts.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { DayInput } from '../src/contract/commands.ts';
import type { Handover } from '../src/contract/journal.ts';
import type { DayReport } from '../src/contract/views.ts';
import { istTime } from '../src/domain/clock.ts';
import { reads } from './activity-proxies.ts';
import { closeTheDay } from './day/after-the-close.ts';
import { closeAll, listen } from './day/commands.ts';
import { refreshContracts } from './day/contracts.ts';
import { Day } from './day/day.ts';
import { settleExpired } from './day/expiry-settlement.ts';
import { type DayFacts, newFacts } from './day/facts.ts';
import { takeOver } from './day/handover.ts';
import { judgeLater, judgeOpen, keepHours, keepIndexStops } from './day/hourly-close.ts';
import { keepJournal } from './day/journal-writer.ts';
import { expireSession, keepLogins, remindOfLogin } from './day/logins.ts';
import { keepMarketClock } from './day/market-clock.ts';
import { keepDeadlines, keepNotices } from './day/pages.ts';
import { preflight } from './day/preflight.ts';
import { makeReport } from './day/report.ts';
import { resume } from './day/resume.ts';
import { squareOff } from './day/square-off.ts';
import { watchBook } from './orders/book.ts';
import { listenToManualOrders } from './position/from-command.ts';
import { runGuard } from './position/guard.ts';
import { runPosition } from './position/position.ts';

/** A run ends at any quiet moment from here on; the hard end of a history is 51,200 events. */
const LONG_RUN_EVENTS = 8_000;
const LONGEST_RUN_EVENTS = 12_000;
const LONG_RUN_BYTES = 8 * 1024 * 1024;

export async function tradingDay(input: DayInput): Promise<DayReport> {
  const facts = (input.facts as DayFacts | undefined) ?? newFacts(input);
  const day = new Day(facts);
  listen(day);
  listenToManualOrders(day);
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('TradingDate', 'KEYWORD'), value: input.identity.date },
    { key: defineSearchAttributeKey('TradingMode', 'KEYWORD'), value: input.identity.mode },
  ]);
  // Asked for in the Temporal UI: an emergency, and the day goes on to its report.
  const root = CancellationScope.current();
  void root.cancelRequested.catch(() => cancelled(day));
  return CancellationScope.nonCancellable(() => run(day, input));
}

function cancelled(day: Day): void {
  const { facts } = day;
  if (day.isOpening) {
    day.onceOpen.push(() => cancelled(day));
    return;
  }
  const { timetable } = facts;
  const trades = timetable !== null && day.now() >= timetable.open && day.now() < timetable.close;
  if (trades) closeAll(day, 'a cancellation of the workflow');
  else
    day.page(
      'cancelled',
      'day',
      'The cancellation of the day was requested outside of market hours: nothing is closed by it.',
    );
  day.changed();
}

async function run(day: Day, input: DayInput): Promise<DayReport> {
  const { facts } = day;
  day.run('timer', () => day.keepTimer());
  const handover = facts.step === 'opening' ? await open(day) : null;
  day.isOpening = false;
  for (const command of day.onceOpen.splice(0)) command();
  day.run('journal', () => keepJournal(day));
  day.runAgain('notices', () => keepNotices(day));
  if (handover) await takeUp(day, handover);
  if (facts.step === 'trading') await trade(day);
  if (day.ending) return goOn(day, input);
  if (facts.step === 'closing') await closeTheDay(day);
  const { report } = facts;
  if (!report) throw ApplicationFailure.nonRetryable('the day ended without a report', 'defect');
  facts.step = 'done';
  day.show();
  day.changed();
  await condition(() => !day.isRunning('journal') && !day.isRunning('notices'));
  upsertSearchAttributes([{ key: defineSearchAttributeKey('DayResult', 'KEYWORD'), value: report.result }]);
  day.ending = true;
  await condition(() => allHandlersFinished() && !day.anyRunning(''));
  return report;
}

/** Nothing is written before it is known what a lost run has written. */
async function open(day: Day): Promise<Handover | null> {
  const { facts } = day;
  const context = await reads.loadDayContext.executeWithOptions({ summary: 'Calendar and journal' }, [day.identity]);
  if (context.kind === 'holiday') {
    facts.holiday = `${context.reason}. Next trading day ${context.next}.`;
    day.log('info', 'holiday', `Market holiday: ${facts.holiday}`);
    facts.report = makeReport(facts, null);
    facts.step = 'done';
    return null;
  }
  facts.timetable = context.timetable;
  facts.entriesAllowedToday = context.entries;
  const { open: opens, close, squareOff: exit } = context.timetable;
  day.log(
    'info',
    'day_opened',
    `Day opened. Market ${istTime(opens)} to ${istTime(close)}, square-off ${istTime(exit)}.`,
  );
  if (context.before) resume(day, context.before, context.session, context.handover.positions);
  return context.handover;
}

async function takeUp(day: Day, handover: Handover): Promise<void> {
  day.runOnce('logins', () => keepLogins(day));
  if (day.facts.positions.length === 0) await takeOver(day, handover);
  // A run that was lost may have taken them over before their last closes were known.
  else for (const bar of handover.bars) judgeLater(day, bar);
  day.facts.step = 'trading';
}

/** Everything that goes on beside each other while the market trades. Ends with the close, or with the run. */
async function trade(day: Day): Promise<void> {
  const { facts } = day;
  for (const position of facts.positions) {
    if (position.plan.main.expiry < facts.identity.date) continue;
    runPosition(day, position);
    runGuard(day, position);
  }
  const loops: [string, () => Promise<void>][] = [
    ['logins', () => keepLogins(day)],
    ['login reminder', () => remindOfLogin(day)],
    ['book', () => watchBook(day)],
    ['contracts', () => refreshContracts(day)],
    ['expired', () => settleExpired(day)],
    ['preflight', () => preflight(day)],
    ['hours', () => keepHours(day)],
    ['index at the open', () => judgeOpen(day)],
    ['index stops', () => keepIndexStops(day)],
    ['market clock', () => keepMarketClock(day)],
    ['square-off', () => squareOff(day)],
  ];
  for (const [name, loop] of loops) day.runOnce(name, loop);
  day.runAgain('deadlines', () => keepDeadlines(day));
  const closes = facts.timetable?.close ?? 0;
  await day.until(
    'market close',
    () => {
      show(day);
      return day.now() >= closes || wantsNewRun(day);
    },
    () => day.wallOf(closes),
  );
  if (day.now() < closes) {
    day.ending = true;
    return;
  }
  await day.untilMarket(closes, 'market close');
  facts.over = true;
  facts.step = 'closing';
  day.changed();
}

/** Once an activation: what people see is kept in step with the facts. */
function show(day: Day): void {
  expireSession(day);
  day.show();
}

/** A long history, or the server's own suggestion, at a moment at which nothing is under way. */
function wantsNewRun(day: Day): boolean {
  const { historyLength, historySize, continueAsNewSuggested } = workflowInfo();
  const long = continueAsNewSuggested || historyLength >= LONG_RUN_EVENTS || historySize >= LONG_RUN_BYTES;
  // A watch is called off in seconds: it is waited for, but not for ever.
  const isWatching = day.anyRunning('watch ') && historyLength < LONGEST_RUN_EVENTS;
  return long && !isWatching && !isUnderWay(day);
}

/** Whatever would be waited for at the end of the run: positions must not be without their loop meanwhile. */
function isUnderWay(day: Day): boolean {
  const waits = ['send ', 'change ', 'hour '].some((prefix) => day.anyRunning(prefix));
  return waits || !allHandlersFinished() || day.pendingCalls > 0 || day.facts.logins.length > 0;
}

async function goOn(day: Day, input: DayInput): Promise<never> {
  // Guards, the watcher and reads under way come to their end first.
  await condition(() => allHandlersFinished() && !day.anyRunning(''));
  const { facts } = day;
  facts.eventsBefore += workflowInfo().historyLength;
  facts.runs += 1;
  return continueAsNew<(next: DayInput) => Promise<DayReport>>({ ...input, clock: facts.clock, facts });
}
