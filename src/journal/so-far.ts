/** What a day has written: a run that was lost is gone on with from here. */
import { asc, eq, max } from 'drizzle-orm';
import type { DaySoFar } from '../contract/journal.ts';
import type { Database } from './database.ts';
import { days, events, orders, positions, signals } from './schema.ts';

export async function daySoFar(database: Database, dayId: string): Promise<DaySoFar | null> {
  const [day] = await database
    .select({ sequence: days.sequence, switches: days.switches })
    .from(days)
    .where(eq(days.id, dayId));
  if (!day || day.sequence === 0) return null;
  const [last] = await database
    .select({ seq: max(events.seq) })
    .from(events)
    .where(eq(events.dayId, dayId));
  const ordered = await database.select({ view: orders.view }).from(orders).where(eq(orders.dayId, dayId));
  const held = await database
    .select({ view: positions.view, handedOver: positions.handedOver })
    .from(positions)
    .where(eq(positions.dayId, dayId))
    .orderBy(asc(positions.openedAt), asc(positions.id));
  const decided = await database
    .select({ view: signals.view })
    .from(signals)
    .where(eq(signals.dayId, dayId))
    .orderBy(asc(signals.at));
  return {
    sequence: day.sequence,
    logged: last?.seq ?? 0,
    orders: ordered.map(({ view }) => view).sort((a, b) => a.intendedAt - b.intendedAt || a.tag.localeCompare(b.tag)),
    positions: held,
    decisions: decided.map(({ view }) => view),
    switches: day.switches,
  };
}
