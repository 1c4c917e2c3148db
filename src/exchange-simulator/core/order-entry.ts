import { istDate } from '../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import type { Admission } from './admission.ts';
import { type Book, isLive, type OrderRecord, stepped } from './book.ts';
import type { Delays } from './delays.ts';
import { concerns, type Faults } from './faults.ts';
import type { MatchingLoop } from './matching-loop.ts';
import { checkBusy, checkChange, checkRequest, input, refused } from './order-rules.ts';
import { protectedPrice, protectionPercent } from './price-rules.ts';
import { between } from './random.ts';
import type { SimOrder, SimOrderChange, SimOrderRequest } from './types.ts';

export type Latency = { minMs: number; maxMs: number };

export type OrderEntryOptions = {
  book: Book;
  matchingLoop: MatchingLoop;
  admission: Admission;
  faults: Faults;
  delays: Delays;
  latency: Latency;
  seed: number;
  /** Whether a stop may be modified into a limit order: not proven at the real broker, so both must be lived with. */
  typeChange: 'allow' | 'refuse';
  now(): MarketMs;
  last(contract: OptionContract, at: MarketMs): Paise;
};

export type OrderEntry = ReturnType<typeof createOrderEntry>;

/** The broker's order entry: acknowledges at once, then walks an order through its interim states to the exchange's matching loop. */
export function createOrderEntry(options: OrderEntryOptions) {
  const { book, matchingLoop, admission, faults, delays, latency, seed, now } = options;
  let journeys = 0;

  type Visit = (record: OrderRecord, at: MarketMs) => void;

  /** Two stops on the way to the exchange: half way, and there. */
  function journey(orderId: string, halfway: Visit, there: Visit): void {
    journeys += 1;
    const ms = between(latency.minMs, latency.maxMs, seed, journeys, 51);
    const visit = (work: Visit) => () => {
      // First the time, in which the order itself may have been filled; then the order.
      const at = now();
      const record = book.get(orderId);
      if (record && isLive(record)) work(record, at);
    };
    delays.after(ms / 2, () => {
      visit(halfway)();
      delays.after(ms / 2, visit(there));
    });
  }

  function validate(record: OrderRecord, at: MarketMs): void {
    const validating = matchingLoop.step(record, 'VALIDATION PENDING', at);
    const reason = admission.broker(validating, at);
    if (reason) matchingLoop.end(validating, 'REJECTED', at, reason);
    else matchingLoop.step(validating, 'OPEN PENDING', at, {}, { phase: 'validated' });
  }

  function arrive(record: OrderRecord, at: MarketMs): void {
    const listed = { exchangeOrderId: `11${record.order.orderId.slice(-12).padStart(14, '0')}`, exchangeAt: at };
    const reason = admission.exchange(record.order, record, at);
    if (reason) matchingLoop.end(record, 'REJECTED', at, reason);
    else matchingLoop.enter(record, at, listed);
  }

  function send(orderId: string): void {
    journey(orderId, validate, (record, at) => {
      if (record.phase === 'validated') arrive(record, at);
    });
  }

  function sendChange(orderId: string): void {
    journey(
      orderId,
      (record, at) => {
        if (record.pending?.kind === 'modify') matchingLoop.step(record, 'MODIFY PENDING', at);
      },
      (record, at) => {
        if (record.pending?.kind === 'modify') applyModification(record, record.pending.change, at);
        else if (record.pending) matchingLoop.end(record, 'CANCELLED', at, null);
      },
    );
  }

  function applyModification(record: OrderRecord, change: SimOrderChange, at: MarketMs): void {
    const changed = changedOrder(record, change, at);
    const backTo = record.phase === 'waiting' ? 'TRIGGER PENDING' : 'OPEN';
    const refusedType = typeChanges(record, change) && refusesTypeChange(record, true);
    const overtaken =
      changed.quantity <= record.order.filledQuantity ? 'More than the new quantity has been filled.' : null;
    const reason = refusedType ? TYPE_CHANGE : (overtaken ?? admission.exchange(changed, record, at));
    if (reason) matchingLoop.step(record, backTo, at, { statusMessage: reason }, { pending: null });
    else
      matchingLoop.enter(matchingLoop.step(record, 'MODIFIED', at), at, {
        ...pickTerms(changed),
        pendingQuantity: changed.quantity - record.order.filledQuantity,
        statusMessage: null,
        exchangeAt: at,
      });
  }

  function changedOrder({ order, contract }: OrderRecord, change: SimOrderChange, at: MarketMs): SimOrder {
    const changed = { ...order, ...change };
    if (changed.orderType !== 'MARKET') return changed;
    return { ...changed, ...asLimit(changed, contract, at) };
  }

  function asLimit(order: SimOrderRequest, contract: OptionContract, at: MarketMs) {
    const last = options.last(contract, at);
    const percent = protectionPercent(last, order.marketProtection ?? -1);
    return {
      orderType: 'LIMIT',
      price: protectedPrice(order.side, last, percent, contract.tickSize),
      triggerPrice: 0,
      // Kite forum 52371: nothing but the tag list tells what it was.
      marketProtection: null,
      marks: ['mktp', `mktp:${percent.toFixed(2)}`],
    };
  }

  function refusesTypeChange(record: OrderRecord, afterAcknowledging: boolean): boolean {
    if (options.typeChange === 'refuse' && !afterAcknowledging) return true;
    const fault = faults.take(
      'refuse_type_change',
      (candidate) => concerns(candidate, record.order) && (candidate.after === true) === afterAcknowledging,
    );
    return fault !== undefined;
  }

  function begin(request: SimOrderRequest, contract: OptionContract, at: MarketMs): OrderRecord {
    const number = book.size() + 1;
    const base: SimOrder = {
      ...request,
      ...(request.orderType === 'MARKET' ? asLimit(request, contract, at) : {}),
      // 19 digits as Kite's newer ids: more than a JavaScript number holds exactly.
      orderId: `19${istDate(at).replaceAll('-', '').slice(2)}${String(number).padStart(11, '0')}`,
      exchangeOrderId: null,
      status: '',
      statusMessage: null,
      filledQuantity: 0,
      pendingQuantity: request.quantity,
      cancelledQuantity: 0,
      averagePrice: 0,
      modifications: 0,
      placedAt: at,
      updatedAt: at,
      exchangeAt: null,
      fills: [],
      history: [],
    };
    const order = stepped(base, 'PUT ORDER REQ RECEIVED', at);
    return { order, contract, phase: 'received', taking: false, pending: null, fillLimit: null };
  }

  function known(orderId: string): OrderRecord {
    const record = book.get(orderId);
    if (!record) throw refused("Couldn't find that `order_id`.");
    return record;
  }

  /** A price move that reaches the order just before its change does: the race that a test wants to see. */
  function race(record: OrderRecord, kind: 'modify' | 'cancel', at: MarketMs): OrderRecord {
    const fault = faults.take(
      'fill_before_change',
      (candidate) => concerns(candidate, record.order) && (candidate.change ?? kind) === kind,
    );
    if (!fault) return record;
    return matchingLoop.fill(record, [{ price: record.order.price, quantity: record.order.pendingQuantity }], at);
  }

  return {
    place(request: SimOrderRequest, contract: OptionContract): SimOrder {
      const at = now();
      checkRequest(request, contract, at);
      refuseFor(admission.terms(request, contract, 'received', at) ?? admission.farHedge(request, contract, at));
      const record = begin(request, contract, at);
      const { order } = matchingLoop.acknowledge(record);
      send(order.orderId);
      return order;
    },

    modify(orderId: string, change: SimOrderChange): SimOrder {
      const at = now();
      const record = known(orderId);
      const changed = { ...record.order, ...change };
      checkChange(record, change, changed, at);
      refuseFor(admission.terms(changed, record.contract, record.phase, at));
      if (typeChanges(record, change) && refusesTypeChange(record, false)) throw refused(TYPE_CHANGE);
      const modifications = record.order.modifications + 1;
      const pending = { kind: 'modify' as const, change };
      const validating = matchingLoop.step(record, 'MODIFY VALIDATION PENDING', at, { modifications }, { pending });
      if (isLive(race(validating, 'modify', at))) sendChange(orderId);
      return known(orderId).order;
    },

    cancel(orderId: string): SimOrder {
      const at = now();
      const record = known(orderId);
      checkBusy(record, 'cancelled');
      const pending = matchingLoop.step(record, 'CANCEL PENDING', at, {}, { pending: { kind: 'cancel' } });
      if (isLive(race(pending, 'cancel', at))) sendChange(orderId);
      return known(orderId).order;
    },

    /** An order that needs no permission and no time: the broker's own square-off. */
    placeAtOnce(
      request: SimOrderRequest,
      contract: OptionContract,
      source: 'app' | 'broker',
      at: MarketMs,
    ): OrderRecord {
      const begun = begin(request, contract, at);
      const record = matchingLoop.acknowledge({ ...begun, order: { ...begun.order, source } });
      const listed = { exchangeOrderId: `11${record.order.orderId.slice(-12).padStart(14, '0')}`, exchangeAt: at };
      return matchingLoop.enter(matchingLoop.step(record, 'OPEN PENDING', at), at, listed);
    },

    /** A trade made in the broker's app, filled at once at `price`. */
    trade(request: SimOrderRequest, contract: OptionContract, price: Paise): SimOrder {
      const at = now();
      const begun = begin(request, contract, at);
      const record = matchingLoop.acknowledge({ ...begun, order: { ...begun.order, source: 'app' } });
      return matchingLoop.fill(record, [{ price, quantity: request.quantity }], at).order;
    },

    /** After a restart: what was on its way goes on its way again. */
    resume(): void {
      for (const record of book.all().filter(isLive)) {
        const { orderId } = record.order;
        if (record.phase === 'received') send(orderId);
        else if (record.phase === 'validated') journey(orderId, () => {}, arrive);
        else if (record.pending) sendChange(orderId);
      }
    },
  };
}

function refuseFor(reason: string | null): void {
  if (reason !== null) throw input(reason);
}

/** Guides say that some conversions are refused, and the API documents `order_type` as modifiable: not proven either way. */
const TYPE_CHANGE = 'The order type of this order cannot be changed.';

function typeChanges({ order }: OrderRecord, change: SimOrderChange): boolean {
  return order.orderType === 'SL' && change.orderType !== undefined && change.orderType !== 'SL';
}

function pickTerms(order: SimOrder): Partial<SimOrder> {
  const { orderType, price, triggerPrice, quantity, validity, marketProtection, marks } = order;
  return { orderType, price, triggerPrice, quantity, validity, marketProtection, ...(marks ? { marks } : {}) };
}
