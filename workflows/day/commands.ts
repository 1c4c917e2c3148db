/** What people ask of the day. Each command is a fact with an answer, kept by its id: the same id twice is one command. */
import { setHandler } from '@temporalio/workflow';
import {
  acknowledgeSignal,
  authCompletedSignal,
  type ClosePosition,
  clockChangedSignal,
  closeAllSignal,
  closePositionUpdate,
  handsOffSignal,
  settleOrderSignal,
  startTradingSignal,
  stopTradingSignal,
} from '../../src/contract/commands.ts';
import { dayQuery } from '../../src/contract/views.ts';
import type { ExitReason } from '../../src/domain/control/exit-reasons.ts';
import { isOnlyTaken } from '../../src/domain/control/intervals.ts';
import { takeAnswers } from '../external/attribution.ts';
import { settleAbsent } from '../orders/phases.ts';
import { checkDayLoss, requestExit } from '../position/request-exit.ts';
import { refusal, refuseExpired } from '../refusal.ts';
import type { Day } from './day.ts';
import { viewOf, viewOfPosition } from './view.ts';

/** Answers that are kept; an older one is forgotten. */
const MOST_ANSWERS = 100;

export function listen(day: Day): void {
  const { facts } = day;
  setHandler(dayQuery, () => viewOf(facts));
  setHandler(clockChangedSignal, ({ clock }) => day.setClock(clock));
  setHandler(authCompletedSignal, (auth) => {
    if (facts.authAttempts.some(({ attempt }) => attempt === auth.attempt)) return;
    facts.authAttempts.push({ attempt: auth.attempt, outcome: 'exchanging', reason: null });
    facts.logins.push(auth);
    day.changed();
  });
  setHandler(startTradingSignal, ({ plan, ...asked }) =>
    answer(day, 'start', asked, () => startTrading(day, plan, asked.by)),
  );
  setHandler(stopTradingSignal, ({ closePositions, ...asked }) =>
    answer(day, 'stop', asked, () => stopTrading(day, closePositions, asked.by)),
  );
  setHandler(closeAllSignal, (asked) => answer(day, 'close_all', asked, () => closeAll(day, asked.by)));
  setHandler(handsOffSignal, ({ on, confirm, ...asked }) =>
    answer(day, 'hands_off', asked, () => handsOff(day, on, confirm, asked.by)),
  );
  setHandler(acknowledgeSignal, ({ ids, ...asked }) =>
    answer(day, 'acknowledge', asked, () => acknowledge(day, ids, asked.by)),
  );
  setHandler(settleOrderSignal, ({ tag, found, ...asked }) =>
    answer(day, 'settle', asked, () => settle(day, tag, found, asked.by)),
  );
  setHandler(
    closePositionUpdate,
    ({ id, by }) => {
      const position = facts.positions.find((known) => known.id === id);
      if (!position) throw refusal('unknown_position', `no position ${id}`);
      answer(day, 'close_position', { by }, () => {
        const changed = requestExit(day, position, 'manual');
        return { changed, text: changed ? `${id} is being closed.` : `${id} is being closed already.` };
      });
      return viewOfPosition(facts, position);
    },
    { validator: (command) => refuseClose(day, command) },
  );
}

const MARKET_CLOSED =
  'The market is closed: nothing is closed from here any more today. What is open shows in the report.';

type Answer = { changed: boolean; text: string };

function answer(day: Day, name: string, { by, id }: { by: string; id?: string }, run: () => Answer): void {
  const { facts } = day;
  if (day.isOpening) {
    day.onceOpen.push(() => answer(day, name, { by, ...(id === undefined ? {} : { id }) }, run));
    return;
  }
  if (id !== undefined && facts.answers.some((known) => known.id === id)) return;
  const given = facts.report ? { changed: false, text: 'The day is over.' } : run();
  const at = Date.now();
  facts.answers.push({ id: id ?? `${name}:${at}:${facts.answers.length}`, name, by, at, ...given });
  if (facts.answers.length > MOST_ANSWERS) facts.answers.shift();
  day.changed();
}

function startTrading(day: Day, plan: NonNullable<Day['facts']['plan']>, by: string): Answer {
  const { facts } = day;
  facts.plan = plan;
  facts.noNewRisk = false;
  facts.started = true;
  if (facts.closing === 'stopped') facts.closing = null;
  const off = facts.entriesOff ? ` Entries stay off for the day (${facts.entriesOff}).` : '';
  const text = `Trading started by ${by}: ${plan.numLots} lots of ${plan.lotSize}.${off}`;
  day.log('info', 'trading_started', text);
  // What was lost before anybody had named a limit counts too.
  checkDayLoss(day);
  return { changed: true, text };
}

