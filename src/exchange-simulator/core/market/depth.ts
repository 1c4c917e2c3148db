import type { MarketMs, OptionContract, Paise } from '../../../domain/types.ts';
import { betweenAt, chanceAt, grown, stem } from '../random.ts';
import type { SimDepth, SimLevel } from '../types.ts';

/** Five are shown; when we have taken these, the next ones come into view. */
const LEVELS = 10;

/**
 * Who quotes around a modelled price in a given second: ten levels a side, the touch about 0.2 % away near the money and wider for far
 * strikes, each level some lots deep, so that ten lots often fill in parts. Below one tick nobody bids. Deterministic by seed.
 */
export function depthAround(
  contract: OptionContract,
  price: Paise,
  index: Paise,
  at: MarketMs,
  seed: number,
): SimDepth {
  const drawn = stem(seed, contract.instrumentToken, Math.floor(at / 1000));
  const tick = contract.tickSize;
  const far = Math.min(1, Math.abs(contract.strike - index) / index / 0.03);
  const half = Math.max(tick, price * (0.001 + 0.006 * far) + tick * chanceAt(grown(drawn, 11)));
  const book: Book = { contract, deepest: Math.round(10 - 7 * far), widest: 2 + Math.round(6 * far) };
  return {
    bids: levels(book, Math.floor((price - half) / tick) * tick, -tick, grown(drawn, 21)),
    asks: levels(book, Math.ceil((price + half) / tick) * tick, tick, grown(drawn, 22)),
  };
}

type Book = { contract: OptionContract; deepest: number; widest: number };

function levels({ contract, deepest, widest }: Book, touch: Paise, step: Paise, drawn: number): SimLevel[] {
  const found: SimLevel[] = [];
  let price = touch;
  for (let level = 0; level < LEVELS && price >= contract.tickSize; level++) {
    const here = grown(drawn, level);
    const lots = betweenAt(1 + level, deepest + level * 2, here);
    found.push({ price, quantity: lots * contract.lotSize, orders: betweenAt(1, lots, grown(here, 1)) });
    price += step * betweenAt(1, widest, grown(here, 2));
  }
  return found;
}
