import { and, eq, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Account } from './types.ts';

type AccountColumns = { mode: PgColumn; account: PgColumn; run: PgColumn };

/** The rows of one account in one mode and run. */
export function inAccount(table: AccountColumns, { mode, account, run }: Account): SQL | undefined {
  return and(eq(table.mode, mode), eq(table.account, account), eq(table.run, run));
}
