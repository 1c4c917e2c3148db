/** One trading day, from 08:45 to its report: DESIGN section 4. */

import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { istTime } from '../src/domain/clock.ts';
import { adoptUnknown } from './adoption.ts';
import { Day } from './day.ts';
import { reconcileAfterLogin } from './first-comparison.ts';
import { keepHours } from './hours.ts';
import { keepLogins, keepLookingAtLogin } from './logins.ts';
import { listenToOrdersByHand } from './manual.ts';
import { openByHand } from './manual-series.ts';
import {
  type AuthCompleted,
  acknowledgeSignal,
  authCompletedSignal,
  type ClosePosition,
  clockChangedSignal,
  closeAllSignal,
  closePositionUpdate,
  type DayInput,
  type DayReport,
  dayQuery,
  startTradingSignal,
  stopTradingSignal,
} from './messages.ts';
import { preflight } from './preflight.ts';
import { world } from './proxies.ts';
import { refusal } from './refusal.ts';
import { compareWithBroker, makeReport } from './report.ts';
import { settleExpiring } from './settlement.ts';
import { signalPositions } from './signal-positions.ts';
import { takeSquareOff, watchSquareOff } from './square-off.ts';
import { takeOver } from './take-over.ts';
import { viewOf } from './view.ts';

const MINUTE_MS = 60_000;
/** Wall time. */
const PAGE_AFTER_MS = MINUTE_MS;
const SETTLE_WITHIN_MS = 10 * MINUTE_MS;
export async function tradingDay(input: DayInput): Promise<DayReport> {
  const day = new Day(input);
  const logins: AuthCompleted[] = [];
  listen(day, logins);
  const journal = day.books.keep();
  upsertSearchAttributes([
    { key: defineSearchAttributeKey('TradingDate', 'KEYWORD'), value: input.identity.date },
    { key: defineSearchAttributeKey('TradingMode', 'KEYWORD'), value: input.identity.mode },
  ]);
  await trade(day, logins);
  const { report } = day;
  if (!report) throw ApplicationFailure.nonRetryable('the day ended without a report', 'defect');
  await day.books.end();
  await journal;
  await world.saveReport.executeWithOptions({ summary: `Report: ${report.result}` }, [report]);
  upsertSearchAttributes([{ key: defineSearchAttributeKey('DayResult', 'KEYWORD'), value: report.result }]);
  await condition(allHandlersFinished);
  return report;
}

async function trade(day: Day, logins: AuthCompleted[]): Promise<void> {
  const opened = await world.openDay.executeWithOptions({ summary: 'Calendar and journal' }, [day.identity]);
  if (opened.kind === 'holiday') {
    day.holiday = `${opened.reason}. Next trading day ${opened.next}.`;
    day.log('info', 'holiday', `Market holiday: ${day.holiday}`);
    finish(day, makeReport(day, null));
    return;
  }
  day.timetable = opened.timetable;
  day.entriesAllowedToday = opened.entries;
  const { timetable } = day;
  day.log(
    'info',
    'day_opened',
    `Day opened. Market ${istTime(timetable.open)} to ${istTime(timetable.close)}, square-off ${istTime(timetable.squareOff)}.`,
  );
  const loggingIn = keepLogins(day, logins);
  await takeOver(day);
  day.beside(keepLookingAtLogin(day));
  day.beside(reconcileAfterLogin(day));
  day.beside(preflight(day));
  day.beside(keepHours(day));

  await day.until(timetable.squareOff, 'square-off', () => false);
  day.squaringOff = true;
  day.noteLateness('square-off', timetable.squareOff);
  const open = day.positions.filter((position) => position.isOpen());
  const { date } = day.identity;
  const leaving = open.filter(
    (position) =>
      // What has expired before, and could not be settled, trades no more.
      position.view().expiry >= date && (position.leavesToday() || position.state === 'residual_hedge'),
  );
  const staying = open.length > leaving.length ? ` ${open.length - leaving.length} stay(s) over night.` : '';
  day.log(
    'info',
    'square_off',
    open.length > 0 ? `Square-off: ${leaving.length} position(s) leave.${staying}` : 'Square-off: nothing is open.',
  );
  for (const position of leaving) position.requestExit('exit_time');
  day.beside(pageWhileOpen(day));
  day.beside(watchSquareOff(day));

  await day.until(timetable.close, 'market close');
  // Exits in their last step end by their own fills; nothing new is sent from here on.
  day.over = true;
  await pageIfOpen(day, 'at the close');
  // A broker that is away for long does not keep the day from saying where it stands.
  let settled = false;
  void Promise.all([...day.besides, loggingIn]).then(() => {
    settled = true;
  });
  await condition(() => settled, SETTLE_WITHIN_MS, { summary: 'everything that was under way comes to its end' });
  await takeSquareOff(day, true);
  await settleExpiring(day, [...signalPositions(day), ...openByHand(day)]);
  let compared = await compareWithBroker(day);
  if (compared && (await adoptUnknown(day, compared))) compared = await compareWithBroker(day);
  if (!compared && (day.orders.size > 0 || day.carriedOrders.length > 0)) {
    const text = 'Zerodha could not be asked after the close: the result is by our own ledger alone. Look at Kite.';
    day.warn('unverified', 'unverified', text, true);
    await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
  }
  for (const difference of compared?.differences ?? []) {
    day.warn(`difference:${difference}`, 'difference', difference, true);
  }
  if (compared?.asked) day.foreign.splice(0, day.foreign.length, ...compared.foreign);
  for (const position of day.positions) if (position.isOpen()) day.touchPosition(position);
  const report = makeReport(day, compared);
  if (report.result === 'not_flat') {
    day.warn('not_flat', 'not_flat', 'The day did not end flat. Look at Kite now and close what is open.', true);
    await world.notifyOwner({ level: 'alert', text: `${day.identity.date} did not end flat.` });
  }
  finish(day, { ...report, warnings: day.warnings });
}

