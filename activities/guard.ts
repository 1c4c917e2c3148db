/**
 * Watches one position's prices to the next hourly close. When the loss cap, the target or the exit time is reached it turns the resting
 * stop into the exit with at most one modification, so that the wire sees it at once; the position's loop does the rest. It never places,
 * never chases and never cancels. It also says when it sees no prices.
 */
import { Context } from '@temporalio/activity';
import type { GuardActivities, GuardInput, GuardReason, GuardResult } from '../src/contract/activities.ts';
import { CalendarError, timetable } from '../src/domain/calendar/index.ts';
import { marketAt, realAt } from '../src/domain/clock.ts';
import type { ContractRef } from '../src/domain/contracts.ts';
import { PRICE_EXITS, type PriceRule } from '../src/domain/price-exits.ts';
import { closingResult } from '../src/domain/stops.ts';
import type { MarketMs } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import { createPriceSight, type PriceSight } from '../src/market/price-sight.ts';
import { createQuoteLook, type QuoteLook } from '../src/market/quote-look.ts';
import { NIFTY_TOKEN } from '../src/market/types.ts';
import type { Deps } from './deps.ts';
import { createBlindness, type Outcome } from './guard-blindness.ts';
import { type GuardBook, turnStopIntoExit } from './guard-exit.ts';
import { GUARD_PACE, type GuardPace } from './guard-pace.ts';

/** A breach counts on two consecutive packets, or when it lasts this long: one garbage tick exits nothing. */
const BREACH_LASTS_MS = 1_000;

export type { GuardPace };

export type GuardDeps = Pick<Deps, 'feed' | 'clock' | 'sessions' | 'log'> & {
  account: Account;
  book: GuardBook;
  guardPace?: GuardPace;
};

/** What the guards of a process share. */
type Shared = GuardDeps & { sight: PriceSight; quotes: QuoteLook; pace: GuardPace };

export function createGuardActivities(deps: GuardDeps): Pick<GuardActivities, 'guardPosition'> {
  const { feed, clock, sessions, account, log, guardPace: pace = GUARD_PACE } = deps;
  const warn = (text: string) => log.warn({}, text);
  const sight = createPriceSight({ feed, clock, warn });
  const ask = (keys: string[]) => sessions.use(account, (session) => session.quotes(keys));
  const quotes = createQuoteLook({ ask, sight, clock, everyMs: pace.quoteLookMs, warn });
  const shared: Shared = { ...deps, sight, quotes, pace };
  return { guardPosition: (input) => new Guard(shared, input).watch() };
}

/** `by` is the contract whose packet began it, null when it was found at the beginning or by a clock. */
type Breach = { reason: GuardReason; by: number | null; packets: number; since: number };
type Fired = { reason: GuardReason; at: MarketMs; detail: string };

class Guard {
  private readonly deps: Shared;
  private readonly input: GuardInput;
  private breach: Breach | null = null;
  private fired: Fired | null = null;
  private wake = () => {};

  constructor(deps: Shared, input: GuardInput) {
    this.deps = deps;
    this.input = input;
  }

  async watch(): Promise<GuardResult> {
    const { feed, sight, pace } = this.deps;
    const { main, hedge, epoch } = this.input;
    const tokens = this.legs().map(({ instrumentToken }) => instrumentToken);
    const beat = setInterval(() => Context.current().heartbeat(), pace.heartbeatMs);
    const ends = [
      () => clearInterval(beat),
      feed.subscribe([...tokens, NIFTY_TOKEN]),
      sight.watch(main.contract, main.entryPrice),
      ...(hedge ? [sight.watch(hedge.contract, hedge.entryPrice)] : []),
      sight.onPacket((token) => {
        if (tokens.includes(token)) this.judge(token);
      }),
    ];
    try {
      return { epoch, ...(await this.loop()) };
    } finally {
      for (const end of ends) end();
    }
  }

  private async loop(): Promise<Outcome> {
    const { clock, sight, quotes, feed } = this.deps;
    const { exitAt, until, blind } = this.input;
    const blindness = createBlindness({ sight, quotes, feed, legs: this.legs(), known: blind });
    const { open, close } = this.session();
    for (;;) {
      quotes.lookIfNeeded(() => this.wake());
      this.judge(null);
      const now = clock.now();
      if (exitAt !== null && now >= exitAt && (await this.isTime(exitAt))) this.fire('exit_time', 'exit time');
      if (this.fired) return await this.act(this.fired);
      if (now >= until) return { kind: 'quiet', until };
      const news = blindness.look(now >= open && now < close);
      if (news) return news;
      await this.nap(exitAt === null ? until : Math.min(until, exitAt));
    }
  }

