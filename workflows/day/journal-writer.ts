/** What the day writes to the journal, beside its trading: only what changed, at most once a second, and again until it is written. */
import type { JournalBatch, Switches } from '../../src/contract/journal.ts';
import { reads } from '../activity-proxies.ts';
import { dropEnded } from '../orders/dropped.ts';
import type { Day } from './day.ts';
import type { DayFacts } from './facts.ts';
import { handOver } from './handover.ts';
import { stateOf, viewOfPosition } from './view.ts';

const EVERY_MS = 1_000;
/** Orders that are only on their way are not worth a write each: a day of refused exits has thousands. */
const ORDERS_EVERY_MS = 10_000;
/** Who did not hear an answer asks again soon. */
const KEYS_KEPT = 20;
/** As long as the Temporal UI shows of a summary. */
const SUMMARY_LENGTH = 120;

/** Runs to the end of the day, or of the run. */
export async function keepJournal(day: Day): Promise<void> {
  const { facts } = day;
  while (!day.ending && (facts.report === null || isDirty(facts))) {
    await day.until(
      'journal',
      () => (isDirty(facts) && Date.now() >= dueAt(facts)) || facts.report !== null,
      () => (isDirty(facts) ? dueAt(facts) : null),
    );
    if (!day.ending && isDirty(facts)) await write(day);
  }
}

const dueAt = ({ journal }: DayFacts) => journal.writtenAt + (journal.urgent ? EVERY_MS : ORDERS_EVERY_MS);

function isDirty({ journal, decisions }: DayFacts): boolean {
  return (
    journal.events.length > 0 ||
    journal.orders.length > 0 ||
    journal.positions.length > 0 ||
    decisions.length > journal.decided
  );
}

function switchesOf({ handsOff, closing, entriesOff, plan, overnight, overnightCompared, keys }: DayFacts): Switches {
  const newest = Object.fromEntries(Object.entries(keys).slice(-KEYS_KEPT));
  return { handsOff, closing, entriesOff, plan, overnight: overnight && overnightCompared, keys: newest };
}

async function write(day: Day): Promise<void> {
  const { facts } = day;
  const { journal } = facts;
  journal.batches += 1;
  journal.writtenAt = Date.now();
  const positions = facts.positions.filter(({ id }) => journal.positions.includes(id));
  const batch: JournalBatch = {
    identity: facts.identity,
    sequence: journal.batches,
    state: stateOf(facts),
    events: journal.events,
    orders: journal.orders.flatMap((tag) => facts.orders[tag] ?? []),
    positions: positions.map((position) => viewOfPosition(facts, position)),
    handedOver: Object.fromEntries(positions.map((position) => [position.id, handOver(facts, position)])),
    decisions: facts.decisions.slice(journal.decided),
    switches: switchesOf(facts),
    report: facts.report,
  };
  journal.events = [];
  journal.orders = [];
  journal.positions = [];
  journal.urgent = false;
  journal.decided = facts.decisions.length;
  dropEnded(facts);
  day.show();
  const summary = (batch.events.at(-1)?.text ?? 'orders and positions').slice(0, SUMMARY_LENGTH);
  await day.calls(() => reads.writeJournal.executeWithOptions({ summary }, [batch]));
  for (const position of positions) position.inJournal = true;
  day.changed();
}
