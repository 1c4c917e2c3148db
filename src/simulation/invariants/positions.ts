/** Invariants 3, 5 and 10, position by position: protected, left in time, paged about. */

import { istAt, istDate } from '../../domain/clock.ts';
import type { MarketMs } from '../../domain/types.ts';
import { virtualNow } from '../virtual-time.ts';
import type { LogLine, World } from '../world/world.ts';
import type { Able } from './able.ts';
import { followAnswers } from './answered-questions.ts';
import { BareShorts, PROTECTED_WITHIN_MS } from './bare-shorts.ts';
import type { BookWatch } from './book.ts';
import type { Findings } from './findings.ts';
import { FittingOrders, rarelyAfter } from './fitting-orders.ts';
import { followGivenCover } from './given-cover.ts';
import { Hearing } from './hearing.ts';
import { type Leg, positionOf, tagOf } from './legs.ts';
import { buying, hasLive, hasTaker, isSelling, lacksFunds } from './live-orders.ts';
import { PageDeadlines } from './pages.ts';

const EXIT_PAGED_AFTER_MS = 30_000;
const EXIT_ENDS_WITHIN_MS = 60_000;
const NO_SESSION_MS = 30_000;
/** A newer login is looked for first; while the journal is away that ends only by its time. */
const LOGIN_LOOKED_FOR_MS = 10_000;
const BOOK_UNREAD_MS = 10_000;
const SURPLUS_MS = 5 * 60_000;
/** A decision is that old at most when the last order of its entry leaves. */
const ENTRY_MS = 5 * 60_000;
export class PositionsWatch {
  /** From the moment an exit was due until flat, in seconds. */
  readonly lateExits: number[] = [];
  private readonly exits = new Map<string, number>();
  /** Positions whose exit stands in the journal: its line has come. */
  private readonly written = new Set<string>();
  /** Positions that have been short. */
  private readonly shorted = new Set<string>();
  private readonly fitting: FittingOrders;
  private readonly deadlines: PageDeadlines;
  private readonly hearing: Hearing;
  private acknowledgedAt = 0;
  private sessionEndedAt = 0;
  private pagesRead = 0;
  private readonly bare: BareShorts;
  private readonly takenSince = new Map<string, number>();
  /** When a position was last asked about: its hedge is to be sold from then on. */
  private readonly askedAt = new Map<string, number>();
  private readonly of: {
    world: World;
    able: Able;
    book: BookWatch;
    findings: Findings;
    readEveryMs: number;
    pulseMs: number;
  };

  constructor(of: {
    world: World;
    able: Able;
    book: BookWatch;
    findings: Findings;
    readEveryMs: number;
    pulseMs: number;
  }) {
    this.of = of;
    this.bare = new BareShorts(of);
    this.fitting = new FittingOrders(of);
    this.deadlines = new PageDeadlines(of);
    this.hearing = new Hearing(of.world, () => of.able.hasSession());
    of.world.onLine((line) => this.hear(line));
    of.world.exchange.onOrder(({ tag }) => this.noteProtected(tag));
    followGivenCover(of.world, of.book.legs);
    followAnswers(of.world, of.book.legs);
  }

  /** An exit of everything that is open is due: a command, or the clock. */
  exitDue(positions: readonly string[]): void {
    for (const position of positions) if (!this.exits.has(position)) this.exits.set(position, virtualNow());
  }

  /** A person has said that all trades so far which closed ours were theirs. */
  acknowledged(): void {
    // Who has not been asked has not answered.
    const isAsked = this.of.world.pages.findLast(({ cause }) => cause === 'external')?.kind;
    if (isAsked === undefined || isAsked === 'ended') return;
    this.acknowledgedAt = virtualNow();
    this.of.book.legs.closedUnread.clear();
  }

  /** Others have closed some of its short, and nobody has said that it was them: until then its hedge may cover it (CONTROL, I1 and X). */
  private isAsked(position: string): boolean {
    const { legs } = this.of.book;
    const heardBy = this.acknowledgedAt - this.of.readEveryMs;
    return legs
      .legsOf(position)
      .some(
        ({ net, contract }) =>
          legs.closedUnread.has(contract) ||
          (net < 0 && legs.closedByOthers(contract, virtualNow()) > legs.closedByOthers(contract, heardBy)),
      );
  }

  /** Something of it has changed, and nothing can tell of it. */
  isDeafTo(position: string): boolean {
    return this.hearing.isDeafTo(position);
  }

  openPositions(): string[] {
    return [
      ...new Set(
        [...this.of.book.legs.legs.values()].filter((leg) => this.leftOf(leg) !== 0).map(({ position }) => position),
      ),
    ];
  }

