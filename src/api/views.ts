/** The day's state as the API shows it: cut from the workflow's query, joined with prices, in rupees and ISO times. */

import type { BrokerOrder } from '../brokers/types.ts';
import type { Plan } from '../contract/commands.ts';
import type { DayIdentity } from '../contract/identity.ts';
import type { LogEvent } from '../contract/journal.ts';
import type { OrderView } from '../contract/ledger.ts';
import type { DayView, DecisionView, PositionView, Warning } from '../contract/views.ts';
import { sessionOf } from '../domain/calendar/index.ts';
import { type ClockSegments, istIso } from '../domain/clock.ts';
import { isOver } from '../domain/control/intervals.ts';
import type { MarketMs } from '../domain/types.ts';
import type { StoredSession } from '../journal/types.ts';
import { holidayOf } from './day.ts';
import { markOf, oldestPrice, type Prices, unrealised } from './marks.ts';
import { whyNoDay } from './no-day.ts';
import type { DecisionBody, EventBody, OrderBody, PnlBody, PositionBody, StatusBody, WarningBody } from './schemas.ts';
import { averageOrNull, averageRupees, isoOrNull, rupees, rupeesOrNull } from './units.ts';

/** What a status is made of. `day` is null before one is opened; `session` is the journal's newest, null while it is away as well. */
export type StatusFacts = {
  identity: DayIdentity;
  day: DayView | null;
  session: StoredSession | null;
  prices: Prices;
  /** Since when the journal does not answer; null while it does. */
  journalAwaySince: MarketMs | null;
  now: MarketMs;
  clock: ClockSegments;
};

export function statusBody(facts: StatusFacts): StatusBody {
  const { identity, day, now } = facts;
  const holiday = day?.state === 'holiday' || !day ? holidayOf(identity.date) : null;
  const hours = hoursOf(identity.date, day);
  const login = loginOf(facts);
  const fired = day?.decisions.findLast((decision) => decision.signal !== null && decision.outcome === 'fired');
  return {
    date: identity.date,
    mode: identity.mode,
    account: identity.account,
    run: identity.run,
    state: day?.state ?? (holiday ? 'holiday' : 'no_day'),
    no_day: day || holiday ? null : whyNoDay({ ...identity, now, close: hours?.close ?? null }),
    enabled: day?.enabled ?? false,
    started: day?.started ?? false,
    entries_off: day?.entriesOff ?? null,
    hands_off: day?.handsOff ? { by: day.handsOff.by, since: istIso(day.handsOff.since) } : null,
    authenticated: login !== null,
    user_id: login?.userId ?? null,
    login_expires_at: isoOrNull(login?.expiresAt ?? null),
    login_refused: loginRefused(day),
    market_time: istIso(now),
    clock_speed: facts.clock.findLast((segment) => segment.real <= Date.now())?.speed ?? 1,
    market_open: hours !== null && now >= hours.open && now < hours.close,
    opens_at: isoOrNull(hours?.open ?? null),
    closes_at: isoOrNull(hours?.close ?? null),
    holiday: holiday?.reason ?? day?.holiday ?? null,
    next_trading_day: holiday?.next ?? null,
    plan: day?.plan ? planBody(day.plan) : null,
    limits: day?.limits
      ? {
          reserved: rupees(day.limits.reserved),
          lost_today: rupees(day.limits.lostToday),
          max_loss_per_day: rupees(day.limits.maxLossPerDay),
          capital_at_risk: rupees(day.limits.capitalAtRisk),
          max_capital_at_risk: rupees(day.limits.maxCapitalAtRisk),
          open_positions: day.limits.openPositions,
          max_positions: day.limits.maxPositions,
        }
      : null,
    pnl: pnlBody(day, facts.prices),
    open_positions: day ? openPositions(day).length : 0,
    next_check_at: isoOrNull(day?.nextCheckAt ?? null),
    square_off_at: isoOrNull(day?.squareOffAt ?? null),
    last_signal: fired?.signal ? { at: istIso(fired.at), signal: fired.signal, reason: fired.reason } : null,
    result: day?.report?.result ?? null,
    busy: day?.busy ?? false,
    warnings: [
      ...journalWarning(facts.journalAwaySince),
      ...(day?.warnings ?? []).map((warning) => ({
        ...warningBody(warning),
        acknowledged: day?.acknowledged.includes(warning.id) ?? false,
      })),
    ],
    pages: (day?.pages ?? []).map(({ id, cause, subject, text, since, deliveredAt }) => ({
      ...{ id, cause, subject, text, since: istIso(since), delivered_at: isoOrNull(deliveredAt) },
    })),
  };
}

/** It goes when the journal answers again. */
function journalWarning(since: MarketMs | null): StatusBody['warnings'] {
  if (since === null) return [];
  const message =
    'The journal does not answer: prices, log and reports are missing here. The day goes on, and writes later what it has to.';
  const id = 'journal_away';
  return [{ id, code: id, message, since: istIso(since), blocks_entries: false, acknowledged: false }];
}

/** A dead session of the day counts as none, although the journal still holds it. */
export function loginOf({ day, session, now }: Pick<StatusFacts, 'day' | 'session' | 'now'>) {
  const known = day ? day.session : session;
  return known && known.expiresAt > now ? known : null;
}

/** The broker's words, when the newest attempt to log in was refused. */
export function loginRefused(day: DayView | null): string | null {
  const last = day?.authAttempts.at(-1);
  return last?.outcome === 'refused' ? (last.reason ?? 'no reason given') : null;
}

export function openPositions(day: DayView): PositionView[] {
  return day.positions.filter((position) => position.state !== 'closed');
}

