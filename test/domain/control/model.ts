/**
 * A small exchange and the loops of all positions, from a seed: actions are performed as `workflows/orders/perform.ts` does, results and
 * rows go through the real ledger, and the exchange keeps the book that is true.
 */

import type { BookRow } from '../../../src/domain/book/book.ts';
import type { ExitReason } from '../../../src/domain/control/exit-reasons.ts';
import { takesPrecedence } from '../../../src/domain/control/exit-reasons.ts';
import type { ControlFacts, Fill, Leg, Order, Position } from '../../../src/domain/control/facts.ts';
import { type Action, type Due, nextActions } from '../../../src/domain/control/index.ts';
import { averageOf, isOver, ordersOf } from '../../../src/domain/control/intervals.ts';
import type { Day } from '../../../workflows/day/day.ts';
import { recordIntent } from '../../../workflows/orders/intents.ts';
import { applyRow, bookOther } from '../../../workflows/orders/ledger.ts';
import { markAccepted, markDoubt, markInFlight, markNotSent, settleAbsent } from '../../../workflows/orders/phases.ts';
import { at, CLOSE, DATE, SECOND } from './builder.ts';

/** How often the exchange does what, from 0 to 1. */
export type Habits = {
  refuse: number;
  reject: number;
  partial: number;
  slow: number;
  lose: number;
  ghost: number;
  doubt: number;
  typeChangeRefused: number;
  changeRefused: number;
  cancelRefused: number;
  rateLimited: number;
  addressRefused: number;
  noPrice: number;
};
/** An exchange that answers. */
export const CALM: Habits = {
  refuse: 0,
  reject: 0,
  partial: 0,
  slow: 0,
  lose: 0,
  ghost: 0,
  doubt: 0,
  typeChangeRefused: 0,
  changeRefused: 0,
  cancelRefused: 0,
  rateLimited: 0,
  addressRefused: 0,
  noPrice: 0,
};

/** What the exchange has. `wanted`: how much of it fills next time that somebody looks for a counterparty. */
type Real = BookRow & { purpose: Order['purpose']; ghost: boolean };
type Event = { at: number; run: () => void };
const MOST_LOOKS = 30;

export class Model {
  readonly facts: ControlFacts;
  wall: number;
  habits: Habits;
  readonly real = new Map<string, Real>();
  /** Tags that reached the exchange: none twice. */
  readonly reached = new Set<string>();
  /** Units of orders that showed after they were settled as absent, and of what others did, by position. */
  readonly excused = new Map<string, number>();
  readonly told: string[] = [];
  /** Called whenever the true book has changed. */
  onFill: (model: Model) => void = () => {};
  private readonly events: Event[] = [];
  private readonly attempts: Record<string, number> = {};
  private readonly random: () => number;
  private count = 0;
  private readonly day: Day;

  constructor(facts: ControlFacts, wall: number, seed: number, habits: Habits) {
    this.facts = facts;
    this.wall = wall;
    this.habits = habits;
    this.random = mulberry(seed);
    const words = (...said: unknown[]) => void this.told.push(said.join(' '));
    const day = {
      facts: Object.assign(facts, {
        attempts: this.attempts,
        attemptsFrom: 0,
        rejections: [],
        warnings: [],
        dropped: [],
      }),
      identity: { run: 0, date: DATE },
      instant: () => at(this.wall),
      now: () => this.wall,
      touchOrder: () => {},
      touchPosition: () => {},
      changed: () => {},
      log: words,
      page: words,
      warn: words,
      clearWarning: () => {},
    };
    this.day = day as unknown as Day;
    // The ledger asks the clock of the process.
    Date.now = () => this.wall;
    for (const order of Object.values(facts.orders)) this.takeOver(order);
  }

