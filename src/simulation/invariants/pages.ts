/** What has to be paged, how soon, again, and its end: a count that runs while the product could page, and ends with its cause. */
import { virtualNow } from '../virtual-time.ts';
import type { Page, World } from '../world/world.ts';
import type { Able } from './able.ts';
import type { Findings, InvariantNumber } from './findings.ts';
import { positionOf, tagOf } from './legs.ts';

/** The pulse, and the way of a page. */
const GRACE_MS = 3_000;
/** A page of just before may have named the same thing. */
const BEFORE_MS = 5_000;
const MINUTE_MS = 60_000;
/** Between two pages of one cause, by how many have been sent (CONTROL: after 1, 5 and 15 minutes, then every 15). */
const AGAIN_MS = [MINUTE_MS, 4 * MINUTE_MS, 10 * MINUTE_MS];
const AGAIN_LATER_MS = 15 * MINUTE_MS;
/** Who is not logged in is paged every five minutes (TRADING section 6), and hands off every minute. */
const AT_LEAST_EACH_MS: Readonly<Record<string, number>> = { no_session: 5 * MINUTE_MS, hands_off: MINUTE_MS };
/** What is over is told by then. */
const ENDED_WITHIN_MS = 60_000;

/** Whose it is, and of which order. */
const SUBJECT = / of ([PM]\d+)( \w+)?$/;

/** Causes that answer an expectation by themselves; what keeps the whole account from being helped answers it too, where `orThese` says so. */
type Answers = { causes: readonly string[]; orThese: readonly string[] };
const NOTHING_GOES = ['no_session', 'address', 'hands_off', 'book'];
const ANSWERS: Readonly<Record<string, Answers>> = {
  'a short without protection': {
    causes: ['unprotected', 'not_flat', 'doubt', 'cancel_pending', 'change_pending', 'overclosed', 'late_order'],
    orThese: NOTHING_GOES,
  },
  'a manual short without protection': {
    causes: ['unprotected', 'not_flat', 'doubt', 'cancel_pending', 'change_pending', 'overclosed', 'late_order'],
    orThese: NOTHING_GOES,
  },
  'more hedge than short': { causes: ['surplus_hedge', 'not_flat', 'external', 'overclosed'], orThese: NOTHING_GOES },
  'an exit that does not end': { causes: ['not_flat', 'overclosed'], orThese: [] },
  'no session with something open': { causes: ['no_session'], orThese: [] },
  'the book is not read': { causes: [], orThese: ['book', 'no_session'] },
  // It is told from when it can be read.
  'others have closed the main': { causes: ['external', 'broker_square_off'], orThese: ['no_session', 'book'] },
  'others have closed the hedge': { causes: ['external', 'broker_square_off'], orThese: ['no_session', 'book'] },
  'a doubt': { causes: ['doubt'], orThese: [] },
  'a change that does not come': { causes: ['change_pending', 'cancel_pending'], orThese: [] },
  // Of a sale that cannot be read nobody knows the price.
  // What is left because nothing protects it is judged by no price any more, also where the journal cannot say that it is left.
  'no prices': { causes: ['blind'], orThese: ['no_session', 'book', 'unprotected', 'not_flat'] },
  'clocks that differ': { causes: [], orThese: ['clocks'] },
};

/** What no run of a day has to tell. */
const OF_THE_PROCESS = new Set(['clocks that differ']);

