import type { MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { between, chance } from '../random.ts';
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
  const second = Math.floor(at / 1000);
  const token = contract.instrumentToken;
  const tick = contract.tickSize;
  const far = Math.min(1, Math.abs(contract.strike - index) / index / 0.03);
  const half = Math.max(tick, price * (0.001 + 0.006 * far) + tick * chance(seed, token, second, 11));
  const deepest = Math.round(10 - 7 * far);

  const side = (direction: 1 | -1, salt: number): SimLevel[] => {
    const levels: SimLevel[] = [];
    const round = direction > 0 ? Math.ceil : Math.floor;
    let quoted = round((price + direction * half) / tick) * tick;
    for (let level = 0; level < LEVELS; level++) {
      if (quoted < tick) break;
      const lots = between(1 + level, deepest + level * 2, seed, token, second, salt, level);
      const orders = between(1, lots, seed, token, second, salt, level, 1);
      levels.push({ price: quoted, quantity: lots * contract.lotSize, orders });
      quoted += direction * tick * between(1, 2 + Math.round(6 * far), seed, token, second, salt, level, 2);
    }
    return levels;
  };
  return { bids: side(-1, 21), asks: side(1, 22) };
}
