/** After the close: ledger against broker, and the day's account. */
import { isCancellation } from '@temporalio/workflow';
import type { Holding, Reconciliation } from '../activities/contract.ts';
import { chargesOf } from '../src/domain/pnl.ts';
import type { Day } from './day.ts';
import type { DayReport, DayResult, OrderView } from './messages.ts';
import { comparing } from './proxies.ts';

const PRICE_NOTE = {
  replay:
    'Option prices of this day are modelled (Black-Scholes on India VIX over recorded index candles), not recorded.',
  paper: 'Fills are simulated against live quotes: they are optimistic.',
  live: 'Prices are those of Zerodha.',
} as const;

/** Compares what is ours with the broker; null when nobody can ask it any more. */
export async function compareWithBroker(day: Day): Promise<Reconciliation | null> {
  const ours = new Map<string, Holding>();
  const filled: Record<string, number> = {};
  const orders = [...day.orders.values()];
  for (const order of [...day.carriedOrders, ...orders]) {
    const key = `${order.product}:${order.tradingsymbol}`;
    const known = ours.get(key) ?? { tradingsymbol: order.tradingsymbol, product: order.product, quantity: 0 };
    known.quantity += (order.side === 'BUY' ? 1 : -1) * order.filledQuantity;
    ours.set(key, known);
  }
  const isSettlement = (order: OrderView) => order.purpose === 'settlement';
  for (const order of orders) if (!isSettlement(order)) filled[order.tag] = order.filledQuantity;
  // The broker shows neither what was settled nor what expired before: there is nothing to compare.
  const expired = day.positions.map((position) => position.view()).filter(({ expiry }) => expiry < day.identity.date);
  const settled = [
    ...orders.filter(isSettlement).map((order) => order.tradingsymbol),
    ...expired.flatMap(({ legs }) => legs.map((leg) => leg.tradingsymbol)),
  ];
  try {
    return await day.withSession(() =>
      comparing.reconcile.executeWithOptions({ summary: 'Comparing the ledger with Zerodha' }, [
        { identity: day.identity, ours: [...ours.values()], foreign: day.foreign, filled, settled },
      ]),
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    return null;
  }
}

export function makeReport(day: Day, compared: Reconciliation | null): DayReport {
  const orders = [...day.orders.values()];
  const positions = day.positions.map((position) => position.view());
  const gross = positions.reduce((sum, view) => sum + view.realised, 0);
  const charges = chargesOf(orders, day.identity.date);
  const trades = orders
    .flatMap((order) =>
      order.fills.map((fill) => ({
        orderId: order.orderId ?? '',
        tag: order.tag,
        tradeId: fill.tradeId,
        tradingsymbol: order.tradingsymbol,
        side: order.side,
        quantity: fill.quantity,
        price: fill.price,
        at: fill.at,
      })),
    )
    .sort((a, b) => a.at - b.at);
  return {
    identity: day.identity,
    result: resultOf(day, compared),
    trades,
    charges,
    pnl: { gross, charges: charges.total, net: gross - charges.total },
    positions,
    handedOver: day.positions.flatMap((position) => (position.isOpen() ? (position.handOver() ?? []) : [])),
    decisions: day.decisions,
    warnings: day.warnings,
    reconciled: compared?.asked ? compared.differences.length === 0 : null,
    differences: compared?.differences ?? [],
    slippage: day.slippageOfFills(),
    lateness: day.lateness,
    priceNote: PRICE_NOTE[day.identity.mode],
  };
}

function resultOf(day: Day, compared: Reconciliation | null): DayResult {
  if (day.holiday !== null) return 'holiday';
  const open = day.positions.filter((position) => position.isOpen());
  const differs = (compared?.differences.length ?? 0) > 0 || (compared?.liveOrders.length ?? 0) > 0;
  if (differs || !open.every((position) => position.staysOvernight())) return 'not_flat';
  return open.length > 0 ? 'carried' : 'flat';
}
