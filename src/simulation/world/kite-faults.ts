/** The exchange's own HTTP faults (`POST /simulator/faults`), as the simulated Kite's routes carry them out, without HTTP. */
import { kiteError } from '../../brokers/kite-errors.ts';
import type { OrderChange } from '../../brokers/types.ts';
import { concerns, faultNumber, faultText } from '../../exchange-simulator/core/faults.ts';
import {
  type Exchange,
  type SimFault,
  type SimOrder,
  type SimOrderChange,
  SimRefusal,
} from '../../exchange-simulator/core/types.ts';
import { later } from '../virtual-time.ts';
import type { ActiveFault, Call } from './call-faults.ts';

const IP_REFUSED = 'No IPs configured for this app. Add allowed IPs on the Kite developer console.';
/** Longer than any client waits. */
const SILENCE_MS = 120_000;
const LATE_MS = 10_000;
const SLOW_MS = 3_000;

const changesOrders = ({ path, method }: Call): boolean => path.startsWith('/orders') && method !== 'GET';

function take(exchange: Exchange, kind: string, call: Call, after: boolean): SimFault | undefined {
  return exchange.takeFault(
    kind,
    (fault) =>
      call.path.startsWith(faultText(fault, 'path', '/')) &&
      faultText(fault, 'method', call.method) === call.method &&
      (fault.after === true) === after,
  );
}

/** Throws SimRefusal. */
export function refusedEarly(exchange: Exchange, call: Call): void {
  if (take(exchange, 'token_death', call, false)) exchange.killSessions();
  if (take(exchange, 'rate_limit', call, false)) throw new SimRefusal(429, 'NetworkException', 'Too many requests');
  const fault = changesOrders(call) ? take(exchange, 'ip_refused', call, false) : undefined;
  if (fault)
    throw new SimRefusal(
      403,
      faultText(fault, 'error_type', 'GeneralException'),
      faultText(fault, 'message', IP_REFUSED),
    );
}

export async function misbehaved(exchange: Exchange, call: Call, after: boolean): Promise<void> {
  if (after && changesOrders(call) && call.method === 'POST') {
    const silent = take(exchange, 'timeout_after_accept', call, false);
    if (silent) await later(faultNumber(silent, 'ms', SILENCE_MS));
  }
  const slow = take(exchange, 'slow', call, after);
  if (slow) await later(faultNumber(slow, 'ms', SLOW_MS));
  if (take(exchange, 'drop_connection', call, after))
    throw kiteError({
      status: null,
      errorType: null,
      message: 'No answer from Kite: socket hang up',
      code: 'ECONNRESET',
    });
  const broken = take(exchange, 'http_error', call, after);
  if (broken) {
    const status = faultNumber(broken, 'status', 502);
    throw kiteError({ status, errorType: null, message: `Kite answered ${status}` });
  }
}

/** An order that the broker took, said nothing about, and lets appear later. */
export async function lateFailure<T>(exchange: Exchange, call: Call, work: () => T): Promise<void> {
  if (call.name !== 'placeOrder') return;
  const late = exchange.takeFault('late_acceptance');
  if (!late) return;
  await later(faultNumber(late, 'ms', LATE_MS));
  work();
  throw new SimRefusal(504, 'NetworkException', 'Gateway timed out.');
}

/** The lists may lag behind the book. */
export function listsWithout(exchange: Exchange): SimOrder[] {
  return exchange.orders().filter((order) => !exchange.takeFault('hide_orders', (fault) => concerns(fault, order)));
}

/** The form of a change leaves a trigger of 0 out of nothing: it clears it. */
export function changed({ orderType, price, triggerPrice, quantity }: OrderChange): SimOrderChange {
  return {
    ...(orderType === undefined ? {} : { orderType }),
    ...(price === undefined ? {} : { price }),
    ...(triggerPrice === undefined ? {} : { triggerPrice }),
    ...(quantity === undefined ? {} : { quantity }),
  };
}

type Row = { placedAt?: number; at?: number; expiry?: string };

const moved = (expiry: string | undefined, of: { from: string; to: string }) => (expiry === of.from ? of.to : expiry);

/** A list as a fault shows it. What is no list is left as it is. */
export function meddled<T>(active: ActiveFault, call: Call, value: T): T {
  const { effect } = active.fault;
  const each = (change: (rows: readonly unknown[]) => unknown[]): T => {
    if (Array.isArray(value)) return change(value) as T;
    if (typeof value !== 'object' || value === null || value instanceof Map) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, rows]) => [key, Array.isArray(rows) ? change(rows) : rows]),
    ) as T;
  };
  switch (effect.do) {
    case 'empty':
      return value instanceof Map ? (new Map() as T) : each(() => []);
    case 'frozen': {
      const key = `${call.name} ${call.path}`;
      if (!active.frozen.has(key)) active.frozen.set(key, value);
      return active.frozen.get(key) as T;
    }
    case 'hides_new':
      return each((rows) => rows.filter((row) => ((row as Row).placedAt ?? (row as Row).at ?? 0) < active.since));
    case 'reversed':
      return each((rows) => [...rows].reverse());
    case 'twice':
      return each((rows) => rows.flatMap((row) => [row, row]));
    case 'stale_last':
      if (value instanceof Map) {
        const key = `NFO:${effect.tradingsymbol}`;
        const quote: unknown = value.get(key);
        if (quote) value.set(key, { ...quote, lastPrice: effect.last });
      }
      return value;
    case 'moved_expiry':
      return each((rows) => rows.map((row) => ({ ...(row as Row), expiry: moved((row as Row).expiry, effect) })));
    default:
      return value;
  }
}
