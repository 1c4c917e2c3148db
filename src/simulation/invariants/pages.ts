/** What has to be paged, and how soon: a count that runs while the product could page, and ends with its cause. */
import { virtualNow } from '../virtual-time.ts';
import type { World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Findings, InvariantNumber } from './findings.ts';

/** The pulse, and the way of a page. */
const GRACE_MS = 3_000;
/** A page of just before may have named the same thing. */
const BEFORE_MS = 5_000;

type Waiting = { since: number; ableMs: number; done: boolean };

export class PageDeadlines {
  private readonly waiting = new Map<string, Waiting>();
  private readonly of: { world: World; able: Able; findings: Findings; pulseMs: number };

  constructor(of: { world: World; able: Able; findings: Findings; pulseMs: number }) {
    this.of = of;
  }

  /**
   * At each look: whether `what` holds now, and after how long it has to be paged. Counted only while a process works; a page since
   * then answers it.
   */
  expect(what: string, holds: boolean, withinMs: number, invariant: InvariantNumber = 10): void {
    if (!holds) {
      this.waiting.delete(what);
      return;
    }
    const now = virtualNow();
    const known = this.waiting.get(what) ?? { since: now, ableMs: 0, done: false };
    this.waiting.set(what, known);
    if (known.done) return;
    const { world, able, findings } = this.of;
    if (able.productWorks()) known.ableMs += this.of.pulseMs;
    const page = world.pages.find(({ at }) => at >= known.since - BEFORE_MS);
    if (page) known.done = true;
    else if (known.ableMs > withinMs + GRACE_MS) {
      known.done = true;
      const cause = what.replace(/ of [PM]\d+$/, '');
      findings.add(
        invariant,
        `not paged: ${cause}`,
        `${what} for ${Math.round((now - known.since) / 1_000)} s, and no page`,
      );
    }
  }
}
