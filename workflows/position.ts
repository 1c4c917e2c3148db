/** One hedged position, from its entry to flat. A function of the day, not a child workflow: commands find it by id. */
import { condition, isCancellation } from '@temporalio/workflow';
import { type Pnl, pnlOf } from '../src/domain/pnl.ts';
import { targetProfit } from '../src/domain/stops.ts';
import { makeTag, type OrderTag } from '../src/domain/tags.ts';
import type { IsoDate, MarketMs, Paise, Side, SignalName } from '../src/domain/types.ts';
import { lookForHands } from './by-hand.ts';
import { carryOn } from './carry.ts';
import { type Day, MarketOver } from './day.ts';
import { enterHedge, enterMain, unwindSurplus } from './entry.ts';
import { endEntries, exitMain, sellHedge } from './exit.ts';
import { lookFirst } from './first-look.ts';
import { foreignBeside } from './foreign.ts';
import { HedgedLegs } from './legs.ts';
import type {
  ContractRef,
  ExitReason,
  HandedOver,
  LegRole,
  OrderPurpose,
  OrderView,
  PositionPlan,
  PositionState,
  PositionView,
} from './messages.ts';
import { unitsAhead } from './order-state.ts';
import { follow, type Intended } from './orders.ts';
import { viewOfPosition } from './position-view.ts';
import type { Unheard } from './unheard.ts';
import { watchUntilLeaving } from './watch.ts';

/** First that is true wins (TRADING section 5); what a person asked for comes before everything. */
const PRECEDENCE: readonly ExitReason[] = [
  'emergency',
  'leftover',
  'manual',
  'stopped',
  'day_loss_limit',
  'loss_cap',
  'catastrophe_stop',
  'protection_refused',
  'index_stop',
  'target',
  'closed_by_hand',
  'exit_time',
  'entry_failed',
];

const CARRIED_UNGUARDED =
  'Its stop died with the day: nothing guards it until somebody logs in tomorrow; the stop rests again at the open.';

/** Fills of the day's last instants are looked for at the close. Wall milliseconds. */
const LAST_LOOK_MS = 5_000;

export class Position extends HedgedLegs {
  readonly id: string;
  readonly openedAt: MarketMs;
  state: PositionState = 'opening';
  exitReason: ExitReason | null = null;
  /** The guard has already turned the resting stop into an exit. */
  guardSent = false;
  closedAt: MarketMs | null = null;
  problem: string | null = null;
  /** Resting protection by slice of the main leg. */
  readonly stops = new Map<number, OrderView>();
  private readonly attempts = new Map<string, number>();
  /** Only one leaving at a time: two would not see each other's live orders. */
  private leaving: Promise<void> | null = null;

  readonly day: Day;
  readonly number: number;
  readonly signal: SignalName;
  plan: PositionPlan;
  readonly enteredOn: IsoDate;
  /** Opening orders of the day before whose end nobody has heard. */
  readonly unheard: Unheard[] = [];
  /** What the day before handed over; null for a position of today. */
  readonly carried: HandedOver | null;

  constructor(
    day: Day,
    number: number,
    of: { signal: SignalName; plan: PositionPlan } | (HandedOver & { signal: SignalName }),
  ) {
    super();
    this.day = day;
    this.number = number;
    this.signal = of.signal;
    this.plan = of.plan;
    this.id = `P${number}`;
    this.carried = 'orders' in of ? of : null;
    this.openedAt = this.carried?.openedAt ?? day.now();
    this.enteredOn = this.carried?.enteredOn ?? day.identity.date;
  }

  /** Runs to its end; whatever it throws is caught here and said loudly: it cannot end the day. */
  async run(): Promise<void> {
    const key = `position:${this.id}`;
    await this.attempt(async () => {
      if (this.carried) await carryOn(this);
      else {
        await this.day.hold(key, true);
        await this.enter();
      }
      if (this.state !== 'open') return;
      await this.day.hold(key, false);
      await watchUntilLeaving(this);
      await this.day.hold(key, true);
    });
    if (this.state === 'closed') return;
    if (this.exitReason === null && this.day.over) await this.lastLook();
    else await this.leaveToTheEnd();
  }

  /** The market closed over an open position: what its stops filled in their last moment still belongs to the day. */
  private async lastLook(): Promise<void> {
    await this.attempt(async () => {
      for (const stop of this.stops.values()) {
        const seen = await follow(this.day, stop, 'terminal', LAST_LOOK_MS);
        // Triggered at the last moment: what it has not bought back is left at the next open.
        if (seen.filledQuantity > 0 || seen.status === 'OPEN') this.exitReason = 'catastrophe_stop';
      }
    });
    this.settle();
    await this.day.hold(`position:${this.id}`, false);
  }

