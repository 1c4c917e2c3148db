/** The day's current details in Markdown: what the Temporal UI shows without reading the history. */
import { istTime } from '../src/domain/clock.ts';
import type { Day } from './day.ts';
import { stateOf } from './view.ts';

const SENTENCE = {
  awaiting_auth: 'Waiting for the Zerodha login. Nothing new is traded until then.',
  ready: 'Logged in. Waiting for somebody to start trading.',
  trading: 'Trading.',
  stopped: 'No new entries. Open positions stay guarded.',
  squaring_off: 'Closing everything.',
  closed: 'Day over.',
  holiday: 'The market is closed.',
} as const;

export function describeDay(day: Day): string {
  const state = stateOf(day);
  const lines = [`**${day.identity.date}**, ${day.identity.mode}: ${SENTENCE[state]}`];
  if (day.holiday) lines.push(day.holiday);
  if (day.nextCheckAt && state === 'trading') lines.push(`Next signal check ${istTime(day.nextCheckAt)}.`);
  if (day.timetable && !day.report) lines.push(`Square-off ${istTime(day.timetable.squareOff)}.`);
  for (const position of day.positions) {
    const view = position.view();
    const legs = view.legs.map((leg) => `${leg.side} ${leg.openQuantity}/${leg.quantity} ${leg.tradingsymbol}`);
    lines.push(`- **${view.id}** ${view.signal}, ${view.state.replace('_', ' ')}: ${legs.join(', ')}`);
  }
  for (const warning of day.warnings) lines.push(`- **Warning** ${warning.message}`);
  if (day.report) {
    const { pnl, result } = day.report;
    lines.push(
      `Result **${result}**, net ${(pnl.net / 100).toFixed(2)} rupees after ${(pnl.charges / 100).toFixed(2)} charges.`,
    );
  }
  return lines.join('\n\n');
}
