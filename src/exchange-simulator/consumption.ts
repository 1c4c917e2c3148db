import type { MarketMs, Side } from '../domain/types.ts';
import type { SimLevel } from './types.ts';

/** How long a side of the book takes to recover from what we took out of it, in market time. */
const RECOVERY_MS = 5_000;

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

    /** The levels (best first) that a taker still finds, in whole lots. */
    remaining(levels: readonly SimLevel[], token: number, taker: Side, at: MarketMs, lot: number): SimLevel[] {
      let gone = Math.ceil(missing(token, taker, at) / lot) * lot;
      const left: SimLevel[] = [];
      for (const level of levels) {
        const quantity = Math.max(0, level.quantity - gone);
        gone = Math.max(0, gone - level.quantity);
        if (quantity > 0) left.push({ ...level, quantity });
      }
      return left;
    },
  };
}

export type Consumption = ReturnType<typeof createConsumption>;
