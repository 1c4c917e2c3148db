/** What is held, by the exchange's own fills: ours by position and contract, and what others have traded of the same contracts. */

import { istDate } from '../../domain/clock.ts';
import { type OrderTag, parseTag, positionIdOf } from '../../domain/tags.ts';
import type { IsoDate, MarketMs, Side } from '../../domain/types.ts';
import type { SimFill, SimOrder } from '../../exchange-simulator/core/types.ts';

/** A leg of a position of ours. Units; sold is negative. */
export type Leg = {
  position: string;
  contract: string;
  role: OrderTag['role'];
  net: number;
  /** Paise, of what was closed, and what is open has cost or fetched. */
  realised: number;
  cost: number;
  openedAt: MarketMs;
};

/** An order's fill, with the order as it was then. */
export type FillOf = { order: SimOrder; fill: SimFill; tag: OrderTag | null };

export const contractKey = ({ product, tradingsymbol }: { product: string; tradingsymbol: string }): string =>
  `${product} ${tradingsymbol}`;
const tags = new Map<string, OrderTag | null>();
const MOST_TAGS = 10_000;

/** What a tag of ours says; null for one that is not spelled like ours. Each is read once. */
export function tagOf(tag: string | null | undefined): OrderTag | null {
  if (!tag) return null;
  const known = tags.get(tag);
  if (known !== undefined) return known;
  if (tags.size >= MOST_TAGS) tags.clear();
  const parsed = parseTag(tag);
  tags.set(tag, parsed);
  return parsed;
}

/** As the product calls it: `P1` of a signal, `M1` of a person. */
export const positionOf: (tag: OrderTag) => string = positionIdOf;
export const signed = (side: Side, quantity: number): number => (side === 'BUY' ? quantity : -quantity);

type External = { at: MarketMs; quantity: number; price: number };

export class Legs {
  readonly legs = new Map<string, Leg>();
  /** Signed trades of others by contract, in their order. */
  private readonly externals = new Map<string, External[]>();
  /** What others held of a contract when ours began: only what they trade beyond it closes ours. */
  private readonly foreign = new Map<string, number>();
  private readonly seen = new Map<string, number>();
  /** Cover that others had sold when the day ended: what it covered is made good from the next open on (CONTROL, what is safe). */
  private readonly soldOverNight = new Map<string, number>();
  /** Contracts that were one position's short and another's hedge at a close that nobody could read: no net tells what is left of either. */
  readonly untellable = new Set<string>();
  /** Contracts of ours of which others had closed some by then: whose trades they were is asked the next morning. */
  readonly closedUnread = new Set<string>();
  private realisedBefore = 0;

  /** Fills of an order that were not there before. */
  newFills(order: SimOrder): FillOf[] {
    const known = this.seen.get(order.orderId) ?? 0;
    if (order.fills.length === known) return [];
    this.seen.set(order.orderId, order.fills.length);
    const tag = order.source === undefined ? tagOf(order.tag) : null;
    return order.fills.slice(known).map((fill) => ({ order, fill, tag }));
  }

  legOf(tag: OrderTag, order: SimOrder): Leg {
    const contract = contractKey(order);
    const position = positionOf(tag);
    const key = `${position} ${contract}`;
    const known = this.legs.get(key) ?? this.renumbered(tag, position, contract);
    if (known) return known;
    const leg: Leg = { position, contract, role: tag.role, net: 0, realised: 0, cost: 0, openedAt: 0 };
    this.legs.set(key, leg);
    return leg;
  }

  /** By the product's own word, each morning: what was carried is called otherwise today. */
  rename(from: string, to: string, today: IsoDate): void {
    const legs = [...this.legs.values()];
    this.legs.clear();
    for (const leg of legs) {
      if (leg.position === from && leg.net !== 0 && istDate(leg.openedAt) < today) leg.position = to;
      this.legs.set(`${leg.position} ${leg.contract}`, leg);
    }
  }

  /** An order that may fill later is of the position that it is called after from now on. */
  follow(tag: OrderTag, order: SimOrder): void {
    const position = positionOf(tag);
    const contract = contractKey(order);
    if (!this.legs.has(`${position} ${contract}`)) this.renumbered(tag, position, contract);
  }

  /** What is carried gets another number where an earlier one was closed: an exit that has no leg yet is of the one that was handed over. */
  private renumbered(tag: OrderTag, position: string, contract: string): Leg | undefined {
    if (tag.purpose === 'entry') return undefined;
    for (const [key, leg] of this.legs) {
      const isOlder = leg.net !== 0 && istDate(leg.openedAt) < tag.date && leg.position[0] === position[0];
      if (!isOlder || leg.contract !== contract || leg.role !== tag.role) continue;
      this.legs.delete(key);
      leg.position = position;
      this.legs.set(`${position} ${contract}`, leg);
      return leg;
    }
    return undefined;
  }

