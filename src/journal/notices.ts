import { and, asc, desc, isNull, sql } from 'drizzle-orm';
import type { KeptNotice } from '../contract/notices.ts';
import type { WallMs } from '../domain/types.ts';
import { inAccount } from './account.ts';
import type { Database } from './database.ts';
import { notices } from './schema.ts';
import type { Account } from './types.ts';

const KEPT = { notice: notices.notice, queuedAt: notices.queuedAt, deliveredAt: notices.deliveredAt };

/** The first delivery that is heard of stays. */
export async function saveNotice(
  database: Database,
  { mode, account, run }: Account,
  { notice, queuedAt, deliveredAt }: KeptNotice,
): Promise<WallMs | null> {
  const [row] = await database
    .insert(notices)
    .values({ mode, account, run, id: notice.id, notice, queuedAt, deliveredAt })
    .onConflictDoUpdate({
      target: [notices.mode, notices.account, notices.run, notices.id],
      set: { deliveredAt: sql`coalesce(${notices.deliveredAt}, excluded."delivered_at")` },
    })
    .returning({ deliveredAt: notices.deliveredAt });
  return row?.deliveredAt ?? null;
}

export function undeliveredNotices(database: Database, account: Account, limit: number): Promise<KeptNotice[]> {
  return database
    .select(KEPT)
    .from(notices)
    .where(and(inAccount(notices, account), isNull(notices.deliveredAt)))
    .orderBy(asc(notices.queuedAt), asc(notices.id))
    .limit(limit);
}

export function newestNotices(database: Database, account: Account, limit: number): Promise<KeptNotice[]> {
  return database
    .select(KEPT)
    .from(notices)
    .where(inAccount(notices, account))
    .orderBy(desc(notices.queuedAt), desc(notices.id))
    .limit(limit);
}
