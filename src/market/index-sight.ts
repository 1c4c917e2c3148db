/** What the index did in the last seconds: what an option's price is judged by. */
import type { IndexSpan } from '../domain/plausibility.ts';
import type { MarketMs, Paise } from '../domain/types.ts';
import { ageOf, type Heard, heardNow } from './moments.ts';

/** An option may still be quoted by what the index was so long ago. */
const SPAN_MS = 5_000;
/** A packet that is farther than this from the one before is garbage: exchanges halt at 10 %. */
const MOST_MOVE = 0.1;

export function createIndexSight() {
  let packets: { price: Paise; exchangeAt: MarketMs | null; heard: Heard }[] = [];

  return {
    take(price: Paise, exchangeAt: MarketMs | null): void {
      const last = packets.at(-1);
      const isNear = !last || Math.abs(price - last.price) <= MOST_MOVE * last.price;
      if (last && !isNear && ageOf(last.heard) <= SPAN_MS) return;
      packets = [
        ...packets.filter(({ heard }) => ageOf(heard) <= SPAN_MS),
        { price, exchangeAt, heard: heardNow() },
      ].slice(-200);
    },

    newest: (): Paise | null => packets.at(-1)?.price ?? null,

    /** Null before the first packet. */
    span(): IndexSpan | null {
      const last = packets.at(-1);
      if (!last) return null;
      const recent = packets.filter(({ heard }) => ageOf(heard) <= SPAN_MS);
      const prices = (recent.length > 0 ? recent : [last]).map(({ price }) => price);
      return { low: Math.min(...prices), high: Math.max(...prices), isFresh: recent.length > 0 };
    },

    /** The exchange's own time of the newest packet of the last seconds; null while the index is silent or tells no time. */
    exchangeAt(): MarketMs | null {
      const last = packets.at(-1);
      return last && ageOf(last.heard) <= SPAN_MS ? last.exchangeAt : null;
    },
  };
}
