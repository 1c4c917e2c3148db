/** What somebody else did to our contracts at the broker, in the app or by another program (TRADING section 1). */
import { isCancellation } from '@temporalio/workflow';
import type { ContractRef } from '../activities/contract.ts';
import type { Product } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import { asking } from './proxies.ts';

/** What the account held of a contract when the day began with it, units: somebody else's, and what we carried over night. */
export function heldBefore(day: Day, product: Product, tradingsymbol: string): number {
  const isOfIt = (of: { product: string; tradingsymbol: string }) =>
    of.product === product && of.tradingsymbol === tradingsymbol;
  const theirs = day.foreign.find(isOfIt)?.quantity ?? 0;
  return day.carriedOrders
    .filter(isOfIt)
    .reduce((sum, order) => sum + (order.side === 'BUY' ? 1 : -1) * order.filledQuantity, theirs);
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
    foreign: heldBefore(day, product, tradingsymbol),
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
