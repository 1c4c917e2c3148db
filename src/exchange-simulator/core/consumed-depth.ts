import type { MarketMs, OptionContract, Side } from '../../domain/types.ts';
import type { SimDepth, SimLevel } from './types.ts';

/** How long a side of the book takes to recover from what we took out of it, in market time. */
const RECOVERY_MS = 5_000;
/** What an exchange shows of its book. */
const SHOWN_LEVELS = 5;

type Taken = { at: MarketMs; quantity: number };

/** What our own orders took out of each side of each book lately: taken liquidity is not there a second time. */
export function createConsumedDepth() {
  const taken: Record<Side, Map<number, Taken[]>> = { BUY: new Map(), SELL: new Map() };

  function missing(token: number, taker: Side, at: MarketMs): number {
    const takes = taken[taker].get(token);
    if (!takes) return 0;
    const recent = takes.filter((take) => Math.abs(at - take.at) < RECOVERY_MS);
    if (recent.length > 0) taken[taker].set(token, recent);
    else taken[taker].delete(token);
    return recent.reduce((sum, take) => sum + take.quantity * (1 - Math.abs(at - take.at) / RECOVERY_MS), 0);
  }

  function rest(levels: readonly SimLevel[], taker: Side, { instrumentToken, lotSize }: OptionContract, at: MarketMs) {
    const gone = Math.ceil(missing(instrumentToken, taker, at) / lotSize) * lotSize;
    return (gone === 0 ? levels : without(levels, gone)).slice(0, SHOWN_LEVELS);
  }

  return {
    take(token: number, taker: Side, quantity: number, at: MarketMs): void {
      taken[taker].set(token, [...(taken[taker].get(token) ?? []), { at, quantity }]);
    },

    /** The five levels a side that are still there, in whole lots. */
    left(depth: SimDepth, contract: OptionContract, at: MarketMs): SimDepth {
      return { bids: rest(depth.bids, 'SELL', contract, at), asks: rest(depth.asks, 'BUY', contract, at) };
    },
  };
}

export type ConsumedDepth = ReturnType<typeof createConsumedDepth>;

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
