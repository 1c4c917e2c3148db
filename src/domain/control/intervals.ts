/**
 * What is held lies between what was surely filled and what may still be: every rule of safety is an inequality over these bounds
 * (docs/order-policy.md). Quantities in units, signed only where it is said.
 */
import type { ContractRef } from '../contracts.ts';
import type { Paise } from '../types.ts';
import type { ControlFacts, Leg, Order, Position } from './facts.ts';

/** From `lo`, what is certain, to `hi`, what is possible. */
export type Interval = { lo: number; hi: number };

/** An order that is new to the ledger: what it would do before it is sent. */
export type Draft = Pick<Order, 'positionId' | 'role' | 'tradingsymbol' | 'side' | 'quantity'>;

/** What an order has surely filled. An external closing counts for nothing until it is booked. */
export function surely(order: Order): number {
  return order.takenFrom !== undefined && order.booked === false ? 0 : order.filledQuantity;
}

/** The most that an order may have filled in the end. */
export function possibly(order: Order): number {
  return isOver(order) ? order.filledQuantity : order.quantity;
}

/** Nothing of it can fill any more, as far as anybody knows. */
export function isOver({ phase }: Pick<Order, 'phase'>): boolean {
  return phase === 'ended' || phase === 'not_sent' || phase === 'absent';
}

export function mayFill(order: Order): boolean {
  return possibly(order) > order.filledQuantity;
}

/** The price that it is known to have been given last, shown or not. */
export function priceAsked({ price, accepted = 0 }: Pick<Order, 'price' | 'accepted'>): Paise {
  return Math.max(price, accepted);
}

/** An order of the broker's own square-off that may still fill. */
export function isBrokers(order: Order): boolean {
  return order.takenFrom === 'broker' && mayFill(order);
}

/** In the book or on its way there by the broker's word: it can be changed and cancelled. */
export function isLive({ phase }: Pick<Order, 'phase'>): boolean {
  return phase === 'accepted' || phase === 'working' || phase === 'resting';
}

export function ordersOf(facts: Pick<ControlFacts, 'orders' | 'carriedOrders'>, { id }: Pick<Position, 'id'>): Order[] {
  return [...facts.carriedOrders, ...Object.values(facts.orders)].filter(({ positionId }) => positionId === id);
}

export function ordersOfLeg(orders: readonly Order[], leg: Leg): Order[] {
  return orders.filter(({ role, tradingsymbol }) => role === leg.role && tradingsymbol === leg.contract.tradingsymbol);
}

/** Units that a leg holds in the direction in which it was opened. Below zero more was closed than opened. */
export function heldOf(orders: readonly Order[], leg: Leg, unheard: Position['unheard'] = []): Interval {
  const held = { lo: 0, hi: 0 };
  for (const order of ordersOfLeg(orders, leg)) {
    // Of the days before: what its end was shows in the overnight net.
    const most = possibly(order) + (unheard.find(({ tag }) => tag === order.tag)?.units ?? 0);
    if (order.side === leg.opens) {
      held.lo += surely(order);
      held.hi += most;
    } else {
      held.lo -= most;
      held.hi -= surely(order);
    }
  }
  return held;
}

/** What others have closed of a leg, while nobody has said whose trades they were. Units. */
export function unansweredOf(orders: readonly Order[], leg: Leg): number {
  const asked = ordersOfLeg(orders, leg).filter(({ booked }) => booked === false);
  return asked.reduce((sum, { filledQuantity }) => sum + filledQuantity, 0);
}

/** What is held by what is known to be filled: what undoes it counts once it has. */
export function filledOf(orders: readonly Order[], leg: Leg, unheard: Position['unheard'] = []): number {
  let units = 0;
  for (const order of ordersOfLeg(orders, leg)) {
    if (order.side !== leg.opens) units -= surely(order);
    else units += surely(order) + (unheard.find(({ tag }) => tag === order.tag)?.units ?? 0);
  }
  return units;
}

/** Of one product, expiry and option type: any of its longs bounds what any of its shorts can lose. */
export function seriesOf({ expiry, optionType }: ContractRef, { plan }: Position): string {
  return `${plan.product}:${expiry}:${optionType}`;
}

/** A signal's position that was planned without a hedge has nothing to be covered by. */
export function needsCover({ signal, plan }: Position): boolean {
  return signal === 'manual' || plan.hedge !== null;
}

/**
 * I1: the least that the longs of a series exceed its shorts by, over all positions. Below zero a short is, or may become, naked.
 * Positions without a hedge by plan are left out. `drafts` are reckoned as if they were in flight. What was closed twice covers nothing.
 */
export function coverSlack(
  facts: Pick<ControlFacts, 'positions' | 'orders' | 'carriedOrders'>,
  series: string,
  drafts: readonly Draft[] = [],
): number {
  let slack = 0;
  for (const position of facts.positions) {
    if (!needsCover(position)) continue;
    const orders = ordersOf(facts, position);
    for (const leg of position.legs) {
      if (seriesOf(leg.contract, position) !== series) continue;
      const held = heldOf(orders, leg, position.unheard);
      const selling = drafts
        .filter((draft) => draft.side === 'SELL' && isOfLeg(draft, position, leg))
        .reduce((sum, { quantity }) => sum + quantity, 0);
      slack += leg.opens === 'SELL' ? -Math.max(0, held.hi + selling) : Math.max(0, held.lo - selling);
    }
  }
  return slack;
}

