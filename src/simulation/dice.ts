import { hash } from '../exchange-simulator/core/random.ts';

/** Chance from one seed: the n-th throw of a seed is always the same. */
export class Dice {
  private readonly seed: number;
  private throws = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** In [0, 1). */
  chance(): number {
    this.throws += 1;
    return hash(this.seed, this.throws, 9_001) / 2 ** 32;
  }

  is(probability: number): boolean {
    return this.chance() < probability;
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + Math.floor(this.chance() * (most - least + 1));
  }

  /** Between the two, small ones as likely as large ones: by the number of digits. */
  spread(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.chance());
  }

  of<T>(all: readonly T[]): T {
    const found = all[this.between(0, all.length - 1)];
    if (found === undefined) throw new RangeError('nothing to choose from');
    return found;
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const all = Object.entries(weights) as [K, number][];
    let left = this.chance() * all.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of all) {
      left -= weight;
      if (left < 0) return key;
    }
    return (all.at(-1) as [K, number])[0];
  }
}
