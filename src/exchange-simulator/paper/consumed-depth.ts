import type { OptionContract, Paise, Side } from '../../domain/types.ts';
import type { ConsumedDepth } from '../core/consumed-depth.ts';
import type { SimDepth, SimLevel } from '../core/types.ts';

type BookSide = {
  /** As quoted when last seen, best first. */
  quoted: readonly SimLevel[];
  /** What our orders have had of each price. */
  taken: Map<Paise, number>;
};

/**
 * What our paper orders took out of the real book, where nobody noticed. It stays missing for as long as the price is quoted: what is
 * quoted there beyond it is new; a price that has left the book took its memory along; one that is quoted smaller was partly ours.
 */
export function createPaperConsumedDepth(): ConsumedDepth & {
  see(instrumentToken: number, depth: SimDepth): void;
} {
  const sides = new Map<string, BookSide>();

  /** The side that a taker buys from or sells into. */
  function sideOf(token: number, taker: Side): BookSide {
    const key = `${token} ${taker}`;
    const known = sides.get(key);
    if (known) return known;
    const side: BookSide = { quoted: [], taken: new Map() };
    sides.set(key, side);
    return side;
  }

  function seeSide(token: number, taker: Side, quoted: readonly SimLevel[]): void {
    const side = sideOf(token, taker);
    side.quoted = quoted;
    const worst = quoted.at(-1);
    // Nobody quotes, or nobody could be asked: nothing is known of the prices that were taken from.
    if (!worst) return;
    for (const [price, quantity] of side.taken) {
      const level = quoted.find((one) => one.price === price);
      if (level) side.taken.set(price, Math.min(quantity, level.quantity));
      // Beyond the last level shown it may still stand.
      else if (taker === 'BUY' ? price < worst.price : price > worst.price) side.taken.delete(price);
    }
  }

  const rest = ({ quoted, taken }: BookSide): SimLevel[] =>
    quoted
      .map((level) => ({ ...level, quantity: level.quantity - (taken.get(level.price) ?? 0) }))
      .filter(({ quantity }) => quantity > 0);

  function see(token: number, { bids, asks }: SimDepth): void {
    seeSide(token, 'BUY', asks);
    seeSide(token, 'SELL', bids);
  }

  return {
    see,
    take(token: number, taker: Side, quantity: number): void {
      const side = sideOf(token, taker);
      let missing = quantity;
      for (const { price, quantity: there } of rest(side)) {
        const from = Math.min(missing, there);
        if (from > 0) side.taken.set(price, (side.taken.get(price) ?? 0) + from);
        missing -= from;
      }
    },
    left(depth: SimDepth, { instrumentToken }: OptionContract): SimDepth {
      see(instrumentToken, depth);
      return { bids: rest(sideOf(instrumentToken, 'SELL')), asks: rest(sideOf(instrumentToken, 'BUY')) };
    },
  };
}
