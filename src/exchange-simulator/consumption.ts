import type { MarketMs, OptionContract, Side } from '../domain/types.ts';
import type { SimDepth, SimLevel } from './types.ts';

/** How long a side of the book takes to recover from what we took out of it, in market time. */
const RECOVERY_MS = 5_000;
/** What an exchange shows of its book. */
const SHOWN_LEVELS = 5;

type Taken = { at: MarketMs; quantity: number };

/** What our own orders took out of each side of each book lately: taken liquidity is not there a second time. */
export function createConsumption() {
  const taken = new Map<string, Taken[]>();
  const keyOf = (token: number, taker: Side) => `${token} ${taker}`;

  function missing(token: number, taker: Side, at: MarketMs): number {
    const key = keyOf(token, taker);
    const recent = (taken.get(key) ?? []).filter((take) => Math.abs(at - take.at) < RECOVERY_MS);
    taken.set(key, recent);
    return recent.reduce((sum, take) => sum + take.quantity * (1 - Math.abs(at - take.at) / RECOVERY_MS), 0);
  }

  return {
    take(token: number, taker: Side, quantity: number, at: MarketMs): void {
      const key = keyOf(token, taker);
      taken.set(key, [...(taken.get(key) ?? []), { at, quantity }]);
    },

    /** The five levels a side that are still there, in whole lots. */
    left(depth: SimDepth, { instrumentToken, lotSize }: OptionContract, at: MarketMs): SimDepth {
      const rest = (levels: readonly SimLevel[], taker: Side) =>
        without(levels, Math.ceil(missing(instrumentToken, taker, at) / lotSize) * lotSize).slice(0, SHOWN_LEVELS);
      return { bids: rest(depth.bids, 'SELL'), asks: rest(depth.asks, 'BUY') };
    },
  };
}

export type Consumption = ReturnType<typeof createConsumption>;

function without(levels: readonly SimLevel[], quantity: number): SimLevel[] {
  let gone = quantity;
  const left: SimLevel[] = [];
  for (const level of levels) {
    const rest = Math.max(0, level.quantity - gone);
    gone = Math.max(0, gone - level.quantity);
    if (rest > 0) left.push({ ...level, quantity: rest });
  }
  return left;
}
