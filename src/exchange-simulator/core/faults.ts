import type { WallMs } from '../../domain/types.ts';
import { type SimFault, type SimOrderRequest, SimRefusal } from './types.ts';

/**
 * Every misbehaviour that can be asked for. `state` lasts until it is cleared or its `seconds` (wall) are over;
 * `uses` happens `count` times. The fields of each are in docs/exchange-simulator.md.
 */
export const FAULT_KINDS: Readonly<Record<string, 'state' | 'uses'>> = {
  // Orders and prices
  reject_order: 'uses',
  refuse_type_change: 'uses',
  refuse_far_hedge: 'uses',
  thin_depth: 'uses',
  fill_before_change: 'uses',
  cancel_triggered: 'uses',
  no_liquidity: 'state',
  price_shift: 'state',
  freeze_quotes: 'state',
  // Kite over HTTP and its ticker
  slow: 'uses',
  http_error: 'uses',
  drop_connection: 'uses',
  timeout_after_accept: 'uses',
  late_acceptance: 'uses',
  rate_limit: 'uses',
  ip_refused: 'uses',
  hide_orders: 'state',
  token_death: 'uses',
  late_order_update: 'uses',
  drop_order_update: 'uses',
  bad_tick: 'uses',
  garbage_frame: 'uses',
  drop_ticker: 'uses',
  mute_ticker: 'uses',
  ticker_error: 'uses',
  freeze_ticks: 'uses',
  refuse_ticker: 'uses',
  // Breeze
  breeze_empty: 'uses',
  breeze_late: 'uses',
  breeze_down: 'uses',
  breeze_slow: 'uses',
  breeze_invalid_session: 'uses',
};

type StoredFault = SimFault & { expiresAt?: WallMs };

/** What can be asked of a paper exchange: misbehaviour of its own part, which is orders. */
export const PAPER_FAULTS = [
  'reject_order',
  'refuse_type_change',
  'refuse_far_hedge',
  'thin_depth',
  'fill_before_change',
  'cancel_triggered',
  'late_acceptance',
  'hide_orders',
  'drop_order_update',
  'late_order_update',
];

/** Faults live in memory: a simulator that was started again behaves. */
export function createFaults(kinds: readonly string[] = Object.keys(FAULT_KINDS)) {
  let faults: StoredFault[] = [];

  const live = (): StoredFault[] => {
    // Asked for every price: nothing to sort out is the usual case.
    if (faults.length > 0)
      faults = faults.filter((fault) => fault.count > 0 && (fault.expiresAt ?? Number.POSITIVE_INFINITY) > Date.now());
    return faults;
  };
  const find = (kind: string, match?: (fault: SimFault) => boolean) =>
    live().find((fault) => fault.kind === kind && (!match || match(fault)));

  return {
    /** Throws SimRefusal for a kind that nobody acts on. */
    add(fault: SimFault): void {
      if (!kinds.includes(fault.kind))
        throw new SimRefusal(400, 'InputException', `There is no fault "${fault.kind}". Known: ${kinds.join(', ')}.`);
      const count = fault.count ?? 1;
      if (!Number.isInteger(count) || count < 1)
        throw new SimRefusal(400, 'InputException', 'The count of a fault is a whole number from 1 on.');
      const seconds = typeof fault.seconds === 'number' ? fault.seconds : null;
      faults.push({ ...fault, count, ...(seconds === null ? {} : { expiresAt: Date.now() + seconds * 1000 }) });
    },
    take(kind: string, match?: (fault: SimFault) => boolean): SimFault | undefined {
      const found = find(kind, match);
      if (found && FAULT_KINDS[kind] === 'uses') found.count -= 1;
      return found;
    },
    clear(): void {
      faults = [];
    },
    list: (): SimFault[] => live().map(({ expiresAt: _, ...fault }) => fault as SimFault),
  };
}

export type Faults = ReturnType<typeof createFaults>;

/** Whether a fault means this order: by `tradingsymbol`, `transaction_type`, `product` and `tag_prefix`, each if given. */
export function concerns(
  fault: SimFault,
  order: Pick<SimOrderRequest, 'tradingsymbol' | 'side' | 'product' | 'tag'>,
): boolean {
  const is = (field: string, value: string) => fault[field] === undefined || fault[field] === value;
  const prefix = fault.tag_prefix;
  return (
    is('tradingsymbol', order.tradingsymbol) &&
    is('transaction_type', order.side) &&
    is('product', order.product) &&
    (typeof prefix !== 'string' || (order.tag ?? '').startsWith(prefix))
  );
}

/** Whether a fault about prices means this contract: all of them when it names no `tradingsymbol`. */
export function concernsContract(fault: SimFault, contract: { tradingsymbol: string }): boolean {
  return fault.tradingsymbol === undefined || fault.tradingsymbol === contract.tradingsymbol;
}

/** A fault's number, or what it means when it was left out. */
export function faultNumber(fault: SimFault, field: string, otherwise: number): number {
  const value = fault[field];
  return typeof value === 'number' ? value : otherwise;
}

export function faultText(fault: SimFault, field: string, otherwise: string): string {
  const value = fault[field];
  return typeof value === 'string' ? value : otherwise;
}
