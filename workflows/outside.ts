/** Fills of somebody else that closed what was ours: taken into the ledger, so that it says what the broker says. */
import type { ContractRef, OutsideOrder } from '../activities/contract.ts';
import { type OutsideFill, partOf, shareOfFills, tradeOfShare } from '../src/domain/outside-fills.ts';
import type { Paise, Product, Side } from '../src/domain/types.ts';
import type { Day } from './day.ts';
import type { LegRole, OrderView } from './messages.ts';

/** What others have done to a position's contracts, as last seen. */
export type Outside = {
  /** Units by trading symbol since the day began, + is bought, but for what was taken into the ledger. */
  moved: Record<string, number>;
  orders: OutsideOrder[];
  /** Units of ours that they bought back of the main leg, and sold of the hedge. */
  bought: number;
  sold: number;
  /** Units of the main contract that they sold beyond any long: the hedge for them is kept until somebody has acknowledged it. */
  added: number;
  /** Questions about it that are over: answered, or withdrawn. */
  questions: number;
  /** Another position's look has seen that this one's share is not what was seen last. */
  stale: boolean;
  /** Its stops and its hedge may not fit what is still sold. */
  unfit: boolean;
};

/** A holding of ours that others may have closed: of a signal, or opened by hand. */
export interface Held {
  readonly id: string;
  readonly day: Day;
  readonly plan: { product: Product };
  readonly outside: Outside;
  orders(): OrderView[];
  short(slice?: number): number;
  long(): number;
  average(role: LegRole, side: Side): Paise | null;
  contract(role: LegRole): ContractRef;
}

export function nothingOutside(): Outside {
  return { moved: {}, orders: [], bought: 0, sold: 0, added: 0, questions: 0, stale: false, unfit: false };
}

type Taken = Pick<OrderView, 'orderId' | 'quantity' | 'orderType' | 'price' | 'status' | 'statusMessage'> & {
  from: 'broker' | 'person';
  tag: string;
};

const WHOSE = { broker: 'Zerodha closed it: its own square-off.', person: 'Somebody closed it by hand.' } as const;

/** Takes fills of these orders for what they closed of ours, and no more. Answers the units. */
export function takeOutside(position: Held, orders: readonly OutsideOrder[], from: 'broker' | 'person'): number {
  let units = 0;
  for (const [role, missing] of missingLegs(position)) {
    const closing = closingOrders(position, role, orders);
    for (const share of sharesOf(position, closing, missing)) {
      const order = closing.find((known) => known.fills.some(({ tradeId }) => tradeId === tradeOfShare(share.tradeId)));
      if (!order) continue;
      const { orderId, quantity, orderType, price, status } = order;
      const statusMessage = WHOSE[from];
      bookFill(position, role, share, {
        ...{ orderId, quantity, orderType, price, status, statusMessage, from },
        tag: `OUTSIDE-${orderId}-${position.id}`,
      });
      units += share.quantity;
    }
  }
  if (units > 0) {
    position.day.log(
      'alert',
      `closed_by_${from}`,
      `${position.id}: ${units} units were closed outside. ${WHOSE[from]}`,
    );
  }
  return units;
}

/** Whether trades in the broker's lists show how all of it went. Where they do not, positions may only lag behind the orders. */
export function isShown(position: Held): boolean {
  const { orders, added } = position.outside;
  const shown = missingLegs(position).every(([role, missing]) => {
    const closing = closingOrders(position, role, orders);
    return sharesOf(position, closing, missing).reduce((sum, { quantity }) => sum + quantity, 0) === missing;
  });
  if (added === 0) return shown;
  const { tradingsymbol } = position.contract('main');
  const sales = orders.filter((order) => order.tradingsymbol === tradingsymbol && order.side === 'SELL');
  return shown && sales.flatMap(({ fills }) => fills).reduce((sum, { quantity }) => sum + quantity, 0) >= added;
}

function closingOrders(position: Held, role: LegRole, orders: readonly OutsideOrder[]): OutsideOrder[] {
  const { tradingsymbol } = position.contract(role);
  const side = role === 'main' ? 'BUY' : 'SELL';
  return orders.filter((order) => order.tradingsymbol === tradingsymbol && order.side === side);
}

function sharesOf({ day }: Held, closing: readonly OutsideOrder[], missing: number): OutsideFill[] {
  return shareOfFills(
    closing.flatMap((order) => order.fills),
    missing,
    takenBefore(day),
  );
}

