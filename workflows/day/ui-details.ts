/** The day's current details in Markdown: what the Temporal UI shows without reading the history. */
import { istTime } from '../../src/domain/clock.ts';
import type { DayFacts } from './facts.ts';
import { stateOf, viewOfPosition } from './view.ts';

const SENTENCE = {
  awaiting_auth: 'Waiting for the Zerodha login. Nothing new is traded until then.',
  ready: 'Logged in. Waiting for the start of trading.',
  trading: 'Trading.',
  stopped: 'No new entries. Open positions stay guarded.',
  squaring_off: 'Closing everything.',
  closed: 'Day over.',
  holiday: 'The market is closed.',
} as const;

export function describeDay(facts: DayFacts): string {
  const state = stateOf(facts);
  const lines = [`**${facts.identity.date}**, ${facts.identity.mode}: ${SENTENCE[state]}`];
  if (facts.holiday) lines.push(facts.holiday);
  if (facts.nextCheckAt && state === 'trading') lines.push(`Next signal check ${istTime(facts.nextCheckAt)}.`);
  if (facts.timetable && !facts.report) lines.push(`Square-off ${istTime(facts.timetable.squareOff)}.`);
  for (const position of facts.positions) {
    const view = viewOfPosition(facts, position);
    const legs = view.legs.map((leg) => `${leg.side} ${leg.openQuantity}/${leg.quantity} ${leg.tradingsymbol}`);
    lines.push(`- **${view.id}** ${view.signal}, ${view.state.replace('_', ' ')}: ${legs.join(', ')}`);
  }
  if (facts.handsOff) lines.push('**Hands off**: no order is sent or changed. Stops rest at Zerodha.');
  for (const warning of facts.warnings) lines.push(`- **Warning** ${warning.message}`);
  if (facts.report) {
    const { pnl, result } = facts.report;
    lines.push(
      `Result **${result}**, net ${(pnl.net / 100).toFixed(2)} rupees after ${(pnl.charges / 100).toFixed(2)} charges.`,
    );
  }
  return lines.join('\n\n');
}
