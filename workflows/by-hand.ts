/** What somebody else did to our contracts at the broker, in the app or by another program (TRADING section 1). */
import { isCancellation } from '@temporalio/workflow';
import type { ContractRef } from '../activities/contract.ts';
import type { Product } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import { asking } from './proxies.ts';

/** What others held of a contract when the day began with it, units. */
export function foreignIn(day: Day, product: Product, tradingsymbol: string): number {
  return day.foreign.find((held) => held.product === product && held.tradingsymbol === tradingsymbol)?.quantity ?? 0;
}

/**
 * Units by trading symbol, + is bought. Null when the broker does not say it at once: an exit does not wait for it, and leaves by
 * the ledger alone.
 */
export async function readByHand(
  day: Day,
  product: Product,
  contracts: ContractRef[],
): Promise<Record<string, number> | null> {
  const asked = contracts.map(({ tradingsymbol }) => ({
    tradingsymbol,
    foreign: foreignIn(day, product, tradingsymbol),
  }));
  try {
    return await day.withSession(() =>
      asking.readByHand.executeWithOptions({ summary: 'Did somebody trade our contracts by hand?' }, [
        { identity: day.identity, product, contracts: asked },
      ]),
    );
  } catch (error) {
    if (isCancellation(error) || error instanceof MarketOver) throw error;
    return null;
  }
}