  /** Orders that the facts have live are in the exchange's book; what is under way comes to its end. */
  private takeOver(order: Order): void {
    if (order.takenFrom) return;
    if (order.phase === 'in_flight' || order.phase === 'doubt') {
      this.after(this.between(20, 900), () => {
        if (this.chance(0.5)) this.lost(order, order.price, order.triggerPrice);
        else this.accept(order, order.price, order.triggerPrice);
      });
      return;
    }
    if (order.phase === 'intended') return;
    this.reached.add(order.tag);
    if (order.orderId && !isOver(order)) this.list(order, order.orderId);
    const { change } = order;
    if (change?.inFlight)
      this.after(this.between(20, 900), () => {
        if (order.change) order.change = { ...change, inFlight: false, since: this.wall };
      });
  }

  chance(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  between(low: number, high: number): number {
    return Math.floor(low + this.random() * (high - low));
  }

  after(ms: number, run: () => void): void {
    this.events.push({ at: this.wall + ms, run });
  }

  /** Lets time pass, to each event and each due instant. Throws when the loops decide without end. */
  run(until: number): void {
    for (;;) {
      const due = this.look();
      const event = Math.min(...this.events.map((one) => one.at), Number.POSITIVE_INFINITY);
      const next = Math.min(event, due ?? Number.POSITIVE_INFINITY);
      if (next > until) {
        this.wall = until;
        return;
      }
      this.wall = Math.max(this.wall, next);
      for (const one of this.events.filter((other) => other.at <= this.wall)) {
        this.events.splice(this.events.indexOf(one), 1);
        one.run();
      }
    }
  }

  /** All loops, until none begins anything more at this instant. Answers when the first of them is due. */
  look(): number | null {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      let due: number | null = null;
      let begun = 0;
      for (const position of this.facts.positions) {
        const next: { actions: readonly Action[]; due: Due } = nextActions(this.facts, position.id, at(this.wall));
        for (const action of next.actions) this.perform(position, action);
        begun += next.actions.length;
        for (const one of [next.due.wall, next.due.market]) {
          if (one === null) continue;
          if (one <= this.wall) throw new Error(`${position.id} is due at ${one}, and it is ${this.wall}`);
          due = Math.min(one, due ?? Number.POSITIVE_INFINITY);
        }
      }
      if (begun === 0) return due;
    }
    throw new Error(`the loops decide without end: ${this.describe()}`);
  }

  describe(): string {
    const { positions } = this.facts;
    const next = positions.map(({ id }) => nextActions(this.facts, id, at(this.wall)).actions);
    return JSON.stringify({ wall: this.wall, next, positions, orders: Object.values(this.facts.orders) }, null, 1);
  }

  requestExit(position: Position, reason: ExitReason): void {
    if (position.closedAt !== null) return;
    const { exit } = position;
    if (exit && !takesPrecedence(reason, exit.reason)) return;
    position.exit = { reason, askedAt: exit?.askedAt ?? this.wall };
  }

  private perform(position: Position, action: Action): void {
    const { orders } = this.facts;
    if (action.do === 'send') {
      const draft = recordIntent(this.day, position, action, this.wall + 10 * SECOND);
      this.send(position, draft);
    } else if (action.do === 'begin') {
      const order = orders[action.tag];
      if (order) this.send(position, order);
    } else if (action.do === 'change') this.change(action);
    else if (action.do === 'cancel') this.cancel(action.tag, action.onlyIfPriced);
    else if (action.do === 'drop') {
      const order = orders[action.tag];
      if (order) markNotSent(this.day, order, 'NOT SENT', action.why);
    } else if (action.do === 'give_up_change') {
      const order = orders[action.tag];
      if (order?.change?.kind === 'to_limit') order.conversionRefused = true;
      if (order) delete order.change;
    } else if (action.do === 'nearer_hedge') {
      const [nearer, ...others] = position.plan.nearerHedges;
      if (!nearer) return;
      position.plan = { ...position.plan, hedge: nearer, nearerHedges: others };
      position.legs.push({ role: 'hedge', contract: nearer, opens: 'BUY' });
    } else if (action.do === 'entry_over') {
      position.entry = null;
      const main = position.legs.find(({ opens }) => opens === 'SELL');
      if (!main || averageOf(ordersOf(this.facts, position), main, 'SELL') === null)
        this.requestExit(position, 'entry_failed');
    } else if (action.do === 'exit') this.requestExit(position, action.reason);
    else if (action.do === 'hand_cover') this.handCover(position, action);
    else if (action.do === 'closed') {
      position.closedAt = this.wall;
      position.exit ??= { reason: 'external', askedAt: this.wall };
    }
  }

