/**
 * Watches one position's ticks to the next hourly close. When something fires it turns the resting stop into the exit with at most
 * one modification, so that the wire sees it at once; the workflow does the rest. It never places and never chases.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BrokerOrder } from '../src/brokers/types.ts';
import { marketAt, realAt } from '../src/domain/clock.ts';
import { isBelievable } from '../src/domain/limit-prices.ts';
import { closingResult, lossCapHit, targetHit } from '../src/domain/stops.ts';
import type { MarketMs, Paise, WallMs } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import type { ContractRef, GuardActivities, GuardInput, GuardReason, GuardResult } from './contract.ts';
import type { Deps } from './deps.ts';
import { GUARD_PACE, type GuardPace } from './guard-pace.ts';
import { snapshot } from './orders.ts';
import { crossingPrice, type Touch } from './quotes.ts';
import { readByHand } from './reconcile.ts';

/** Ticks older than this are not believed for a decision. */
const TICK_BELIEVED_MS = 5_000;
const QUOTE_BELIEVED_MS = 2_000;
/** A breach counts on two consecutive packets, or when it lasts this long: one garbage tick exits nothing. */
const BREACH_LASTS_MS = 1_000;
/** Of the broker's 25 modifications of an order the guard may use these. */
const GUARD_BUDGET = 8;

export { GUARD_PACE, type GuardPace };

export type GuardDeps = Deps & { account: Account; guardPace?: GuardPace };

export function createGuardActivities(deps: GuardDeps): Pick<GuardActivities, 'guardPosition'> {
  return { guardPosition: (input) => new Guard(deps, input).watch() };
}

type Seen = Touch & { receivedAt: WallMs };
/** `by` is the contract whose packet began it: only a second packet of that one confirms it. */
type Breach = { reason: GuardReason; by: number | null; packets: number; since: WallMs };

class Guard {
  private readonly deps: GuardDeps;
  private readonly pace: GuardPace;
  private readonly input: GuardInput;
  private breach: Breach | null = null;
  private fired: { reason: GuardReason; detail: string } | null = null;
  private failure: ApplicationFailure | null = null;
  private looking = false;
  private handsOff = false;
  /** What others have moved, as seen in the last look, where it is not what the day knows. */
  private newlyMoved: string | null = null;
  private tradedOutside = false;
  private stopLookedAt = 0;
  private quotesLookedAt = 0;
  private readonly quotes = new Map<number, Seen>();
  private wake = () => {};

  constructor(deps: GuardDeps, input: GuardInput) {
    this.deps = deps;
    this.pace = deps.guardPace ?? GUARD_PACE;
    this.input = input;
  }

  async watch(): Promise<GuardResult> {
    const { feed } = this.deps;
    const { main, hedge, stops } = this.input;
    const tokens = [main.contract.instrumentToken, ...(hedge ? [hedge.contract.instrumentToken] : [])];
    const beat = setInterval(() => Context.current().heartbeat(), this.pace.heartbeatMs);
    const ends = [
      () => clearInterval(beat),
      feed.subscribe(tokens),
      feed.onTick((tick) => {
        if (tokens.includes(tick.instrumentToken)) this.judge(tick.instrumentToken);
      }),
      feed.onOrderUpdate((order) => {
        if (stops.some((stop) => stop.orderId === order.orderId)) this.seeStop(order);
      }),
    ];
    try {
      return await this.loop();
    } finally {
      for (const end of ends) end();
    }
  }

  private async loop(): Promise<GuardResult> {
    for (;;) {
      this.lookNow();
      if (this.failure !== null) throw this.failure;
      this.judge(null);
      const now = this.deps.clock.now();
      const { exitAt, until } = this.input;
      if (!this.fired && exitAt !== null && now >= exitAt) this.fire('exit_time', 'exit time');
      if (this.fired) return await this.act(this.fired);
      if (this.tradedOutside) return { kind: 'traded_outside', at: now };
      if (now >= until) return { kind: 'quiet', until };
      await this.nap(exitAt === null ? until : Math.min(until, exitAt));
    }
  }

