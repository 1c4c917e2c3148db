/**
 * Sketches of sets: what the workflow knows, small enough to be an activity's input. Pure integer arithmetic, because the workflow VM has no
 * crypto. A sketch proves that something differs; it never proves that nothing does (18 bits a bucket).
 */

/** Something with an id and, where its content matters, the hash of it. */
export type Entry = { id: string; hash: number };

const SUM = 2 ** 18;
/** More orders than this a bucket no account has in a day. */
const COUNT = 64 ** 2;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Two digits for the count, three for the sum. */
const COUNT_CHARS = 2;
const BUCKET_CHARS = 5;
/** Larger buckets are not searched for the subset that the sketch was made of. */
const MOST_SEARCHED = 16;

/** 32 bits: FNV-1a, then murmur's finaliser, since ids differ mostly in their last digits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The lowest 6 x `chars` bits as URL-safe base64 digits. */
export function spell(value: number, chars: number): string {
  let text = '';
  for (let left = value; text.length < chars; left = Math.floor(left / 64)) text += DIGITS[left % 64];
  return text;
}

function numberOf(text: string): number {
  return [...text].reduceRight((value, digit) => value * 64 + DIGITS.indexOf(digit), 0);
}

export const entryOf = (id: string, content = ''): Entry => ({ id, hash: hashOf(`${id}|${content}`) });

/** A bucket is chosen by the id alone, so that a changed content stays in its bucket. */
export function bucketOf(id: string, buckets: number): number {
  return hashOf(id) % buckets;
}

export const bucketsOf = (sketch: string): number => sketch.length / BUCKET_CHARS;

type Bucket = { count: number; sum: number };

function bucketsFrom(entries: Iterable<Entry>, buckets: number): Bucket[] {
  const all = Array.from({ length: buckets }, (): Bucket => ({ count: 0, sum: 0 }));
  for (const { id, hash } of entries) {
    const bucket = all[bucketOf(id, buckets)];
    if (!bucket) continue;
    bucket.count = (bucket.count + 1) % COUNT;
    bucket.sum = (bucket.sum + hash) % SUM;
  }
  return all;
}

function read(sketch: string): Bucket[] {
  return Array.from({ length: bucketsOf(sketch) }, (_, index) => {
    const at = index * BUCKET_CHARS;
    return {
      count: numberOf(sketch.slice(at, at + COUNT_CHARS)),
      sum: numberOf(sketch.slice(at + COUNT_CHARS, at + BUCKET_CHARS)),
    };
  });
}

/** Ids must be unique; order does not matter. */
export function sketchOf(entries: Iterable<Entry>, buckets = 128): string {
  return bucketsFrom(entries, buckets)
    .map(({ count, sum }) => spell(count, COUNT_CHARS) + spell(sum, BUCKET_CHARS - COUNT_CHARS))
    .join('');
}

/** The buckets in which these entries are not the sketch's. */
export function bucketsThatDiffer(sketch: string, entries: Iterable<Entry>): Set<number> {
  const shown = bucketsFrom(entries, bucketsOf(sketch));
  const known = read(sketch);
  return new Set(
    known.flatMap(({ count, sum }, index) =>
      shown[index]?.count === count && shown[index]?.sum === sum ? [] : [index],
    ),
  );
}

/** The buckets whose part of the sketch is not of all these entries and any of those that may be in it. */
export function bucketsNotMadeOf(sketch: string, sure: Iterable<Entry>, maybe: readonly Entry[]): Set<number> {
  const buckets = bucketsOf(sketch);
  const shown = bucketsFrom(sure, buckets);
  const known = read(sketch);
  const differing = known.flatMap(({ count, sum }, index) => {
    const { count: atLeast, sum: partly } = shown[index] ?? { count: 0, sum: 0 };
    const others = maybe.filter(({ id }) => bucketOf(id, buckets) === index).map(({ hash }) => hash % SUM);
    return count >= atLeast && areSummedBy(others, count - atLeast, (sum - partly + SUM) % SUM) ? [] : [index];
  });
  return new Set(differing);
}

/**
 * The buckets in which an id of the sketch is certainly not among these: fewer of them than the sketch has, or no choice of as many gives its
 * sum. A bucket with many more ids than the sketch knew is given the benefit of the doubt.
 */
export function missingFrom(sketch: string, ids: Iterable<string>): Set<number> {
  const buckets = bucketsOf(sketch);
  const hashes = Array.from({ length: buckets }, (): number[] => []);
  for (const id of ids) hashes[bucketOf(id, buckets)]?.push(entryOf(id).hash % SUM);
  const missing = read(sketch).flatMap(({ count, sum }, index) => {
    const shown = hashes[index] ?? [];
    const added = shown.length - count;
    if (added < 0) return [index];
    const total = shown.reduce((all, hash) => (all + hash) % SUM, 0);
    if (added > 0 && shown.length > MOST_SEARCHED) return [];
    return areSummedBy(shown, added, (total - sum + SUM) % SUM) ? [] : [index];
  });
  return new Set(missing);
}

/** Whether some `count` of these hashes add up to `sum`. */
function areSummedBy(hashes: readonly number[], count: number, sum: number, from = 0): boolean {
  if (count === 0) return sum === 0;
  for (let index = from; index <= hashes.length - count; index += 1)
    if (areSummedBy(hashes, count - 1, (sum - (hashes[index] ?? 0) + SUM) % SUM, index + 1)) return true;
  return false;
}
