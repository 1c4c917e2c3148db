/** Ledger against broker at the day's first login (DESIGN section 4, step 4). */
import { condition } from '@temporalio/workflow';
import type { Reconciliation } from '../activities/contract.ts';
import { adoptAfterLogins, adoptUnknown } from './adoption.ts';
import type { Day } from './day.ts';
import { compareWithBroker } from './report.ts';
import { adoptUnheard } from './unheard.ts';

/** Between two askings, beside what one asking waits by itself. Wall milliseconds. */
const AGAIN_MS = 5_000;

/** Null once the market is over: until then nothing is entered, and it is said why. */
async function compareAtLast(day: Day): Promise<Reconciliation | null> {
  while (!day.over) {
    const compared = await compareWithBroker(day);
    if (compared) {
      day.clearWarning('uncompared');
      return compared;
    }
    const text = 'Zerodha does not say what the account holds: nothing is entered until it does. It is asked again.';
    day.warn('uncompared', 'unverified', text, true);
    await condition(() => day.over, AGAIN_MS, { summary: 'asking Zerodha again what the account holds' });
  }
  return null;
}

/** Ledger and broker at the first login: differences block entries, never protection, until somebody acknowledges them. */
export async function reconcileAfterLogin(day: Day): Promise<void> {
  await condition(() => day.session !== null || day.over);
  if (day.over) return;
  await adoptUnheard(day);
  const compared = await compareAtLast(day);
  if (!compared) return;
  day.foreign.splice(0, day.foreign.length, ...compared.foreign);
  for (const { tradingsymbol, product, quantity } of compared.foreign) {
    day.warn(
      `foreign:${product}:${tradingsymbol}`,
      'foreign_position',
      `Zerodha holds ${quantity} ${tradingsymbol} (${product}) that was not opened here. It is never touched. Acknowledge it to allow entries.`,
      true,
    );
  }
  for (const difference of compared.differences) day.warn(`difference:${difference}`, 'difference', difference, true);
  day.compared = true;
  await adoptUnknown(day, compared);
  await adoptAfterLogins(day);
}
