/** What is true by the exchange's own book: fills, what rests, and when. Quantities in units, times in epoch ms. */
import type { Exchange, SimOrder } from '../../src/exchange-simulator/core/types.ts';

const FINAL = new Set(['COMPLETE', 'CANCELLED', 'REJECTED']);

type OnFills = { at: number; short: number; long: number };

export const isLive = ({ status }: SimOrder): boolean => !FINAL.has(status);

/** Net units of a contract, + is long, of all products. */
export function netOf(exchange: Exchange, symbol: string): number {
  return exchange
    .positions()
    .filter(({ tradingsymbol }) => tradingsymbol === symbol)
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

export const shortOf = (exchange: Exchange, symbol: string): number => Math.max(0, -netOf(exchange, symbol));

/** Units that live orders to buy a contract back may still fill: resting stops and exits. */
export function buyingBack(exchange: Exchange, symbol: string): number {
  return exchange
    .allOrders()
    .filter((order) => order.tradingsymbol === symbol && order.side === 'BUY' && isLive(order))
    .reduce((sum, { pendingQuantity }) => sum + pendingQuantity, 0);
}

/** Units filled of a contract on one side. */
export function filledOf(exchange: Exchange, symbol: string, side: 'BUY' | 'SELL'): number {
  return exchange
    .allOrders()
    .filter((order) => order.tradingsymbol === symbol && order.side === side)
    .reduce((sum, { filledQuantity }) => sum + filledQuantity, 0);
}

/** What was sold of the main leg and held of its hedge after each fill, in the order in which the exchange traded. */
export function afterEachFill(exchange: Exchange, main: string, hedge: string): OnFills[] {
  const fills = exchange
    .allOrders()
    .flatMap(({ tradingsymbol, side, fills: of }) => of.map((fill) => ({ ...fill, tradingsymbol, side })))
    .sort((a, b) => Number(a.tradeId) - Number(b.tradeId));
  let [short, long] = [0, 0];
  return fills.map(({ tradingsymbol, side, quantity, at }) => {
    if (tradingsymbol === main) short += side === 'SELL' ? quantity : -quantity;
    if (tradingsymbol === hedge) long += side === 'BUY' ? quantity : -quantity;
    return { at, short, long };
  });
}
