/** Every hourly close: index stops first, then the eight signals (DESIGN section 4, TRADING section 3). */
import type { HourClose, HourEvaluation, HourInput } from '../../src/contract/activities.ts';
import type { DecisionView } from '../../src/contract/views.ts';
import { istDate, istTime } from '../../src/domain/clock.ts';
import { indexStopHit } from '../../src/domain/strategy/index-stop.ts';
import type { MarketMs, Paise } from '../../src/domain/types.ts';
import { closes, deciding, quickReads } from '../activity-proxies.ts';
import { enterOnSignal } from '../position/from-signal.ts';
import { requestExit } from '../position/request-exit.ts';
import type { Day } from './day.ts';
import { decideWithin } from './decision-age.ts';
import { DayOver } from './loops.ts';

const HOUR_MS = 3_600_000;
/** Ticks are samples: a close of theirs within five points of the bar's is the same close. */
const TICKS_DIFFER_BY = 500;
/** A close that nobody could read is asked for again. Wall milliseconds. */
const CLOSE_AGAIN_MS = 15_000;

export async function keepHours(day: Day): Promise<void> {
  const { facts } = day;
  const from = day.now();
  for (const check of facts.timetable?.checks ?? []) {
    if (facts.decided.includes(check)) {
      // A run that was lost may have decided on it before its close was known to the stops.
      judgeLater(day, { barStart: check - HOUR_MS, barEnd: check });
      continue;
    }
    facts.nextCheckAt = check;
    await day.untilMarket(check, 'hourly close', () => facts.over);
    if (day.ending || facts.over) return;
    judgeLater(day, { barStart: check - HOUR_MS, barEnd: check });
    facts.decided.push(check);
    // What lies well behind when the day gets there is not decided any more: its bar is part of the next one's week.
    if (day.now() > check + decideWithin(day)) {
      // What lies before the day's own beginning nobody has missed.
      if (check >= from) noteTooLate(day, check);
      continue;
    }
    day.run(`hour ${istTime(check)}`, () =>
      decide(day, { identity: day.identity, barStart: check - HOUR_MS, barEnd: check }),
    );
  }
  facts.nextCheckAt = null;
  await judgeLastBar(day);
}

/** Nobody was there when it closed: what its signal would have been is not asked, and the day says so (TRADING section 3). */
function noteTooLate(day: Day, check: MarketMs): void {
  if (!day.facts.started) return;
  const reason = 'not decided: the day got there too late';
  day.facts.decisions.push({
    ...{
      at: check,
      barStart: check - HOUR_MS,
      close: null,
      source: 'none',
      signal: null,
      outcome: 'not_taken',
      reason,
    },
    ...{ bias: null, stop: null, strike: null, optionType: null },
  });
  const text = `${istTime(check)} was not decided: the day got there at ${istTime(day.now())}. A signal of this hour is not taken.`;
  day.log('warn', 'signal_not_taken', text);
  day.page('hour_missed', 'day', text);
}

/** The index's last bar ends after the square-off: it is acted on while derivatives still trade, else at the next open. */
async function judgeLastBar(day: Day): Promise<void> {
  const { timetable } = day.facts;
  if (!timetable?.lastBar || timetable.lastBar.end >= timetable.close) return;
  const { start, end } = timetable.lastBar;
  await day.untilMarket(end, 'last close of the index', () => day.facts.over);
  if (!day.ending && !day.facts.over) judgeLater(day, { barStart: start, barEnd: end });
}

/** What was carried leaves at the open where the index stands at or beyond its strike (TRADING section 6). Its stop does not wait for it. */
export async function judgeOpen(day: Day): Promise<void> {
  const { facts } = day;
  const held = () =>
    facts.positions.filter(
      ({ carried, signal, closedAt, exit }) => carried && signal !== 'manual' && closedAt === null && !exit,
    );
  if (!facts.timetable || facts.openJudged || held().length === 0) return;
  await day.untilMarket(facts.timetable.open, 'index at the open', () => facts.over);
  if (day.ending || facts.over) return;
  const index = await readIndex(day);
  facts.openJudged = true;
  if (index === null) day.log('warn', 'index_stop', 'The index of the open could not be read: the next close decides.');
  for (const position of held()) {
    const { optionType, strike } = position.plan.main;
    if (index === null || !indexStopHit(optionType, strike, index)) continue;
    day.log('warn', 'index_stop', `${position.id}: the index opened at ${index / 100}, at or beyond ${strike / 100}.`);
    requestExit(day, position, 'index_stop');
  }
}

/** Null where the broker does not say it at once. */
async function readIndex(day: Day): Promise<Paise | null> {
  try {
    return await day.withSession('index at the open', () =>
      quickReads.readIndex.executeWithOptions({ summary: 'Where did the index open?' }, [day.identity]),
    );
  } catch (error) {
    if (error instanceof DayOver) throw error;
    return null;
  }
}

/** Index stops of this close are judged as soon as it is known, however late that is. */
export function judgeLater(day: Day, bar: { barStart: MarketMs; barEnd: MarketMs }): void {
  const { facts } = day;
  if (facts.closesDue.includes(bar.barEnd)) return;
  facts.closesDue.push(bar.barEnd);
  facts.closesToJudge.push(bar);
  day.changed();
}

