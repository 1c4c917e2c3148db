/** The account's book as this process sees it: one for all activities, so that a look is made once for everybody who wants one. */
import { Context } from '@temporalio/activity';
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { BrokerOrder, BrokerTrade, KiteSession } from '../src/brokers/types.ts';
import type { BookRow, RowPhase } from '../src/domain/book/book.ts';
import { materialOf } from '../src/domain/book/cursor.ts';
import type { DoubtWatch, Look, OvernightWatch } from '../src/domain/book/look.ts';
import { istDate } from '../src/domain/clock.ts';
import type { IsoDate, WallMs } from '../src/domain/types.ts';
import { BrokerError } from '../src/errors.ts';
import type { Account } from '../src/journal/types.ts';
import type { ClockSource, Feed } from '../src/market/types.ts';
import { Circuits } from './circuits.ts';
import type { Sessions } from './session.ts';
import { SharedWork } from './shared-work.ts';

/**
 * A row that an activity returns, at the end of several attempts perhaps, is on its way to the day for so long; then it is told of again. What a
 * run was told that is lost now, the one that goes on has never heard.
 */
const TOLD_FOR_MS = 120_000;

export type Newest = { look: Look; beganMono: number; beganWall: WallMs };
/** The list of orders alone; fills as of the newest trades. */
export type OrderList = Pick<Look, 'orders' | 'beganMono' | 'beganWall'>;

type BookDeps = { account: Account; sessions: Sessions; feed: Feed; clock: ClockSource };

/** A look that failed, or was not whole: when it began. */
export type Flaw = { wall: WallMs; mono: number; message: string };

/** What is remembered of one market date. */
type DayMemory = {
  date: IsoDate;
  shown: Map<string, string | null>;
  /** Orders that have ended by the ticker's word, and when that was first heard. */
  ended: Map<string, { row: BookRow; heardMono: number }>;
  /** Orders whose rejection was heard. */
  rejected: Set<string>;
  told: Map<string, { material: string; atMono: number; runId: string }>;
  doubts: Map<string, DoubtWatch>;
  overnight: OvernightWatch | null;
  /** Since when no look was whole, and the last one that was not; null after one that was. */
  flawed: (Flaw & { lastMono: number }) | null;
  /** News that were returned last, how often in a row, when, and by which activity of which run. */
  returned: { key: string; times: number; atMono: number; by: string; runId: string } | null;
};

export class Book {
  readonly circuits: Circuits;
  private readonly deps: BookDeps;
  private readonly whole = new SharedWork((priority) => this.readWhole(priority));
  private readonly list = new SharedWork((priority) => this.readOrders(priority));
  private last: Look | null = null;
  /** As they were listed last: where they cannot be read, orders keep the fills that are known. */
  private trades: NonNullable<Look['trades']> = [];
  private sentMono = Number.NEGATIVE_INFINITY;
  private day: DayMemory;

  constructor(deps: BookDeps) {
    this.deps = deps;
    this.circuits = new Circuits((call) => deps.sessions.use(deps.account, call));
    this.day = remembering(istDate(deps.clock.now()));
    deps.feed.onOrderUpdate((order) => this.hear(rowOf(order, [])));
  }

  /** A look that begins from now on. Rejects where the orders did not answer, or as `Sessions.use` does. */
  look(priority: Priority = 'routine'): Promise<Look> {
    return this.whole.ask(priority);
  }

  /** The list of orders, read from now on: all that sending has to look at. */
  orders(priority: Priority): Promise<OrderList> {
    return this.list.ask(priority);
  }

  /** The look that began last, null before the first. */
  newest(): Newest | null {
    return this.last && { look: this.last, beganMono: this.last.beganMono, beganWall: this.last.beganWall };
  }

  /** Something was sent now. */
  noteSent(): void {
    this.sentMono = performance.now();
  }

  sinceSentMs(): number {
    return performance.now() - this.sentMono;
  }

