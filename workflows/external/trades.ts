/** What others do in our contracts: facts of a contract, kept once on the day by product and trading symbol (CONTROL, external trades). */
import type { Holding } from '../../src/contract/ledger.ts';
import type { ExternalTrade } from '../../src/domain/book/book.ts';
import type { ExternalFacts, Order, Position } from '../../src/domain/control/facts.ts';
import { mayFill } from '../../src/domain/control/intervals.ts';
import type { Day } from '../day/day.ts';
import type { DayFacts } from '../day/facts.ts';

const SECOND_MS = 1_000;

export function externalOf(facts: DayFacts, product: string, tradingsymbol: string): ExternalFacts {
  const known = facts.external.find((one) => one.product === product && one.tradingsymbol === tradingsymbol);
  if (known) return known;
  const fresh: ExternalFacts = { product, tradingsymbol, foreign: 0, before: 0, since: null, trades: [] };
  facts.external.push(fresh);
  return fresh;
}

export function recordForeignPosition({ facts }: Day, { product, tradingsymbol, quantity }: Holding): void {
  externalOf(facts, product, tradingsymbol).foreign = quantity;
}

/** Trades of others, joined by their id. */
export function recordExternalTrades(day: Day, trades: readonly ExternalTrade[]): void {
  const { facts } = day;
  // Since when something of ours is there is known first, also to a run that goes on after one was lost.
  keepBaselines(day);
  for (const { product, tradingsymbol, orderId, side, tradeId, quantity, price, at, byBroker } of trades) {
    const external = externalOf(facts, product, tradingsymbol);
    if (external.trades.some((known) => known.tradeId === tradeId)) continue;
    external.trades.push({ tradeId, quantity, price, at, side, orderId, byBroker });
    // What they traded before our first order in it was there before us. The broker tells whole seconds: in doubt it was after.
    if (external.since !== null && at < external.since - (external.since % SECOND_MS))
      moveBaseline(external, signed({ side, quantity }));
  }
}

/** E: what they traded since the baseline, less what is booked of it as a closing of ours. Signed units. */
export function movedSince(facts: DayFacts, { product, tradingsymbol, trades, before }: ExternalFacts): number {
  const booked = Object.values(facts.orders).filter(
    (order) =>
      order.product === product &&
      order.tradingsymbol === tradingsymbol &&
      (order.takenFrom === 'broker' || order.takenFrom === 'person') &&
      order.booked !== false,
  );
  const sum = (of: readonly { side: 'BUY' | 'SELL'; quantity: number }[]) =>
    of.reduce((total, one) => total + signed(one), 0);
  return sum(trades) - before - sum(booked.map(({ side, filledQuantity }) => ({ side, quantity: filledQuantity })));
}

function moveBaseline(external: ExternalFacts, by: number): void {
  external.foreign += by;
  external.before += by;
}

export function signed({ side, quantity }: { side: 'BUY' | 'SELL'; quantity: number }): number {
  return side === 'BUY' ? quantity : -quantity;
}

/** Orders in a contract, today's and carried, and the shares of others' orders that closed ours. */
function oursIn(facts: DayFacts, product: string, tradingsymbol: string): Order[] {
  return [...facts.carriedOrders, ...Object.values(facts.orders)].filter(
    (order) => order.product === product && order.tradingsymbol === tradingsymbol,
  );
}

/**
 * Each contract of a position has facts of what others do in it. The baseline moves while nothing of ours is held and no order of ours may
 * fill; from our first order on it stands.
 */
export function keepBaselines(day: Day): void {
  const { facts } = day;
  for (const { product, tradingsymbol } of contractsOf(facts.positions)) {
    const external = externalOf(facts, product, tradingsymbol);
    const all = oursIn(facts, product, tradingsymbol);
    // A closing that nobody has booked yet is an open question: the trades that it is made of must not become theirs meanwhile.
    const orders = all.filter(({ booked }) => booked !== false);
    // One position's short and another one's hedge in the same contract are held, both of them.
    const nets = new Map<string, number>();
    for (const { positionId, side, filledQuantity: quantity } of orders)
      nets.set(positionId, (nets.get(positionId) ?? 0) + signed({ side, quantity }));
    const ours = [...nets.values()].some((net) => net !== 0) || orders.some((order) => mayFill(order));
    if (ours) {
      external.since ??= Math.min(
        ...orders.filter((order) => mayFill(order) || order.filledQuantity > 0).map(({ intendedAt }) => intendedAt),
      );
      continue;
    }
    external.since = null;
    moveBaseline(external, movedSince(facts, external));
  }
}

export function contractsOf(
  positions: readonly Position[],
): { product: string; tradingsymbol: string; instrumentToken: number }[] {
  const contracts = new Map<string, { product: string; tradingsymbol: string; instrumentToken: number }>();
  for (const { plan, legs } of positions)
    for (const { contract } of legs) {
      const { tradingsymbol, instrumentToken } = contract;
      contracts.set(`${plan.product}:${tradingsymbol}`, { product: plan.product, tradingsymbol, instrumentToken });
    }
  return [...contracts.values()];
}
