/** What a person opened by hand: one contract in one product, made of its orders' fills. The square-off closes it at the latest. */
import { condition, isCancellation } from '@temporalio/workflow';
import type { ManualHolding } from '../src/domain/manual-orders.ts';
import { makeTag } from '../src/domain/tags.ts';
import type { MarketMs, Product } from '../src/domain/types.ts';
import { fitStops } from './by-hand.ts';
import { leaveAtOpen } from './carry.ts';
import { type Day, type DayPosition, MarketOver } from './day.ts';
import { restStop } from './entry.ts';
import type { Leaver } from './exit.ts';
import { foreignBeside } from './foreign.ts';
import { Legs, leftOfSlice } from './legs.ts';
import { leaveByHand, lookForHands } from './manual-exit.ts';
import { leaningOn, neededAsCover, uncoveredBeside, worstLossOf } from './manual-series.ts';
import { viewOfManual } from './manual-view.ts';
import { watchManual } from './manual-watch.ts';
import type { ContractRef, ExitReason, HandedOver, OrderView, PositionState, PositionView } from './messages.ts';
import type { OrderOf } from './order-of.ts';
import { isLive, isUnderWay, unitsAhead } from './order-state.ts';
import type { Submitted } from './orders.ts';
import { cancelToEnd, follow, type Intended } from './orders.ts';

/** How long a new order is followed before the watch takes it over. Wall milliseconds. */
const FOLLOW_MS = 2_500;
/** A short that was filled in part is protected after so long, and the rest of its order is cancelled (TRADING section 5). */
const PROTECT_WITHIN_MS = 15_000;

export class ManualPosition extends Legs implements DayPosition, Leaver {
  readonly id: string;
  readonly openedAt: MarketMs;
  readonly plan: { main: ContractRef; product: Product };
  readonly stops = new Map<number, OrderView>();
  readonly guardSent = false;
  exitReason: ExitReason | null = null;
  closedAt: MarketMs | null = null;
  problem: string | null = null;
  /** Orders that are on their way into the book: the watch waits for them, and begins anew with all of them. */
  private taking = 0;
  private givenUp: 'not_flat' | 'residual_hedge' | null = null;
  private leaving: Promise<void> | null = null;
  private readonly protecting = new Set<number>();
  private readonly attempts = new Map<string, number>();

  readonly day: Day;
  readonly number: number;

  /** What the day before handed over; null for a position of today. */
  readonly carried: HandedOver | null;

  constructor(day: Day, number: number, contract: ContractRef, product: Product, carried: HandedOver | null = null) {
    super();
    this.day = day;
    this.number = number;
    this.id = `M${number}`;
    this.plan = { main: contract, product };
    this.carried = carried;
    this.openedAt = carried?.openedAt ?? day.now();
  }

  get state(): PositionState {
    if (this.leaving) return 'closing';
    const holds = this.long() !== 0 || this.short() !== 0;
    if (holds) return this.givenUp ?? 'open';
    return this.closedAt === null ? 'opening' : 'closed';
  }

  isOpen(): boolean {
    return this.closedAt === null;
  }

  /** The square-off of its day closes it, whatever its product. */
  leavesToday(): boolean {
    return true;
  }

  isLeftOpen(): boolean {
    return this.isOpen() && !this.staysOvernight();
  }

  staysOvernight(): boolean {
    return false;
  }

  /** What could not be closed by the close is left first of all on the next day. */
  handOver(): HandedOver {
    const { id, openedAt, plan } = this;
    const { date } = this.day.identity;
    const orders = this.orders().filter((order) => order.fills.length > 0);
    const quantity = Math.max(this.long(), this.short());
    return {
      ...{ id, signal: 'manual', enteredOn: this.carried?.enteredOn ?? date, openedAt, leaving: true, orders },
      ...foreignBeside(this.day, { ...plan, hedge: null }),
      plan: {
        ...{ ...plan, hedge: null, nearerHedges: [], quantity, lots: quantity / plan.main.lotSize },
        ...{ plannedLoss: 0, maxLoss: 0, worstLoss: null, target: null, exitOn: date },
      },
    };
  }

