/**
 * Before our first order in a contract: whatever somebody else has traded of it since the login was there before us. A person's own day
 * trade of the morning is not taken for a close of what is sold here later (TRADING section 1).
 */
import type { ContractRef } from '../activities/contract.ts';
import type { Product } from '../src/domain/types.ts';
import { readByHand } from './by-hand.ts';
import type { Day } from './day.ts';
import { foreignOf, knowForeign } from './foreign.ts';
import { unitsAhead } from './order-state.ts';

export async function lookFirst(day: Day, product: Product, contracts: readonly ContractRef[]): Promise<void> {
  const ours = [...day.carriedOrders, ...day.orders.values()].filter((order) => order.product === product);
  const untouched = contracts.filter(({ tradingsymbol }) => {
    const orders = ours.filter((order) => order.tradingsymbol === tradingsymbol);
    const net = orders.reduce((sum, { side, filledQuantity }) => sum + (side === 'BUY' ? 1 : -1) * filledQuantity, 0);
    return net === 0 && orders.every((order) => unitsAhead(order) === 0);
  });
  if (untouched.length === 0) return;
  const seen = await readByHand(day, product, untouched);
  for (const { tradingsymbol } of untouched) {
    const moved = seen?.moved[tradingsymbol] ?? 0;
    if (moved === 0) continue;
    knowForeign(day, { product, tradingsymbol, quantity: foreignOf(day, product, tradingsymbol) + moved });
    day.log(
      'info',
      'foreign_position',
      `Somebody else holds ${moved} ${tradingsymbol} (${product}) more since the login. It is not touched.`,
    );
  }
}