  // ---- as perform.ts -----------------------------------------------------------------------------------------------

  private send(position: Position, order: Order): void {
    markInFlight(this.day, order);
    this.countCall();
    if (this.reached.has(order.tag)) throw new Error(`tag ${order.tag} is sent twice`);
    const entry = order.purpose === 'entry' && position.entry;
    const pricing = order.intent?.pricing;
    const price = pricing && pricing.kind !== 'cross' ? pricing.price : this.between(95, 105) * 100;
    const trigger = pricing?.kind === 'stop' ? pricing.triggerPrice : 0;
    this.after(this.between(20, 900), () => {
      if (entry && this.wall > entry.until) markNotSent(this.day, order, 'NOT SENT', 'too late');
      else if (!this.facts.sessionLives) markNotSent(this.day, order, 'NO SESSION', 'the login was lost');
      else if (this.chance(this.habits.noPrice)) markNotSent(this.day, order, 'NOT SENT', 'no believable quote');
      else if (this.holds()) markNotSent(this.day, order, 'NOT SENT', 'too many requests');
      else if (this.chance(this.habits.refuse)) {
        this.facts.rates.held = null;
        markNotSent(this.day, order, 'REFUSED', 'insufficient funds');
      } else if (this.chance(this.habits.lose)) this.lost(order, price, trigger);
      else {
        const id = this.accept(order, price, trigger);
        // The answer never comes, and a look finds it.
        if (this.chance(this.habits.doubt)) this.doubt(order);
        else {
          this.facts.rates.held = null;
          markAccepted(this.day, order, id, price, trigger, pricing?.kind === 'cross' ? price : null);
        }
      }
    });
  }

  /** Its answer never comes and it is not in the book: absent after fifteen seconds, and a ghost now and then. */
  private lost(order: Order, price: number, trigger: number): void {
    const ghost = this.chance(this.habits.ghost);
    if (ghost)
      this.after(this.between(1 * SECOND, 120 * SECOND), () => {
        if (this.habits.ghost === 0) return;
        const late = order.phase === 'absent';
        if (late) this.excuse(order.positionId, order.quantity);
        this.accept(order, price, trigger, late);
      });
    this.doubt(order);
  }

  private doubt(order: Order): void {
    markDoubt(this.day, order, 'no answer');
    this.after(15 * SECOND, () => {
      if (order.phase === 'doubt' && !this.reached.has(order.tag)) settleAbsent(this.day, order, 'two good looks');
    });
  }

  excuse(positionId: string, units: number): void {
    this.excused.set(positionId, (this.excused.get(positionId) ?? 0) + units);
  }

  private holds(): boolean {
    const { rates } = this.facts;
    if (this.chance(this.habits.addressRefused))
      rates.held = { kind: 'address', until: this.wall + 30 * SECOND, message: 'address', times: 1 };
    else if (this.chance(this.habits.rateLimited))
      rates.held = { kind: 'rate', until: this.wall + SECOND - (this.wall % SECOND), message: 'rate', times: 1 };
    else return false;
    return true;
  }

  private countCall(): void {
    const { rates } = this.facts;
    const minute = Math.floor(this.wall / 60_000);
    if (rates.minute.at !== minute) rates.minute = { at: minute, sent: 0 };
    rates.minute.sent += 1;
    rates.day += 1;
  }

