/** Ledger against broker: whose is what (TRADING section 1). Nothing here ever touches an order. */
import { parseTag } from '../src/domain/tags.ts';
import type { Account } from '../src/journal/types.ts';
import type { DayActivities, Reconciliation } from './contract.ts';
import type { Deps } from './deps.ts';
import { snapshot } from './orders.ts';

export function createReconcileActivities(deps: Deps & { account: Account }): Pick<DayActivities, 'reconcile'> {
  return {
    reconcile: ({ identity, ours, tags }) =>
      deps.sessions.use(deps.account, async (session): Promise<Reconciliation> => {
        const [{ net }, orders] = [await session.positions(), await session.orders()];
        const known = new Set(tags);
        const mine = orders.filter((order) => {
          const tag = order.tag === null ? null : parseTag(order.tag);
          return tag !== null && tag.run === identity.run && tag.date === identity.date;
        });
        const unknown = mine.filter((order) => order.tag !== null && !known.has(order.tag));
        const differences: string[] = unknown.map(
          (order) => `Order ${order.orderId} carries our tag ${order.tag}, but the ledger does not know it.`,
        );
        const foreign: Reconciliation['foreign'] = [];
        const seen = new Set<string>();
        for (const position of net) {
          const key = `${position.product}:${position.tradingsymbol}`;
          seen.add(key);
          const our = ours.find((own) => `${own.product}:${own.tradingsymbol}` === key)?.quantity;
          const quantity = position.quantity - (our ?? 0);
          if (quantity === 0) continue;
          if (our === undefined)
            foreign.push({ tradingsymbol: position.tradingsymbol, product: position.product, quantity });
          else {
            differences.push(
              `Zerodha holds ${position.quantity} ${position.tradingsymbol} (${position.product}), the ledger says ${our}.`,
            );
          }
        }
        for (const our of ours) {
          if (our.quantity !== 0 && !seen.has(`${our.product}:${our.tradingsymbol}`)) {
            differences.push(
              `Zerodha holds no ${our.tradingsymbol} (${our.product}), the ledger says ${our.quantity}.`,
            );
          }
        }
        return {
          asked: true,
          differences,
          foreign,
          unknownOrders: await Promise.all(unknown.map((order) => snapshot(session, order.orderId))),
          liveOrders: mine.filter((order) => order.state === 'live').map((order) => order.tag ?? order.orderId),
        };
      }),
  };
}
