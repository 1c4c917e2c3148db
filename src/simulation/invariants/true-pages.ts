/** Invariant 10: a page is true. What it says is held is held: nobody is sent to close what is closed. */
import type { MarketMs } from '../../domain/types.ts';
import { isFinal } from '../../exchange-simulator/core/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { BookWatch } from './book.ts';
import type { Findings } from './findings.ts';
import { tagOf } from './legs.ts';

/** Pages that say that something is held. */
const OF_HOLDINGS = new Set(['not_flat', 'surplus_hedge', 'unprotected', 'overclosed']);
/** The slowest look at the book, two good ones where one proves nothing, and the way of a page lie before. */
const KNOWN_AFTER_MS = 60_000;

export class TruePages {
  private readonly of: { world: World; able: Able; book: BookWatch; findings: Findings };
  /** Since when nothing of ours is held, nor may be. */
  private flatSince: MarketMs | null = null;
  private read = 0;

  constructor(of: TruePages['of']) {
    this.of = of;
  }

  pulse(): void {
    const { world, able, findings } = this.of;
    const fresh = world.pages.slice(this.read);
    this.read = world.pages.length;
    if (!this.isFlat()) {
      this.flatSince = null;
      return;
    }
    const now = virtualNow();
    this.flatSince ??= now;
    const knownFor = Math.min(now - this.flatSince, able.answersFor());
    if (knownFor < KNOWN_AFTER_MS) return;
    for (const { kind, cause, text } of fresh)
      if (kind !== 'ended' && kind !== 'told' && OF_HOLDINGS.has(cause))
        findings.add(10, 'a page is not true', `nothing is held for ${Math.round(knownFor / 1_000)} s: "${text}"`);
  }

  private isFlat(): boolean {
    const { book, world } = this.of;
    const now = virtualNow();
    if ([...book.legs.legs.values()].some((leg) => book.legs.leftOf(leg, now) !== 0)) return false;
    return !world.exchange.orders().some((order) => !isFinal(order.status) && !order.source && tagOf(order.tag));
  }
}
