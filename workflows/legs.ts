/** What is held of a position, leg by leg, from its orders' fills alone. Quantities in units. */
import type { Paise, Side } from '../src/domain/types.ts';
import type { LegRole, OrderView } from './messages.ts';
import { nothingOutside } from './outside.ts';

/** Slices of the main leg that was ever ordered. */
export function slicesOf(orders: readonly OrderView[]): number[] {
  const slices = orders.flatMap((order) => (order.role === 'main' ? order.slice : []));
  return [...new Set(slices)].sort((a, b) => a - b);
}

/** Of a slice's short, what is ours to buy back: what somebody bought back by hand was of the first slices. */
export function leftOfSlice(
  of: { outside: { bought: number }; slices(): number[]; short(slice: number): number },
  slice: number,
): number {
  let byHand = of.outside.bought;
  for (const earlier of of.slices().filter((known) => known < slice)) {
    byHand -= Math.min(byHand, Math.max(0, of.short(earlier)));
  }
  return Math.max(0, of.short(slice) - byHand);
}

export abstract class Legs {
  /** What somebody else has done to our contracts, as last seen. */
  readonly outside = nothingOutside();

  abstract orders(): OrderView[];

  /** Of the main leg, in their order: each has its own stop and its own exit. */
  slices(): number[] {
    return slicesOf(this.orders());
  }

  /** Sold and not bought back of the main leg, units. */
  short(slice?: number): number {
    return this.filled('main', 'SELL', slice) - this.filled('main', 'BUY', slice);
  }

  /** Bought and not sold of the hedge, units. */
  long(): number {
    return this.filled('hedge', 'BUY') - this.filled('hedge', 'SELL');
  }

  filled(role: LegRole, side: Side, slice?: number): number {
    return this.legOrders(role, side, slice).reduce((sum, order) => sum + order.filledQuantity, 0);
  }

  /** Average price of a leg's fills, null without one. */
  average(role: LegRole, side: Side, slice?: number): Paise | null {
    const fills = this.legOrders(role, side, slice).flatMap((order) => order.fills);
    const quantity = fills.reduce((sum, fill) => sum + fill.quantity, 0);
    if (quantity === 0) return null;
    return Math.round(fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0) / quantity);
  }

  private legOrders(role: LegRole, side: Side, slice?: number): OrderView[] {
    return this.orders().filter(
      (order) => order.role === role && order.side === side && (slice === undefined || order.slice === slice),
    );
  }
}

export abstract class HedgedLegs extends Legs {
  /** Of the hedge, what covers no short any more, units. A main leg that was bought back twice asks for no hedge. */
  surplusHedge(): number {
    return this.long() - Math.max(0, this.short()) - this.outside.added;
  }

  /** Of a slice's short, what is ours to buy back: less what somebody bought back by hand. */
  toBuyBack(slice: number): number {
    return leftOfSlice(this, slice);
  }

  /** Of the hedge, what may be sold: less what somebody sold by hand. Selling that again would be a naked short. */
  toSellOfHedge(): number {
    // A short that was bought back by hand needs no hedge either.
    const covered = Math.max(0, this.short() - this.outside.bought);
    return Math.max(0, this.long() - covered - this.outside.added - this.outside.sold);
  }
}