  /** Whether its own exit time is the square-off of this day: the exit policy's day, or the last one of its contract. */
  leavesToday(): boolean {
    return this.plan.exitOn <= this.day.identity.date;
  }

  /** Open over the night on purpose: nothing wants to leave, or only a hedge is left, which is bounded. */
  staysOvernight(): boolean {
    if (this.plan.product !== 'NRML' || this.plan.main.expiry <= this.day.identity.date) return false;
    return this.state === 'residual_hedge' || (this.state === 'open' && this.exitReason === null);
  }

  isLeftOpen(): boolean {
    // A hedge alone is bounded: it is carried, or settles today.
    const bounded =
      this.short() === 0 && (this.plan.product === 'NRML' || this.plan.main.expiry === this.day.identity.date);
    return this.isOpen() && !this.staysOvernight() && !bounded;
  }

  /** As long as nobody knows what became of an opening sell, its hedge stays. */
  override toSellOfHedge(): number {
    const unheard = this.day.compared ? [] : this.unheard.filter(({ order }) => order.role === 'main');
    return Math.max(0, super.toSellOfHedge() - unheard.reduce((sum, { units }) => sum + units, 0));
  }

  handOver(): HandedOver {
    const { signal, enteredOn, openedAt, plan } = this;
    const orders = this.orders().filter((order) => order.fills.length > 0 || unitsAhead(order) > 0);
    const foreign = foreignBeside(this.day, plan);
    return { id: this.id, signal, enteredOn, openedAt, plan, leaving: !this.staysOvernight(), orders, ...foreign };
  }

  /** Tries to leave until nothing is left or the market is over. */
  leaveToTheEnd(): Promise<void> {
    this.leaving ??= this.leaveOnce().finally(() => {
      this.leaving = null;
    });
    return this.leaving;
  }

  isLeaving(): boolean {
    return this.leaving !== null;
  }

  private async leaveOnce(): Promise<void> {
    const key = `position:${this.id}`;
    await this.day.hold(key, true);
    for (let tries = 0; !(await this.attempt(() => this.leave())) && !this.day.over; tries += 1) {
      const wait = tries < 12 ? 5_000 : 60_000;
      await condition(() => this.day.over, wait, { summary: `${this.id}: trying to leave again` });
    }
    this.settle();
    await this.day.hold(key, false);
  }

  /** After an order came late: an open position keeps what it needs, a closed one leaves again. */
  async undoLate(): Promise<void> {
    // Whoever enters or leaves at this moment reads the fills by himself.
    if (this.state === 'opening' || this.leaving) return;
    if (this.state === 'open' && this.exitReason === null) await unwindSurplus(this);
    else if (this.state !== 'open') await this.leaveToTheEnd();
  }

