/** What the loop can do for a position. All but the order calls are done at once, in the facts. */
import type { ContractRef } from '../contracts.ts';
import type { MarketMs, Paise, Side, WallMs } from '../types.ts';
import type { ExitReason } from './exit-reasons.ts';
import type { ControlFacts, Leg, LegRole, Now, Order, OrderPurpose, Position, Pricing } from './facts.ts';
import { type Draft, isBrokers, isLive, mayBeSent, ordersOf, ordersOfLeg } from './intervals.ts';

/** Between two requests to cancel, by how many there were: a day of refusals has to fit into a history. Wall milliseconds. */
export const CANCEL_OFTEN = 5;
export const CANCEL_LATER_MS = 10_000;
const SOON_MS = 1_000;
const CANCEL_PAUSES: readonly { times: number; pauseMs: number }[] = [
  { times: 60, pauseMs: CANCEL_LATER_MS },
  { times: 120, pauseMs: 40_000 },
  { times: Number.POSITIVE_INFINITY, pauseMs: 100_000 },
];

type Asked = Pick<Order, 'cancelAsked' | 'cancelUnpriced' | 'phase' | 'since'>;

export type Action =
  /** A new order. */
  | {
      do: 'send';
      leg: Leg;
      role: LegRole;
      purpose: OrderPurpose;
      side: Side;
      quantity: number;
      pricing: Pricing;
      /** Attempts in one go where the ones before it were refused again and again, and the pause between two. */
      repeats?: { attempts: number; pauseMs: number };
    }
  /** An order that a command has recorded leaves. */
  | { do: 'begin'; tag: string }
  | {
      do: 'change';
      tag: string;
      kind: 'to_limit' | 'reprice';
      widen: number;
      noWorseThan: Paise | null;
      bound?: Paise;
      /** It is looked at for longer: how often, for how long, and how many looks in a row that find it crossed end that. */
      watch?: { everyMs: number; forMs: number; crossings: number };
    }
  /** `onlyIfPriced`: a price to replace it with must be computable. */
  | { do: 'cancel'; tag: string; onlyIfPriced: boolean }
  /** A recorded order that is not wanted any more, and was never sent. */
  | { do: 'drop'; tag: string; why: string }
  /** An order of the broker's own square-off of which nothing is heard any more. */
  | { do: 'forget'; tag: string }
  /** A change that no row has shown in time. */
  | { do: 'give_up_change'; tag: string }
  | { do: 'nearer_hedge'; hedge: ContractRef }
  | { do: 'entry_over' }
  | { do: 'exit'; reason: ExitReason; why: string }
  /** Cover that another position still needs goes to it. */
  | { do: 'hand_cover'; to: string; leg: Leg; units: number }
  | { do: 'closed' };

/** When to look again if nothing changes: the earlier of two instants, one a clock. */
export type Due = { wall: WallMs | null; market: MarketMs | null };

/** One look at a position: its facts, and what was decided so far. */
export class Look {
  readonly facts: ControlFacts;
  readonly position: Position;
  readonly now: Now;
  readonly orders: readonly Order[];
  readonly actions: Action[] = [];
  readonly due: Due = { wall: null, market: null };
  private readonly drafts: Draft[] = [];

  constructor(facts: ControlFacts, position: Position, now: Now) {
    this.facts = facts;
    this.position = position;
    this.now = now;
    this.orders = ordersOf(facts, position);
  }

  /** Looks again at that wall instant, if it lies ahead. */
  again(wall: WallMs): void {
    if (wall > this.now.wall && (this.due.wall === null || wall < this.due.wall)) this.due.wall = wall;
  }

  /** Looks again at that market instant, if it lies ahead. */
  againAt(market: MarketMs): void {
    if (market > this.now.market && (this.due.market === null || market < this.due.market)) this.due.market = market;
  }

  /** At most one action an order. */
  isTouched(tag: string): boolean {
    return this.actions.some((action) => 'tag' in action && action.tag === tag);
  }

  add(action: Action): void {
    this.actions.push(action);
  }

  /** Sends so many units in orders under the freeze quantity, as far as the inequalities allow. Answers what was begun. */
  send(
    leg: Leg,
    purpose: OrderPurpose,
    side: Side,
    quantity: number,
    pricing: Pricing,
    repeats?: { attempts: number; pauseMs: number },
  ): number {
    let begun = 0;
    // What the broker closes itself, ours would close twice, or be cancelled as soon as it stands.
    if (ordersOfLeg(this.orders, leg).some(isBrokers)) return begun;
    while (begun < quantity) {
      const part = Math.min(quantity - begun, leg.contract.maxOrderQuantity);
      const { role } = leg;
      const draft = {
        positionId: this.position.id,
        role,
        tradingsymbol: leg.contract.tradingsymbol,
        side,
        quantity: part,
      };
      if (!mayBeSent(this.facts, this.position, leg, draft, this.drafts)) break;
      this.drafts.push(draft);
      this.add({ do: 'send', leg, role, purpose, side, quantity: part, pricing, ...(repeats ? { repeats } : {}) });
      begun += part;
    }
    return begun;
  }

  /** Cancels what can be cancelled; what is being changed already is waited for. Answers whether it is asked for now. */
  cancel(order: Order, onlyIfPriced = false): boolean {
    if (!isLive(order) || order.change) return false;
    const again = nextCancelAt(order, this.orders);
    if (this.now.wall < again) {
      this.again(again);
      return false;
    }
    if (!this.isTouched(order.tag)) this.add({ do: 'cancel', tag: order.tag, onlyIfPriced });
    return true;
  }
}

/**
 * When a cancellation may be asked for, or asked for again. Orders that are refused it often take turns; where one of them was cancelled after
 * all, the others are asked at once.
 */
export function nextCancelAt(order: Asked, among: readonly Asked[]): WallMs {
  const { cancelUnpriced: unpriced } = order;
  const again = unpriced ? unpriced.last + (unpriced.times < CANCEL_OFTEN ? SOON_MS : pauseOf(unpriced.times)) : 0;
  return Math.max(again, nextTurn(order, among));
}

function pauseOf(times: number): number {
  return CANCEL_PAUSES.find((step) => times < step.times)?.pauseMs ?? 0;
}

function nextTurn(order: Asked, among: readonly Asked[]): WallMs {
  if (!order.cancelAsked) return 0;
  const { last, times } = order.cancelAsked;
  const waiting = among.filter((one) => isLive(one)).flatMap(({ cancelAsked }) => cancelAsked ?? []);
  const isHeard = among.some(({ phase, since, cancelAsked }) => phase === 'ended' && cancelAsked && since > last);
  if (times < CANCEL_OFTEN || isHeard) return last + SOON_MS;
  const all = waiting.reduce((sum, asked) => sum + asked.times, 0);
  const pause = pauseOf(all);
  const turn = waiting.toSorted((one, other) => one.last - other.last).indexOf(order.cancelAsked);
  return Math.max(...waiting.map((asked) => asked.last)) + pause * (turn + 1);
}
