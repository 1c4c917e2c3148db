/** Invariant 10: what waits has its deadline (CONTROL): an answer in doubt, a change that does not come, prices, clocks. */
import type { BrokerOrder } from '../../brokers/types.ts';
import { isFinal, type SimOrder } from '../../exchange-simulator/core/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { Point, World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { BookWatch } from './book.ts';
import { positionOf, tagOf } from './legs.ts';
import type { PageDeadlines } from './pages.ts';
import type { PositionsWatch } from './positions.ts';

const DOUBT_MS = 30_000;
const CHANGE_PENDING_MS = 10_000;
const BLIND_MS = 10_000;
/** A cancellation that got lost is asked for again within this time, or is not wanted any more; one that gets lost all day more rarely. */
const CANCELLED_AGAIN_MS = 15_000;
const CANCELLED_RARELY_MS = 110_000;
/** A step of a chase, and the way of it. */
const ASKED_AGAIN_MS = 5_000;
const CLOCKS_MS = 60_000;
const CLOCKS_APART_MS = 2_000;
/** A second good look so long after a doubt ends it, whatever it shows. */
const LOOKED_AFTER_MS = 15_000;
/** Orders that are only on their way are in the journal after ten seconds, and the write. */
const WRITTEN_MS = 12_000;
const CHANGING = new Set(['MODIFY VALIDATION PENDING', 'MODIFY PENDING', 'CANCEL PENDING']);

/** `failedAt`: when its last request got lost, or died with its process; null while one is under way. */
type Change = { since: number; isCancel: boolean; failedAt: number | null; isAsked: () => boolean };

export class Waits {
  private readonly of: {
    world: World;
    able: Able;
    book: BookWatch;
    deadlines: PageDeadlines;
    positions: PositionsWatch;
    tickMs: number;
  };
  /** Tags whose answer did not come, and since when. */
  private readonly doubts = new Map<string, number>();
  /** Orders that were to be changed or cancelled, by tag, and since when. */
  private readonly changes = new Map<string, Change>();
  /** Tags of which it was told that they are absent: the call of a process that slept fails long after it, and nobody waits for it. */
  private readonly told = new Set<string>();
  /** Tags that a list has shown, perhaps before the answer of their own request was lost. */
  private readonly shown = new Set<string>();
  private readonly named = new Set<string>();
  private quotesAt = 0;
  private unwrittenSince = 0;

  constructor(of: Waits['of']) {
    this.of = of;
    of.world.hooks.add((point) => this.atPoint(point));
    of.world.onLine(({ data, text }) => this.hear('kind' in data ? data.kind : null, text));
    of.world.exchange.onOrder(({ tag, status }) => {
      if (tag && !CHANGING.has(status)) this.changes.delete(tag);
    });
    of.world.ticker.onUpdate(({ tag, status }) => {
      if (!tag || !isFinal(status)) return;
      this.shown.add(tag);
      this.doubts.delete(tag);
    });
  }

  private atPoint(point: Point): void {
    if (point.kind !== 'call') return;
    const { call, isDoubt, answer } = point;
    const { world } = this.of;
    const now = virtualNow();
    const tag = call.order?.tag;
    if (point.point === 'answered' && call.name === 'quotes' && !world.faults.meddlesWith('quotes'))
      this.quotesAt = now;
    if (point.point === 'answered' && call.name === 'orders')
      this.look(now, answer as readonly BrokerOrder[], !world.faults.meddlesWith('orders'));
    if (!tagOf(tag) || !tag) return;
    const changes = call.name === 'modifyOrder' || call.name === 'cancelOrder';
    if (changes && point.point === 'leaves') this.ask(tag, now, call.name === 'cancelOrder', () => !point.process.dead);
    // A refusal is an answer.
    if (changes && point.point === 'failed' && !isDoubt) this.changes.delete(tag);
    const change = this.changes.get(tag);
    if (change && changes && point.point === 'failed') change.failedAt = now;
    if (
      call.name === 'placeOrder' &&
      point.point === 'failed' &&
      isDoubt &&
      !this.shown.has(tag) &&
      !this.told.has(tag)
    )
      this.doubts.set(tag, now);
  }

  private ask(tag: string, now: number, isCancel: boolean, isAsked: () => boolean): void {
    const known = this.changes.get(tag);
    // A step of a chase that was left out: by then the price was not wanted any more, and this is another one.
    const isOther = known && !known.isCancel && known.failedAt !== null && now - known.failedAt > ASKED_AGAIN_MS;
    const since = known && !isOther ? known.since : now;
    this.changes.set(tag, { since, isCancel: isCancel || known?.isCancel === true, failedAt: null, isAsked });
  }

  /** A price that got lost and is not asked for again is not wanted any more: the market has moved. A stop is to become a limit all the same. */
  private isGivenUp({ orderType }: SimOrder, { isCancel, failedAt }: Change): boolean {
    if (failedAt === null) return false;
    if (isCancel) return virtualNow() - failedAt > CANCELLED_RARELY_MS;
    return orderType === 'LIMIT' && virtualNow() - failedAt > ASKED_AGAIN_MS;
  }

