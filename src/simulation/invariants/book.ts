/** Invariants 1, 2 and 7, by the exchange's own book, at every instant. */
import { istDate } from '../../domain/clock.ts';
import type { OrderTag } from '../../domain/tags.ts';
import type { MarketMs } from '../../domain/types.ts';
import { isFinal, type SimOrder } from '../../exchange-simulator/core/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { CallName } from '../world/call-faults.ts';
import type { Point, World } from '../world/world.ts';
import type { Findings } from './findings.ts';
import { contractKey, type FillOf, type Leg, Legs, positionOf, signed, tagOf } from './legs.ts';

/** Our own orders are judged against what could be read so long before them; a resting stop against what could be repaired by now. */
const READ_MS = 2_000;
const REPAIRED_MS = 20_000;
/** From when the lists are what the book is until it has been read, and sent after. */
const READ_AGAIN_MS = 10_000;
/** An order that the exchange takes later than this after it left was settled as absent by then: 5 s of silence and 15 s of looks. */
const ABSENT_AFTER_MS = 20_000;
/** From the last look that settles an order as absent until that is told. */
const SETTLED_WITHIN_MS = 5_000;
/** By the first action, within this time, an order that came after all is undone. */
const UNDONE_MS = 5_000;
/** What undoes it is in doubt itself, or is refused, for so long where its own call met a fault. */
const SENT_AGAIN_MS = 35_000;

/** What a look reads to prove that an order is absent. */
const LISTS: readonly CallName[] = ['orders', 'trades', 'positions'];

export class BookWatch {
  readonly legs = new Legs();
  orders = 0;
  duplicates = 0;
  lateOrders = 0;
  nakedMs = 0;
  lateNakedMs = 0;
  private readonly findings: Findings;
  private readonly leftAt = new Map<string, number>();
  private readonly tags = new Map<string, string>();
  /** Orders that came after all, with the units that each has opened or sold: without them nothing would be naked. */
  private readonly ghosts = new Map<string, { units: number; isFinal: boolean }>();
  private nakedSince: MarketMs | null = null;
  private nakedByGhost = false;
  /** Since when an exchange that answers has shown it. */
  private ghostSince: MarketMs | null = null;
  /** For how long the exchange has answered. Milliseconds. */
  private readonly answersFor: () => number;
  private readonly pulseMs: number;
  private readonly readsHinderedAt: () => number;
  private readonly meddlesWith: (name: CallName) => boolean;
  /** When such a list was last answered other than as it is. */
  private readonly meddledAt = new Map<CallName, MarketMs>();
  private readonly placingMetAt: () => number;
  /** Positions of signals have no hedge by plan. */
  private readonly unhedged: boolean;

  constructor(world: World, of: { findings: Findings; answersFor(): number; pulseMs: number; unhedged: boolean }) {
    this.findings = of.findings;
    this.unhedged = of.unhedged;
    this.answersFor = of.answersFor;
    this.pulseMs = of.pulseMs;
    this.readsHinderedAt = () => world.faults.readsHinderedAt();
    this.meddlesWith = (name) => world.faults.meddlesWith(name);
    this.placingMetAt = () => world.metAt.placing;
    world.hooks.add((point) => this.atPoint(point));
    world.exchange.onOrder((order) => this.atOrder(order));
    world.onLine(({ data, text }) => {
      if (!('kind' in data)) return;
      const [, to, from] = (data.kind === 'taken_over' && /^([PM]\d+): ([PM]\d+) of /.exec(text)) || [];
      if (from && to) this.legs.rename(from, to, istDate(virtualNow()));
      if (data.kind !== 'order_absent') return;
      const [tag = ''] = text.split(' ');
      const isFilled = world.exchange.allOrders().some((order) => order.tag === tag && order.filledQuantity > 0);
      this.settleAbsent(tag, isFilled);
    });
  }

  get naked(): number {
    return nakedUnits(this.legs, this.unhedged);
  }

  /**
   * Where orders and positions stand still together they agree: nothing tells such looks from good ones, and what the book has comes after all.
   * Of an order that has filled nothing positions say nothing anyway.
   */
  private settleAbsent(tag: string, isFilled: boolean): void {
    const standsStill = (name: CallName) => virtualNow() - (this.meddledAt.get(name) ?? 0) < SETTLED_WITHIN_MS;
    const look = isFilled ? LISTS : LISTS.filter((name) => name !== 'positions');
    if (look.every(standsStill) && this.tags.has(tag) && !this.ghosts.has(tag))
      this.ghosts.set(tag, { units: 0, isFinal: false });
  }

