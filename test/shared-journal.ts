import type { LastPrice } from '../src/domain/types.ts';
import { openJournal } from '../src/journal/journal.ts';
import type { Journal } from '../src/journal/types.ts';

let opened: Promise<Journal> | undefined;

/**
 * A journal in memory, the same for all test files of a process: it takes seconds to begin, and nobody closes it. Accounts keep its users
 * apart; prices, which are of all accounts, are each user's own.
 */
export async function sharedJournal(): Promise<Journal> {
  opened ??= openJournal({ dataDir: null });
  const prices = new Map<number, LastPrice>();
  return {
    ...(await opened),
    saveLastPrices: async (saved) => {
      for (const price of saved) prices.set(price.instrumentToken, price);
    },
    lastPrices: async () => [...prices.values()].sort((a, b) => a.instrumentToken - b.instrumentToken),
  };
}