  /** A run was lost that may not have written them: what the clock or the whole day asks for is due again at the next look. */
  forgetExitsSince(since: MarketMs): void {
    for (const [position, at] of this.exits)
      if (at >= since && !this.written.has(position)) this.exits.delete(position);
  }

  /** A new run counts its waits anew, hears all that happened from the lists, and asks once more what was answered. */
  runResumed(): void {
    this.deadlines.forget();
    this.hearing.forgetTold();
    this.acknowledgedAt = 0;
  }

  /** Its exit was asked for, or is due. */
  isLeft(position: string): boolean {
    return this.exits.has(position);
  }

  /** Units of it that are sold. */
  shortOf(position: string): number {
    return this.of.book.legs.legsOf(position).reduce((sum, leg) => sum + Math.max(0, -this.leftOf(leg)), 0);
  }

  isLeaving(): boolean {
    return this.exits.size > 0;
  }

  forgetExits(): void {
    this.deadlines.forget();
    this.hearing.forget();
    this.exits.clear();
    this.written.clear();
    this.shorted.clear();
    this.bare.forget();
    this.fitting.newDay();
  }

  private hear({ data, text }: LogLine): void {
    if (!('kind' in data) || data.kind !== 'exit_requested') return;
    const position = /^([PM]\d+): leaving/.exec(text)?.[1];
    if (!position) return;
    this.exitDue([position]);
    this.written.add(position);
  }

  /** Others have closed something of it: what is ours is for a person to say. */
  isTouched(position: string): boolean {
    return this.of.book.legs.legsOf(position).some((leg) => this.leftOf(leg) !== leg.net);
  }

  private leftOf(leg: Leg): number {
    return this.of.book.legs.leftOf(leg, virtualNow());
  }

  /** While the journal is away a page is the first to say that a position is being left. */
  private readPages(): void {
    const { pages } = this.of.world;
    for (const { cause, kind, subject } of pages.slice(this.pagesRead))
      if (cause === 'not_flat' && kind !== 'ended') this.exitDue([subject]);
    this.pagesRead = pages.length;
  }

  pulse(marketIsOpen: boolean): void {
    const { book, able, world } = this.of;
    this.readPages();
    const positions = new Set([...[...book.legs.legs.values()].map(({ position }) => position), ...this.exits.keys()]);
    for (const position of positions) this.look(position, marketIsOpen);
    // What came after it was settled as absent is known once it is read.
    const isKnown = ({ position }: Leg) => !book.hasLate(position) || !this.hearing.isDeafTo(position);
    const open = [...book.legs.legs.values()].some((leg) => this.leftOf(leg) !== 0 && isKnown(leg));
    const now = virtualNow();
    const watched = now >= istAt(istDate(now), '09:00') && marketIsOpen;
    const noSession = open && watched && !able.isLoggedIn() && !able.diedUnheard();
    const { givenAt, endedAt } = world.logins;
    // A login that came and went between two looks was one: what follows it is waited for anew.
    if (givenAt > this.sessionEndedAt && endedAt > givenAt && noSession)
      this.deadlines.expect('no session with something open', false, NO_SESSION_MS, { isOver: false });
    this.sessionEndedAt = endedAt;
    const heardWithin = this.of.readEveryMs + (world.journalAway ? LOGIN_LOOKED_FOR_MS : 0);
    this.deadlines.expect('no session with something open', noSession, NO_SESSION_MS + heardWithin);
    const unread = able.bookUnreadFor() > this.of.readEveryMs;
    this.deadlines.expect('the book is not read', open && marketIsOpen && unread && able.isLoggedIn(), BOOK_UNREAD_MS);
    if (world.atStake()) book.measureNaked();
    this.expectOthersTold(marketIsOpen);
  }

  /** What others have closed of ours is asked about. */
  private expectOthersTold(marketIsOpen: boolean): void {
    const { book, readEveryMs } = this.of;
    // What a person has said is theirs is booked.
    const heardBy = this.acknowledgedAt - readEveryMs;
    for (const leg of book.legs.legs.values()) {
      const holds =
        marketIsOpen &&
        leg.net !== 0 &&
        leg.position.startsWith('P') &&
        // Of several that hold it, it is told of the oldest.
        this.leftOf(leg) !== leg.net &&
        book.legs.closedByOthers(leg.contract, virtualNow()) > book.legs.closedByOthers(leg.contract, heardBy);
      this.deadlines.expect(
        `others have closed the ${leg.role} of ${leg.position}`,
        holds,
        this.heardWithin(PROTECTED_WITHIN_MS + readEveryMs),
        {
          // Until a person has answered, it goes on; and so it does for another leg of the same position.
          isOver: leg.net === 0 && !this.isTouched(leg.position),
          isHeard: !this.hearing.isDeafToOthers(leg.contract),
        },
      );
    }
  }