  /** Its contract has expired and its settlement is booked. */
  expire(): void {
    this.exitReason ??= 'expired';
    this.refresh();
  }

  /** Its orders are just being sent, or it is being left: whoever does that looks at them himself. */
  isBusy(): boolean {
    return this.taking > 0 || this.leaving !== null;
  }

  isLeaving(): boolean {
    return this.leaving !== null;
  }

  toBuyBack(slice: number): number {
    return leftOfSlice(this, slice);
  }

  /** Never what a short by hand still needs as its cover. */
  toSellOfHedge(): number {
    return Math.max(0, this.long() - this.outside.sold - neededAsCover(this));
  }

  holding(): ManualHolding {
    const { tradingsymbol, expiry, strike, optionType } = this.plan.main;
    const selling = this.orders()
      .filter(({ side }) => side === 'SELL')
      .reduce((sum, order) => sum + unitsAhead(order), 0);
    // What somebody sold outside covers nothing, and what somebody bought back needs no cover.
    const net = this.long() - this.outside.sold - (this.short() - this.outside.bought);
    return {
      ...{ id: this.id, tradingsymbol, expiry, strike, optionType, product: this.plan.product },
      ...{ net, selling, leaving: this.isLeaving() },
    };
  }

  /** The order is in the history; takes it from there to the watch, or cancels it when the position is being left meanwhile. */
  take(order: OrderView, sending: Promise<Submitted>): Promise<void> {
    this.day.touchPosition(this);
    return this.alone(async () => {
      const submitted = await sending;
      if (submitted.kind !== 'in_book') return;
      if (this.isLeaving() || !this.isOpen()) {
        await cancelToEnd(this.day, order);
        await this.undoLate();
        return;
      }
      await follow(this.day, order, 'terminal', FOLLOW_MS);
      await this.protect(order);
    });
  }

  /** Something of an order was filled, or it ended. */
  takeFill(order: OrderView): Promise<void> {
    return this.alone(() => this.protect(order));
  }

  /** Somebody has traded it outside: its stops rest over what is left of it, and what has lost its cover leaves. */
  takeHands(look: () => Promise<void> = () => lookForHands(this)): Promise<void> {
    return this.alone(async () => {
      await look();
      await fitStops(this);
      for (const short of uncoveredBeside(this)) short.requestExit('closed_by_hand');
    });
  }

  private async alone(step: () => Promise<void>): Promise<void> {
    this.taking += 1;
    await this.attempt(step);
    this.taking -= 1;
    this.refresh();
  }

  /** A filled short gets its resting stop; what of its order is still live by then is cancelled. */
  private async protect(order: OrderView): Promise<void> {
    if (order.role !== 'main' || order.side !== 'SELL' || order.filledQuantity === 0) return;
    if (this.protecting.has(order.slice) || this.exitReason !== null) return;
    this.protecting.add(order.slice);
    if (isLive(order)) await follow(this.day, order, 'terminal', PROTECT_WITHIN_MS);
    if (isLive(order)) await cancelToEnd(this.day, order);
    const stop = this.stops.get(order.slice);
    if (!stop || !isLive(stop)) await restStop(this, order.slice);
  }

  /** Watches beside the day until it is closed. */
  async run(): Promise<void> {
    if (this.carried) await leaveAtOpen(this);
    // Whoever looked for what has to leave at the square-off has not seen it.
    if (this.day.squaringOff) this.requestExit('exit_time');
    await watchManual(this);
  }

