/** The pre-flight of paper and live days: before the open, so that a person has time to act. Protection never waits for it. */
import { condition } from '@temporalio/workflow';
import type { PreflightFinding } from '../activities/contract.ts';
import { type Day, MarketOver } from './day.ts';
import { looking, world } from './proxies.ts';

const MINUTE_MS = 60_000;
/** Kite lists the day's contracts about 08:30; five minutes before the open it is looked once more. Market time. */
const LOOKS_BEFORE_OPEN_MS = [30 * MINUTE_MS, 5 * MINUTE_MS];

/** After a login, at 08:45 and at 09:10; a login that comes later is followed by one look at once. */
export async function preflight(day: Day): Promise<void> {
  if (day.identity.mode === 'replay' || !day.timetable) return;
  const { open } = day.timetable;
  await condition(() => day.session !== null || day.over);
  const looks = LOOKS_BEFORE_OPEN_MS.map((before) => open - before);
  for (const [index, at] of looks.entries()) {
    const next = looks[index + 1];
    if (next !== undefined && day.now() >= next) continue;
    await day.until(at, 'pre-flight', () => day.over);
    if (day.over) return;
    await look(day);
  }
}

async function look(day: Day): Promise<void> {
  let findings: PreflightFinding[];
  try {
    findings = await day.withSession(() =>
      looking.preflight.executeWithOptions({ summary: 'Pre-flight: funds, contracts, margin, candles, feed, clock' }, [
        day.identity,
      ]),
    );
  } catch (error) {
    if (error instanceof MarketOver) return;
    findings = [{ check: 'funds', outcome: 'failed', text: `The pre-flight could not be made: ${String(error)}` }];
  }
  const failed = findings.filter(({ outcome }) => outcome === 'failed' || outcome === 'wrong');
  const well = findings.filter(({ outcome }) => outcome === 'ok');
  for (const { check } of well) day.clearWarning(idOf(check));
  for (const { text } of findings.filter(({ outcome }) => outcome === 'note')) day.log('warn', 'preflight', text);
  for (const { check, outcome, text } of failed) day.warn(idOf(check), 'preflight', text, outcome === 'wrong');
  const words = well.map(({ text }) => text).join('; ');
  day.log(
    failed.length > 0 ? 'warn' : 'info',
    'preflight',
    `Pre-flight: ${failed.length === 0 ? 'all is well' : `${failed.length} of ${findings.length} need a person`}${words ? ` (${words})` : ''}.`,
  );
  day.preflighted = true;
  if (failed.length === 0) return;
  const text = `Pre-flight of ${day.identity.date}: ${failed.map((finding) => finding.text).join(' ')}`;
  await world.notifyOwner.executeWithOptions({ summary: 'The pre-flight needs a person' }, [{ level: 'alert', text }]);
}

function idOf(check: string): string {
  return `preflight:${check}`;
}