/** How an expectation is told of, and what the product could make of it. */
export type Expected = {
  invariant?: InvariantNumber;
  /** Its end can be told; by the product's own word it may go on where it holds no more. */
  isOver?: boolean;
  /** Something has told of it by now, or could. */
  isHeard?: boolean;
};

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
  /** Pages whose cause is gone, by what was expected, and for how long their end could have been told. */
  private since = 0;
  private readonly ending = new Map<string, { page: Page; ableMs: number }>();
  private readonly of: { world: World; able: Able; findings: Findings; pulseMs: number };

  constructor(of: { world: World; able: Able; findings: Findings; pulseMs: number }) {
    this.of = of;
  }

  /**
   * At each look: whether `what` holds now, and after how long it has to be paged. Counted only while a process works that could have heard
   * of it; a page of such a cause answers it.
   */
  expect(what: string, holds: boolean, withinMs: number, expected: Expected = {}): void {
    const { invariant = 10, isOver = true, isHeard = true } = expected;
    if (!holds) {
      const over = this.waiting.get(what);
      this.waiting.delete(what);
      // What is said of the whole account ends with the account's own cause.
      const isOwn = over?.page && ANSWERS[causeOf(what)]?.causes.includes(over.page.cause);
      // A question goes on until it is answered.
      if (over?.page && isOwn && (over.page.cause !== 'external' || what.startsWith('others have closed')))
        this.ending.set(what, { page: over.page, ableMs: 0 });
      if (isOver && isHeard) this.expectEnd(what);
      return;
    }
    this.ending.delete(what);
    const now = virtualNow();
    const before = this.waiting.get(what);
    const known = before ?? { since: now, ableMs: 0, page: null, ableSincePageMs: 0, done: false };
    this.waiting.set(what, known);
    if (known.done) return;
    const { able, pulseMs } = this.of;
    if (before && able.productWorks()) {
      if (isHeard) known.ableMs += pulseMs;
      known.ableSincePageMs += pulseMs;
    }
    const page = this.pageOf(what, known.since - BEFORE_MS);
    // What told of it is over, and it goes on: from here on it is to be told anew.
    if (known.page && (page ?? known.page) === known.page && this.hasEnded(known.page))
      Object.assign(known, { page: null, ableMs: 0, since: now + BEFORE_MS });
    else if (page && page !== known.page) {
      known.page = page;
      known.ableSincePageMs = 0;
    }
    const seconds = Math.round((now - known.since) / 1_000);
    const miss = (words: string, message: string) => {
      known.done = true;
      this.of.findings.add(invariant, `${words}: ${causeOf(what)}`, message);
    };
    if (!known.page) {
      if (known.ableMs > withinMs + GRACE_MS) miss('not paged', `${what} for ${seconds} s, and no page`);
      // What has happened is told once; what lasts is told again.
    } else if (known.page.kind !== 'told' && known.ableSincePageMs > this.againWithin(known.page) + GRACE_MS + pulseMs)
      miss('not paged again', `${what} for ${seconds} s, and the last page was "${known.page.text.slice(0, 120)}"`);
  }

  /** Another day, or another run of it, has pages of its own; a process goes on with those that it raised itself. */
  forget(): void {
    this.since = virtualNow();
    for (const of of [this.waiting, this.ending])
      for (const what of of.keys()) if (!OF_THE_PROCESS.has(causeOf(what))) of.delete(what);
  }

  /** The newest page that tells of it and goes on, whenever it was raised; else the newest one that has ended since. */
  private pageOf(what: string, from: number): Page | undefined {
    const answers = ANSWERS[causeOf(what)];
    if (!answers) throw new Error(`no page is known that tells of ${what}`);
    const [, position = null, tag = null] = SUBJECT.exec(what) ?? [];
    const tells = ({ cause, subject }: Page): boolean =>
      answers.orThese.includes(cause) ||
      (answers.causes.includes(cause) &&
        (position === null || (tag === null ? isOf(subject, position) : subject === tag.trim())));
    const ended = new Set<string>();
    let over: Page | undefined;
    const since = OF_THE_PROCESS.has(causeOf(what)) ? 0 : this.since;
    for (const page of this.of.world.pages.filter(({ at }) => at >= since).reverse()) {
      if (!tells(page)) continue;
      const key = `${page.cause}:${page.subject}`;
      if (page.kind === 'ended') ended.add(key);
      else if (!ended.has(key)) return page;
      // What has ended by now told of it all the same, when it was sent since.
      else if (page.at >= from) over ??= page;
    }
    return over;
  }

  private hasEnded({ cause, subject }: Page): boolean {
    return this.of.world.pages.findLast((page) => page.cause === cause && page.subject === subject)?.kind === 'ended';
  }

  private againWithin({ cause, subject }: Page): number {
    let sent = 0;
    for (const page of this.of.world.pages) {
      if (page.cause !== cause || page.subject !== subject) continue;
      sent = page.kind === 'raised' ? 1 : sent + 1;
    }
    return Math.min(AGAIN_MS[sent - 1] ?? AGAIN_LATER_MS, AT_LEAST_EACH_MS[cause] ?? AGAIN_LATER_MS);
  }

  /** What is over is told to be over. */
  private expectEnd(what: string): void {
    const known = this.ending.get(what);
    if (!known) return;
    const { page } = known;
    const { world, able, pulseMs, findings } = this.of;
    const newer = world.pages.findLast(({ cause, subject }) => cause === page.cause && subject === page.subject);
    if (newer?.kind === 'ended' || newer?.kind === 'told') {
      this.ending.delete(what);
      return;
    }
    if (able.productWorks() && able.hasSession()) known.ableMs += pulseMs;
    if (known.ableMs <= ENDED_WITHIN_MS) return;
    this.ending.delete(what);
    findings.add(
      10,
      `its end is not told: ${causeOf(what)}`,
      `${what} is over, and "${page.text.slice(0, 120)}" is not`,
    );
  }
}

const causeOf = (what: string): string => what.replace(SUBJECT, '');

/** A page's subject is a position, an order, or the day. */
function isOf(subject: string, position: string | null): boolean {
  const tag = tagOf(subject);
  return subject === position || (tag !== null && positionOf(tag) === position);
}
