import { and, asc, desc, eq, lt, ne, sql } from 'drizzle-orm';
import { dayWorkflowId } from '../contract/identity.ts';
import { inAccount } from './account.ts';
import { type JournalLocation, openDatabase } from './database.ts';
import { newestNotices, saveNotice, undeliveredNotices } from './notices.ts';
import { days, events, lastPrices, orders, positions, replayRuns } from './schema.ts';
import { addSession, currentSession } from './sessions.ts';
import { daySoFar } from './so-far.ts';
import type { Journal } from './types.ts';
import { noteIntent, recordDayOpened, saveLastPrices, saveReport, writeBatch } from './writes.ts';

/**
 * The journal on PGlite or PostgreSQL, its tables brought up to date. Every write may come twice, and late.
 * Throws AppError `journal_unavailable` when the database cannot be opened.
 */
export async function openJournal(location: JournalLocation): Promise<Journal> {
  const { database, close } = await openDatabase(location);

  return {
    recordDayOpened: (identity) => recordDayOpened(database, identity),
    write: (batch) => database.transaction((transaction) => writeBatch(transaction, batch)),
    noteIntent: (identity, order) => noteIntent(database, identity, order),
    saveReport: (report) => saveReport(database, report),

    async report(account, date) {
      const [day] = await database
        .select({ report: days.report })
        .from(days)
        .where(and(inAccount(days, account), eq(days.date, date)));
      return day?.report ?? null;
    },

    days: (account) =>
      database
        .select({ date: days.date, state: days.state, result: days.result })
        .from(days)
        .where(inAccount(days, account))
        .orderBy(asc(days.date)),

    async events(identity, limit) {
      const rows = await database
        .select()
        .from(events)
        .where(eq(events.dayId, dayWorkflowId(identity)))
        .orderBy(desc(events.seq))
        .limit(limit);
      return rows.map(({ dayId: _, data, ...event }) => ({ ...event, date: identity.date, ...(data ? { data } : {}) }));
    },

    async orders(identity) {
      const rows = await database
        .select({ view: orders.view })
        .from(orders)
        .where(eq(orders.dayId, dayWorkflowId(identity)));
      return rows.map((row) => row.view).sort((a, b) => a.intendedAt - b.intendedAt || a.tag.localeCompare(b.tag));
    },

    async positions(identity) {
      const rows = await database
        .select({ view: positions.view })
        .from(positions)
        .where(eq(positions.dayId, dayWorkflowId(identity)))
        .orderBy(asc(positions.openedAt), asc(positions.id));
      return rows.map((row) => row.view);
    },

    async handover(account, before) {
      // A holiday between them has a day of its own, and no positions: it hides nothing.
      const [last] = await database
        .select({ id: days.id, date: days.date, result: days.result })
        .from(days)
        .innerJoin(positions, eq(positions.dayId, days.id))
        .where(and(inAccount(days, account), lt(days.date, before)))
        .orderBy(desc(days.date))
        .limit(1);
      if (!last) return null;
      const rows = await database
        .select({ view: positions.view, handedOver: positions.handedOver })
        .from(positions)
        .where(and(eq(positions.dayId, last.id), ne(positions.state, 'closed')))
        .orderBy(asc(positions.openedAt), asc(positions.id));
      return { date: last.date, ended: last.result !== null, positions: rows };
    },

    soFar: (identity) => daySoFar(database, dayWorkflowId(identity)),

    async conversionSeen(account) {
      const converted = sql`${orders.view}->>'purpose' = 'stop' AND ${orders.view}->>'orderType' = 'LIMIT'`;
      const found = await database
        .select({ tag: orders.tag })
        .from(orders)
        .innerJoin(days, eq(days.id, orders.dayId))
        .where(and(inAccount(days, account), converted))
        .limit(1);
      return found.length > 0;
    },

    addSession: (account, session) => addSession(database, account, session),
    currentSession: (account) => currentSession(database, account),

    saveLastPrices: (prices) => saveLastPrices(database, prices),
    lastPrices: () => database.select().from(lastPrices).orderBy(asc(lastPrices.instrumentToken)),

    saveNotice: (account, kept) => saveNotice(database, account, kept),
    undeliveredNotices: (account, limit) => undeliveredNotices(database, account, limit),
    notices: (account, limit) => newestNotices(database, account, limit),

    async replayRun(account) {
      const [run] = await database
        .select({ run: replayRuns.run, finished: replayRuns.finished })
        .from(replayRuns)
        .where(eq(replayRuns.account, account))
        .orderBy(desc(replayRuns.run))
        .limit(1);
      return run ?? null;
    },

    async startReplayRun(account, run) {
      await database.insert(replayRuns).values({ account, run, finished: false }).onConflictDoNothing();
    },

    async finishReplayRun(account, run) {
      await database
        .insert(replayRuns)
        .values({ account, run, finished: true })
        .onConflictDoUpdate({ target: [replayRuns.account, replayRuns.run], set: { finished: true } });
    },

    // A database that has become read-only refuses it, and nothing is written.
    async ping() {
      await database.execute(sql`DELETE FROM ${days} WHERE false`);
    },

    close,
  };
}
