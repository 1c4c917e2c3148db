/** The pre-flight of paper and live days: before the open, so that a person has time to act. Protection never waits for it. */
import type { PreflightFinding } from '../../src/contract/activities.ts';
import { preflights } from '../activity-proxies.ts';
import type { Day } from './day.ts';
import { DayOver } from './loops.ts';

const MINUTE_MS = 60_000;
/** Kite lists the day's contracts about 08:30; five minutes before the open it is looked at once more. Market time. */
const LOOKS_BEFORE_OPEN_MS = [30 * MINUTE_MS, 5 * MINUTE_MS];

/** After a login, at 08:45 and at 09:10; a login that comes later is followed by one look at once. */
export async function preflight(day: Day): Promise<void> {
  const { facts } = day;
  if (facts.identity.mode === 'replay' || !facts.timetable) return;
  const { open } = facts.timetable;
  await day.until('pre-flight', () => facts.sessionLives || facts.over);
  const looks = LOOKS_BEFORE_OPEN_MS.map((before) => open - before);
  for (const [index, at] of looks.entries()) {
    const next = looks[index + 1];
    if (index < facts.preflights || (next !== undefined && day.now() >= next)) continue;
    await day.untilMarket(at, 'pre-flight', () => facts.over);
    if (day.ending || facts.over) return;
    await look(day);
    facts.preflights = index + 1;
  }
}

async function look(day: Day): Promise<void> {
  const { preflighted, preflightNotes, warnings } = day.facts;
  const wasWell = preflighted && !warnings.some(({ id }) => id.startsWith(idOf('')));
  let findings: PreflightFinding[];
  try {
    findings = await day.withSession('pre-flight', () =>
      preflights.preflight.executeWithOptions(
        { summary: 'Pre-flight: funds, contracts, margin, candles, feed, clock' },
        [day.identity],
      ),
    );
  } catch (error) {
    if (error instanceof DayOver) return;
    findings = [{ check: 'funds', outcome: 'failed', text: `The pre-flight could not be made: ${String(error)}` }];
  }
  const failed = findings.filter(({ outcome }) => outcome === 'failed' || outcome === 'wrong');
  const well = findings.filter(({ outcome }) => outcome === 'ok');
  for (const { check } of well) day.clearWarning(idOf(check));
  for (const { outcome, text } of findings) {
    if (outcome !== 'note' || preflightNotes.includes(text)) continue;
    preflightNotes.push(text);
    day.log('warn', 'preflight', text);
  }
  for (const { check, outcome, text } of failed) day.warn(idOf(check), 'preflight', text, outcome === 'wrong');
  const words = well.map(({ text }) => text).join('; ');
  const said = failed.length === 0 ? 'all is well' : `${failed.length} of ${findings.length} need a person`;
  // That all is well as it was is not said again.
  if (failed.length > 0 || !wasWell)
    day.log(failed.length > 0 ? 'warn' : 'info', 'preflight', `Pre-flight: ${said}${words ? ` (${words})` : ''}.`);
  day.facts.preflighted = true;
  day.changed();
  if (failed.length === 0) return;
  day.page('preflight', 'day', `Pre-flight of ${day.identity.date}: ${failed.map(({ text }) => text).join(' ')}`);
}

function idOf(check: PreflightFinding['check'] | ''): string {
  return `preflight:${check}`;
}
