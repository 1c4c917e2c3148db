/** Every hourly close: index stops first, then the eight signals (DESIGN section 4, TRADING section 3). */
import { condition, isCancellation } from '@temporalio/workflow';
import type { EntryPlan, HourEvaluation, HourInput } from '../activities/contract.ts';
import { istTime, realAt } from '../src/domain/clock.ts';
import { indexStopHit } from '../src/domain/strategy/index-stop.ts';
import type { MarketMs } from '../src/domain/types.ts';
import { type Day, MarketOver } from './day.ts';
import type { DecisionView } from './messages.ts';
import { Position } from './position.ts';
import { deciding, planning, watching } from './proxies.ts';
import { signalPositions } from './signal-positions.ts';
import { limitsOf } from './view.ts';

const HOUR_MS = 3_600_000;
/** An entry is decided at its bar's end. Later than this (a worker was away) it would be another trade. Market time. */
const DECIDE_WITHIN_MS = 5 * 60_000;
/** Ticks are samples: a close of theirs within five points of the bar's is the same close. */
const TICKS_DIFFER_BY = 500;
/** In a fast replay the same delay of the machine is more of the market's time. Wall time. */
const REPLAY_DECIDE_WITHIN_MS = 5_000;

export async function keepHours(day: Day): Promise<void> {
  const checks = day.timetable?.checks ?? [];
  for (const check of checks) {
    // What lies well behind when the day gets there is not decided any more: its bar is part of the next one's week. An index stop of
    // an open position is made up for, however late.
    const late = day.now() > check + decideWithin(day);
    if (late && signalPositions(day).length === 0) continue;
    day.nextCheckAt = check;
    await day.until(check, 'hourly close', () => day.over);
    if (day.over) break;
    const input: HourInput = { identity: day.identity, barStart: check - HOUR_MS, barEnd: check };
    const held = `the close of ${istTime(check)}`;
    await day.hold(held, true);
    const stops = said(day, check, checkIndexStops(day, input));
    const decision = late ? Promise.resolve() : said(day, check, decide(day, input));
    // A decision that waits, for a login or a slow broker, holds up no index stop of a later hour.
    day.beside(Promise.all([stops, decision]).then(() => day.hold(held, false)));
    await stops;
  }
  day.nextCheckAt = null;
  await checkLastBar(day);
}

/** The index's last bar ends after the square-off: it is acted on while derivatives still trade, else at the next open. */
async function checkLastBar(day: Day): Promise<void> {
  const { timetable } = day;
  if (!timetable?.lastBar || timetable.lastBar.end >= timetable.close) return;
  const { start, end } = timetable.lastBar;
  if (!signalPositions(day).some((position) => position.isOpen())) return;
  await day.until(end, 'last close of the index', () => day.over);
  if (!day.over) await said(day, end, checkIndexStops(day, { identity: day.identity, barStart: start, barEnd: end }));
}

/** An hour that fails is said loudly; the hours after it are looked at all the same. */
async function said(day: Day, check: MarketMs, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isCancellation(error)) throw error;
    day.log('alert', 'hour_failed', `${istTime(check)}: ${String(error)}`);
  }
}

function decideWithin(day: Day): number {
  const fastest = Math.max(1, ...day.clock.map((segment) => segment.speed));
  return Math.max(DECIDE_WITHIN_MS, REPLAY_DECIDE_WITHIN_MS * fastest);
}

/** An hourly close at or beyond the strike ends a position (STRATEGY sections 7 and 12). */
export async function checkIndexStops(day: Day, input: HourInput): Promise<void> {
  const before = signalPositions(day).filter((position) => position.openedAt < input.barEnd);
  const open = () => before.filter((position) => position.isOpen());
  if (open().length === 0) return;
  const seen = await watching.readHourClose.executeWithOptions(
    { summary: `Index close of ${istTime(input.barEnd)} for the stops` },
    [input],
  );
  const { close, ticks } = seen;
  if (seen.source === 'ticks')
    day.log('warn', 'index_close', 'Breeze gave no bar for the stop in time: our own bar from ticks is used.');
  if (close === null) {
    day.warn(
      `no_data:${input.barEnd}`,
      'no_data',
      `No index close for ${istTime(input.barEnd)}: index stops were not checked.`,
      false,
    );
    return;
  }
  if (ticks !== null && Math.abs(close - ticks) > TICKS_DIFFER_BY) {
    day.log(
      'warn',
      'index_close',
      `The hour closed at ${close / 100} by Breeze and at ${ticks / 100} by our own ticks.`,
    );
  }
  for (const position of open()) {
    const { optionType, strike } = position.plan.main;
    const hit = indexStopHit(optionType, strike, close);
    if (ticks !== null && indexStopHit(optionType, strike, ticks) !== hit) {
      day.log(
        'alert',
        'index_close',
        `${position.id}: the hour closed at ${close / 100} by Breeze, at ${ticks / 100} by our own ticks; they differ on the stop at ${strike / 100}. Breeze decides.`,
      );
    }
    if (hit) {
      day.log(
        'warn',
        'index_stop',
        `${position.id}: the index closed at ${close / 100}, at or beyond ${strike / 100}.`,
      );
      position.requestExit('index_stop');
    }
  }
}

