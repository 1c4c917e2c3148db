/** Misbehaviour between the product and its brokers, call by call. Plain data, so that a day of them can be kept and shrunk. */
import type { KiteSession } from '../../brokers/types.ts';
import type { IsoDate, Paise, Side, WallMs } from '../../domain/types.ts';
import { virtualNow } from '../virtual-time.ts';

export type CallName = Exclude<keyof KiteSession, 'withPriority'> | 'exchange' | 'candles';

export type Effect =
  /** Refused before anything was done. */
  | { do: 'refuse'; status: number; errorType: string; message: string }
  /** A gateway's own page: before the request was handled, or after. */
  | { do: 'gateway' }
  | { do: 'gateway_after' }
  /** The connection is cut, nobody knows on which side of the work. */
  | { do: 'cut' }
  | { do: 'cut_after' }
  /** Handled that much later, and answered then. */
  | { do: 'slow'; ms: number }
  /** Handled at once, answered that much later. */
  | { do: 'late_answer'; ms: number }
  /** Never answered; handled that much later. */
  | { do: 'late'; ms: number }
  /** Never answered, never handled. */
  | { do: 'lost' }
  /** Lists: nothing; as they were when the fault began; without what is newer than its beginning; in the other order; each row twice. */
  | { do: 'empty' }
  | { do: 'frozen' }
  | { do: 'hides_new' }
  | { do: 'reversed' }
  | { do: 'twice' }
  /** A quote's last price is another one than the book's. */
  | { do: 'stale_last'; tradingsymbol: string; last: Paise }
  /** Contracts of one expiry are listed with another date. */
  | { do: 'moved_expiry'; from: IsoDate; to: IsoDate }
  /** An answer that is not understood, after the work. */
  | { do: 'garbage' };

export type CallFault = {
  /** What it is counted as, e.g. `orders.empty`. */
  kind: string;
  calls: readonly CallName[];
  effect: Effect;
  /** Only calls about such an order; absent fields match all. */
  order?: { tradingsymbol?: string; side?: Side; orderType?: string };
  /** How many calls it meets; absent is all of them, until it ends. */
  count?: number;
  /** Wall milliseconds from its beginning; absent is for ever. */
  forMs?: number;
};

export type Call = {
  name: CallName;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  order?: { tradingsymbol: string; side: Side; orderType: string; tag: string | null };
};

/** A fault in force, with what it remembers. */
export type ActiveFault = { fault: CallFault; since: WallMs; left: number; frozen: Map<string, unknown> };

export class CallFaults {
  private inForce: ActiveFault[] = [];
  private hinderedAt = 0;
  private readonly onUse: (kind: string) => void;

  constructor(onUse: (kind: string) => void) {
    this.onUse = onUse;
  }

  add(fault: CallFault): void {
    this.inForce.push({ fault, since: virtualNow(), left: fault.count ?? Number.POSITIVE_INFINITY, frozen: new Map() });
  }

  clear(): void {
    this.inForce = [];
  }

  /** One for a time, that all calls of some kind to Kite meet. A fault that counts its calls is told of by what it has met. */
  standing(): boolean {
    this.forget();
    return this.inForce.some(
      ({ fault }) => fault.count === undefined && fault.forMs !== undefined && !concernsBreeze(fault),
    );
  }

  /** When a fault last stood in the way of reading orders or trades, 0 for never. */
  readsHinderedAt(): WallMs {
    this.forget();
    if (this.inForce.some(({ fault }) => hindersReads(fault))) this.hinderedAt = virtualNow();
    return this.hinderedAt;
  }

  /** Answers to such calls are not what the broker's book says. */
  meddlesWith(name: CallName): boolean {
    this.forget();
    return this.inForce.some(({ fault }) => fault.calls.includes(name) && MEDDLES.has(fault.effect.do));
  }

  /** Such a call does not show all that there is. */
  hides(name: CallName): boolean {
    this.forget();
    return this.inForce.some(({ fault }) => fault.calls.includes(name) && !SHOWS_ALL.has(fault.effect.do));
  }

  /** Such a call is answered late. */
  delays(name: CallName): boolean {
    this.forget();
    return this.inForce.some(({ fault }) => fault.calls.includes(name) && LATE.has(fault.effect.do));
  }

  /** Candles may come late, or not at all. */
  concernBreeze(): boolean {
    this.forget();
    return this.inForce.some(({ fault }) => concernsBreeze(fault));
  }

  /** The first fault that meets this call, one use of it taken. */
  take(call: Call): ActiveFault | null {
    if (this.inForce.length === 0) return null;
    this.forget();
    const found = this.inForce.find(({ fault }) => fault.calls.includes(call.name) && concerns(fault, call));
    if (!found) return null;
    found.left -= 1;
    this.onUse(found.fault.kind);
    return found;
  }

  private forget(): void {
    const now = virtualNow();
    for (const { since, fault } of this.inForce)
      if (hindersReads(fault)) this.hinderedAt = Math.min(now, since + (fault.forMs ?? Number.POSITIVE_INFINITY));
    this.inForce = this.inForce.filter(
      ({ left, since, fault }) => left > 0 && now < since + (fault.forMs ?? Number.POSITIVE_INFINITY),
    );
  }
}

const MEDDLES: ReadonlySet<Effect['do']> = new Set(['empty', 'frozen', 'hides_new', 'twice', 'stale_last']);
const SHOWS_ALL: ReadonlySet<Effect['do']> = new Set(['reversed', 'twice', 'stale_last', 'moved_expiry']);
const LATE: ReadonlySet<Effect['do']> = new Set(['slow', 'late_answer']);
const hindersReads = ({ calls }: CallFault): boolean => calls.some((name) => name === 'orders' || name === 'trades');
const concernsBreeze = ({ calls }: CallFault): boolean => calls.every((name) => name === 'candles');

function concerns({ order: wanted }: CallFault, { order }: Call): boolean {
  if (!wanted) return true;
  if (!order) return false;
  return (
    (wanted.tradingsymbol === undefined || wanted.tradingsymbol === order.tradingsymbol) &&
    (wanted.side === undefined || wanted.side === order.side) &&
    (wanted.orderType === undefined || wanted.orderType === order.orderType)
  );
}