  /** A doubt that the product has ended is none any more where it is right, or had to be wrong: lists that stand still look like good ones. */
  private hear(kind: unknown, text: string): void {
    const [tag = ''] = text.split(' ');
    const { exchange, faults } = this.of.world;
    if (kind !== 'order_absent') return;
    this.told.add(tag);
    const isRight = !exchange.orders().some((order) => order.tag === tag);
    if (isRight || faults.readsHinderedAt() > (this.doubts.get(tag) ?? 0)) this.doubts.delete(tag);
  }

  /** Any row ends a doubt, also one of a list that stands still; that there is none is proven by the book as it is. */
  private look(now: number, rows: readonly BrokerOrder[], asItIs: boolean): void {
    for (const { tag } of rows) if (tag) this.shown.add(tag);
    for (const [tag, since] of this.doubts) {
      if (this.shown.has(tag) || (asItIs && now - since >= LOOKED_AFTER_MS)) this.doubts.delete(tag);
    }
  }

  runLost(): void {
    this.unwrittenSince = this.of.able.unwrittenSince(WRITTEN_MS);
  }

  /** Of what had just left no journal knows: without its row in a list nobody does. What was to be changed is asked for anew. */
  runResumed(): void {
    for (const [tag, at] of this.doubts) if (at >= this.unwrittenSince) this.doubts.delete(tag);
    this.changes.clear();
    this.of.deadlines.forget();
  }

  forget(): void {
    this.of.deadlines.forget();
    this.doubts.clear();
    this.changes.clear();
  }

  pulse(marketIsOpen: boolean): void {
    const { world } = this.of;
    const live = new Map(
      world.exchange.orders().flatMap((order) => (order.tag && !isFinal(order.status) ? [[order.tag, order]] : [])),
    );
    for (const [tag, change] of this.changes) {
      if (!change.isAsked()) change.failedAt ??= virtualNow();
      const order = live.get(tag);
      if (!order || this.isGivenUp(order, change)) this.changes.delete(tag);
    }
    // While the journal is away nobody hears that a doubt has ended.
    this.expectAll('a doubt', this.doubts, marketIsOpen && !world.journalAway, DOUBT_MS);
    this.expectAll('a change that does not come', this.changes, marketIsOpen, CHANGE_PENDING_MS, (tag) => {
      const { isCancel = false, failedAt = null } = this.changes.get(tag) ?? {};
      return !isCancel || failedAt === null || virtualNow() - failedAt <= CANCELLED_AGAIN_MS;
    });
    this.lookAtPrices(marketIsOpen);
    const isOpen = [...this.of.book.legs.legs.values()].some(({ net }) => net !== 0);
    const apart = world.products.some(
      ({ process }) => process.running && Math.abs(process.clockOffset) > CLOCKS_APART_MS,
    );
    this.of.deadlines.expect('clocks that differ', marketIsOpen && isOpen && apart, CLOCKS_MS);
  }

  /** Each order for itself: the next one's doubt is another doubt. */
  private expectAll(
    what: string,
    waiting: ReadonlyMap<string, unknown>,
    holds: boolean,
    withinMs: number,
    isHeard: (tag: string) => boolean = () => true,
  ): void {
    const names = new Map<string, string>();
    for (const tag of waiting.keys()) {
      const parsed = tagOf(tag);
      if (parsed) names.set(`${what} of ${positionOf(parsed)} ${tag}`, tag);
    }
    for (const name of names.keys()) this.named.add(name);
    for (const name of this.named) {
      if (!name.startsWith(`${what} of `)) continue;
      const tag = names.get(name);
      const expected = tag === undefined ? {} : { isHeard: isHeard(tag) };
      this.of.deadlines.expect(name, holds && tag !== undefined, withinMs, expected);
      if (tag === undefined) this.named.delete(name);
    }
  }

  /** Others have sold of what covered it: what is short is bought back at whatever price (CONTROL, I1). */
  private isUncovered(position: string): boolean {
    const { legs } = this.of.book;
    const of = legs.legsOf(position);
    const short = of.reduce((sum, { net }) => sum + Math.max(0, -net), 0);
    const hedges = of.filter(({ role, net }) => role === 'hedge' && net > 0);
    const left = hedges.reduce((sum, leg) => sum + Math.max(0, legs.leftOf(leg, virtualNow())), 0);
    return hedges.some((leg) => legs.leftOf(leg, virtualNow()) < leg.net) && left < short;
  }

  /** A halt is no blindness: there is nothing to be seen. */
  private lookAtPrices(marketIsOpen: boolean): void {
    const { world, able, book, deadlines, tickMs } = this.of;
    const bent = world.exchange.faults().some(({ kind }) => kind === 'no_liquidity' || kind === 'freeze_quotes');
    for (const { position, role, net, contract } of book.legs.legs.values()) {
      if (!position.startsWith('P') || role !== 'main') continue;
      const dark = Math.min(world.ticker.darkFor(contract.split(' ')[1] ?? ''), virtualNow() - this.quotesAt);
      const isShort = net + book.legs.closedByOthers(contract, virtualNow()) < 0;
      // What is being left is judged by no price any more.
      // While nothing can be written no line says so.
      const isLeft = this.of.positions.isLeft(position) || this.isUncovered(position) || world.journalAway;
      const isBlind = marketIsOpen && !isLeft && isShort && !bent && able.hasSession() && dark > 2 * tickMs;
      deadlines.expect(`no prices of ${position}`, isBlind, BLIND_MS, {
        isHeard: !this.of.positions.isDeafTo(position),
      });
    }
  }
}