function isOfLeg(draft: Draft, { id }: Position, { role, contract }: Leg): boolean {
  return draft.positionId === id && draft.role === role && draft.tradingsymbol === contract.tradingsymbol;
}

/** Shorts of a series that the position's own longs do not cover. Units. */
export function lackOf(orders: readonly Order[], position: Position, series: string): number {
  if (!needsCover(position)) return 0;
  let lack = 0;
  for (const leg of position.legs) {
    if (seriesOf(leg.contract, position) !== series) continue;
    const held = heldOf(orders, leg, position.unheard);
    lack += leg.opens === 'SELL' ? Math.max(0, held.hi) : -Math.max(0, held.lo);
  }
  return Math.max(0, lack);
}

/**
 * Units of a position's shorts that are naked by what has surely traded, whatever is still on its way: trades of others too, for a leg as for
 * its cover, acknowledged or not. What the series lacks is looked for where a position's own longs do not cover it: at those that leave anyway
 * first, then the newest.
 */
export function nakedOf(facts: ControlFacts, position: Position, series: string): number {
  const traded = {
    positions: facts.positions,
    carriedOrders: facts.carriedOrders,
    orders: Object.fromEntries(
      Object.entries(facts.orders).map(([tag, order]) => [tag, { ...order, phase: 'ended' as const, booked: true }]),
    ),
  };
  let naked = Math.max(0, -coverSlack(traded, series));
  const newest = facts.positions.toReversed();
  for (const other of [...newest.filter(({ exit }) => exit), ...newest.filter(({ exit }) => !exit)]) {
    const lack = Math.min(naked, lackOf(ordersOf(traded, other), other, series));
    if (other.id === position.id) return lack;
    naked -= lack;
  }
  return 0;
}

/**
 * Whether an order may be sent: nothing is closed that is not surely held (I2 for shorts, I3 for longs), and no series becomes naked (I1),
 * or more naked than it is. Undoing what was closed twice is never forbidden.
 */
export function mayBeSent(
  facts: ControlFacts,
  position: Position,
  leg: Leg,
  draft: Draft,
  before: readonly Draft[] = [],
): boolean {
  const drafted = before
    .filter((other) => isOfLeg(other, position, leg) && other.side !== leg.opens)
    .reduce((sum, { quantity }) => sum + quantity, 0);
  const held = heldOf(ordersOf(facts, position), leg, position.unheard);
  if (draft.side !== leg.opens && held.lo - drafted - draft.quantity < 0) return false;
  if (draft.side === 'BUY' || !needsCover(position)) return true;
  const series = seriesOf(leg.contract, position);
  const slack = coverSlack(facts, series, [...before, draft]);
  return slack >= 0 || slack >= coverSlack(facts, series, before);
}

/** Average price of a leg's fills on one side, in paise; null without a fill. */
export function averageOf(orders: readonly Order[], leg: Leg, side: Leg['opens']): number | null {
  const fills = ordersOfLeg(orders, leg).flatMap((order) => (order.side === side ? order.fills : []));
  const quantity = fills.reduce((sum, fill) => sum + fill.quantity, 0);
  if (quantity === 0) return null;
  return Math.round(fills.reduce((sum, fill) => sum + fill.quantity * fill.price, 0) / quantity);
}

/** What a leg was opened at, in paise: where its trades are not heard yet, the limit of what has filled stands in. Null before a fill. */
export function openedAtPrice(orders: readonly Order[], leg: Leg): number | null {
  const known = averageOf(orders, leg, leg.opens);
  if (known !== null) return known;
  const filled = ordersOfLeg(orders, leg).find(
    ({ side, filledQuantity, price }) => side === leg.opens && filledQuantity > 0 && price > 0,
  );
  return filled?.price ?? null;
}

/** A run was lost during its entry, and nobody has read a book since: what it may hold stands nowhere. */
export function isUnseen(facts: Pick<ControlFacts, 'book' | 'waitsForBook'>, position: Position): boolean {
  return position.keepsHedgeUntil !== undefined && facts.waitsForBook !== null && facts.book.readAt === null;
}

/** Nothing is short any more, and what is left of the hedge is offered at the best price that it may show: bounded, and nobody takes it. */
export function isResidual(position: Position, orders: readonly Order[]): boolean {
  const short = position.legs.some((leg) => leg.opens === 'SELL' && heldOf(orders, leg, position.unheard).hi > 0);
  const pending = orders.filter(mayFill);
  return position.signal !== 'manual' && !short && pending.length > 0 && pending.every(({ atBest }) => atBest === true);
}

/** Of an order that the broker has given an id, until a list or an update shows it. */
export const TAKEN = 'SENT';

/** The broker has given it an id, and no list nor update has ever shown it: a person may know that it is not there. */
export function isOnlyTaken({ phase, status }: Pick<Order, 'phase' | 'status'>): boolean {
  return phase === 'accepted' && status === TAKEN;
}