/** What is missing at the broker without any trade to show, e.g. after a conversion: booked at what it was opened for, and said. */
export function takeUnpriced(position: Held): void {
  const { day } = position;
  for (const [role, missing] of missingLegs(position)) {
    // It may have been an order of ours whose answer never came: that one shows itself, or the day stays open.
    if (position.orders().some((order) => order.role === role && ['ABSENT', 'IN DOUBT'].includes(order.status)))
      continue;
    const price = position.average(role, role === 'main' ? 'SELL' : 'BUY') ?? 0;
    const { tradingsymbol } = position.contract(role);
    const tag = `OUTSIDE-${tradingsymbol}-${position.id}-${position.outside.questions}`;
    bookFill(position, role, { tradeId: tag, quantity: missing, price, at: day.now() }, unpriced(tag, missing, price));
    day.warn(
      `unpriced:${tag}`,
      'unpriced',
      `${position.id}: ${missing} ${tradingsymbol} are gone at Zerodha without a trade to show. They are booked at ${(price / 100).toFixed(2)}, what they were opened for: the result leaves out what they made.`,
      true,
    );
  }
}

function unpriced(tag: string, quantity: number, price: Paise): Taken {
  const statusMessage = 'Closed by hand at a price that Zerodha does not show.';
  return { tag, orderId: null, quantity, orderType: 'UNKNOWN', price, status: 'CLOSED', statusMessage, from: 'person' };
}

function missingLegs({ outside }: Held): [LegRole, number][] {
  const legs: [LegRole, number][] = [
    ['main', outside.bought],
    ['hedge', outside.sold],
  ];
  return legs.filter(([, units]) => units > 0);
}

function takenBefore(day: Day): Map<string, number> {
  const taken = new Map<string, number>();
  for (const order of day.orders.values()) {
    if (order.takenFrom === undefined) continue;
    for (const { tradeId, quantity } of order.fills) {
      const trade = tradeOfShare(tradeId);
      taken.set(trade, (taken.get(trade) ?? 0) + quantity);
    }
  }
  return taken;
}

/** The main leg is bought back slice by slice, as its own exits would. */
function bookFill(position: Held, role: LegRole, fill: OutsideFill, of: Taken): void {
  const { outside } = position;
  const { tradingsymbol } = position.contract(role);
  const slices = [...new Set(position.orders().flatMap((order) => (order.role === role ? order.slice : [])))].sort(
    (a, b) => a - b,
  );
  let left = fill.quantity;
  for (const [index, slice] of slices.entries()) {
    const last = index === slices.length - 1;
    const quantity = role === 'hedge' ? (last ? left : 0) : Math.min(left, Math.max(0, position.short(slice)));
    if (quantity === 0) continue;
    const [trade = fill.tradeId, offset = '0'] = fill.tradeId.split('/');
    const tradeId = partOf(trade, Number(offset) + fill.quantity - left);
    addFill(takenOrder(position, role, slice, of), { ...fill, tradeId, quantity });
    left -= quantity;
  }
  const booked = fill.quantity - left;
  if (role === 'main') outside.bought -= booked;
  else outside.sold -= booked;
  const moved = outside.moved[tradingsymbol] ?? 0;
  outside.moved[tradingsymbol] = moved + (role === 'main' ? -booked : booked);
}

function takenOrder(position: Held, role: LegRole, slice: number, of: Taken): OrderView {
  const { day, plan } = position;
  const { from, ...view } = of;
  const tag = `${of.tag}-${slice}`;
  const known = day.orders.get(tag);
  const order: OrderView = known ?? {
    ...view,
    tag,
    positionId: position.id,
    role,
    purpose: 'exit',
    slice,
    tradingsymbol: position.contract(role).tradingsymbol,
    side: role === 'main' ? 'BUY' : 'SELL',
    product: plan.product,
    filledQuantity: 0,
    averagePrice: 0,
    triggerPrice: 0,
    touch: null,
    fills: [],
    takenFrom: from,
    intendedAt: day.now(),
    updatedAt: day.now(),
  };
  order.status = of.status;
  day.orders.set(tag, order);
  day.touchOrder(order);
  return order;
}

function addFill(order: OrderView, fill: OutsideFill): void {
  order.fills.push(fill);
  order.filledQuantity += fill.quantity;
  const value = order.fills.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
  order.averagePrice = Math.round(value / order.filledQuantity);
}
