import type { DayReport } from '../contract/views.ts';
import { istIso } from '../domain/clock.ts';
import type { ReportBody } from './report-schema.ts';
import { averageRupees, rupees } from './units.ts';
import { decisionBody, positionBody, warningBody } from './views.ts';

/** The end-of-day report in rupees and ISO times. */
export function reportBody(report: DayReport): ReportBody {
  const { identity, charges, pnl } = report;
  return {
    date: identity.date,
    mode: identity.mode,
    account: identity.account,
    run: identity.run,
    result: report.result,
    trades: report.trades.map((trade) => ({
      order_id: trade.orderId,
      tag: trade.tag,
      trade_id: trade.tradeId,
      tradingsymbol: trade.tradingsymbol,
      transaction_type: trade.side,
      quantity: trade.quantity,
      price: rupees(trade.price),
      at: istIso(trade.at),
    })),
    charges: {
      brokerage: rupees(charges.brokerage),
      stt: rupees(charges.stt),
      transaction: rupees(charges.transaction),
      sebi: rupees(charges.sebi),
      stamp: rupees(charges.stamp),
      gst: rupees(charges.gst),
      total: rupees(charges.total),
    },
    pnl: { gross: rupees(pnl.gross), charges: rupees(pnl.charges), net: rupees(pnl.net) },
    positions: report.positions.map((position) => positionBody(position, new Map())),
    decisions: report.decisions.map(decisionBody),
    warnings: report.warnings.map(warningBody),
    reconciled: report.reconciled,
    differences: report.differences,
    slippage: report.slippage.map(({ tag, expected, got, quantity }) => ({
      tag,
      expected: rupees(expected),
      got: averageRupees(got),
      quantity,
    })),
    lateness: report.lateness,
    price_note: report.priceNote,
  };
}
