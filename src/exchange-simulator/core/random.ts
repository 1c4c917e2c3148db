/**
 * Chance that can be looked up: the same seed and keys give the same number in every run, on every machine,
 * in whatever order they are asked for. The mixer is MurmurHash3's (public domain).
 */
export function hash(seed: number, ...keys: number[]): number {
  return ended(stem(seed, ...keys));
}

/**
 * Where many draws share their first keys, these are mixed once: `chanceAt(grown(stem(seed, 1), 2))` is `chance(seed, 1, 2)`.
 * A stem is no chance by itself.
 */
export function stem(seed: number, ...keys: number[]): number {
  let h = seed >>> 0;
  for (const key of keys) h = grown(h, key);
  return h;
}

/** The stem with one more key. */
export function grown(h: number, key: number): number {
  let k = Math.imul(key | 0, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const mixed = h ^ Math.imul(k, 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function ended(stem: number): number {
  let h = stem ^ (stem >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** In [0, 1). */
export function chance(seed: number, ...keys: number[]): number {
  return chanceAt(stem(seed, ...keys));
}

export function chanceAt(stem: number): number {
  return ended(stem) / 2 ** 32;
}

/** A whole number in [min, max]. */
export function between(min: number, max: number, seed: number, ...keys: number[]): number {
  return betweenAt(min, max, stem(seed, ...keys));
}

export function betweenAt(min: number, max: number, stem: number): number {
  return min + Math.floor(chanceAt(stem) * (max - min + 1));
}

/** About normal, mean 0, standard deviation 1, never beyond 3.5: the sum of four uniforms is enough for a price path. */
export function bell(seed: number, ...keys: number[]): number {
  return bellAt(stem(seed, ...keys));
}

export function bellAt(stem: number): number {
  const sum = chanceAt(grown(stem, 0)) + chanceAt(grown(stem, 1)) + chanceAt(grown(stem, 2)) + chanceAt(grown(stem, 3));
  return (sum - 2) * Math.sqrt(3);
}
