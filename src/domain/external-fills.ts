/** External fills in a contract of ours: which of them closed what was ours. */
import type { MarketMs, Paise } from './types.ts';

export type ExternalFill = { tradeId: string; quantity: number; price: Paise; at: MarketMs };

/**
 * The share of `fills` that closed `units` of ours, oldest first. A foreign position was closed
 * first, so ours are the newest fills. `taken` are units by trade id that were counted before; a trade that is taken in parts gets
 * another id for each part. May come to less than `units`: what is missing has no fill to show.
 */
export function shareOfFills(
  fills: readonly ExternalFill[],
  units: number,
  taken: ReadonlyMap<string, number>,
): ExternalFill[] {
  const share: ExternalFill[] = [];
  let left = units;
  for (const fill of [...fills].sort((a, b) => b.at - a.at || b.tradeId.localeCompare(a.tradeId))) {
    const before = taken.get(fill.tradeId) ?? 0;
    const quantity = Math.min(left, fill.quantity - before);
    if (quantity <= 0) continue;
    share.push({ ...fill, quantity, tradeId: partOf(fill.tradeId, before) });
    left -= quantity;
  }
  return share.reverse();
}

/** The id of a trade's part that begins after `offset` of its units. */
function partOf(tradeId: string, offset: number): string {
  return offset === 0 ? tradeId : `${tradeId}/${offset}`;
}

/** The broker's trade that a share is of. */
export function tradeOfShare(tradeId: string): string {
  return tradeId.split('/')[0] ?? tradeId;
}
