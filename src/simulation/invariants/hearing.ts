/** What of the book nobody has been told yet: no list that was answered and no update of the ticker has shown it as it is. */
import type { BrokerOrder, BrokerTrade } from '../../brokers/types.ts';
import { isLasting, type SimOrder } from '../../exchange-simulator/core/types.ts';
import type { Point, World } from '../world/world.ts';
import { contractKey, positionOf, tagOf } from './legs.ts';

type State = Pick<SimOrder, 'orderId' | 'status' | 'filledQuantity'>;

export class Hearing {
  private readonly world: World;
  private readonly canRead: () => boolean;
  /** Orders by their ids, as they are, and those of which that was not told. */
  private readonly orders = new Map<string, SimOrder>();
  private readonly untold = new Set<string>();

  /** `canRead`: the product has a session, without which no list is answered. */
  constructor(world: World, canRead: () => boolean = () => true) {
    this.world = world;
    this.canRead = canRead;
    world.exchange.onOrder((order) => this.note(order));
    // An update asks for a look: what that shows is known when it is answered, and without a session none is.
    world.ticker.onUpdate((order) => {
      if (this.canRead() && !world.faults.delays('orders')) this.tell(order);
    });
    world.hooks.add((point) => this.atPoint(point));
  }

  forget(): void {
    this.orders.clear();
    this.untold.clear();
  }

  /** Who goes on in the place of a run that was lost has been told nothing. */
  forgetTold(): void {
    for (const id of this.orders.keys()) this.untold.add(id);
  }

  /** Something of a position has changed, and nothing can tell of it. */
  isDeafTo(position: string): boolean {
    return this.isDeaf(({ tag, source }) => {
      const parsed = source === undefined ? tagOf(tag) : null;
      return parsed !== null && positionOf(parsed) === position;
    });
  }

  /** Others have traded a contract, and nothing can tell of it. */
  isDeafToOthers(contract: string): boolean {
    return this.isDeaf((order) => contractKey(order) === contract && (order.source !== undefined || !tagOf(order.tag)));
  }

  private isDeaf(concerns: (order: SimOrder) => boolean): boolean {
    if (this.untold.size === 0 || (this.canRead() && !this.world.faults.hides('orders'))) return false;
    return [...this.untold].some((id) => {
      const order = this.orders.get(id);
      return order !== undefined && concerns(order);
    });
  }

  private note(order: SimOrder): void {
    const known = this.orders.get(order.orderId);
    if (!isLasting(order.status) || (known && isSame(known, order))) return;
    this.orders.set(order.orderId, { ...order });
    this.untold.add(order.orderId);
  }

  private tell(told: State): void {
    const known = this.orders.get(told.orderId);
    if (known && isSame(known, told)) this.untold.delete(told.orderId);
  }

  private atPoint(point: Point): void {
    if (point.kind !== 'call' || point.point !== 'answered' || this.untold.size === 0) return;
    const { name } = point.call;
    if (name === 'orders' || name === 'orderHistory') for (const row of point.answer as BrokerOrder[]) this.tell(row);
    if (name === 'trades' || name === 'orderTrades') this.tellTrades(point.answer as BrokerTrade[]);
  }

  /** What was filled is told by its trades as well. */
  private tellTrades(trades: readonly BrokerTrade[]): void {
    for (const id of this.untold) {
      const order = this.orders.get(id);
      const own = new Map(trades.flatMap((trade) => (trade.orderId === id ? [[trade.tradeId, trade.quantity]] : [])));
      const filled = [...own.values()].reduce((sum, quantity) => sum + quantity, 0);
      const isFill = order !== undefined && (order.status === 'COMPLETE' || order.status === 'OPEN');
      if (isFill && filled > 0 && filled === order.filledQuantity) this.untold.delete(id);
    }
  }
}

const isSame = (one: State, other: State): boolean =>
  one.status === other.status && one.filledQuantity === other.filledQuantity;
