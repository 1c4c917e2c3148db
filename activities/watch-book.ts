/** Watches the account's book until something is news to the day (CONTROL, "The book"). Nothing here ever touches an order. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type BookInput, type GuardActivities, SESSION_LOST } from '../src/contract/activities.ts';
import type { BookNews } from '../src/domain/book/book.ts';
import { doubtsAfter, flawOf, hearDoubts, isGood, type Look, overnightAfter } from '../src/domain/book/look.ts';
import { newsIn } from '../src/domain/book/news.ts';
import { CalendarError, sessionOf } from '../src/domain/calendar/index.ts';
import { realAt } from '../src/domain/clock.ts';
import { hashOf } from '../src/domain/control/sketch.ts';
import { isTagOf } from '../src/domain/tags.ts';
import type { MarketMs } from '../src/domain/types.ts';
import { type Book, type Flaw, runOf } from './book.ts';
import { BOOK_PACE, type BookPace } from './book-pace.ts';
import type { Deps } from './deps.ts';
import { Nap, within } from './waiting.ts';

/** A look that takes longer counts as failed for now; when it comes, it counts after all. */
const LOOK_WITHIN_MS = 1_000;
/** After a send the book may lag. */
const SENT_LATELY_MS = 60_000;
/** The same news are not returned more often, whatever keeps them from reaching the cursor. */
const REPEATED_AFTER_MS = 5_000;

export type WatchDeps = Pick<Deps, 'feed' | 'clock' | 'log'> & { book: Book; bookPace?: BookPace };

export function createBookActivities(deps: WatchDeps): Pick<GuardActivities, 'watchBook'> {
  return { watchBook: (input) => new Watch(deps, input).run() };
}

class Watch {
  private readonly deps: WatchDeps;
  private readonly input: BookInput;
  private readonly pace: BookPace;
  private readonly nap = new Nap();
  private readonly opensAt: MarketMs;
  private readonly beganMono = performance.now();
  private lookedAtMono = Number.NEGATIVE_INFINITY;
  private updated = false;
  private lost: ApplicationFailure | null = null;
  /** The newest look of this run. */
  private seen: Look | null = null;

  constructor(deps: WatchDeps, input: BookInput) {
    this.deps = deps;
    this.input = input;
    this.pace = deps.bookPace ?? BOOK_PACE;
    this.opensAt = openOf(input.identity.date);
    // Runs follow each other closely while there is news.
    const newest = deps.book.newest();
    if (newest) this.lookedAtMono = newest.beganMono;
  }

  async run(): Promise<BookNews> {
    const { feed } = this.deps;
    const beat = setInterval(() => Context.current().heartbeat(), this.pace.heartbeatMs);
    const ends = [
      feed.subscribe(this.input.contracts.map(({ instrumentToken }) => instrumentToken)),
      feed.onOrderUpdate(() => {
        this.updated = true;
        this.nap.wake();
      }),
    ];
    try {
      return await this.watch();
    } catch (error) {
      if (error instanceof ApplicationFailure && error.type === SESSION_LOST)
        return { kind: 'session_lost', number: Number(error.details?.[0] ?? 0) };
      throw error;
    } finally {
      clearInterval(beat);
      for (const end of ends) end();
    }
  }

  private async watch(): Promise<BookNews> {
    const memory = this.deps.book.memory();
    memory.doubts = hearDoubts(memory.doubts, this.input.cursor.doubts, this.beganMono);
    for (;;) {
      if (this.lost) throw this.lost;
      if (this.dueInMs() <= 0) await this.look();
      const answer = await this.answer();
      if (answer) return answer;
      const { until } = this.input;
      if (this.deps.clock.now() >= until) return { kind: 'quiet', until };
      await this.nap.sleep(Math.min(this.dueInMs(), this.untilMs(until)));
    }
  }

  private async look(): Promise<void> {
    const began = { wall: Date.now(), mono: performance.now(), message: 'Zerodha does not answer' };
    this.lookedAtMono = began.mono;
    this.updated = false;
    const { book, log } = this.deps;
    try {
      const looking = book.look();
      // Also where it takes longer: whether a newer login is there is asked of the journal, which may be away.
      looking.catch((error: unknown) => {
        if (error instanceof ApplicationFailure && error.type === SESSION_LOST) this.lost = error;
        if (this.lost) this.nap.wake();
      });
      const look = await within(LOOK_WITHIN_MS, looking);
      if (look) return this.take(look);
      // What another caller has read meanwhile counts as well.
      const newest = book.newest();
      if (newest && newest.beganMono >= this.beganMono && newest.look !== this.seen) return this.take(newest.look);
    } catch (error) {
      if (error instanceof ApplicationFailure) throw error;
      // Every failure counts as an unreadable book, also a journal that is away: without it there is no login.
      began.message = error instanceof Error ? error.message : String(error);
      log.warn({ error: began.message }, 'The book could not be read.');
    }
    this.note(began);
  }

  private note(flaw: Flaw): void {
    this.deps.book.memory().flawed = { ...(this.spell() ?? flaw), lastMono: flaw.mono };
  }

  /** The current run of failed looks. A failure that is long ago starts none: another process may have read the book since. */
  private spell(): Flaw | null {
    const { flawed } = this.deps.book.memory();
    return flawed && performance.now() - flawed.lastMono < this.pace.unreadableMs ? flawed : null;
  }