/** A stop is never left out: a close that could not be read is asked for until it is known. */
export async function keepIndexStops(day: Day): Promise<void> {
  const { facts } = day;
  while (!day.ending && facts.step !== 'done') {
    await day.until('index stops', () => facts.closesToJudge.length > 0 || facts.over);
    if (day.ending || facts.over) return;
    const tried = new Set<MarketMs>();
    const next = () => facts.closesToJudge.findLast(({ barEnd }) => !tried.has(barEnd));
    // The newest first, so that a close that no source has does not delay one that is known.
    for (let bar = next(); bar; bar = next()) {
      const { barEnd } = bar;
      tried.add(barEnd);
      if (await judge(day, bar)) facts.closesToJudge = facts.closesToJudge.filter((one) => one.barEnd !== barEnd);
    }
    if (facts.closesToJudge.length > 0)
      await day.pause('index stops: the close again', CLOSE_AGAIN_MS, () => facts.over || next() !== undefined);
  }
}

/** An hourly close at or beyond the strike ends a position (STRATEGY sections 7 and 12). False while it is not known. */
async function judge(day: Day, bar: { barStart: MarketMs; barEnd: MarketMs }): Promise<boolean> {
  const { facts } = day;
  const held = () =>
    facts.positions.filter(
      ({ signal, openedAt, closedAt, exit }) =>
        signal !== 'manual' && openedAt < bar.barEnd && closedAt === null && !exit,
    );
  if (held().length === 0) return true;
  // A carried position waits in the morning for yesterday's last one.
  const date = istDate(bar.barEnd);
  const time = date === day.identity.date ? istTime(bar.barEnd) : `${istTime(bar.barEnd)} of ${date}`;
  const seen = await day.calls(() =>
    closes.readHourClose.executeWithOptions({ summary: `Index close of ${time} for the stops` }, [
      { identity: day.identity, ...bar },
    ]),
  );
  const missing = `no_close:${bar.barEnd}`;
  if (seen.close === null) {
    const text = `No index close for ${time} yet: it is asked for until it is known. Index stops of ${held()
      .map(({ id }) => id)
      .join(', ')} wait for it.`;
    if (!facts.warnings.some(({ id }) => id === missing)) day.page('no_data', 'day', text);
    day.warn(missing, 'no_data', text, false);
    return false;
  }
  day.clearWarning(missing);
  for (const position of held()) judgePosition(day, position.id, seen, bar.barEnd);
  return true;
}

function judgePosition(day: Day, id: string, { close, ticks, source }: HourClose, barEnd: MarketMs): void {
  const position = day.facts.positions.find((known) => known.id === id);
  if (!position || close === null) return;
  const { optionType, strike } = position.plan.main;
  const time = istTime(barEnd);
  const hit = indexStopHit(optionType, strike, close);
  if (source !== 'breeze')
    day.log('warn', 'index_close', `${time}: Breeze gave no bar for the stop in time: the one of ${source} is used.`);
  const differs = ticks !== null && indexStopHit(optionType, strike, ticks) !== hit;
  if (differs) {
    // The source that leaves wins: a stop that was wrong costs less than one that was missed.
    const text = `${id}: ${time} closed at ${close / 100} by ${source}, at ${(ticks ?? 0) / 100} by our own ticks; they differ on the stop at ${strike / 100}. The position is left.`;
    day.page('index_close', id, text);
  } else if (ticks !== null && Math.abs(close - ticks) > TICKS_DIFFER_BY)
    day.log(
      'warn',
      'index_close',
      `${time} closed at ${close / 100} by ${source} and at ${ticks / 100} by our own ticks.`,
    );
  if (!hit && !differs) return;
  day.log('warn', 'index_stop', `${id}: the index closed at ${close / 100}, at or beyond ${strike / 100}.`);
  requestExit(day, position, 'index_stop');
}

async function decide(day: Day, input: HourInput): Promise<void> {
  const { facts } = day;
  if (!facts.started) return;
  const time = istTime(input.barEnd);
  let seen: HourEvaluation;
  try {
    seen = await deciding.evaluateHour.executeWithOptions({ summary: `Signals S1 to S8 on the close of ${time}` }, [
      input,
    ]);
  } catch (error) {
    day.page(
      'hour_failed',
      'day',
      `${time}: the signals could not be evaluated (${String(error)}). Nothing is decided on this hour.`,
    );
    return;
  }
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
  await act(day, input, seen, decision);
  facts.decisions.push(decision);
  const words = decision.signal ? `${decision.signal} ${decision.reason}` : decision.reason;
  const level = decision.outcome === 'no_data' ? 'alert' : 'info';
  day.log(level, `signal_${decision.outcome}`, `${time} ${words}.`, { close: decision.close, bias: decision.bias });
}

async function act(day: Day, input: HourInput, seen: HourEvaluation, decision: DecisionView): Promise<void> {
  const time = istTime(input.barEnd);
  if (seen.contradicted) {
    decision.outcome = 'no_data';
    decision.reason = seen.contradicted;
    day.warn(`contradicted:${input.barEnd}`, 'no_data', `${time}: ${seen.contradicted} Nothing was decided.`, false);
    day.page('contradicted', 'day', `${time}: ${seen.contradicted} Nothing was decided on this hour.`);
    return;
  }
  if (seen.source === 'none') {
    decision.outcome = 'no_data';
    decision.reason = seen.reason ?? 'no candles from Breeze or Kite within three minutes';
    day.warn(`no_data:${input.barEnd}`, 'no_data', `${time}: ${decision.reason}. Nothing was decided.`, false);
    return;
  }
  if (seen.source === 'kite') {
    const text = 'Breeze did not answer in time: signals were decided on Kite candles.';
    day.warn('fallback_candles', 'fallback_candles', text, false);
  }
  if (seen.signal === null || seen.firedAt === null) return;
  if (seen.firedAt < input.barEnd) {
    decision.outcome = 'week_used';
    decision.reason = 'fired earlier this week, one signal a week';
    return;
  }
  decision.outcome = 'not_taken';
  await enterOnSignal(day, seen, decision);
}
