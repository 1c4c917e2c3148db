/** What has to be paged, how soon, and again: a count that runs while the product could page, and ends with its cause. */
import { virtualNow } from '../virtual-time.ts';
import type { Page, World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Findings, InvariantNumber } from './findings.ts';

/** The pulse, and the way of a page. */
const GRACE_MS = 3_000;
/** A page of just before may have named the same thing. */
const BEFORE_MS = 5_000;
/** What goes on is said again by then: who is not logged in is paged every five minutes (TRADING section 6), all else sooner (CONTROL). */
const AGAIN_WITHIN_MS = 6 * 60_000;

/** Whose it is, and of which order. */
const SUBJECT = / of ([PM]\d+)( \w+)?$/;

type Waiting = {
  since: number;
  ableMs: number;
  /** The page that told of it last, and for how long the product could have sent another one since. */
  page: Page | null;
  ableSincePageMs: number;
  /** It was found wrong: once is enough. */
  done: boolean;
};

export class PageDeadlines {
  private readonly waiting = new Map<string, Waiting>();
  private readonly of: { world: World; able: Able; findings: Findings; pulseMs: number };

  constructor(of: { world: World; able: Able; findings: Findings; pulseMs: number }) {
    this.of = of;
  }

  /**
   * At each look: whether `what` holds now, and after how long it has to be paged. Counted only while a process works; a page since
   * then answers it, unless it names other positions alone.
   */
  expect(what: string, holds: boolean, withinMs: number, invariant: InvariantNumber = 10): void {
    if (!holds) {
      this.waiting.delete(what);
      return;
    }
    const now = virtualNow();
    const known = this.waiting.get(what) ?? { since: now, ableMs: 0, page: null, ableSincePageMs: 0, done: false };
    this.waiting.set(what, known);
    if (known.done) return;
    const { able, pulseMs } = this.of;
    if (able.productWorks()) {
      known.ableMs += pulseMs;
      known.ableSincePageMs += pulseMs;
    }
    const position = SUBJECT.exec(what)?.[1] ?? null;
    const page = this.lastPage(known.page?.at ?? known.since - BEFORE_MS, position);
    if (page && page !== known.page) {
      known.page = page;
      known.ableSincePageMs = 0;
    }
    const seconds = Math.round((now - known.since) / 1_000);
    const cause = what.replace(SUBJECT, '');
    const miss = (words: string, message: string) => {
      known.done = true;
      this.of.findings.add(invariant, `${words}: ${cause}`, message);
    };
    if (!known.page) {
      if (known.ableMs > withinMs + GRACE_MS) miss('not paged', `${what} for ${seconds} s, and no page`);
    } else if (known.ableSincePageMs > AGAIN_WITHIN_MS + GRACE_MS)
      miss('not paged again', `${what} for ${seconds} s, and the last page was "${known.page.text.slice(0, 120)}"`);
  }

  private lastPage(from: number, position: string | null): Page | undefined {
    return this.of.world.pages.findLast(({ at, text }) => {
      if (at < from) return false;
      const named = text.match(/\b[PM]\d+\b/g);
      return position === null || named === null || named.includes(position);
    });
  }
}