  /** Says once that nothing is left of it. */
  refresh(): void {
    this.day.touchPosition(this);
    const busy = this.orders().some((order) => isLive(order) || isUnderWay(order));
    if (this.closedAt !== null || this.leaving || busy || this.long() !== 0 || this.short() !== 0) return;
    this.closedAt = this.day.now();
    this.exitReason ??= 'manual';
    const { realised, charges } = this.view();
    const net = ((realised - charges) / 100).toFixed(2);
    this.day.clearWarning(`not_flat:${this.id}`);
    this.day.clearWarning(`residual_hedge:${this.id}`);
    this.day.log('info', 'position_closed', `${this.id}: flat. Net ${net} rupees after charges.`);
    this.day.touchPosition(this);
    this.day.checkDayLoss();
  }

  requestExit(reason: ExitReason): void {
    if (!this.isOpen()) return;
    if (this.exitReason === null || reason === 'emergency') this.exitReason = reason;
    if (this.leaving) return;
    this.day.log('info', 'exit_requested', `${this.id}: leaving (${reason.replaceAll('_', ' ')}).`);
    this.day.beside(this.leaveToTheEnd());
    // A short never outlives its cover.
    for (const short of leaningOn(this)) short.requestExit(reason);
  }

  async undoLate(): Promise<void> {
    if (this.leaving) return;
    const wrong = this.long() < 0 || this.short() < 0 || neededAsCover(this) > this.long();
    if (this.closedAt !== null || wrong) {
      this.closedAt = null;
      this.exitReason ??= 'entry_failed';
      await this.leaveToTheEnd();
      return;
    }
    for (const order of this.orders()) await this.protect(order);
    this.refresh();
  }

  lookForHands(patiently = false): Promise<void> {
    return lookForHands(this, patiently);
  }

  private leaveToTheEnd(): Promise<void> {
    this.leaving ??= this.leaveOnce().finally(() => {
      this.leaving = null;
      this.settle();
    });
    return this.leaving;
  }

  private async leaveOnce(): Promise<void> {
    const key = `position:${this.id}`;
    this.day.touchPosition(this);
    await this.day.hold(key, true);
    for (let tries = 0; !(await this.attempt(() => leaveByHand(this))) && !this.day.over; tries += 1) {
      await condition(() => this.day.over, tries < 12 ? 5_000 : 60_000, {
        summary: `${this.id}: trying to leave again`,
      });
    }
    await this.day.hold(key, false);
  }

  /** Says where it ended, from its fills alone. */
  settle(): void {
    const long = this.long();
    const short = this.short();
    this.givenUp = short === 0 && long > 0 ? 'residual_hedge' : 'not_flat';
    if (short !== 0 || long !== 0) {
      const left = `${short} sold and ${long} bought ${this.plan.main.tradingsymbol}`;
      const text = `${this.id}: ${left} are still open. Close them in Kite.`;
      this.day.warn(`${this.givenUp}:${this.id}`, this.givenUp, text, true);
    }
    this.refresh();
  }

  /** False when it threw: said loudly, and the position leaves. */
  private async attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (error instanceof MarketOver) return true;
      this.problem = error instanceof Error ? error.message : String(error);
      this.day.log('alert', 'position_failed', `${this.id}: ${this.problem}`);
      this.requestExit('entry_failed');
      return false;
    }
  }

  intend(of: OrderOf): Intended {
    const kind = `${of.role}:${of.purpose}:${of.slice}`;
    const attempt = (this.attempts.get(kind) ?? 0) + 1;
    this.attempts.set(kind, attempt);
    const { run, date } = this.day.identity;
    const { role, purpose, slice } = of;
    const tag = makeTag({ run, date, position: this.number, manual: true, role, purpose, slice, attempt });
    return { ...of, tag, positionId: this.id, contract: this.plan.main, product: this.plan.product };
  }

  contract(): ContractRef {
    return this.plan.main;
  }

  orders(): OrderView[] {
    return [...(this.carried?.orders ?? []), ...this.todaysOrders()];
  }

  todaysOrders(): OrderView[] {
    return [...this.day.orders.values()].filter((order) => order.positionId === this.id);
  }

  view(): PositionView {
    const shown = viewOfManual(this);
    const worst = worstLossOf(this, shown.charges);
    return { ...shown, plannedLoss: worst, worstLoss: worst };
  }
}