  /**
   * Looks over HTTP beside the loop, which a slow broker must not hold up: at the resting stop now and then, and at the quotes of a leg
   * whose ticks are old, because it trades rarely or because the feed is mute.
   */
  private lookNow(): void {
    if (this.looking) return;
    const stopIsDue = Date.now() - this.stopLookedAt >= this.pace.stopLookMs;
    const stale = this.legs().filter((contract) => !this.fresh(contract));
    const quotesAreDue = stale.length > 0 && Date.now() - this.quotesLookedAt >= this.pace.quoteLookMs;
    if (!stopIsDue && !quotesAreDue) return;
    this.looking = true;
    const look = async () => {
      if (stopIsDue) await this.lookAtStop();
      if (quotesAreDue) await this.lookAtQuotes(stale);
    };
    look()
      .catch((error: unknown) => {
        // A dead session is the day's to mend; anything else is looked at again.
        if (error instanceof ApplicationFailure) this.failure = error;
        else this.deps.log.warn({ position: this.input.positionId, error: String(error) }, 'the guard could not look');
      })
      .finally(() => {
        this.looking = false;
        this.wake();
      });
  }

  private async lookAtQuotes(contracts: ContractRef[]): Promise<void> {
    this.quotesLookedAt = Date.now();
    const keys = contracts.map((contract) => `NFO:${contract.tradingsymbol}`);
    const quotes = await this.deps.sessions.use(this.deps.account, (session) => session.quotes(keys));
    for (const quote of quotes.values()) this.quotes.set(quote.instrumentToken, { ...quote, receivedAt: Date.now() });
    for (const { instrumentToken } of contracts) if (quotes.size > 0) this.judge(instrumentToken);
  }

  private legs(): ContractRef[] {
    const { main, hedge } = this.input;
    return [main.contract, ...(hedge ? [hedge.contract] : [])];
  }

  /** Sleeps a little, but never past the market's next deadline. A tick that fires wakes it. */
  private async nap(deadline: MarketMs): Promise<void> {
    const clock = this.deps.clock.current();
    const due = realAt(clock, deadline, Date.now());
    const { lookMs } = this.pace;
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
    this.fired ??= { reason, detail };
    this.wake();
  }

  /** `packet` is the contract that a new packet came for, null when only time has passed. */
  private judge(packet: number | null): void {
    if (this.fired) return;
    const seen = this.believed();
    if (!seen) return;
    const { main, hedge, maxLoss, target, charges, identity } = this.input;
    const result = closingResult({
      date: identity.date,
      main,
      hedge,
      ask: seen.ask,
      bid: seen.bid,
      paidCharges: charges,
    });
    const reason: GuardReason | null = lossCapHit(result, maxLoss)
      ? 'loss_cap'
      : targetHit(result, target)
        ? 'target'
        : null;
    if (reason === null) {
      this.breach = null;
      return;
    }
    if (this.breach?.reason !== reason) this.breach = { reason, by: packet, packets: 0, since: Date.now() };
    if (packet !== null && packet === this.breach.by) this.breach.packets += 1;
    if (this.breach.packets < 2 && Date.now() - this.breach.since < BREACH_LASTS_MS) return;
    const rupees = (Math.abs(result) / 100).toFixed(2);
    this.fire(
      reason,
      reason === 'loss_cap'
        ? `a loss of ${rupees} rupees reaches the cap`
        : `a profit of ${rupees} rupees reaches the target`,
    );
  }

  /** The prices of closing now; null while ticks are old, one-sided or outside the price protection. */
  private believed(): { ask: Paise; bid: Paise | null } | null {
    const { main, hedge } = this.input;
    const ask = this.fresh(main.contract)?.asks[0]?.price;
    if (ask === undefined) return null;
    if (!hedge) return { ask, bid: null };
    const hedgeTick = this.fresh(hedge.contract);
    return hedgeTick ? { ask, bid: hedgeTick.bids[0]?.price ?? null } : null;
  }