  private take(look: Look): void {
    const { book } = this.deps;
    const { cursor } = this.input;
    const memory = book.memory();
    this.seen = look;
    this.lookedAtMono = Math.max(this.lookedAtMono, look.beganMono);
    const flaw = flawOf(look, cursor, memory.shown);
    if (flaw !== null) {
      this.note({ wall: look.beganWall, mono: look.beganMono, message: flaw });
      return;
    }
    memory.flawed = null;
    memory.overnight = overnightAfter(memory.overnight, look);
    if (isGood(look, cursor, memory.shown)) memory.doubts = doubtsAfter(memory.doubts, look);
  }

  private async answer(): Promise<BookNews | null> {
    const { cursor, unread } = this.input;
    const whole = this.deps.book.memory().flawed === null ? this.seen : null;
    if (cursor.unreadableSince !== null && whole) return { kind: 'readable', at: whole.beganWall };
    const news = this.news();
    if (news && !this.isRepeated(news)) return this.gathered(news);
    // What was told a moment ago is on its way to the day, or is told again: without it the book is not read.
    if (unread && whole && !news) return { kind: 'readable', at: whole.beganWall };
    const spell = this.spell();
    if (spell && cursor.unreadableSince === null && performance.now() - spell.mono >= this.pace.unreadableMs)
      return { kind: 'unreadable', since: spell.wall, message: spell.message };
    return null;
  }

  private news(): News | null {
    const { book } = this.deps;
    const { shown, doubts, overnight } = book.memory();
    const { seen } = this;
    return (
      seen && newsIn(seen, this.input, { shown, ended: book.endedBefore(seen), doubts, overnight, told: book.told() })
    );
  }

  /**
   * What another attempt of this activity has answered was in vain: its worker was suspended, or lost, and its time was over; so was the answer of
   * a watch that was called off in that moment. What a run was told that is lost now, the one that goes on has never heard.
   */
  private isRepeated(news: News): boolean {
    const { returned } = this.deps.book.memory();
    if (!returned || returned.by === watchOf() || returned.runId !== runOf()) return false;
    return returned.times > 1 && isOf(returned, keyOf(news));
  }

  /** What comes together is told together: one more look where the ticker has told of more, or the lists were read apart. */
  private async gathered(first: News): Promise<BookNews> {
    const until = performance.now() + this.pace.gatherMs;
    for (let left = this.pace.gatherMs; left > 0; left = until - performance.now()) await this.nap.sleep(left);
    if (this.updated || !isSettled(first)) await this.look();
    const news = this.news() ?? first;
    const memory = this.deps.book.memory();
    const key = keyOf(news);
    const times = memory.returned && isOf(memory.returned, key) ? memory.returned.times + 1 : 1;
    memory.returned = { key, times, atMono: performance.now(), by: watchOf(), runId: runOf() };
    return news;
  }

  /** Until the next look. */
  private dueInMs(): number {
    const spacing = this.updated ? this.pace.leastMs : this.spacingMs();
    return this.lookedAtMono + spacing - performance.now();
  }

  private spacingMs(): number {
    const { book } = this.deps;
    const { busyMs, openMs, idleMs, beforeOpenMs } = this.pace;
    const { cursor, open, identity } = this.input;
    // Before it knows what was held overnight the day opens nothing.
    if (cursor.overnight === null) return busyMs;
    if (cursor.doubts.length > 0 || book.sinceSentMs() < SENT_LATELY_MS) return busyMs;
    const ours = (this.seen?.orders ?? []).filter(
      ({ tag, phase }) => phase !== 'ended' && tag !== null && isTagOf(tag, identity),
    );
    const isBusy = ours.some(({ phase }) => phase !== 'resting');
    if (this.seen === null || isBusy || book.memory().flawed) return busyMs;
    if (this.deps.clock.now() < this.opensAt && cursor.overnight !== null) return beforeOpenMs;
    return open || ours.length > 0 ? openMs : idleMs;
  }

  /** Never past the end, the open, or the moment at which the day has to be told that nothing can be read. */
  private untilMs(until: MarketMs): number {
    const { clock, book } = this.deps;
    const next = clock.now() < this.opensAt ? Math.min(until, this.opensAt) : until;
    const real = realAt(clock.current(), next, Date.now());
    const { flawed } = book.memory();
    const silent = flawed ? flawed.mono + this.pace.unreadableMs - performance.now() : 0;
    const waits = [real === null ? this.pace.idleMs : real - Date.now(), ...(silent > 0 ? [silent] : [])];
    return Math.max(1, Math.min(...waits));
  }
}

/** The same news, a moment ago. */
function isOf({ key, atMono }: { key: string; atMono: number }, of: string): boolean {
  return key === of && performance.now() - atMono < REPEATED_AFTER_MS;
}

/** The activity, whichever attempt of it. */
const watchOf = (): string => `${runOf()}/${Context.current().info.activityId}`;

type News = Extract<BookNews, { kind: 'news' }>;

/** Rows and trades are two answers: a fill may be in one of them a moment before the other. */
function isSettled({ rows }: News): boolean {
  return rows.every(({ phase, fills, filledQuantity }) => {
    return phase !== 'pending' && fills.reduce((sum, { quantity }) => sum + quantity, 0) === filledQuantity;
  });
}

/** When it was told, and the ids beside it, are no news. */
const keyOf = (news: News): string => String(hashOf(JSON.stringify({ ...news, at: 0, toldAt: 0, ids: [] })));

/** A day without hours in the calendar is never before its open. */
function openOf(date: string): MarketMs {
  try {
    const session = sessionOf(date);
    return session.kind === 'session' ? session.open : Number.NEGATIVE_INFINITY;
  } catch (error) {
    if (!(error instanceof CalendarError)) throw error;
    return Number.NEGATIVE_INFINITY;
  }
}
