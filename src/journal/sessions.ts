import { and, desc, eq, max } from 'drizzle-orm';
import { inAccount } from './account.ts';
import type { Database } from './database.ts';
import { sessions } from './schema.ts';
import type { Account, StoredSession } from './types.ts';

const SESSION = {
  number: sessions.number,
  userId: sessions.userId,
  sealedAccessToken: sessions.sealedAccessToken,
  since: sessions.since,
  expiresAt: sessions.expiresAt,
};

/** The same sealed token again answers the session that it made; two logins at once get two numbers. */
export async function addSession(
  database: Database,
  account: Account,
  session: Omit<StoredSession, 'number'>,
): Promise<StoredSession> {
  for (;;) {
    const [known] = await database
      .select(SESSION)
      .from(sessions)
      .where(and(inAccount(sessions, account), eq(sessions.sealedAccessToken, session.sealedAccessToken)));
    if (known) return known;
    const [newest] = await database
      .select({ number: max(sessions.number) })
      .from(sessions)
      .where(inAccount(sessions, account));
    const { mode, account: name, run } = account;
    const [added] = await database
      .insert(sessions)
      .values({ mode, account: name, run, number: (newest?.number ?? 0) + 1, ...session })
      .onConflictDoNothing()
      .returning(SESSION);
    if (added) return added;
  }
}

export async function currentSession(database: Database, account: Account): Promise<StoredSession | null> {
  const [session] = await database
    .select(SESSION)
    .from(sessions)
    .where(inAccount(sessions, account))
    .orderBy(desc(sessions.number))
    .limit(1);
  return session ?? null;
}
