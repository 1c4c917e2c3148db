/** What makes a position leave: a target in the facts, which its loop reaches. */

import type { ExitReason } from '../../src/domain/control/exit-reasons.ts';
import { takesPrecedence } from '../../src/domain/control/exit-reasons.ts';
import type { Position } from '../../src/domain/control/facts.ts';
import type { Day } from '../day/day.ts';
import { limitsOf } from '../day/limits.ts';

/** Everything of it is to be left. It holds until it is true; a reason of higher precedence replaces one of lower. */
export function requestExit(day: Day, position: Position, reason: ExitReason): boolean {
  if (position.closedAt !== null) return false;
  const { exit } = position;
  if (exit && !takesPrecedence(reason, exit.reason)) return false;
  position.exit = { reason, askedAt: exit?.askedAt ?? Date.now() };
  // What is left is not entered any more: what its orders fill all the same is left with the rest.
  position.entry = null;
  if (!exit) day.log('info', 'exit_requested', `${position.id}: leaving (${reason.replaceAll('_', ' ')}).`);
  day.touchPosition(position);
  return true;
}

/** Lost at the day's limit: entries are off for the day and everything is closed. */
export function checkDayLoss(day: Day): void {
  const { facts } = day;
  if (facts.plan === null || facts.entriesOff !== null) return;
  const { lostToday, maxLossPerDay } = limitsOf(facts);
  if (lostToday < maxLossPerDay) return;
  facts.entriesOff = 'day loss limit';
  day.page('day_loss_limit', 'day', `Lost ${lostToday / 100} rupees today: no new entries, everything is closed.`);
  for (const position of facts.positions) requestExit(day, position, 'day_loss_limit');
}