  private change({ tag, kind, widen, noWorseThan }: Extract<Action, { do: 'change' }>): void {
    const order = this.facts.orders[tag];
    if (!order?.orderId) return;
    const { orderId } = order;
    order.modifications += 1;
    order.change = { kind, since: this.wall, inFlight: true, price: null };
    this.countCall();
    const price = Math.max(noWorseThan ?? 0, this.between(95, 105) * 100 + widen * 500 + 1);
    this.after(this.between(20, 900), () => {
      const real = this.real.get(orderId);
      const answer = this.answerToChange(kind, real);
      if (answer === 'sent' || answer === 'unheard') {
        this.after(this.between(10, 900), () => {
          if (!real || real.phase === 'ended') return;
          Object.assign(real, { orderType: 'LIMIT', price, triggerPrice: 0, phase: 'working', status: 'OPEN' });
          this.meet(real);
          this.show(real);
        });
      }
      if (answer === 'sent' || answer === 'unheard' || answer === 'doubt')
        order.change = { kind, since: this.wall, inFlight: false, price: answer === 'sent' ? price : null };
      else delete order.change;
      if (answer === 'sent' || answer === 'refused') {
        order.steps = widen;
        this.facts.rates.held = null;
      }
      if (answer === 'no_price' || answer === 'held') order.modifications -= 1;
      if (answer === 'refused' && real) {
        this.showNow(real);
        if (kind === 'to_limit' && order.orderType !== 'LIMIT' && !isOver(order)) order.conversionRefused = true;
      }
      if (isOver(order)) delete order.change;
      order.steppedAt = this.wall;
    });
  }

  private answerToChange(kind: 'to_limit' | 'reprice', real: Real | undefined) {
    if (this.chance(this.habits.noPrice)) return 'no_price';
    if (this.holds()) return 'held';
    if (real?.phase === 'ended') return 'refused';
    if (kind === 'to_limit' && this.chance(this.habits.typeChangeRefused)) return 'refused';
    if (this.chance(this.habits.changeRefused)) return 'refused';
    if (this.chance(this.habits.doubt)) return this.chance(0.5) ? 'unheard' : 'doubt';
    return 'sent';
  }

  private cancel(tag: string, onlyIfPriced: boolean): void {
    const order = this.facts.orders[tag];
    if (!order?.orderId) return;
    const { orderId } = order;
    const asked = order.cancelAsked;
    order.cancelAsked = { first: asked?.first ?? this.wall, last: this.wall, times: (asked?.times ?? 0) + 1 };
    order.change = { kind: 'cancel', since: this.wall, inFlight: true, price: null };
    this.countCall();
    this.after(this.between(20, 900), () => {
      const real = this.real.get(orderId);
      order.steppedAt = this.wall;
      if ((onlyIfPriced && this.chance(this.habits.noPrice)) || this.holds()) delete order.change;
      else if (this.chance(this.habits.cancelRefused)) {
        delete order.change;
        if (real) this.showNow(real);
      } else {
        order.change = { kind: 'cancel', since: this.wall, inFlight: false, price: null };
        this.after(this.between(10, 900), () => {
          if (!real || real.phase === 'ended') return;
          // A fill may win the race.
          if (this.chance(this.habits.partial)) this.fill(real, this.part(real));
          if (real.filledQuantity < real.quantity) Object.assign(real, { phase: 'ended', status: 'CANCELLED' });
          this.show(real);
        });
      }
    });
  }

  private handCover(position: Position, { to, leg, units }: Extract<Action, { do: 'hand_cover' }>): void {
    const other = this.facts.positions.find(({ id }) => id === to);
    if (!other) return;
    this.count += 1;
    const tag = `TRANSFER-${position.id}-${to}-${this.count}`;
    const has = other.legs.some(({ role, contract }) => role === leg.role && contract === leg.contract);
    if (!has) other.legs.push({ ...leg });
    for (const [side, of] of [
      ['SELL', position],
      ['BUY', other],
    ] as const)
      bookOther(this.day, of, leg, {
        tag: `${tag}-${side}`,
        side,
        quantity: units,
        status: 'TRANSFER',
        statusMessage: null,
        takenFrom: 'transfer',
        booked: true,
        fills: [{ tradeId: `${tag}-${side}`, quantity: units, price: 0, at: this.wall }],
      });
  }

  // ---- the exchange ------------------------------------------------------------------------------------------------

