import type { MarketMs, OptionContract } from '../../domain/types.ts';
import type { Admission } from './admission.ts';
import { type Book, type OrderRecord, stepped, viewOf } from './book.ts';
import type { ConsumedDepth } from './consumed-depth.ts';
import { concerns, type Faults, faultNumber } from './faults.ts';
import { isTrading } from './hours.ts';
import { type Fill, isThrough, isTriggered, match, reaches } from './matching.ts';
import type { Prices } from './prices.ts';
import type { SimDepth, SimLevel, SimOrder } from './types.ts';

export type MatchingLoopOptions = {
  book: Book;
  prices: Prices;
  consumedDepth: ConsumedDepth;
  admission: Admission;
  faults: Faults;
  /** Hears of every change, after it is on disk. */
  changed(order: SimOrder): void;
};

export type MatchingLoop = ReturnType<typeof createMatchingLoop>;

/** The exchange's matching loop: what happens to orders that it has, second by second. */
export function createMatchingLoop({ book, prices, consumedDepth, admission, faults, changed }: MatchingLoopOptions) {
  /** One more state in an order's life. */
  function step(
    record: OrderRecord,
    status: string,
    at: MarketMs,
    changes: Partial<SimOrder> = {},
    state: Partial<Omit<OrderRecord, 'order' | 'contract'>> = {},
  ): OrderRecord {
    const next = { ...record, ...state, order: stepped(record.order, status, at, changes) };
    book.save(next);
    changed(next.order);
    return next;
  }

  /**
   * What was pending of a cancelled order stays so in its row: "pending" is no sign of life. `cancelled_quantity` says the same where the
   * client asked for it, and 0 where nobody did: rows of both forms are known (kiteconnect-mocks, orders.json), which is when is ours.
   */
  function end(
    record: OrderRecord,
    status: 'CANCELLED' | 'REJECTED',
    at: MarketMs,
    message: string | null,
  ): OrderRecord {
    const pendingQuantity = status === 'CANCELLED' ? record.order.pendingQuantity : 0;
    const cancelledQuantity = record.pending?.kind === 'cancel' ? pendingQuantity : 0;
    return step(
      record,
      status,
      at,
      { statusMessage: message, pendingQuantity, cancelledQuantity },
      { phase: 'done', pending: null },
    );
  }

  function fill(record: OrderRecord, fills: readonly Fill[], at: MarketMs): OrderRecord {
    const { order, contract } = record;
    const all = [...order.fills];
    for (const { price, quantity } of fills) {
      consumedDepth.take(contract.instrumentToken, order.side, quantity, at);
      all.push(book.nextTrade({ quantity, price, at }));
    }
    const filled = all.reduce((sum, one) => sum + one.quantity, 0);
    const value = all.reduce((sum, one) => sum + one.quantity * one.price, 0);
    const taken = filled - order.filledQuantity;
    const complete = filled === order.quantity;
    const changes = {
      fills: all,
      filledQuantity: filled,
      pendingQuantity: order.quantity - filled,
      averagePrice: value / filled,
      exchangeAt: at,
      statusMessage: null,
    };
    const fillLimit = record.fillLimit === null ? null : record.fillLimit - taken;
    return complete
      ? step(record, 'COMPLETE', at, changes, { phase: 'done', pending: null, fillLimit })
      : step(record, record.pending ? order.status : 'OPEN', at, changes, { fillLimit });
  }

  /** A stop-loss order waits for its trigger, then becomes a limit order that price protection is applied to. */
  function trigger(record: OrderRecord, at: MarketMs): OrderRecord {
    const { order, contract } = record;
    if (!isTriggered(order.side, order.triggerPrice, prices.last(contract, at))) return record;
    const fault = faults.take('cancel_triggered', (candidate) => concerns(candidate, order));
    const beyond = fault ? 'Price protection, on request of a fault.' : admission.triggered(order, record, at);
    if (beyond) return end(record, 'CANCELLED', at, beyond);
    return step(
      record,
      record.pending ? order.status : 'OPEN',
      at,
      { exchangeAt: at },
      { phase: 'working', taking: true },
    );
  }

  /** Looks once at an order that the exchange has. */
  function look(given: OrderRecord, at: MarketMs): OrderRecord {
    const record = given.phase === 'waiting' ? trigger(given, at) : given;
    if (record.phase !== 'working') return record;
    const { order, contract, fillLimit } = record;
    // Most seconds concern nobody: a resting order needs no depth until the market has gone through it.
    if (!record.taking) {
      const traded = prices.tradedSince(contract, order.exchangeAt ?? order.placedAt, at);
      if (traded === null || !isThrough(order.side, order.price, traded)) return record;
    }
    const depth = prices.depth(contract, at);
    const { fills, taking } = match({
      side: order.side,
      limit: order.price,
      remaining: Math.min(order.pendingQuantity, fillLimit ?? order.pendingQuantity),
      taking: record.taking,
      touch: opposite(order.side, depth)[0]?.price ?? null,
      levels: opposite(order.side, consumedDepth.left(depth, contract, at)),
    });
    const looked = taking === record.taking ? record : { ...record, taking };
    if (fills.length > 0) return fill(looked, fills, at);
    if (looked !== record) book.save(looked);
    return looked;
  }

  return {
    /** A new order is on disk before its number is given away. */
    acknowledge(record: OrderRecord): OrderRecord {
      book.save(record);
      changed(record.order);
      return record;
    },
    step,
    end,
    fill,
    look,

    /** An order enters the exchange's book, new or modified: a marketable one takes what is there at once. */
    enter(record: OrderRecord, at: MarketMs, changes: Partial<SimOrder> = {}): OrderRecord {
      const order = { ...record.order, ...changes };
      if (order.orderType === 'SL' && record.phase !== 'working')
        return step(record, 'TRIGGER PENDING', at, changes, { phase: 'waiting', pending: null });
      const thin = faults.take('thin_depth', (candidate) => concerns(candidate, order));
      const touch = opposite(order.side, prices.depth(record.contract, at))[0]?.price;
      const entered = look(
        step(record, 'OPEN', at, changes, {
          phase: 'working',
          pending: null,
          taking: touch === undefined || reaches(order.side, order.price, touch),
          fillLimit: thin ? faultNumber(thin, 'quantity', record.contract.lotSize) : null,
        }),
        at,
      );
      return entered.phase === 'working' && order.validity === 'IOC'
        ? end(entered, 'CANCELLED', at, 'Unfilled part of an IOC order.')
        : entered;
    },

    working: () => working(book),

    /** One second of the market passes, for the contracts of which something can be known. */
    second(at: MarketMs, isKnown: (contract: OptionContract) => boolean = () => true): void {
      for (const record of working(book))
        if (isKnown(record.contract) && isTrading(record.contract, at)) look(record, at);
    },
  };
}

/** Orders that a passing second may concern. */
const working = viewOf((book): readonly OrderRecord[] =>
  book.all().filter(({ phase }) => phase === 'waiting' || phase === 'working'),
);

function opposite(side: SimOrder['side'], depth: SimDepth): SimLevel[] {
  return side === 'BUY' ? depth.asks : depth.bids;
}