  private fresh({ instrumentToken, tickSize }: ContractRef): Seen | undefined {
    const tick = this.deps.feed.last(instrumentToken);
    const quote = this.quotes.get(instrumentToken);
    const seen =
      tick && Date.now() - tick.receivedAt <= TICK_BELIEVED_MS
        ? tick
        : quote && Date.now() - quote.receivedAt <= QUOTE_BELIEVED_MS
          ? quote
          : undefined;
    if (!seen) return undefined;
    const touches = [seen.asks[0]?.price, seen.bids[0]?.price];
    const sane = touches.every((price) => price === undefined || isBelievable(price, seen.lastPrice, tickSize));
    return sane ? seen : undefined;
  }

  private seeStop(order: BrokerOrder): void {
    if (order.state !== 'live' || order.filledQuantity > 0) {
      this.fire('catastrophe_stop', `the resting stop is ${order.status}`);
    } else if (order.status === 'OPEN') {
      // Triggered, now an open limit: given its two seconds by the exit itself, which starts by looking at it.
      this.fire('catastrophe_stop', 'the resting stop was triggered');
    }
  }

  private async lookAtStop(): Promise<void> {
    this.stopLookedAt = Date.now();
    for (const { orderId } of this.input.stops) await this.lookAtOrder(orderId);
    await this.lookForHands();
  }

  /** Where somebody traded these contracts by hand, the workflow says how much of an exit is still ours to send. */
  private async lookForHands(): Promise<void> {
    const { identity, product, foreign, moved } = this.input;
    const contracts = this.legs().map(({ tradingsymbol }) => ({ tradingsymbol, foreign: foreign[tradingsymbol] ?? 0 }));
    const byHand = await this.deps.sessions.use(this.deps.account, (session) =>
      readByHand(session, { identity, product, contracts }),
    );
    this.handsOff = Object.values(byHand).some((quantity) => quantity !== 0);
    const known = Object.entries(byHand).every(([tradingsymbol, quantity]) => quantity === (moved[tradingsymbol] ?? 0));
    const seen = known ? null : JSON.stringify(byHand);
    // Positions may lag behind the orders for a moment: what is still so at the second look is true.
    this.tradedOutside = seen !== null && seen === this.newlyMoved;
    this.newlyMoved = seen;
    const { stopLookMs, handsLookAgainMs } = this.pace;
    if (seen !== null) this.stopLookedAt = Date.now() - stopLookMs + handsLookAgainMs;
  }

  private async lookAtOrder(orderId: string): Promise<void> {
    const seen = await this.deps.sessions.use(this.deps.account, (session) => snapshot(session, orderId));
    if (seen.state !== 'live' || seen.filledQuantity > 0) {
      this.fire('catastrophe_stop', `the resting stop is ${seen.status}`);
    } else if (seen.status === 'OPEN') {
      this.fire('catastrophe_stop', 'the resting stop was triggered');
    }
  }

  /** One look and at most one modification. Whatever goes wrong is left to the workflow, which looks for itself. */
  private async act(fired: { reason: GuardReason; detail: string }): Promise<GuardResult> {
    const at = marketAt(this.deps.clock.current(), Date.now());
    const triggered = { kind: 'triggered', reason: fired.reason, at, detail: fired.detail } as const;
    const { main } = this.input;
    const [stop] = this.input.stops;
    const tick = this.fresh(main.contract);
    if (!stop || !tick || this.handsOff || fired.reason === 'catastrophe_stop') return { ...triggered, sent: false };
    try {
      const sent = await this.deps.sessions.use(this.deps.account, async (session) => {
        const seen = await snapshot(session, stop.orderId);
        if (seen.status !== 'TRIGGER PENDING' || seen.modifications >= GUARD_BUDGET) return false;
        // Called off meanwhile: the workflow is changing the order itself.
        if (Context.current().cancellationSignal.aborted) return false;
        const { price } = crossingPrice(tick, 'BUY', main.contract.tickSize, 0, null);
        await session.modifyOrder(stop.orderId, { orderType: 'LIMIT', price, triggerPrice: 0 });
        return true;
      });
      return { ...triggered, sent };
    } catch (error) {
      this.deps.log.warn(
        { position: this.input.positionId, error: String(error) },
        'the guard could not turn the stop into the exit',
      );
      return { ...triggered, sent: false };
    }
  }
}
