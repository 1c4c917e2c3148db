import { parseAccept } from 'hono/utils/accept';

/**
 * Which of the offered media types an `Accept` header asks for (RFC 9110, section 12.5.1): the highest weight, in doubt the first offered;
 * null when it takes none. Without the header, the first.
 */
export function chosenType<Type extends string>(
  header: string | undefined,
  offered: readonly [Type, ...Type[]],
): Type | null {
  if (!header?.trim()) return offered[0];
  const ranges = parseAccept(header).map(({ type, q }) => ({ range: type.toLowerCase(), weight: q }));
  const weighed = offered.map((type) => ({ type, weight: weightOf(type, ranges) }));
  const best = Math.max(...weighed.map(({ weight }) => weight));
  return best > 0 ? (weighed.find(({ weight }) => weight === best)?.type ?? null) : null;
}

/** The most specific range that covers a type decides, so that `text/html;q=0` excludes it from a wildcard. */
function weightOf(type: string, ranges: readonly { range: string; weight: number }[]): number {
  for (const candidate of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === candidate);
    if (found) return found.weight;
  }
  return 0;
}
