/** 15:15: whatever leaves today is to be left. A durable instant, whatever else goes on (TRADING section 5). */
import { requestExit } from '../position/request-exit.ts';
import type { Day } from './day.ts';
import { expiryOf, leavesToday, stateOfPosition } from './view.ts';

export async function squareOff(day: Day): Promise<void> {
  const { facts } = day;
  const { timetable } = facts;
  if (!timetable || facts.squaringOff) return;
  await day.untilMarket(timetable.squareOff, 'square-off', () => facts.over);
  if (day.ending || facts.over) return;
  facts.squaringOff = true;
  day.noteLateness('square-off', timetable.squareOff);
  const open = facts.positions.filter(({ closedAt }) => closedAt === null);
  const leaving = open.filter(
    (position) =>
      // What has expired before, and could not be settled, trades no more.
      expiryOf(position) >= facts.identity.date &&
      (leavesToday(facts, position) || stateOfPosition(facts, position) === 'residual_hedge'),
  );
  const staying = open.length - leaving.length;
  const rest = staying > 0 ? ` ${staying} ${staying === 1 ? 'stays' : 'stay'} overnight.` : '';
  const leave = leaving.length === 1 ? 'position leaves' : 'positions leave';
  if (open.length > 0) day.log('info', 'square_off', `Square-off: ${leaving.length} ${leave}.${rest}`);
  for (const position of leaving) requestExit(day, position, 'exit_time');
}