function hoursOf(date: string, day: DayView | null): { open: MarketMs; close: MarketMs } | null {
  if (day?.timetable) return day.timetable;
  try {
    const session = sessionOf(date);
    return session.kind === 'session' ? session : null;
  } catch {
    return null;
  }
}

function pnlBody(day: DayView | null, prices: Prices): PnlBody {
  if (!day) return { realised: 0, unrealised: 0, charges: 0, net: 0, prices_at: null };
  const open = day.positions.map((position) => unrealised(position, prices));
  const sum = open.reduce<number | null>((total, part) => (total === null || part === null ? null : total + part), 0);
  const { realised, charges } = day.pnl;
  return {
    realised: rupees(realised),
    unrealised: rupeesOrNull(sum),
    charges: rupees(charges),
    net: rupeesOrNull(sum === null ? null : realised + sum - charges),
    prices_at: isoOrNull(oldestPrice(day.positions, prices)),
  };
}

function planBody(plan: Plan): NonNullable<StatusBody['plan']> {
  return {
    lot_size: plan.lotSize,
    num_lots: plan.numLots,
    use_hedging: plan.useHedging,
    max_positions: plan.maxPositions,
    exit_policy: plan.exitPolicy,
    weekly_exit_day: plan.weeklyExitDay,
    max_loss_per_trade: rupees(plan.maxLossPerTrade),
    max_loss_per_day: rupees(plan.maxLossPerDay),
    max_capital_at_risk: rupees(plan.maxCapitalAtRisk),
    target: plan.target,
    allow_unhedged: plan.allowUnhedged,
    hedge_distance: rupees(plan.hedgeDistance),
    signals: plan.signals,
  };
}

export function warningBody(warning: Warning): WarningBody {
  return {
    id: warning.id,
    code: warning.code,
    message: warning.message,
    since: istIso(warning.since),
    blocks_entries: warning.blocksEntries,
  };
}

export function positionBody(position: PositionView, prices: Prices): PositionBody {
  const open = unrealised(position, prices);
  const stop = position.restingStop;
  return {
    id: position.id,
    signal: position.signal,
    state: position.state,
    option_type: position.optionType,
    strike: rupees(position.strike),
    expiry: position.expiry,
    product: position.product,
    lots: position.lots,
    legs: position.legs.map((leg) => ({
      role: leg.role,
      tradingsymbol: leg.tradingsymbol,
      side: leg.side,
      quantity: leg.quantity,
      open_quantity: leg.openQuantity,
      entry_price: averageOrNull(leg.entryPrice),
      exit_price: averageOrNull(leg.exitPrice),
      last_price: rupeesOrNull(leg.openQuantity > 0 ? markOf(leg, prices) : null),
    })),
    stop: rupeesOrNull(position.indexStop),
    resting_stop: stop
      ? {
          order_id: stop.orderId,
          trigger_price: rupees(stop.triggerPrice),
          limit_price: rupees(stop.limitPrice),
          state: stop.state,
        }
      : null,
    target: rupeesOrNull(position.target),
    planned_loss: rupees(position.plannedLoss),
    worst_loss: rupeesOrNull(position.worstLoss),
    realised: rupees(position.realised),
    unrealised: rupeesOrNull(open),
    charges: rupees(position.charges),
    pnl: rupeesOrNull(open === null ? null : position.realised + open - position.charges),
    opened_at: istIso(position.openedAt),
    closed_at: isoOrNull(position.closedAt),
    exit_reason: position.exitReason,
    problem: position.problem,
  };
}

export function orderBody(order: OrderView): OrderBody {
  return {
    order_id: order.orderId,
    tag: order.tag,
    position_id: order.positionId,
    purpose: order.purpose,
    tradingsymbol: order.tradingsymbol,
    transaction_type: order.side,
    product: order.product,
    order_type: order.orderType,
    quantity: order.quantity,
    filled_quantity: order.filledQuantity,
    average_price: averageRupees(order.averagePrice),
    price: rupees(order.price),
    trigger_price: rupees(order.triggerPrice),
    status: order.status,
    status_message: order.statusMessage,
    phase: order.phase,
    over: isOver(order),
    placed_at: istIso(order.intendedAt),
    updated_at: istIso(order.updatedAt),
  };
}

/** An order of the account as the broker lists it, ours or foreign. */
export function brokerOrderBody(order: BrokerOrder): OrderBody {
  return {
    order_id: order.orderId,
    tag: order.tag,
    position_id: null,
    purpose: null,
    tradingsymbol: order.tradingsymbol,
    transaction_type: order.side,
    product: order.product,
    order_type: order.orderType,
    quantity: order.quantity,
    filled_quantity: order.filledQuantity,
    average_price: averageRupees(order.averagePrice),
    price: rupees(order.price),
    trigger_price: rupees(order.triggerPrice),
    status: order.status,
    status_message: order.statusMessage,
    phase: null,
    over: order.state !== 'live',
    placed_at: istIso(order.placedAt),
    updated_at: isoOrNull(order.updatedAt),
  };
}

export function decisionBody(decision: DecisionView): DecisionBody {
  return {
    at: istIso(decision.at),
    bar_start: istIso(decision.barStart),
    close: rupeesOrNull(decision.close),
    source: decision.source,
    signal: decision.signal,
    outcome: decision.outcome,
    reason: decision.reason,
    bias: decision.bias,
    stop: rupeesOrNull(decision.stop),
    strike: rupeesOrNull(decision.strike),
    option_type: decision.optionType,
  };
}

export function eventBody(event: LogEvent): EventBody {
  return {
    seq: event.seq,
    at: istIso(event.at),
    level: event.level,
    kind: event.kind,
    text: event.text,
    ...(event.data ? { data: event.data } : {}),
  };
}
