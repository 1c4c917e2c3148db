/** Rows for a journal, each as plain as it can be. */

import type { DayIdentity } from '../../src/contract/identity.ts';
import type { JournalBatch, LogEvent } from '../../src/contract/journal.ts';
import type { HandedOver, OrderView } from '../../src/contract/ledger.ts';
import type { DayReport, DecisionView, PositionView } from '../../src/contract/views.ts';
import { istAt } from '../../src/domain/clock.ts';
import { blankOrder } from '../../src/domain/control/new-order.ts';

export const DATE = '2025-07-14';
export const AT = istAt(DATE, '11:15');
let runs = 0;

/** A run of its own for each test: they share one database. */
export function freshDay(): DayIdentity {
  runs += 1;
  return { mode: 'replay', account: 'ZX0001', run: runs, date: DATE };
}

export function order(tag: string, change: Partial<OrderView> = {}): OrderView {
  return {
    ...blankOrder(tag, { market: AT, wall: AT }),
    ...{ positionId: 'P1', role: 'hedge', tradingsymbol: 'NIFTY2571724800PE', quantity: 750 },
    ...{ price: 45_00, touch: 44_50 },
    ...change,
  };
}

export function position(id: string, state: PositionView['state'], openedAt = AT): PositionView {
  return {
    id,
    signal: 'S1',
    state,
    optionType: 'PE',
    strike: 25_000_00,
    expiry: '2025-07-17',
    product: 'MIS',
    lots: 10,
    legs: [],
    indexStop: 25_000_00,
    restingStop: null,
    target: null,
    plannedLoss: 25_000_00,
    worstLoss: 107_250_00,
    realised: 0,
    charges: 0,
    earlier: { realised: 0, charges: 0 },
    enteredOn: DATE,
    exitOn: DATE,
    openedAt,
    closedAt: null,
    exitReason: null,
    problem: null,
  };
}

export function decision(hour: string, change: Partial<DecisionView> = {}): DecisionView {
  return {
    at: istAt(DATE, hour),
    barStart: istAt(DATE, hour) - 3_600_000,
    close: 25_090_00,
    source: 'breeze',
    signal: null,
    outcome: 'no_signal',
    reason: 'S1 to S8 say nothing',
    bias: 'BULLISH',
    stop: null,
    strike: null,
    optionType: null,
    ...change,
  };
}

export function event(seq: number, text = `event ${seq}`): LogEvent {
  return { seq, at: AT + seq, level: 'info', kind: 'order_filled', text };
}

export function batch(identity: DayIdentity, change: Partial<JournalBatch> = {}): JournalBatch {
  return { identity, sequence: 1, state: 'trading', events: [], orders: [], positions: [], decisions: [], ...change };
}

export function report(identity: DayIdentity, net: number): DayReport {
  return {
    identity,
    result: 'flat',
    trades: [],
    charges: { brokerage: 80_00, stt: 1_00, transaction: 1, sebi: 1, stamp: 1, gst: 1, total: 81_04 },
    pnl: { gross: net + 81_04, charges: 81_04, net },
    positions: [],
    handedOver: [],
    decisions: [decision('11:15')],
    warnings: [],
    reconciled: true,
    differences: [],
    slippage: [],
    lateness: [],
    priceNote: 'modelled',
  };
}

const CONTRACT = {
  ...{ tradingsymbol: 'NIFTY2571725000PE', instrumentToken: 1, expiry: '2025-07-17', strike: 25_000_00 },
  ...{ optionType: 'PE' as const, lotSize: 75, tickSize: 5, maxOrderQuantity: 1_800, tradesUntil: AT },
};

export function handed(leaving: boolean): HandedOver {
  const money = { plannedLoss: 25_000_00, maxLoss: 25_000_00, worstLoss: null, target: null };
  return {
    ...{ id: 'P1', signal: 'S1', enteredOn: DATE, openedAt: AT, leaving, orders: [order('A1')] },
    plan: {
      main: CONTRACT,
      hedge: null,
      nearerHedges: [],
      lots: 1,
      quantity: 75,
      product: 'NRML',
      exitOn: DATE,
      ...money,
    },
  };
}
