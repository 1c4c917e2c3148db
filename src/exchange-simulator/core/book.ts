import type { MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import type { StateFiles } from './files.ts';
import type { SimFill, SimOrder, SimOrderChange, SimOrderEvent } from './types.ts';

const FILE = 'book.jsonl';

/** Where an order is on its way, which its status does not say while a change of it is pending. */
export type Phase = 'received' | 'validated' | 'waiting' | 'working' | 'done';

type PendingChange = { kind: 'modify'; change: SimOrderChange } | { kind: 'cancel' };

/** An order with what the exchange knows of it and the broker's book does not show. Replaced, never changed in place. */
export type OrderRecord = {
  order: SimOrder;
  contract: OptionContract;
  phase: Phase;
  /** It takes liquidity as it comes, until the touch has left its limit. */
  taking: boolean;
  pending: PendingChange | null;
  /** How much may still be filled before the next modification; null is no such bound. */
  fillLimit: number | null;
};

/** A contract's end: what was held is closed at its value on the official close. `quantity` is the signed position it closes. */
export type Settlement = {
  contract: OptionContract;
  product: string;
  quantity: number;
  price: Paise;
  at: MarketMs;
};

type Line = { record: OrderRecord } | { settlement: Settlement };

/** All orders of the run in the order of arrival, each change on disk before anybody hears of it. */
export function openBook(files: StateFiles) {
  let version = 0;
  const records = new Map<string, OrderRecord>();
  const settlements: Settlement[] = [];
  for (const line of files.lines(FILE) as Line[]) {
    if ('record' in line) records.set(line.record.order.orderId, line.record);
    else settlements.push(line.settlement);
  }
  files.rewrite(FILE, [
    ...[...records.values()].map((record) => ({ record })),
    ...settlements.map((settlement) => ({ settlement })),
  ]);
  let trades = [...records.values()].reduce((sum, { order }) => sum + order.fills.length, 0);

  return {
    all: () => [...records.values()],
    get: (orderId: string) => records.get(orderId),
    settlements: () => settlements,
    size: () => records.size,
    save(record: OrderRecord): void {
      files.append(FILE, { record });
      records.set(record.order.orderId, record);
      version += 1;
    },
    settle(settlement: Settlement): void {
      files.append(FILE, { settlement });
      settlements.push(settlement);
      version += 1;
    },
    /** Grows with every change. */
    version: () => version,
    /** Numbers that no other fill of the run has. */
    nextTrade(fill: Omit<SimFill, 'tradeId'>): SimFill {
      trades += 1;
      return { tradeId: String(70_000_000 + trades), ...fill };
    },
    /** The newest instant that the book knows of. */
    lastAt(): MarketMs {
      let last = Number.NEGATIVE_INFINITY;
      for (const { order } of records.values()) last = Math.max(last, order.updatedAt);
      for (const { at } of settlements) last = Math.max(last, at);
      return last;
    },
  };
}

export type Book = ReturnType<typeof openBook>;

/**
 * A view of the whole book that is made anew only after the book has changed: it is asked for in every second, and orders are few. Who
 * gets it leaves it as it is.
 */
export function viewOf<View>(make: (book: Book) => View): (book: Book) => View {
  const made = new WeakMap<Book, { version: number; view: View }>();
  return (book) => {
    const version = book.version();
    const known = made.get(book);
    if (known?.version === version) return known.view;
    const view = make(book);
    made.set(book, { version, view });
    return view;
  };
}

/** Whether an order is in nobody's final state. */
export function isLive(record: OrderRecord): boolean {
  return record.phase !== 'done';
}

/** An order after a step of its life, with a row of its history: whatever of it can change. */
export function stepped(order: SimOrder, status: string, at: MarketMs, changes: Partial<SimOrder> = {}): SimOrder {
  const next = { ...order, ...changes, status, updatedAt: at };
  const row: SimOrderEvent = {
    status,
    at,
    statusMessage: next.statusMessage,
    exchangeOrderId: next.exchangeOrderId,
    exchangeAt: next.exchangeAt,
    orderType: next.orderType,
    validity: next.validity,
    quantity: next.quantity,
    price: next.price,
    triggerPrice: next.triggerPrice,
    filledQuantity: next.filledQuantity,
    pendingQuantity: next.pendingQuantity,
    cancelledQuantity: next.cancelledQuantity,
    averagePrice: next.averagePrice,
    modifications: next.modifications,
  };
  return { ...next, history: [...order.history, row] };
}
