/** Ledger against broker: whose is what (TRADING section 1). Nothing here ever touches an order. */
import type { BrokerOrder, BrokerPosition } from '../src/brokers/types.ts';
import type { DayActivities, ReconcileInput, Reconciliation } from '../src/contract/activities.ts';
import type { Holding } from '../src/contract/ledger.ts';
import { adoptedKey, isTagOf } from '../src/domain/tags.ts';
import type { Account } from '../src/journal/types.ts';
import type { Deps } from './deps.ts';

export function createReconcileActivities(deps: Deps & { account: Account }): Pick<DayActivities, 'reconcile'> {
  return {
    reconcile: (input) =>
      deps.sessions.use(deps.account, async (session): Promise<Reconciliation> => {
        const { net } = await session.positions();
        const orders = (await session.orders()).filter(({ tag }) => tag !== null && isTagOf(tag, input.identity));
        const positions = comparePositions(input, net);
        return {
          differences: [...compareOrders(input, orders), ...positions.differences],
          foreign: positions.foreign,
          liveOrders: orders.filter(({ state }) => state === 'live').map(({ tag, orderId }) => tag ?? orderId),
        };
      }),
  };
}

function compareOrders({ filled, spent = [] }: ReconcileInput, orders: readonly BrokerOrder[]): string[] {
  return orders.flatMap(({ orderId, tag, filledQuantity }) => {
    // What did not match its intent is in the ledger beside it.
    const known =
      filled[adoptedKey(tag ?? '', orderId)] ?? filled[tag ?? ''] ?? (spent.includes(orderId) ? 0 : undefined);
    if (known === undefined) return `Order ${orderId} carries our tag ${tag}, but the ledger does not know it.`;
    if (known === filledQuantity) return [];
    return `Zerodha filled ${filledQuantity} of order ${orderId} (${tag}), the ledger says ${known}.`;
  });
}

/**
 * Foreign is the broker's net minus ours. In a contract that we trade it may only have been closed since the day began: where it did
 * anything else, what was there before stays all that is known of it, and the rest is a difference.
 */
function comparePositions({ ours, foreign, settled }: ReconcileInput, net: readonly BrokerPosition[]) {
  const differences: string[] = [];
  const others: Holding[] = [];
  const quantityIn = (holdings: readonly Holding[], key: string) =>
    holdings.find((holding) => keyOf(holding) === key)?.quantity;
  const keys = new Set([...net, ...ours].map(keyOf));
  for (const key of keys) {
    const [product = '', tradingsymbol = ''] = key.split(':');
    if (settled.includes(tradingsymbol)) continue;
    const held = quantityIn(net, key) ?? 0;
    const our = quantityIn(ours, key);
    const theirs = held - (our ?? 0);
    const began = quantityIn(foreign, key) ?? 0;
    const known = theirs * began >= 0 && Math.abs(theirs) <= Math.abs(began);
    // A foreign position that was closed leaves nothing to ask about.
    if (our === undefined || known || (our === 0 && held === 0)) {
      if (theirs !== 0) others.push({ tradingsymbol, product, quantity: theirs });
    } else {
      if (began !== 0) others.push({ tradingsymbol, product, quantity: began });
      const besides = began === 0 ? '' : `, besides ${began} that were there before`;
      differences.push(`Zerodha holds ${held} ${tradingsymbol} (${product}), the ledger says ${our}${besides}.`);
    }
  }
  return { differences, foreign: others };
}

function keyOf({ product, tradingsymbol }: { product: string; tradingsymbol: string }): string {
  return `${product}:${tradingsymbol}`;
}