  /** Looked at again: the copy of a replay's clock runs ahead for a moment after its market was slowed down. */
  private async isTime(at: MarketMs): Promise<boolean> {
    const { clock } = this.deps;
    await clock.read().catch(() => null);
    return clock.now() >= at;
  }

  private legs(): ContractRef[] {
    const { main, hedge } = this.input;
    return [main.contract, ...(hedge ? [hedge.contract] : [])];
  }

  /** From the open to the last instant at which all legs trade. */
  private session(): { open: MarketMs; close: MarketMs } {
    const close = Math.min(...this.legs().map(({ tradesUntil }) => tradesUntil));
    try {
      return { open: timetable(this.input.identity.date).open, close };
    } catch (error) {
      // A date that the calendar does not know must not leave a position unwatched.
      if (error instanceof CalendarError) return { open: Number.NEGATIVE_INFINITY, close };
      throw error;
    }
  }

  /** Sleeps a little, but never past the market's next deadline. A packet that fires wakes it. */
  private async nap(deadline: MarketMs): Promise<void> {
    const due = realAt(this.deps.clock.current(), deadline, Date.now());
    const { lookMs } = this.deps.pace;
    const ms = due === null ? lookMs : Math.max(1, Math.min(lookMs, due - Date.now()));
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((done) => {
      timer = setTimeout(done, ms);
      this.wake = done;
    });
    try {
      await Promise.race([slept, Context.current().cancelled]);
    } finally {
      clearTimeout(timer);
    }
  }

  private fire(reason: GuardReason, detail: string): void {
    this.fired ??= { reason, at: marketAt(this.deps.clock.current(), Date.now()), detail };
    this.wake();
  }

  /** `packet` is the contract that a new packet came for, null when only time has passed. */
  private judge(packet: number | null): void {
    if (this.fired) return;
    const breached = this.breached();
    if (breached === 'unseen') return;
    if (breached === null) {
      this.breach = null;
      return;
    }
    const { reason, isLoss, words } = breached.rule;
    if (this.breach?.reason !== reason) this.breach = { reason, by: packet, packets: 0, since: performance.now() };
    // What the guard found when it began was a packet too: the next one of any leg that still breaches confirms a loss.
    if (this.breach.by === null && packet !== null && isLoss) this.breach.packets += 2;
    else if (packet !== null && packet === this.breach.by) this.breach.packets += 1;
    if (this.breach.packets < 2 && performance.now() - this.breach.since < BREACH_LASTS_MS) return;
    this.fire(reason, words(breached.rupees));
  }

  /**
   * What closing now would reach, valued cautiously: the ask for the short, the bid for the hedge, nothing where nobody bids. Where nobody
   * offers the short it costs at least what is bid for it: enough for a loss, not for a profit.
   */
  private breached(): { rule: PriceRule; rupees: string } | 'unseen' | null {
    const { main, hedge, charges, identity } = this.input;
    const short = this.deps.sight.touch(main.contract.instrumentToken);
    const long = hedge && this.deps.sight.touch(hedge.contract.instrumentToken);
    const ask = short?.ask ?? short?.bid;
    if (!short || ask === undefined || ask === null || (hedge && !long)) return 'unseen';
    const result = closingResult({
      date: identity.date,
      main,
      hedge,
      ask,
      bid: long?.bid ?? null,
      paidCharges: charges,
    });
    const rupees = (Math.abs(result) / 100).toFixed(2);
    const isSure = short.ask !== null;
    const rule = PRICE_EXITS.find(({ isLoss, isReached }) => (isLoss || isSure) && isReached(result, this.input));
    return rule ? { rule, rupees } : null;
  }

  private async act({ reason, at, detail }: Fired): Promise<Outcome> {
    const { sight, book, sessions, account, log } = this.deps;
    const { positionId, main } = this.input;
    const token = main.contract.instrumentToken;
    const { sent, price, note } = await turnStopIntoExit({
      input: this.input,
      book,
      touch: sight.touch(token),
      circuit: sight.circuit(token),
      use: (call) => sessions.use(account, call),
    });
    log.info({ position: positionId, reason, sent, price }, `the guard fired: ${detail}; ${note}`);
    return { kind: 'triggered', reason, at, sent, price, detail: `${detail}; ${note}` };
  }
}