  /** A lost run has sent it, and the next one knows nothing of it until it shows. */
  notWritten(tag: string): void {
    if (!this.ghosts.has(tag)) this.ghosts.set(tag, { units: 0, isFinal: false });
  }

  private atPoint(point: Point): void {
    if (point.kind !== 'call') return;
    const { name, order } = point.call;
    if (point.point === 'answered' && LISTS.includes(name) && this.meddlesWith(name))
      this.meddledAt.set(name, virtualNow());
    if (point.point !== 'leaves') return;
    const ours = tagOf(order?.tag);
    if (name === 'placeOrder' && order?.tag && !this.leftAt.has(order.tag)) this.leftAt.set(order.tag, virtualNow());
    if (name === 'placeOrder') this.judgeTag(order?.tag ?? null, order?.tradingsymbol ?? '');
    if ((name === 'modifyOrder' || name === 'cancelOrder') && order && !ours)
      this.findings.add(7, `${name} of a foreign order`, `${name} of ${order.tradingsymbol}, which is not ours`);
  }

  /** What leaves without a tag of its day can neither be found again nor told from others'. */
  private judgeTag(tag: string | null, tradingsymbol: string): void {
    const now = virtualNow();
    const ours = tagOf(tag);
    if (!ours)
      this.findings.add(2, 'an order without a tag of ours', `an order of ${tradingsymbol} leaves with ${tag}`);
    else if (ours.date !== istDate(now)) this.findings.add(2, 'a tag of another day', `${tag} leaves`);
  }

  private atOrder(order: SimOrder): void {
    const tag = order.source === undefined ? tagOf(order.tag) : null;
    if (tag && order.tag) this.count(order.tag, order.orderId, order.placedAt);
    if (tag) this.legs.follow(tag, order);
    for (const fill of this.legs.newFills(order)) {
      if (tag) this.judge(fill, tag);
      else this.legs.bookExternal(fill);
    }
    this.legs.moveBaseline(contractKey(order));
    this.measureNaked();
    this.forgetGhosts(order);
  }

  private count(tag: string, orderId: string, placedAt: MarketMs): void {
    const known = this.tags.get(tag);
    if (known === orderId) return;
    if (known !== undefined) {
      this.duplicates += 1;
      this.findings.add(2, 'a tag twice', `${tag} is on the book twice`);
      return;
    }
    this.tags.set(tag, orderId);
    this.orders += 1;
    const left = this.leftAt.get(tag);
    if (left !== undefined && placedAt - left > ABSENT_AFTER_MS) {
      this.lateOrders += 1;
      this.ghosts.set(tag, { units: 0, isFinal: false });
    }
  }

  private judge(of: FillOf, tag: OrderTag): void {
    const { order, fill } = of;
    if (tag.role === 'hedge' && order.side === 'SELL') this.legs.takeCover(tag, order, fill.quantity);
    const { leg, before } = this.legs.book(of, tag);
    const ghost = this.ghosts.get(order.tag ?? '');
    const isGhost = ghost !== undefined;
    if (ghost && (tag.purpose === 'entry' || order.side === 'SELL')) ghost.units += fill.quantity;
    const what = `${order.tag}: ${order.side} ${fill.quantity} of ${order.tradingsymbol} at a net of ${before}`;
    const opensRightly = before === 0 && (tag.role === 'main' ? leg.net < 0 : leg.net > 0);
    const crosses = before === 0 ? !opensRightly : before * leg.net < 0;
    if (crosses && !isGhost && !this.hasLate(leg.position) && !this.legs.untellable.has(leg.contract))
      this.findings.add(
        2,
        before < 0 || tag.role === 'main' ? 'bought back more than sold' : 'sold more than held',
        what,
      );
    if (!isGhost && !this.hasLate(leg.position)) this.judgeOthers(of, tag, leg, what);
  }

  /** A position that got an order after all may have to trade through zero to undo it. */
  hasLate(position: string): boolean {
    return [...this.ghosts.keys()].some((tag) => positionOfTag(tag) === position);
  }

  /** One that has ended, and whose position is flat again, is undone: it excuses nothing any more. */
  private forgetGhosts({ tag, status }: SimOrder): void {
    if (this.ghosts.size === 0) return;
    const own = this.ghosts.get(tag ?? '');
    if (own && isFinal(status)) own.isFinal = true;
    for (const [ghost, { isFinal }] of this.ghosts) {
      const position = positionOfTag(ghost);
      const isFlat = position === null || this.legs.legsOf(position).every(({ net }) => net === 0);
      if (isFinal && isFlat) this.ghosts.delete(ghost);
    }
  }

  private get ghostUnits(): number {
    return [...this.ghosts.values()].reduce((sum, { units }) => sum + units, 0);
  }

