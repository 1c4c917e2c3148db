import { and, eq, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { type DayIdentity, dayWorkflowId } from '../contract/identity.ts';
import type { JournalBatch } from '../contract/journal.ts';
import type { OrderView } from '../contract/ledger.ts';
import type { DayReport } from '../contract/views.ts';
import type { LastPrice } from '../domain/types.ts';
import type { Database } from './database.ts';
import { days, events, lastPrices, orders, positions, signals, trades } from './schema.ts';

/** Opening a day again, however late, does not put it back to its beginning. */
export async function recordDayOpened(database: Database, identity: DayIdentity): Promise<void> {
  await database
    .insert(days)
    .values({ id: dayWorkflowId(identity), ...identity, state: 'awaiting_auth', sequence: 0 })
    .onConflictDoNothing();
}

export async function saveReport(database: Database, report: DayReport): Promise<void> {
  await recordDayOpened(database, report.identity);
  await database
    .update(days)
    .set({ report, result: report.result, state: report.result === 'holiday' ? 'holiday' : 'closed' })
    .where(eq(days.id, dayWorkflowId(report.identity)));
}

/** In one transaction of the caller's: a batch is there as a whole or not at all. */
export async function writeBatch(database: Database, batch: JournalBatch): Promise<void> {
  const dayId = dayWorkflowId(batch.identity);
  const sequence = batch.sequence ?? 0;
  await recordDayOpened(database, batch.identity);
  await database
    .update(days)
    .set({ state: batch.state, sequence, switches: batch.switches ?? null })
    .where(and(eq(days.id, dayId), lte(days.sequence, sequence), isNull(days.report)));
  await writeEvents(database, dayId, batch);
  await writeOrders(database, dayId, sequence, batch);
  await writePositions(database, dayId, sequence, batch);
  await writeSignals(database, dayId, batch);
}

/** What the day has written of an order says more. */
export async function noteIntent(database: Database, identity: DayIdentity, view: OrderView): Promise<void> {
  const { tag, orderId, status } = view;
  await recordDayOpened(database, identity);
  await database
    .insert(orders)
    .values({ dayId: dayWorkflowId(identity), tag, orderId, status, view, sequence: 0 })
    .onConflictDoNothing();
}

async function writeEvents(database: Database, dayId: string, batch: JournalBatch): Promise<void> {
  if (batch.events.length === 0) return;
  await database
    .insert(events)
    .values(batch.events.map((event) => ({ ...event, dayId })))
    .onConflictDoNothing();
}

async function writeOrders(database: Database, dayId: string, sequence: number, batch: JournalBatch): Promise<void> {
  if (batch.orders.length === 0) return;
  await database
    .insert(orders)
    .values(
      lastOf(batch.orders, (view) => view.tag).map((view) => ({
        dayId,
        tag: view.tag,
        orderId: view.orderId,
        status: view.status,
        view,
        sequence,
      })),
    )
    .onConflictDoUpdate({
      target: [orders.dayId, orders.tag],
      set: taken({ orderId: orders.orderId, status: orders.status, view: orders.view, sequence: orders.sequence }),
      setWhere: lte(orders.sequence, excluded(orders.sequence)),
    });
  const fills = batch.orders.flatMap(({ tag, tradingsymbol, side, fills }) =>
    fills.map((fill) => ({ dayId, tag, tradingsymbol, side, ...fill })),
  );
  if (fills.length > 0) await database.insert(trades).values(fills).onConflictDoNothing();
}

async function writePositions(database: Database, dayId: string, sequence: number, batch: JournalBatch): Promise<void> {
  if (batch.positions.length === 0) return;
  await database
    .insert(positions)
    .values(
      lastOf(batch.positions, (view) => view.id).map((view) => ({
        dayId,
        id: view.id,
        state: view.state,
        openedAt: view.openedAt,
        view,
        handedOver: batch.handedOver?.[view.id] ?? null,
        sequence,
      })),
    )
    .onConflictDoUpdate({
      target: [positions.dayId, positions.id],
      set: taken({
        state: positions.state,
        view: positions.view,
        handedOver: positions.handedOver,
        sequence: positions.sequence,
      }),
      setWhere: lte(positions.sequence, excluded(positions.sequence)),
    });
}

async function writeSignals(database: Database, dayId: string, batch: JournalBatch): Promise<void> {
  if (batch.decisions.length === 0) return;
  await database
    .insert(signals)
    .values(
      batch.decisions.map((view) => ({
        dayId,
        barStart: view.barStart,
        at: view.at,
        signal: view.signal,
        outcome: view.outcome,
        view,
      })),
    )
    .onConflictDoNothing();
}

/** Two feeds may write: the newer price of a contract stays. */
export async function saveLastPrices(database: Database, prices: LastPrice[]): Promise<void> {
  if (prices.length === 0) return;
  await database
    .insert(lastPrices)
    .values(lastOf(prices, (price) => price.instrumentToken))
    .onConflictDoUpdate({
      target: lastPrices.instrumentToken,
      set: taken({ price: lastPrices.price, bid: lastPrices.bid, ask: lastPrices.ask, at: lastPrices.at }),
      setWhere: lte(lastPrices.at, excluded(lastPrices.at)),
    });
}

/** The same key twice in one statement is an error of SQL: the last one counts. */
function lastOf<Row, Key>(rows: Row[], keyOf: (row: Row) => Key): Row[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

function taken(columns: Record<string, PgColumn>): Record<string, SQL> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, excluded(column)]));
}

function excluded(column: PgColumn): SQL {
  return sql.raw(`excluded."${column.name}"`);
}
