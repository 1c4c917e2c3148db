/** Ledger against broker: whose is what (TRADING section 1). Nothing here ever touches an order. */
import type { BrokerOrder, BrokerPosition, KiteSession } from '../src/brokers/types.ts';
import { isTagOf } from '../src/domain/tags.ts';
import { BrokerError } from '../src/errors.ts';
import type { Account } from '../src/journal/types.ts';
import type {
  ByHand,
  ByHandInput,
  DayActivities,
  Holding,
  OutsideOrder,
  ReconcileInput,
  Reconciliation,
  UnknownOrder,
} from './contract.ts';
import type { Deps } from './deps.ts';
import { snapshot } from './orders.ts';

export function createReconcileActivities(
  deps: Deps & { account: Account },
): Pick<DayActivities, 'reconcile' | 'readByHand'> {
  return {
    reconcile: (input) =>
      deps.sessions.use(deps.account, async (session): Promise<Reconciliation> => {
        const { net } = await session.positions();
        const orders = (await session.orders()).filter(({ tag }) => tag !== null && isTagOf(tag, input.identity));
        const positions = comparePositions(input, net);
        return {
          asked: true,
          differences: [...compareOrders(input, orders), ...positions.differences],
          foreign: positions.foreign,
          unknownOrders: await readUnknown(session, input, orders),
          liveOrders: orders.filter(({ state }) => state === 'live').map(({ tag, orderId }) => tag ?? orderId),
        };
      }),

    readByHand: (input) =>
      deps.sessions.use(deps.account, async (session): Promise<ByHand> => {
        const moved = await readByHand(session, input);
        // Read after the positions: whoever moved them is in this list, or else moved them without an order.
        return { moved, orders: await readOutsideOrders(session, input).catch(noneShown) };
      }),
  };
}

async function readUnknown(session: KiteSession, { filled }: ReconcileInput, orders: readonly BrokerOrder[]) {
  const unknown: UnknownOrder[] = [];
  for (const { tag, orderId, tradingsymbol, side, product } of orders) {
    if (tag === null || tag in filled) continue;
    unknown.push({ ...(await snapshot(session, orderId)), tag, tradingsymbol, side, product });
  }
  return unknown;
}

/** Net positions less our own fills and what others held before; read so that no fill of ours falls between the two looks. */
export async function readByHand(session: KiteSession, input: ByHandInput): Promise<Record<string, number>> {
  const ours = async () => (await session.orders()).filter(({ tag }) => tag !== null && isTagOf(tag, input.identity));
  let before = filledBy(await ours());
  for (;;) {
    const { net } = await session.positions();
    const after = filledBy(await ours());
    if (JSON.stringify(before) === JSON.stringify(after)) {
      return Object.fromEntries(
        input.contracts.map(({ tradingsymbol, foreign }) => {
          const held = net.find((p) => p.tradingsymbol === tradingsymbol && p.product === input.product)?.quantity ?? 0;
          return [tradingsymbol, held - (after[tradingsymbol] ?? 0) - foreign];
        }),
      );
    }
    before = after;
  }
}

/** What moved is asked about at once, though nothing shows who moved it: a stop is not kept too large for a list that is away. */
function noneShown(error: unknown): OutsideOrder[] {
  if (!(error instanceof BrokerError) || error.kind === 'token') throw error;
  return [];
}

async function readOutsideOrders(session: KiteSession, input: ByHandInput): Promise<OutsideOrder[]> {
  const symbols = new Set(input.contracts.map(({ tradingsymbol }) => tradingsymbol));
  const orders = (await session.orders()).filter(
    ({ tradingsymbol, product, tag, filledQuantity }) =>
      symbols.has(tradingsymbol) &&
      product === input.product &&
      filledQuantity > 0 &&
      !(tag !== null && isTagOf(tag, input.identity)),
  );
  if (orders.length === 0) return [];
  const trades = await session.trades();
  return orders.map(({ orderId, tag, tradingsymbol, side, quantity, orderType, price, status, placedAt }) => ({
    ...{ orderId, tag, tradingsymbol, side, quantity, orderType, price, status, placedAt },
    fills: trades
      .filter((trade) => trade.orderId === orderId)
      .map(({ tradeId, quantity: filled, price: at, at: time }) => ({
        tradeId,
        quantity: filled,
        price: at,
        at: time,
      })),
  }));
}

/** Signed units of our fills, by trading symbol. */
function filledBy(orders: readonly BrokerOrder[]): Record<string, number> {
  const filled: Record<string, number> = {};
  for (const { tradingsymbol, side, filledQuantity } of orders) {
    filled[tradingsymbol] = (filled[tradingsymbol] ?? 0) + (side === 'BUY' ? filledQuantity : -filledQuantity);
  }
  return filled;
}

function compareOrders({ filled }: ReconcileInput, orders: readonly BrokerOrder[]): string[] {
  return orders.flatMap(({ orderId, tag, filledQuantity }) => {
    const known = filled[tag ?? ''];
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
    // Whoever closed a foreign position has closed it: where nothing is held, nothing is left to ask about.
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