async function decide(day: Day, input: HourInput): Promise<void> {
  if (!day.started) return;
  const seen = await deciding.evaluateHour.executeWithOptions(
    { summary: `Signals S1 to S8 on the close of ${istTime(input.barEnd)}` },
    [input],
  );
  const decision: DecisionView = {
    at: input.barEnd,
    barStart: input.barStart,
    close: seen.bar?.close ?? null,
    source: seen.source,
    signal: seen.signal,
    outcome: 'no_signal',
    reason: seen.reason ?? 'no signal',
    bias: seen.bias,
    stop: seen.stop,
    strike: seen.strike,
    optionType: seen.optionType,
  };
  if (seen.note) day.log('warn', 'candles', seen.note);
  await judge(day, input, seen, decision);
  day.decisions.push(decision);
  const words = decision.signal ? `${decision.signal} ${decision.reason}` : decision.reason;
  day.log(
    decision.outcome === 'no_data' ? 'alert' : 'info',
    `signal_${decision.outcome}`,
    `${istTime(input.barEnd)} ${words}.`,
    {
      close: decision.close,
      bias: decision.bias,
    },
  );
}

async function judge(day: Day, input: HourInput, seen: HourEvaluation, decision: DecisionView): Promise<void> {
  if (seen.source === 'none') {
    decision.outcome = 'no_data';
    decision.reason = seen.reason ?? 'no candles from Breeze or Kite within three minutes';
    day.warn(
      `no_data:${input.barEnd}`,
      'no_data',
      `${istTime(input.barEnd)}: ${decision.reason}. Nothing was decided.`,
      false,
    );
    return;
  }
  if (seen.source === 'kite') {
    day.warn(
      'fallback_candles',
      'fallback_candles',
      'Breeze did not answer in time: signals were decided on Kite candles.',
      false,
    );
  }
  if (seen.signal === null || seen.firedAt === null) return;
  if (seen.firedAt < input.barEnd) {
    decision.outcome = 'week_used';
    decision.reason = 'fired earlier this week, one signal a week';
    return;
  }
  decision.outcome = 'skipped';
  // Somebody who logs in at the last moment is not quicker than the look at what the account holds.
  await condition(() => day.compared || day.session === null || day.over);
  await afterPreflight(day, input.barEnd);
  const skip = skipReason(day, seen, input.barEnd);
  if (skip) {
    decision.reason = `skipped: ${skip}`;
    return;
  }
  await day.inTurn(() => enter(day, seen, decision));
}

/** Nothing is entered unchecked: the first pre-flight is waited for while the decision still holds. */
async function afterPreflight(day: Day, at: MarketMs): Promise<void> {
  const until = realAt(day.clock, at + decideWithin(day), Date.now());
  if (day.preflighted || until === null || until <= Date.now()) return;
  const done = () => day.preflighted || day.session === null || day.over;
  await condition(done, until - Date.now(), { summary: 'the pre-flight, before an entry' });
}

function skipReason(day: Day, seen: HourEvaluation, at: MarketMs): string | null {
  const { plan, timetable } = day;
  if (!plan || !timetable || !seen.signal) return 'no plan';
  if (!day.enabled) return 'trading is stopped';
  if (day.entriesOff) return `entries are off for the day (${day.entriesOff})`;
  if (!day.entriesAllowedToday) return 'no entries in a special session';
  // What is carried over night may be entered up to the square-off; on expiry day the limits say no sooner.
  const weekly = plan.exitPolicy === 'weekly';
  if (at > (weekly ? timetable.squareOff : timetable.lastEntry) || (day.squaringOff && !weekly)) return 'too late';
  if (!day.preflighted && day.session) return 'the pre-flight has not ended yet: nothing is entered unchecked';
  if (day.now() > at + decideWithin(day)) return 'the decision came too late after the close';
  if (!plan.signals.includes(seen.signal)) return `${seen.signal} is not in the plan`;
  const block = day.entriesBlockedBy();
  if (block) return `blocked until acknowledged: ${block.message}`;
  if (!day.session) return 'nobody is logged in';
  return null;
}

async function enter(day: Day, seen: HourEvaluation, decision: DecisionView): Promise<void> {
  const { plan } = day;
  if (!plan || !seen.signal || !seen.optionType || seen.strike === null) return;
  const { signal, optionType, strike } = seen;
  const { reserved, lostToday, capitalAtRisk, openPositions } = limitsOf(day);
  let planned: EntryPlan;
  try {
    planned = await day.withSession(() =>
      planning.planEntry.executeWithOptions({ summary: `Limits, margin and contracts for ${signal}` }, [
        {
          identity: day.identity,
          at: decision.at,
          signal,
          optionType,
          strike,
          plan,
          book: { reserved, lostToday, capitalAtRisk, openPositions },
        },
      ]),
    );
  } catch (error) {
    const why = error instanceof MarketOver ? 'the market closed' : 'the broker did not give what it takes';
    decision.reason = `skipped: ${why} before the entry could be planned`;
    return;
  }
  if (planned.kind === 'refused') {
    decision.reason = `skipped: ${planned.refusals.map((refusal) => refusal.message).join('; ')}`;
    for (const refusal of planned.refusals) {
      day.log('warn', 'limit_refused', `${signal} refused: ${refusal.message}`, {
        code: refusal.code,
        ...refusal.numbers,
      });
    }
    return;
  }
  if (planned.cut) day.warn('one_lot', 'one_lot', planned.cut, false);
  // Somebody may have stopped, closed all or lost the login while the plan was made.
  const late = skipReason(day, seen, decision.at);
  if (late) {
    decision.reason = `skipped: ${late}`;
    return;
  }
  decision.outcome = 'fired';
  const { main, hedge, lots } = planned;
  decision.reason = `fired, sell ${lots} lots ${main.tradingsymbol}${hedge ? `, hedge ${hedge.tradingsymbol} first` : ', unhedged'}`;
  day.recordSignal(signal);
  const position = new Position(day, signalPositions(day).length + 1, { signal, plan: planned });
  day.positions.push(position);
  day.noteLateness(`entry decision of ${istTime(decision.at)}`, decision.at);
  day.beside(position.run().then(() => day.checkDayLoss()));
}