  /** After an order was taken over: whoever watches it fits its stops anew. */
  async takeIn(): Promise<void> {
    this.outside.unfit = true;
    if (this.state !== 'open' || this.exitReason !== null) await this.undoLate();
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

  requestExit(reason: ExitReason): void {
    if (this.state === 'closed') return;
    if (this.exitReason !== null && PRECEDENCE.indexOf(this.exitReason) <= PRECEDENCE.indexOf(reason)) return;
    const first = this.exitReason === null;
    this.exitReason = reason;
    if (first) this.day.log('info', 'exit_requested', `${this.id}: leaving (${reason.replaceAll('_', ' ')}).`);
    this.day.touchPosition(this);
    // What was given up before is tried once more on request.
    const givenUp = this.state === 'not_flat' || this.state === 'residual_hedge';
    if (givenUp && !this.leaving && !this.day.over) this.day.beside(this.leaveToTheEnd());
  }

  /** Of all its days, in paise. */
  paidCharges(): Paise {
    return this.pnl().charges.total + this.view().earlier.charges;
  }

  /** What it has made of parts that are closed, over all its days. Paise. */
  realised(): Paise {
    return this.pnl().gross + this.view().earlier.realised;
  }

  /** Its contracts have expired and their settlement is booked. */
  expire(): void {
    this.exitReason ??= 'expired';
    this.settle();
  }

  isOpen(): boolean {
    return this.state !== 'closed';
  }

  /** The next intent of a kind, with a tag that was never used. */
  intend(of: {
    role: LegRole;
    purpose: OrderPurpose;
    side: Side;
    slice: number;
    quantity: number;
    pricing: Intended['pricing'];
  }): Intended {
    const kind = `${of.role}:${of.purpose}:${of.slice}`;
    const attempt = (this.attempts.get(kind) ?? 0) + 1;
    this.attempts.set(kind, attempt);
    const { run, date } = this.day.identity;
    const tag = makeTag({
      run,
      date,
      position: this.number,
      role: of.role,
      purpose: of.purpose,
      slice: of.slice,
      attempt,
    });
    return { ...of, tag, positionId: this.id, contract: this.contract(of.role), product: this.plan.product };
  }

  /** A tag that the broker has, and that the ledger had forgotten, is not made again. */
  remember({ role, purpose, slice, attempt }: OrderTag): void {
    const kind = `${role}:${purpose}:${slice}`;
    this.attempts.set(kind, Math.max(attempt, this.attempts.get(kind) ?? 0));
  }

  contract(role: LegRole): ContractRef {
    const contract = role === 'main' ? this.plan.main : this.plan.hedge;
    if (!contract) throw new Error(`${this.id} has no ${role} leg`);
    return contract;
  }

  /** All its orders with anything to their account: those of the days before, and today's. */
  orders(): OrderView[] {
    return [...(this.carried?.orders ?? []), ...this.todaysOrders()];
  }

  todaysOrders(): OrderView[] {
    return [...this.day.orders.values()].filter((order) => order.positionId === this.id);
  }

  /** Of today: what was carried was opened, and its charges paid, on the days before. */
  pnl(): Pnl {
    return pnlOf(this.todaysOrders(), this.day.identity.date, this.carried?.orders ?? []);
  }

  view(): PositionView {
    return viewOfPosition(this);
  }

  private async enter(): Promise<void> {
    const { plan } = this;
    await lookFirst(this.day, plan.product, [plan.main, ...(plan.hedge ? [plan.hedge] : [])]);
    const hedged = plan.hedge ? await enterHedge(this) : plan.quantity;
    const lots = Math.floor(hedged / plan.main.lotSize);
    if (lots > 0 && this.mayEnter()) await enterMain(this, lots * plan.main.lotSize);
    if (this.short() === 0) {
      this.requestExit('entry_failed');
      return;
    }
    if (plan.hedge) await unwindSurplus(this);
    this.state = 'open';
    this.day.touchPosition(this);
    const credit = (this.average('main', 'SELL') ?? 0) - (this.average('hedge', 'BUY') ?? 0);
    this.day.log(
      'info',
      'position_open',
      `${this.id}: sold ${this.short()} ${plan.main.tradingsymbol}, net credit ${(credit / 100).toFixed(2)} a unit.`,
    );
  }

  /** Nothing may have asked to leave since the entry was decided. */
  mayEnter(): boolean {
    const { entriesOff, squaringOff, over } = this.day;
    return this.exitReason === null && entriesOff === null && !(squaringOff && this.leavesToday()) && !over;
  }

  private async leave(): Promise<void> {
    this.state = 'closing';
    this.day.touchPosition(this);
    await endEntries(this);
    await this.lookForHands();
    await exitMain(this);
    if (this.plan.hedge) await sellHedge(this);
    if (this.short() < 0 && !this.day.over) await unwindSurplus(this);
  }

  /** Our contracts may have been traded by hand: an exit never sends what the broker does not hold for us any more. */
  lookForHands(patiently = false): Promise<void> {
    return lookForHands(this, patiently);
  }

  /** Says where it ended, from its fills alone. */
  settle(): void {
    const short = this.short();
    const long = this.long();
    if (short === 0 && long === 0) this.state = 'closed';
    else if (short === 0 && long > 0) this.state = 'residual_hedge';
    else if (this.exitReason !== null || this.state !== 'open') this.state = 'not_flat';
    this.closedAt = this.state === 'closed' ? this.day.now() : null;
    if (this.state === 'closed') {
      for (const was of ['not_flat', 'residual_hedge']) this.day.clearWarning(`${was}:${this.id}`);
      const { earlier } = this.view();
      const net = ((this.pnl().net + earlier.realised - earlier.charges) / 100).toFixed(2);
      this.day.log('info', 'position_closed', `${this.id}: flat. Net ${net} rupees after charges.`);
    } else if (this.state === 'open') {
      this.day.log('info', 'position_carried', `${this.id}: carried to the next day. ${CARRIED_UNGUARDED}`);
    } else {
      const { main, hedge } = this.plan;
      const text =
        this.state === 'residual_hedge'
          ? `${this.id}: nobody has taken ${long} ${hedge?.tradingsymbol} of the hedge. They can lose no more than they cost, and settle on ${main.expiry} at the latest.`
          : `${this.id}: ${short} ${main.tradingsymbol} short and ${long} hedge long are still open. Close them in Kite.`;
      this.day.warn(`${this.state}:${this.id}`, this.state, text, true);
    }
    this.day.touchPosition(this);
  }

  targetAmount(): Paise | null {
    const held = (role: LegRole, side: Side) => ({ quantity: this.short(), entryPrice: this.average(role, side) ?? 0 });
    return targetProfit(this.plan.target, held('main', 'SELL'), this.plan.hedge ? held('hedge', 'BUY') : null);
  }
}
