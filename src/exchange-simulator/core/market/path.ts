import type { Bar, Paise } from '../../../domain/types.ts';
import { bellAt, chance, grown, hash, stem } from '../random.ts';

/** The index is quoted in steps of 0.05. */
const INDEX_TICK: Paise = 5;

/** How far the walk strays between its fixed points, as a share of the bar's range for a whole bar's time. */
const ROUGHNESS = 0.45;

/**
 * The index second by second inside a recorded bar: starts at its open, ends at its close, touches exactly its high and its low, and never
 * leaves them. A pure function of seed and bar, so every reader (ticks, quotes, candles, option prices) sees one path.
 * `seconds` is the bar's length, at least 4; the answer has one price in paise a second.
 */
export function walkBar(seed: number, bar: Bar, seconds: number): Int32Array {
  const path = new Int32Array(seconds);
  const key = hash(seed, Math.floor(bar.start / 1000), bar.open, bar.close);
  const points = turningPoints(key, bar, seconds);
  const stray = ((bar.high - bar.low) * ROUGHNESS) / Math.sqrt(seconds);
  for (const [at, price] of points) path[at] = price;
  const walk: Walk = { path, drawn: stem(key), low: bar.low, high: bar.high, stray };
  for (let i = 1; i < points.length; i++) {
    const [from] = points[i - 1] as Point;
    const [to] = points[i] as Point;
    bridge(walk, from, to);
  }
  return path;
}

type Walk = { path: Int32Array; drawn: number; low: Paise; high: Paise; stray: number };

type Point = readonly [second: number, price: Paise];

function turningPoints(key: number, bar: Bar, seconds: number): Point[] {
  const last = seconds - 1;
  // A bar that closed higher more often saw its low first; either order is possible.
  const lowFirst = chance(key, 1) < (bar.close >= bar.open ? 0.7 : 0.3);
  // Each extreme has its half of the bar and keeps off its edges, so that no leg has to be run in a few seconds.
  const first = Math.max(1, Math.floor(last * (0.06 + 0.4 * chance(key, 2))));
  const second = Math.max(first + 1, Math.floor(last * (0.54 + 0.4 * chance(key, 3))));
  const [a, b] = lowFirst ? [bar.low, bar.high] : [bar.high, bar.low];
  return [
    [0, bar.open],
    [first, a],
    [second, b],
    [last, bar.close],
  ];
}

/** Fills the seconds strictly between two known ones by halving: each middle is the mean of its ends, displaced. */
function bridge(walk: Walk, from: number, to: number): void {
  if (to - from < 2) return;
  const { path, drawn, low, high, stray } = walk;
  const middle = (from + to) >> 1;
  const mean = ((path[from] ?? 0) + (path[to] ?? 0)) / 2;
  const displaced = mean + bellAt(grown(grown(drawn, middle), 7)) * stray * Math.sqrt((to - from) / 4);
  const onTick = Math.round(displaced / INDEX_TICK) * INDEX_TICK;
  path[middle] = Math.min(high, Math.max(low, onTick));
  bridge(walk, from, middle);
  bridge(walk, middle, to);
}
