/** What open legs would fetch now: the journal's last prices joined to the day's fills. */
import type { LegView, PositionView } from '../../workflows/messages.ts';
import type { LastPrice, Paise, WallMs } from '../domain/types.ts';

export type Prices = ReadonlyMap<number, LastPrice>;

export function pricesByToken(prices: readonly LastPrice[]): Prices {
  return new Map(prices.map((price) => [price.instrumentToken, price]));
}

/** Closing a sold leg costs the ask, a bought one fetches the bid; where nobody quotes, the last price. */
export function markOf(leg: LegView, prices: Prices): Paise | null {
  const known = prices.get(leg.instrumentToken);
  if (!known) return null;
  return (leg.side === 'SELL' ? known.ask : known.bid) ?? known.price;
}

/** Paise, before charges; null while an open leg has no price. */
export function unrealised(position: PositionView, prices: Prices): Paise | null {
  let sum = 0;
  for (const leg of position.legs) {
    if (leg.openQuantity === 0) continue;
    const mark = markOf(leg, prices);
    if (mark === null || leg.entryPrice === null) return null;
    sum += (leg.side === 'SELL' ? leg.entryPrice - mark : mark - leg.entryPrice) * leg.openQuantity;
  }
  return Math.round(sum);
}

/** Wall time of the oldest price that the open legs are marked with. */
export function oldestPrice(positions: readonly PositionView[], prices: Prices): WallMs | null {
  const times = positions
    .flatMap((position) => position.legs)
    .flatMap((leg) => (leg.openQuantity > 0 ? (prices.get(leg.instrumentToken)?.at ?? []) : []));
  return times.length > 0 ? Math.min(...times) : null;
}
