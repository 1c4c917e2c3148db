/** The day's account: what came of it, by its fills alone. */
import type { Reconciliation } from '../../src/contract/activities.ts';
import type { DayReport, DayResult } from '../../src/contract/views.ts';
import { chargesOf } from '../../src/domain/pnl.ts';
import type { DayFacts } from './facts.ts';
import { handOver } from './handover.ts';
import { pnlOfPosition } from './pnl.ts';
import { staysOvernight, viewOfPosition } from './view.ts';

const PRICE_NOTE = {
  replay:
    'Option prices of this day are modelled (Black-Scholes on India VIX over recorded index candles), not recorded.',
  paper: 'Fills are simulated against live quotes: they are optimistic.',
  live: 'Prices are those of Zerodha.',
} as const;

export function makeReport(facts: DayFacts, compared: Reconciliation | null): DayReport {
  const orders = Object.values(facts.orders).filter(({ booked }) => booked !== false);
  const open = facts.positions.filter(({ closedAt }) => closedAt === null);
  const gross = facts.positions.reduce((sum, position) => sum + pnlOfPosition(facts, position).gross, 0);
  const charges = chargesOf(orders, facts.identity.date);
  const trades = orders
    .filter(({ takenFrom }) => takenFrom !== 'transfer')
    .flatMap(({ orderId, tag, tradingsymbol, side, fills }) =>
      fills.map(({ tradeId, quantity, price, at }) => ({
        orderId: orderId ?? '',
        tag,
        tradeId,
        tradingsymbol,
        side,
        quantity,
        price,
        at,
      })),
    )
    .sort((a, b) => a.at - b.at);
  return {
    identity: facts.identity,
    result: resultOf(facts, compared),
    trades,
    charges,
    pnl: { gross, charges: charges.total, net: gross - charges.total },
    positions: facts.positions.map((position) => viewOfPosition(facts, position)),
    handedOver: open.map((position) => handOver(facts, position)),
    decisions: facts.decisions,
    warnings: facts.warnings,
    reconciled: compared ? compared.differences.length === 0 : null,
    differences: compared?.differences ?? [],
    slippage: slippageOf(facts),
    lateness: facts.lateness,
    priceNote: PRICE_NOTE[facts.identity.mode],
  };
}

/** Fills against the touch that was seen when the order was sent; positive is worse. */
function slippageOf({ orders }: DayFacts): DayReport['slippage'] {
  return Object.values(orders).flatMap(({ tag, touch, filledQuantity, averagePrice }) =>
    touch !== null && filledQuantity > 0 ? [{ tag, expected: touch, got: averagePrice, quantity: filledQuantity }] : [],
  );
}

function resultOf(facts: DayFacts, compared: Reconciliation | null): DayResult {
  if (facts.holiday !== null) return 'holiday';
  const open = facts.positions.filter(({ closedAt }) => closedAt === null);
  const differs = (compared?.differences.length ?? 0) > 0 || (compared?.liveOrders.length ?? 0) > 0;
  if (differs || !open.every((position) => staysOvernight(facts, position))) return 'not_flat';
  return open.length > 0 ? 'carried' : 'flat';
}
