import { openJournal } from '../src/journal/journal.ts';
import type { Journal } from '../src/journal/types.ts';

let journal: Promise<Journal> | undefined;

/** A journal in memory, the same for all test files of a process: it takes seconds to begin. Accounts keep its users apart; nobody closes it. */
export function sharedJournal(): Promise<Journal> {
  journal ??= openJournal({ dataDir: null });
  return journal;
}
