/** What our live orders may still do, and whether anybody is there to trade with them. */
import { isFinal } from '../../exchange-simulator/core/types.ts';
import type { World } from '../world/world.ts';
import { type Leg, positionOf, tagOf } from './legs.ts';

/** As `core/admission.ts` says it of an account: no fault has these words. */
const NO_FUNDS = 'Insufficient funds. Required margin is';

/** Somebody takes the other side of what is left of a leg, at a price inside the day's limits. */
export function hasTaker({ exchange }: World, { contract, net }: Leg): boolean {
  if (net === 0) return true;
  const instrument = exchange.find('NFO', contract.split(' ')[1] ?? '');
  const touch = instrument && exchange.touch(instrument);
  if (!touch) return false;
  return net > 0
    ? touch.depth.bids.some(({ price }) => price >= touch.lowerCircuit)
    : touch.depth.asks.some(({ price }) => price <= touch.upperCircuit);
}

/** Units of live orders of ours that buy this position's short back: stops, and exits. */
export function buying(world: World, position: string): number {
  return liveUnits(world, position, 'BUY', 'main');
}

/** An entry order of the short stands in the book. */
export function isSelling({ exchange }: World, position: string): boolean {
  return exchange.orders().some(({ tag, source, status }) => {
    const parsed = source === undefined && !isFinal(status) ? tagOf(tag) : null;
    return parsed?.purpose === 'entry' && parsed.role === 'main' && positionOf(parsed) === position;
  });
}

export function hasLive({ exchange }: World, position: string): boolean {
  const of = exchange.orders().filter(({ status, source }) => source === undefined && !isFinal(status));
  return of.map(({ tag }) => tagOf(tag)).some((tag) => tag !== null && positionOf(tag) === position);
}

/** Units that live orders of ours may still trade. */
export function liveUnits({ exchange }: World, position: string, side: 'BUY' | 'SELL', role: Leg['role']): number {
  let units = 0;
  for (const order of exchange.orders()) {
    if (order.side !== side || isFinal(order.status) || !order.tag || order.source !== undefined) continue;
    const tag = tagOf(order.tag);
    if (tag && tag.role === role && positionOf(tag) === position) units += order.quantity - order.filledQuantity;
  }
  return units;
}

/** The last thing that happened to its orders is that the account has too little for one: what others have sold needs the rest of it. */
export function lacksFunds({ exchange }: World, position: string): boolean {
  const last = exchange.orders().findLast(({ tag, source }) => {
    const known = source === undefined ? tagOf(tag) : null;
    return known !== null && positionOf(known) === position;
  });
  return last?.status === 'REJECTED' && (last.statusMessage ?? '').startsWith(NO_FUNDS);
}