function stopTrading(day: Day, closePositions: boolean, by: string): Answer {
  const { facts } = day;
  const closes = closePositions && !facts.over;
  const changed = !facts.noNewRisk || closes;
  facts.noNewRisk = true;
  const then = closes ? 'Open positions are closed.' : facts.over ? MARKET_CLOSED : 'Open positions stay guarded.';
  const text = `Trading stopped by ${by}. ${then}`;
  day.log('info', 'trading_stopped', text);
  if (closes) {
    facts.closing ??= 'stopped';
    leaveAll(day, 'stopped');
  }
  return { changed, text };
}

/** The emergency. A second one changes what it can, and says which. */
export function closeAll(day: Day, by: string): Answer {
  const { facts } = day;
  if (facts.over) return { changed: false, text: MARKET_CLOSED };
  const isFirst = facts.closing !== 'emergency';
  facts.noNewRisk = true;
  facts.entriesOff = 'emergency';
  facts.closing = 'emergency';
  const first = leaveAll(day, 'emergency');
  const { timetable } = facts;
  const isBefore = timetable !== null && day.now() < timetable.open;
  const open = facts.positions.filter(({ closedAt }) => closedAt === null).map(({ id }) => id);
  const what =
    open.length === 0
      ? 'Nothing is open.'
      : first.length > 0
        ? `${isBefore ? 'Leaving as the market opens' : 'Leaving now'}: ${first.join(', ')}.`
        : `Already being left: ${open.join(', ')}.`;
  const waits = facts.handsOff && open.length > 0 ? ' It is hands off: nothing is sent until it is switched off.' : '';
  const text = `Emergency: close everything, by ${by}. No new entries today. ${what}${waits}`;
  day.page('emergency', 'day', text);
  return { changed: isFirst || first.length > 0, text };
}

function leaveAll(day: Day, reason: ExitReason): string[] {
  return day.facts.positions.filter((position) => requestExit(day, position, reason)).map(({ id }) => id);
}

/** No order call at all: by name, so that it is never a slip. */
function handsOff(day: Day, on: boolean, confirm: string, by: string): Answer {
  const { facts } = day;
  if (on && confirm !== facts.identity.account) {
    return {
      changed: false,
      text: `Hands off was not confirmed by the account's name ("${facts.identity.account}"): nothing has changed.`,
    };
  }
  if (on === (facts.handsOff !== null))
    return { changed: false, text: on ? 'Hands off is on already.' : 'Orders are sent as usual.' };
  facts.handsOff = on ? { by, since: Date.now() } : null;
  const text = on ? warnHandsOff(day, by) : `Hands off is switched off, by ${by}: positions are controlled from here.`;
  if (!on) day.clearWarning('hands_off');
  day.page('hands_off', 'day', text);
  return { changed: true, text };
}

export function warnHandsOff(day: Day, by: string): string {
  const text = `Hands off, by ${by}: no order is sent, changed or cancelled from here. Stops rest at Zerodha; everything else is yours.`;
  day.warn('hands_off', 'hands_off', text, true);
  return text;
}

function acknowledge(day: Day, ids: string[] | 'all', by: string): Answer {
  const { facts } = day;
  const taken = facts.warnings.filter(({ id }) => (ids === 'all' || ids.includes(id)) && !day.isAcknowledged(id));
  facts.acknowledged.push(...taken.map(({ id }) => id));
  takeAnswers(day);
  const text = `${taken.length} warning(s) acknowledged by ${by}.`;
  if (taken.length > 0) day.log('info', 'acknowledged', text);
  return { changed: taken.length > 0, text };
}

/** A person has looked at Kite. An order that is there shows itself; one that is not is absent by their word. */
function settle(day: Day, tag: string, found: boolean, by: string): Answer {
  const order = day.facts.orders[tag];
  if (order?.phase === 'accepted' && !isOnlyTaken(order))
    return { changed: false, text: `${tag} is in Zerodha's lists (${order.status}): cancel it in Kite.` };
  if (order?.phase !== 'doubt' && order?.phase !== 'accepted')
    return { changed: false, text: `${tag} is not in doubt.` };
  if (found) return { changed: false, text: `${tag} stays in doubt until Zerodha's lists show it.` };
  settleAbsent(day, order, `by the word of ${by}`);
  return { changed: true, text: `${tag} is treated as not placed.` };
}

function refuseClose(day: Day, command: ClosePosition): void {
  refuseExpired(command);
  const position = day.facts.positions.find((known) => known.id === command.id);
  if (!position)
    throw refusal(
      'unknown_position',
      `no position ${command.id}${day.isOpening ? ' yet: the day is being opened' : ''}`,
    );
  if (position.closedAt !== null) throw refusal('already_closed', `${command.id} is closed`);
  if (day.facts.over) throw refusal('day_over', 'the market is closed');
}