/** The exits of the square-off take seconds: whoever is still open a minute after it is said to a person. */
async function pageWhileOpen(day: Day): Promise<void> {
  await condition(() => day.over, PAGE_AFTER_MS, { summary: 'is everything closed?' });
  if (!day.over) await pageIfOpen(day, 'a minute after the square-off began');
}

async function pageIfOpen(day: Day, when: string): Promise<void> {
  const open = day.positions.filter((position) => position.isLeftOpen());
  if (open.length === 0) return;
  const text = `${open.map(({ id }) => id).join(', ')} still open ${when}. Look at Kite now.`;
  day.log('alert', 'still_open', text);
  await world.notifyOwner.executeWithOptions({ summary: text }, [{ level: 'alert', text }]);
}

function finish(day: Day, report: DayReport): void {
  day.report = report;
  day.log(
    report.result === 'not_flat' ? 'alert' : 'info',
    'day_over',
    `Day over: ${report.result.replace('_', ' ')}. Net ${(report.pnl.net / 100).toFixed(2)} rupees after ${(report.pnl.charges / 100).toFixed(2)} charges.`,
  );
}

function listen(day: Day, logins: AuthCompleted[]): void {
  listenToOrdersByHand(day);
  setHandler(dayQuery, () => viewOf(day));
  setHandler(clockChangedSignal, ({ clock }) => day.setClock(clock));
  setHandler(authCompletedSignal, (auth) => {
    if (day.authAttempts.some((known) => known.attempt === auth.attempt)) return;
    day.authAttempts.push({ attempt: auth.attempt, outcome: 'exchanging', reason: null });
    logins.push(auth);
  });
  setHandler(startTradingSignal, ({ plan, by }) => {
    if (day.report) return;
    day.plan = plan;
    day.enabled = true;
    day.started = true;
    if (day.closing === 'stopped') day.closing = null;
    const off = day.entriesOff ? ` Entries stay off for the day (${day.entriesOff}).` : '';
    day.log('info', 'trading_started', `Trading started by ${by}: ${plan.numLots} lots of ${plan.lotSize}.${off}`);
    // What was lost before anybody had named a limit counts too.
    day.checkDayLoss();
  });
  setHandler(stopTradingSignal, ({ closePositions, by }) => {
    if (day.report) return;
    day.enabled = false;
    day.log('info', 'trading_stopped', `Trading stopped by ${by}. Open positions stay guarded.`);
    if (!closePositions) return;
    day.closing ??= 'stopped';
    for (const position of day.positions) position.requestExit('stopped');
  });
  setHandler(closeAllSignal, ({ by }) => {
    if (day.report) return;
    day.enabled = false;
    day.entriesOff = 'emergency';
    day.closing = 'emergency';
    day.log('alert', 'emergency', `Emergency: close everything, by ${by}. No new entries today.`);
    for (const position of day.positions) position.requestExit('emergency');
  });
  setHandler(acknowledgeSignal, ({ ids, by }) => {
    const taken = day.warnings.filter((warning) => ids === 'all' || ids.includes(warning.id));
    for (const warning of taken) day.acknowledged.add(warning.id);
    day.log('info', 'acknowledged', `${taken.length} warning(s) acknowledged by ${by}.`);
  });
  setHandler(
    closePositionUpdate,
    ({ id, by }) => {
      const position = day.positions.find((known) => known.id === id);
      if (!position) throw refusal('unknown_position', `no position ${id}`);
      day.log('info', 'close_requested', `${id}: close asked for by ${by}.`);
      position.requestExit('manual');
      return position.view();
    },
    { validator: (command) => refuseClose(day, command) },
  );
}

/** An expired command is refused first: it may come long after its caller heard that nobody answered. */
function refuseClose(day: Day, command: ClosePosition): void {
  if (Date.now() > command.expiresAt)
    throw refusal('expired', 'the command came too late and was not carried out; send it again');
  const position = day.positions.find((known) => known.id === command.id);
  if (!position) throw refusal('unknown_position', `no position ${command.id}`);
  if (!position.isOpen()) throw refusal('already_closed', `${command.id} is closed`);
  if (day.over) throw refusal('day_over', 'the market is closed');
}