  /** A new day numbers its positions anew: those that are closed are forgotten. `isUnread`: nobody was logged in at the close. */
  forgetClosed(isUnread: boolean): void {
    this.untellable.clear();
    this.closedUnread.clear();
    if (isUnread) this.noteUnread();
    this.soldOverNight.clear();
    for (const key of this.externals.keys()) {
      if (this.ofContract(key) > 0) this.soldOverNight.set(key, this.closedByOthers(key, Number.POSITIVE_INFINITY));
      this.bookOthers(key);
    }
    this.externals.clear();
    const open = new Set([...this.legs.values()].flatMap(({ net, position }) => (net === 0 ? [] : [position])));
    for (const [key, { position }] of this.legs) if (!open.has(position)) this.legs.delete(key);
    this.realisedBefore = this.realised();
  }

  private noteUnread(): void {
    for (const contract of this.onBothSides()) this.untellable.add(contract);
    for (const { net, contract } of this.legs.values())
      if (net !== 0 && this.closedByOthers(contract, Number.POSITIVE_INFINITY) > 0) this.closedUnread.add(contract);
  }

  private onBothSides(): string[] {
    const roles = new Map<string, Set<Leg['role']>>();
    for (const { contract, role } of this.legs.values())
      roles.set(contract, (roles.get(contract) ?? new Set<Leg['role']>()).add(role));
    return [...roles].flatMap(([contract, { size }]) => (size > 1 ? [contract] : []));
  }

  /** What others have closed of ours is booked as closed with the day, and what else they hold is theirs. */
  private bookOthers(key: string): void {
    const ours = this.ofContract(key);
    const closed = this.closedByOthers(key, Number.POSITIVE_INFINITY);
    const traded = (this.externals.get(key) ?? []).reduce((sum, { quantity }) => sum + quantity, 0);
    this.foreign.set(key, (this.foreign.get(key) ?? 0) + traded + Math.sign(ours) * closed);
    let left = closed;
    for (const leg of this.legs.values()) {
      if (leg.contract !== key || leg.net * ours <= 0) continue;
      const units = Math.min(left, Math.abs(leg.net));
      const cost = (leg.cost / Math.abs(leg.net)) * units;
      leg.cost -= cost;
      leg.realised += Math.sign(leg.net) * (units * this.priceOfOthers(key, -Math.sign(ours)) - cost);
      leg.net -= Math.sign(leg.net) * units;
      left -= units;
    }
  }