  private list(order: Order, orderId: string): Real {
    const { tag, tradingsymbol, product, side, quantity, purpose, orderType, price, triggerPrice } = order;
    const resting = orderType === 'SL';
    const real: Real = {
      ...{ orderId, tag, tradingsymbol, product, side, quantity, orderType, price, triggerPrice, purpose },
      ...{ status: resting ? 'TRIGGER PENDING' : 'OPEN', statusMessage: null, phase: resting ? 'resting' : 'working' },
      ...{ filledQuantity: order.filledQuantity, fills: [...order.fills], placedAt: this.wall, ghost: false },
    };
    this.real.set(orderId, real);
    if (!resting) this.after(this.between(50, SECOND), () => this.meet(real));
    return real;
  }

  private accept(order: Order, price: number, triggerPrice: number, ghost = false): string {
    this.count += 1;
    this.reached.add(order.tag);
    const real = this.list({ ...order, price, triggerPrice }, `Z${this.count}`);
    real.ghost = ghost;
    if (this.chance(this.habits.reject)) Object.assign(real, { phase: 'ended', status: 'REJECTED' });
    this.show(real);
    return real.orderId;
  }

  /** Somebody trades with a limit: all, a part, or nobody for now. */
  private meet(real: Real): void {
    if (real.phase !== 'working' || this.chance(this.habits.slow)) return;
    const whole = !this.chance(this.habits.partial);
    this.fill(real, whole ? real.quantity - real.filledQuantity : this.part(real));
    this.show(real);
  }

  private part(real: Real): number {
    return this.between(0, (real.quantity - real.filledQuantity) / 75 + 1) * 75;
  }

  /** The market reaches a stop's trigger. */
  trigger(orderId: string): void {
    const real = this.real.get(orderId);
    if (real?.phase !== 'resting') return;
    Object.assign(real, { phase: 'working', status: 'OPEN' });
    this.meet(real);
    this.show(real);
  }

  private fill(real: Real, quantity: number): void {
    if (quantity <= 0 || real.phase === 'ended') return;
    this.count += 1;
    const fill: Fill = { tradeId: `F${this.count}`, quantity, price: real.price, at: this.wall };
    real.fills.push(fill);
    real.filledQuantity += quantity;
    if (real.filledQuantity > real.quantity) throw new Error('the exchange fills too much');
    if (real.filledQuantity === real.quantity) Object.assign(real, { phase: 'ended', status: 'COMPLETE' });
    this.onFill(this);
  }

  private show(real: Real): void {
    this.after(this.between(0, SECOND), () => this.showNow(real));
  }

  private showNow(real: Real): void {
    const { purpose: _, ghost: __, ...row } = real;
    applyRow(this.day, { ...row, fills: [...row.fills] }, this.wall);
  }

  /** Somebody closes so many units of a leg of ours in the app; the day hears of it and asks whose they were. */
  closeOutside(position: Position, leg: Leg, units: number, by: 'person' | 'broker' = 'person'): void {
    this.count += 1;
    const tag = `EXTERNAL-${this.count}`;
    this.excuse(position.id, units);
    const share = { tradeId: tag, quantity: units, price: 100_00, at: this.wall };
    bookOther(this.day, position, leg, {
      tag,
      side: leg.opens === 'SELL' ? 'BUY' : 'SELL',
      quantity: units,
      fills: [share],
      status: 'COMPLETE',
      statusMessage: 'outside',
      takenFrom: by,
      booked: by === 'broker',
    });
  }

  /** What the broker's own square-off has live comes to its end without a trade. */
  finishBrokersOrders(): void {
    for (const order of Object.values(this.facts.orders))
      if (order.takenFrom === 'broker') Object.assign(order, { phase: 'ended', status: 'CANCELLED' });
  }

  /** A person says that the trades were theirs. */
  acknowledge(): void {
    for (const order of Object.values(this.facts.orders)) if (order.booked === false) order.booked = true;
  }

  isOver(): boolean {
    return this.wall >= CLOSE;
  }
}

/** A small generator of random numbers from a seed. */
export function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