  /** An activity returns this row to the day. */
  tell(row: BookRow): void {
    this.memory().told.set(row.orderId, { material: materialOf(row), atMono: performance.now(), runId: runOf() });
  }

  told(): Map<string, string> {
    const [now, run] = [performance.now(), runOf()];
    const fresh = [...this.memory().told].filter(
      ([, { atMono, runId }]) => runId === run && now - atMono < TOLD_FOR_MS,
    );
    return new Map(fresh.map(([orderId, { material }]) => [orderId, material]));
  }

  /** Of the market's date: the list of orders lives one day. */
  memory(): DayMemory {
    const date = istDate(this.deps.clock.now());
    if (this.day.date !== date) this.day = remembering(date);
    return this.day;
  }

  /** With its trades, where it has fills and they can be read. */
  async withFills(row: BookRow, priority: Priority): Promise<BookRow> {
    const known = row.fills.reduce((sum, { quantity }) => sum + quantity, 0);
    if (known >= row.filledQuantity) return row;
    const trades = await this.use(priority, (session) => session.orderTrades(row.orderId)).catch(() => null);
    return trades ? { ...row, ...filled(row.filledQuantity, eachOnce(trades, tradeKey)) } : row;
  }

  private use<T>(priority: Priority, call: (session: KiteSession) => Promise<T>): Promise<T> {
    const { sessions, account } = this.deps;
    return sessions.use(account, (session) => call(session.withPriority(priority)));
  }

  private async readWhole(priority: Priority): Promise<Look> {
    const began = { beganWall: Date.now(), beganMono: performance.now() };
    const [orders, trades, positions] = await Promise.allSettled([
      this.use(priority, (session) => session.orders()),
      this.use(priority, (session) => session.trades()),
      this.use(priority, (session) => session.positions()),
    ]);
    // A dead session is told by whichever of them hears it, also where the orders find no answer.
    const [listed, held] = [orNull(trades), orNull(positions)];
    if (orders.status === 'rejected') throw orders.reason;
    const once = listed && eachOnce(listed, tradeKey);
    if (once) this.trades = once;
    const rows = this.rowsOf(orders.value);
    this.remember(rows);
    const isStale = this.isStale(orders.value, began.beganMono);
    const look: Look = {
      ...{ ...began, orders: rows, trades: once, net: held?.net ?? null },
      ...(isStale ? { isStale } : {}),
    };
    if (!this.last || look.beganMono >= this.last.beganMono) this.last = look;
    return look;
  }

  private async readOrders(priority: Priority): Promise<OrderList> {
    const began = { beganWall: Date.now(), beganMono: performance.now() };
    const orders = await this.use(priority, (session) => session.orders());
    const rows = this.rowsOf(orders);
    this.remember(rows);
    return { ...began, orders: rows };
  }

  private hear(row: BookRow): void {
    this.remember([row]);
    if (row.phase !== 'ended') return;
    const { ended } = this.memory();
    ended.set(row.orderId, { row, heardMono: ended.get(row.orderId)?.heardMono ?? performance.now() });
  }

  /** What had ended by the ticker's word when a look began: its list should have shown it. */
  endedBefore({ beganMono }: Pick<Look, 'beganMono'>): Map<string, BookRow> {
    const { ended } = this.memory();
    const before = [...ended].filter(([, { heardMono }]) => heardMono < beganMono);
    return new Map(before.map(([orderId, { row }]) => [orderId, row]));
  }

  /** A list of before something was heard that has ended shows nothing of what came since. */
  private isStale(listed: readonly BrokerOrder[], beganMono: number): boolean {
    const { ended } = this.memory();
    return listed.some((order) => {
      const heard = ended.get(order.orderId);
      return heard !== undefined && heard.heardMono < beganMono && phaseOf(order) !== 'ended';
    });
  }