  /** The average price at which others have traded to one side. Paise. */
  private priceOfOthers(key: string, side: number): number {
    const trades = (this.externals.get(key) ?? []).filter(({ quantity }) => quantity * side > 0);
    const units = trades.reduce((sum, { quantity }) => sum + quantity, 0);
    return units === 0 ? 0 : trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0) / units;
  }

  /** What is closed of today's has lost, paise; a gain is negative. */
  lostToday(): number {
    return this.realisedBefore - this.realised();
  }

  private realised(): number {
    return [...this.legs.values()].reduce((sum, leg) => sum + leg.realised, 0);
  }

  /** Positions that have given or taken cover: their results are not by their own fills alone. */
  readonly moved = new Set<string>();

  /** What covers another position's short is given to it, at what it has cost. */
  transfer(from: string, to: string, contract: string, units: number): void {
    const given = this.legs.get(`${from} ${contract}`);
    if (!given || given.net < units) return;
    const key = `${to} ${contract}`;
    const fresh: Leg = { ...given, position: to, net: 0, cost: 0, realised: 0 };
    const taken = this.legs.get(key) ?? fresh;
    this.legs.set(key, taken);
    const cost = (given.cost / given.net) * units;
    given.net -= units;
    given.cost -= cost;
    taken.net += units;
    taken.cost += cost;
    this.moved.add(from).add(to);
  }

  /** Cover that was given to a position is sold under its name: what it has too little of comes from the others that hold it. */
  takeCover(tag: OrderTag, order: SimOrder, units: number): void {
    const to = positionOf(tag);
    const contract = contractKey(order);
    if (!this.legsOf(to).some(({ role }) => role === 'main')) return;
    for (const other of [...this.legs.values()]) {
      const missing = units - Math.max(0, this.legs.get(`${to} ${contract}`)?.net ?? 0);
      const given = Math.min(missing, other.net);
      if (other.contract === contract && other.position !== to && given > 0)
        this.transfer(other.position, to, contract, given);
    }
  }

  /** Books our fill and answers the leg with its net before. */
  book({ order, fill }: FillOf, tag: OrderTag): { leg: Leg; before: number } {
    const leg = this.legOf(tag, order);
    const before = leg.net;
    if (before === 0) leg.openedAt = fill.at;
    const quantity = signed(order.side, fill.quantity);
    const closes = before * quantity < 0 ? Math.min(Math.abs(before), Math.abs(quantity)) : 0;
    if (closes > 0) {
      const average = leg.cost / Math.abs(before);
      leg.realised += closes * (before > 0 ? fill.price - average : average - fill.price);
      leg.cost -= average * closes;
    }
    leg.cost += (Math.abs(quantity) - closes) * fill.price;
    leg.net += quantity;
    return { leg, before };
  }

  bookExternal({ order, fill }: FillOf): void {
    const key = contractKey(order);
    this.externals.set(key, [
      ...(this.externals.get(key) ?? []),
      { at: fill.at, quantity: signed(order.side, fill.quantity), price: fill.price },
    ]);
  }

  /** A position that is not over has held it, and may again: an entry goes on in slices, and what others trade meanwhile may close it. */
  private isTraded(key: string): boolean {
    const of = [...this.legs.values()].filter(({ contract }) => contract === key);
    return of.some(({ position }) => this.legsOf(position).some(({ net }) => net !== 0));
  }

  /** While nothing of ours is there, what others trade is theirs. */
  moveBaseline(key: string): void {
    if (this.ofContract(key) !== 0 || this.isTraded(key)) return;
    const sum = (this.externals.get(key) ?? []).reduce((total, { quantity }) => total + quantity, 0);
    if (sum === 0) return;
    this.foreign.set(key, (this.foreign.get(key) ?? 0) + sum);
    this.externals.set(key, []);
  }

  /** By contract, units that no longer cover anything, because others have sold them the day before. */
  soldTheDayBefore(): ReadonlyMap<string, number> {
    return this.soldOverNight;
  }

  /** Nobody knows any more that it was ours: it counts as others'. */
  disown(position: string): void {
    for (const [key, { contract, net }] of [...this.legs].filter(([, leg]) => leg.position === position)) {
      this.legs.delete(key);
      this.foreign.set(contract, (this.foreign.get(contract) ?? 0) + net);
    }
  }

  ofContract(key: string): number {
    let net = 0;
    for (const leg of this.legs.values()) if (leg.contract === key) net += leg.net;
    return net;
  }

  /** Units of ours that others have closed by an instant (CONTROL's formula): never negative. */
  closedByOthers(key: string, until: MarketMs, ours: number = this.ofContract(key)): number {
    const all = this.externals.get(key);
    if (!all || ours === 0) return 0;
    const traded = all.reduce((sum, { at, quantity }) => (at <= until ? sum + quantity : sum), 0);
    const foreign = this.foreign.get(key) ?? 0;
    return ours < 0
      ? Math.min(Math.max(0, traded - Math.max(0, -foreign)), -ours)
      : Math.min(Math.max(0, -traded - Math.max(0, foreign)), ours);
  }

  /** Signed units of others' trades are a leg's from now on. */
  bookAnswered(leg: Leg, quantity: number): void {
    if (quantity === 0) return;
    leg.net += quantity;
    this.externals.get(leg.contract)?.push({ at: 0, quantity: -quantity, price: 0 });
  }

  /** Signed units of a leg that others have not closed: what they have is the oldest position's first (CONTROL, external trades). */
  leftOf(leg: Leg, now: MarketMs): number {
    const side = Math.sign(leg.net);
    const alike = [...this.legs.values()].filter(({ contract, net }) => contract === leg.contract && net * side > 0);
    const ours = alike.reduce((sum, { net }) => sum + net, 0);
    let closed = this.closedByOthers(leg.contract, now, ours);
    for (const { net } of alike.slice(0, Math.max(0, alike.indexOf(leg)))) closed -= Math.min(closed, Math.abs(net));
    return side * Math.max(0, Math.abs(leg.net) - closed);
  }

  touchedByOthers(): boolean {
    return this.externals.size > 0;
  }

  /** What is left of ours, by contract, after what others have closed. */
  open(now: MarketMs): Map<string, number> {
    const left = new Map<string, number>();
    for (const key of new Set([...this.legs.values()].map(({ contract }) => contract))) {
      const net = this.ofContract(key);
      const rest = Math.sign(net) * Math.max(0, Math.abs(net) - this.closedByOthers(key, now));
      if (rest !== 0) left.set(key, rest);
    }
    return left;
  }

  /** Of a position, its legs; those that others have closed count as closed. */
  legsOf(position: string): Leg[] {
    return [...this.legs.values()].filter((leg) => leg.position === position);
  }

  /** Contracts that have expired are settled: nothing of them is open any more. */
  settle(isOver: (contract: string) => boolean): void {
    for (const leg of this.legs.values()) if (isOver(leg.contract)) leg.net = 0;
  }
}
