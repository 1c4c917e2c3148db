/**
 * What was sent while the journal was away and was lost with its run. Where nothing was written of its position either the next run asks a person
 * about each of its orders (docs/order-policy.md).
 */
import type { MarketMs } from '../../domain/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { BookWatch } from './book.ts';
import { positionOf, tagOf } from './legs.ts';

/** A journal that answers again is told of what it has missed within this time. */
const WRITTEN_MS = 12_000;

export class Unwritten {
  private readonly of: { world: World; able: Able; book: BookWatch };
  private since: MarketMs = Number.POSITIVE_INFINITY;
  private pagesRead = 0;
  /** Order ids. */
  private readonly asked = new Set<string>();

  constructor(of: Unwritten['of']) {
    this.of = of;
  }

  get any(): boolean {
    return this.asked.size > 0;
  }

  newDay(): void {
    this.since = Number.POSITIVE_INFINITY;
    this.asked.clear();
  }

  runLost(): void {
    const { able, world, book } = this.of;
    const since = able.unwrittenSince(WRITTEN_MS);
    // Where the journal was there, each order stands in it before it is sent.
    this.since = world.journalAway || since < virtualNow() - WRITTEN_MS ? since : Number.POSITIVE_INFINITY;
    // The next run may send them a second time, before a list shows them.
    for (const { tag, source, placedAt } of world.exchange.allOrders())
      if (tag !== null && source === undefined && tagOf(tag) && placedAt >= this.since) book.notWritten(tag);
  }

  pulse(): void {
    const { pages } = this.of.world;
    for (const { cause, subject } of pages.slice(this.pagesRead)) if (cause === 'unknown_order') this.disown(subject);
    this.pagesRead = pages.length;
  }

  private disown(orderId: string): void {
    const { world, book } = this.of;
    const orders = world.exchange.allOrders().filter(({ source }) => source === undefined);
    const tag = tagOf(orders.find((order) => order.orderId === orderId)?.tag);
    if (!tag || this.asked.has(orderId)) return;
    const position = positionOf(tag);
    const own = orders.filter((order) => {
      const parsed = tagOf(order.tag);
      return parsed !== null && parsed.date === tag.date && positionOf(parsed) === position;
    });
    if (own.some(({ placedAt }) => placedAt < this.since)) return;
    for (const order of own) this.asked.add(order.orderId);
    book.legs.disown(position);
  }
}