  /** A stop that rested between two looks has protected: from its end on there is another wait. */
  private noteProtected(tag: string | null): void {
    const parsed = tagOf(tag);
    if (parsed?.role !== 'main') return;
    const position = positionOf(parsed);
    if (buying(this.of.world, position) >= this.shortOf(position))
      this.deadlines.expect(`a short without protection of ${position}`, false, 0, { invariant: 3, isOver: false });
  }

  /** Without a session nothing is heard of the book: that nobody is logged in is told by then. */
  private heardWithin(ms: number): number {
    return this.of.able.hasSession() ? ms : NO_SESSION_MS + this.of.readEveryMs;
  }

  private look(position: string, marketIsOpen: boolean): void {
    const { book, able, findings, world } = this.of;
    const legs = book.legs.legsOf(position).map((leg) => ({ ...leg, net: this.leftOf(leg) }));
    const short = legs.reduce((sum, { net }) => sum + Math.max(0, -net), 0);
    const long = legs.reduce((sum, { net }) => sum + Math.max(0, net), 0);
    const isManual = position.startsWith('M');
    // What may still fill is not flat yet by the product's own word.
    const isSettled = !this.isTouched(position) && !this.isAsked(position);
    const isFlat = short === 0 && long === 0 && isSettled && !hasLive(world, position);
    const what = isManual ? 'a manual short without protection' : 'a short without protection';
    const within = isManual ? 2 * PROTECTED_WITHIN_MS : this.heardWithin(PROTECTED_WITHIN_MS);
    const isHeard = !this.hearing.isDeafTo(position);
    const bare = marketIsOpen && short > buying(this.of.world, position);
    this.deadlines.expect(`${what} of ${position}`, bare, within, { invariant: 3, isOver: isFlat, isHeard });
    this.bare.judge(position, bare && !isManual && !this.isLeft(position));
    // What an order of the entry may still sell is to be covered, as long as it may go on, or cannot be cancelled.
    const isEntering = virtualNow() - Math.min(...legs.map((leg) => leg.openedAt)) < ENTRY_MS;
    const maySell = isSelling(world, position) && (isEntering || this.fitting.isCancelling(position));
    const isFree = long > short && !maySell;
    const surplus = !isManual && marketIsOpen && isFree && legs.every((leg) => hasTaker(world, leg));
    // Before anything is sold its entry may still go on: then it is no surplus yet.
    const entry = this.shorted.has(position) ? 0 : ENTRY_MS;
    this.deadlines.expect(`more hedge than short of ${position}`, surplus, entry + SURPLUS_MS, {
      isOver: isFlat,
      isHeard,
    });
    this.fitting.judge(position, short, long);
    // A stop of ours has bought the short back: what it was hedged with is to be sold. What a person has closed is asked about.
    const own = book.legs.legsOf(position);
    if (own.some(({ net }) => net < 0)) this.shorted.add(position);
    else if (!isManual && this.shorted.has(position) && long > 0) this.exitDue([position]);
    const due = this.exits.get(position);
    const lasts = due !== undefined && marketIsOpen && short > 0;
    this.deadlines.expect(`an exit that does not end of ${position}`, lasts, EXIT_PAGED_AFTER_MS, {
      isOver: isFlat && isHeard,
    });
    if (due === undefined) return;
    if (short === 0 && long === 0) {
      this.lateExits.push((virtualNow() - due) / 1_000);
      this.exits.delete(position);
      return;
    }
    // Inside the limits somebody takes what is left of it, for so long.
    const isTaken = legs.every((leg) => hasTaker(world, leg)) && !(short === 0 && lacksFunds(world, position));
    if (!isTaken) this.takenSince.delete(position);
    else if (!this.takenSince.has(position)) this.takenSince.set(position, virtualNow());
    if (short === 0 && this.isAsked(position)) this.askedAt.set(position, virtualNow());
    const from = Math.max(due, this.takenSince.get(position) ?? 0, this.askedAt.get(position) ?? 0);
    const since = Math.min(able.answersFor(), virtualNow() - from);
    const rarely = rarelyAfter(virtualNow() - due) ?? 0;
    if (marketIsOpen && since > EXIT_ENDS_WITHIN_MS + rarely && isTaken)
      findings.add(
        5,
        short > 0 ? 'a short is not left' : 'a hedge is not left',
        `${position} was to be left at ${new Date(due + 19_800_000).toISOString().slice(11, 19)}; ${short} short and ${long} long are open after 60 s of an exchange that answers`,
      );
  }
}
