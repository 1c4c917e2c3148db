/** Leaving: no leg short, then no leg long; it holds until it is true (TRADING section 5). */
import type { Look } from './action.ts';
import { cancelExcess, trade } from './closing.ts';
import { surplusOf } from './entry.ts';
import type { Leg } from './facts.ts';
import {
  coverSlack,
  heldOf,
  lackOf,
  mayFill,
  needsCover,
  ordersOf,
  ordersOfLeg,
  seriesOf,
  unansweredOf,
} from './intervals.ts';

export function leave(look: Look): void {
  const { position, orders } = look;
  cancelOpenings(look);
  const shorts = position.legs.filter(({ opens }) => opens === 'SELL');
  for (const leg of shorts) close(look, leg, heldOf(orders, leg, position.unheard).lo);
  if (shorts.some((leg) => isLeaving(look, leg))) {
    keepCover(look);
    return;
  }
  for (const leg of position.legs.filter(({ opens }) => opens === 'BUY')) closeLong(look, leg);
}

/** Something of it is short, or may be, that is bought back first. What others may have bought back keeps its hedge by itself. */
function isLeaving({ orders, position }: Look, leg: Leg): boolean {
  const { hi } = heldOf(orders, leg, position.unheard);
  return hi > 0 && (hi > unansweredOf(orders, leg) || ordersOfLeg(orders, leg).some(mayFill));
}

/** A sell that shows after all is covered by what is still offered. */
function keepCover(look: Look): void {
  const { facts, position, orders } = look;
  const isLacking = (leg: Leg) => {
    const series = seriesOf(leg.contract, position);
    return needsCover(position) && coverSlack(facts, series) < 0 && lackOf(orders, position, series) > 0;
  };
  for (const leg of position.legs.filter(({ opens }) => opens === 'BUY').filter(isLacking))
    for (const order of ordersOfLeg(orders, leg))
      if (order.side === 'SELL' && order.takenFrom === undefined && mayFill(order)) look.cancel(order);
}

/** What still opens is not wanted any more. What of it fills all the same is left with the rest. */
function cancelOpenings(look: Look): void {
  // An unwind on this side brings back what was closed twice.
  for (const leg of look.position.legs)
    for (const order of ordersOfLeg(look.orders, leg))
      if (order.side === leg.opens && order.purpose !== 'unwind' && mayFill(order)) look.cancel(order);
}

/** So many units of the leg are surely held and nothing closes them yet; below zero what may close them is too much. */
function close(look: Look, leg: Leg, units: number): void {
  const side = leg.opens === 'SELL' ? 'BUY' : 'SELL';
  const closings = ordersOfLeg(look.orders, leg).filter(
    (order) => order.side === side && order.takenFrom === undefined,
  );
  const unwanted = units < 0 ? cancelExcess(look, closings, -units) : new Set();
  const orders = closings.filter((order) => !unwanted.has(order));
  trade(look, { leg, side, purpose: 'exit', orders }, units);
}

function closeLong(look: Look, leg: Leg): void {
  const { facts, position, orders } = look;
  const held = heldOf(orders, leg, position.unheard);
  const free = Math.min(held.lo, surplusOf(look, leg));
  close(look, leg, held.lo < 0 ? held.lo : free);
  const kept = held.lo - free;
  if (kept <= 0 || free > 0 || orders.some(mayFill)) return;
  if (coverSlack(facts, seriesOf(leg.contract, position)) >= held.lo) return;
  handCover(look, leg, kept);
}

/** What another position's short still needs is given to it: this one is then closed. */
function handCover(look: Look, leg: Leg, units: number): void {
  const { facts, position } = look;
  for (const other of facts.positions) {
    if (other.id === position.id) continue;
    const orders = ordersOf(facts, other);
    const lack = lackOf(orders, other, seriesOf(leg.contract, position));
    // What it may be selling there would go with what it is given.
    if (lack <= 0 || heldOf(orders, leg).lo < 0) continue;
    look.add({ do: 'hand_cover', to: other.id, leg, units: Math.min(units, lack) });
    return;
  }
}