  /** What has ended by the ticker's word has ended, whatever a list that stands still shows of it. One that a list leaves out stays missing. */
  private rowsOf(listed: readonly BrokerOrder[]): BookRow[] {
    const { ended } = this.memory();
    return rowsOf(eachOnce(listed, orderId), this.trades).map((row) => {
      const last = row.phase === 'ended' ? undefined : ended.get(row.orderId)?.row;
      return last
        ? { ...last, fills: row.fills, filledQuantity: Math.max(last.filledQuantity, row.filledQuantity) }
        : row;
    });
  }

  private remember(rows: readonly BookRow[]): void {
    const { shown, rejected, date } = this.memory();
    for (const { orderId, tag, status, statusMessage, tradingsymbol, placedAt } of rows) {
      // It may have been shown before that, on its way.
      if (status === 'REJECTED' && !rejected.has(orderId)) {
        rejected.add(orderId);
        this.circuits.hearRefusal(tradingsymbol, statusMessage);
      }
      // A row of the day before may still be listed in the morning, and is not missed.
      if (istDate(placedAt) === date) shown.set(orderId, tag);
    }
  }
}

/** Of the workflow that the activity works for. */
export const runOf = (): string => Context.current().info.workflowExecution?.runId ?? '';

function remembering(date: IsoDate): DayMemory {
  return {
    date,
    shown: new Map(),
    ended: new Map(),
    rejected: new Set(),
    told: new Map(),
    doubts: new Map(),
    overnight: null,
    flawed: null,
    returned: null,
  };
}

/** Lists other than the orders may be missing from a look; a dead session or a defect may not. */
function orNull<T>(settled: PromiseSettledResult<T>): T | null {
  if (settled.status === 'fulfilled') return settled.value;
  if (settled.reason instanceof BrokerError) return null;
  throw settled.reason;
}

type RowTrade = Pick<BrokerTrade, 'tradeId' | 'orderId' | 'quantity' | 'price' | 'at'>;

function rowsOf(orders: readonly BrokerOrder[], trades: readonly RowTrade[]): BookRow[] {
  const byOrder = new Map<string, RowTrade[]>();
  for (const trade of trades) byOrder.set(trade.orderId, [...(byOrder.get(trade.orderId) ?? []), trade]);
  return orders.map((order) => rowOf(order, byOrder.get(order.orderId) ?? []));
}

/** A list may show a row twice: it is one order, or one trade. */
function eachOnce<T>(rows: readonly T[], idOf: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [idOf(row), row])).values()];
}
const orderId = ({ orderId }: { orderId: string }) => orderId;
const tradeKey = ({ orderId, tradeId }: RowTrade) => `${orderId} ${tradeId}`;

export function rowOf(order: BrokerOrder, trades: readonly RowTrade[]): BookRow {
  return {
    orderId: order.orderId,
    tag: order.tag,
    tradingsymbol: order.tradingsymbol,
    product: order.product,
    side: order.side,
    quantity: order.quantity,
    status: order.status,
    statusMessage: order.statusMessage,
    phase: phaseOf(order),
    orderType: order.orderType,
    price: order.price,
    triggerPrice: order.triggerPrice,
    ...filled(order.filledQuantity, trades),
    placedAt: order.placedAt,
  };
}

function filled(units: number, trades: readonly RowTrade[]): Pick<BookRow, 'filledQuantity' | 'fills'> {
  const fills = trades.map(({ tradeId, quantity, price, at }) => ({ tradeId, quantity, price, at }));
  return {
    filledQuantity: Math.max(
      units,
      fills.reduce((sum, { quantity }) => sum + quantity, 0),
    ),
    fills,
  };
}

/** A word that is not known is an interim state (Kite: "there may be other values"). */
function phaseOf({ state, status }: BrokerOrder): RowPhase {
  if (state !== 'live') return 'ended';
  if (status === 'OPEN') return 'working';
  return status === 'TRIGGER PENDING' ? 'resting' : 'pending';
}