  /** What others have closed of ours must be neither bought back nor sold again. */
  private judgeOthers({ order, fill }: FillOf, tag: OrderTag, leg: Leg, what: string): void {
    // On a way that took long nobody could take it back.
    const sentAt = Math.min(order.placedAt, this.leftAt.get(order.tag ?? '') ?? order.placedAt);
    if (
      tag.role === 'main' &&
      tag.purpose === 'entry' &&
      nakedUnits(this.legs, this.unhedged, sentAt - READ_MS) > this.naked
    )
      this.findings.add(1, 'sold against a hedge that others had sold', what);
    const key = contractKey(order);
    // A stop can only be taken away at an exchange that answers.
    if (tag.purpose === 'stop' && this.answersFor() < REPAIRED_MS) return;
    // Where the book cannot be read, exits go by our own ledger.
    if (order.placedAt - this.readsHinderedAt() < READ_AGAIN_MS) return;
    const until = tag.purpose === 'stop' ? fill.at - REPAIRED_MS : sentAt - READ_MS;
    // As it was before this fill: what it has closed by itself would hide that others had closed it.
    const ours = this.legs.ofContract(key) - signed(order.side, fill.quantity);
    const closed = this.legs.closedByOthers(key, until, ours);
    if (closed === 0 || fill.quantity <= Math.abs(ours) - closed) return;
    if (order.side === 'BUY' && ours < 0 && leg.role === 'main')
      this.findings.add(2, 'bought back what others had bought back', `${what}; ${closed} were closed by others`);
    if (order.side === 'SELL' && ours > 0 && leg.role === 'hedge')
      this.findings.add(2, 'sold what others had sold', `${what}; ${closed} were closed by others`);
  }

  /** Between two changes of the book nothing changes: its time is added up at each. */
  measureNaked(): void {
    const now = virtualNow();
    const naked = this.naked;
    if (this.nakedSince !== null) {
      const ms = now - this.nakedSince;
      if (this.nakedByGhost) this.lateNakedMs += ms;
      else this.nakedMs += ms;
      this.nakedSince = null;
    }
    if (naked <= 0) {
      this.ghostSince = null;
      return;
    }
    this.nakedSince = now;
    this.nakedByGhost = this.ghosts.size > 0 && naked <= this.ghostUnits;
    if (!this.nakedByGhost) this.findings.add(1, 'naked', `${naked} units are short without a hedge`);
  }

  /** Called each second: an order that came after all is undone in time at an exchange that answers. */
  pulse(): void {
    const isHindered = this.answersFor() <= this.pulseMs || virtualNow() - this.placingMetAt() < SENT_AGAIN_MS;
    if (this.nakedSince === null || !this.nakedByGhost || isHindered) {
      this.ghostSince = null;
      return;
    }
    this.ghostSince ??= virtualNow();
    if (virtualNow() - this.ghostSince > UNDONE_MS)
      this.findings.add(
        1,
        'a late order was not undone',
        `${this.naked} units are short without a hedge since ${UNDONE_MS} ms`,
      );
  }
}

function positionOfTag(tag: string): string | null {
  const parsed = tagOf(tag);
  return parsed && positionOf(parsed);
}

/**
 * Short units that no long of the same series covers. What others have bought back of a short is short no more; what others have sold of
 * a hedge is theirs alone, but for sales of ours that come after it could be read (`readable`).
 */
function nakedUnits(legs: Legs, unhedged: boolean, readable?: MarketMs): number {
  const now = virtualNow();
  const series = new Map<string, { short: number; long: number }>();
  const judged = [...legs.legs.values()].filter(({ position }) => !unhedged || !position.startsWith('P'));
  for (const contract of new Set(judged.map((leg) => leg.contract))) {
    const net = unhedged
      ? judged.reduce((sum, leg) => (leg.contract === contract ? sum + leg.net : sum), 0)
      : legs.ofContract(contract);
    const key = seriesOf(contract);
    const sums = series.get(key) ?? { short: 0, long: 0 };
    if (net < 0) sums.short -= net + legs.closedByOthers(contract, now);
    else sums.long += net - (readable === undefined ? 0 : legs.closedByOthers(contract, readable));
    series.set(key, sums);
  }
  if (readable === undefined) {
    for (const [contract, units] of legs.soldTheDayBefore()) {
      const sums = series.get(seriesOf(contract));
      if (sums) sums.long += units;
    }
  }
  return [...series.values()].reduce((sum, { short, long }) => sum + Math.max(0, short - long), 0);
}

/** Product, expiry and type of a contract: `MIS NIFTY25717…PE`. */
function seriesOf(contract: string): string {
  return `${contract.slice(0, -7)}${contract.slice(-2)}`;
}
