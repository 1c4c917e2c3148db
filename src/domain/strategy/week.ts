import { addDays, istDate, weekday } from '../clock.ts';
import type { Bar, Bias, IsoDate, MarketMs, OptionType, Paise, SignalName } from '../types.ts';
import { hourlyBarEnd, isUnconfirmed, weekStartOf } from './bars.ts';
import { WeekState } from './breakouts.ts';
import { type Levels, type WeekContext, weekContext, type Zones } from './levels.ts';
import { DEFAULT_PARAMS, type StrategyParams } from './params.ts';
import { type Judged, judge, SIGNALS } from './signals.ts';

/** One rule on the last bar that was evaluated. */
type SignalCheck = { signal: SignalName; fired: boolean; why: string };

/** What the strategy knows and has decided for a calendar week (Sunday to Saturday). Prices are points x 100. */
export type WeekDecision = {
  weekStart: IsoDate;
  /** Why the week is not evaluated, or null. */
  reason: string | null;
  /** Hourly bars that were used: of the week before, and of this one up to now. */
  previousBars: number;
  bars: number;
  /** Starts of bars of both weeks that were not believed and left out: an index frozen in the closing auction. */
  unconfirmed: MarketMs[];
  levels: Levels | null;
  zones: Zones | null;
  margins: { high: Paise; low: Paise } | null;
  distances: { resistance: Paise; support: Paise } | null;
  bias: Bias | null;
  signal: SignalName | null;
  /** The bar that fired, its number in the week (from 1), and its END, when it was known. */
  triggeredBar: Bar | null;
  barNumber: number | null;
  firedAt: MarketMs | null;
  stop: Paise | null;
  strike: Paise | null;
  optionType: OptionType | null;
  /** S1 to S8 on the last evaluated bar (the one that fired, if one did), and that bar's end. */
  checks: SignalCheck[];
  checkedAt: MarketMs | null;
};

type Fired = Judged & { signal: SignalName };

/**
 * What S1 to S8 have decided in the calendar week of `upTo`, from hourly bars of that week and the one before it,
 * sorted by start. Only bars that have ended by `upTo` are seen. One signal a week: after the first nothing is evaluated.
 */
export function evaluateWeek(
  bars: readonly Bar[],
  upTo: MarketMs,
  params: StrategyParams = DEFAULT_PARAMS,
): WeekDecision {
  const weekStart = weekStartOf(istDate(upTo));
  const known = bars.filter((bar) => hourlyBarEnd(bar.start) <= upTo && (params.weekendSessions || isWeekday(bar)));
  const inWeek = (start: IsoDate) => known.filter((bar) => weekStartOf(istDate(bar.start)) === start);
  const previous = inWeek(addDays(weekStart, -7));
  const current = inWeek(weekStart);
  const unconfirmed = [...previous, ...current].filter(isUnconfirmed).map((bar) => bar.start);
  const believed = (bar: Bar) => !unconfirmed.includes(bar.start);
  const before = previous.filter(believed);
  const week = current.filter(believed);
  const counts = { weekStart, previousBars: before.length, bars: week.length, unconfirmed };
  if (before.length < params.minPreviousBars) {
    const reason = `previous calendar week has ${before.length} hourly bars (<${params.minPreviousBars})`;
    return { ...UNDECIDED, ...counts, reason };
  }
  const context = weekContext(before, params);
  return { ...UNDECIDED, ...counts, ...context, ...decide(week, context, params) };
}

function decide(week: readonly Bar[], context: WeekContext, params: StrategyParams): Partial<WeekDecision> {
  const [first] = week;
  if (!first) return {};
  const states = new WeekState(first);
  let resistanceSeen = false;
  let last: Partial<WeekDecision> = {};
  for (const [index, bar] of week.entries()) {
    resistanceSeen ||= bar.high >= context.zones.upperBottom;
    const facts = { ...context, n: index + 1, bar, first, state: states.step(bar), resistanceSeen, params };
    const judged = SIGNALS.map((signal) => ({ signal, ...judge(signal, facts) }));
    const fired = judged.find((one) => one.whyNot === null);
    last = { checks: judged.map((one) => check(one, fired)), checkedAt: hourlyBarEnd(bar.start) };
    if (fired) {
      return {
        ...last,
        signal: fired.signal,
        triggeredBar: bar,
        barNumber: index + 1,
        firedAt: hourlyBarEnd(bar.start),
        stop: fired.stop,
        strike: strikeOf(fired.optionType, fired.stop, params),
        optionType: fired.optionType,
      };
    }
  }
  return last;
}

function check(one: Fired, fired: Fired | undefined): SignalCheck {
  if (one.whyNot !== null) return { signal: one.signal, fired: false, why: one.whyNot };
  if (fired && one.signal !== fired.signal) {
    return { signal: one.signal, fired: false, why: `${fired.signal} comes first` };
  }
  return { signal: one.signal, fired: true, why: 'every condition is met' };
}

/** The strike to sell: the stop rounded away from the index, down for a put and up for a call (STRATEGY sections 7, 12). */
export function strikeOf(optionType: OptionType, stop: Paise, params: StrategyParams = DEFAULT_PARAMS): Paise {
  const { strikeStep, callStrike } = params;
  if (optionType === 'PE') return Math.floor(stop / strikeStep) * strikeStep;
  if (callStrike === 'origin') return Math.floor((stop + strikeStep - 100) / strikeStep) * strikeStep;
  return Math.ceil(stop / strikeStep) * strikeStep;
}

function isWeekday(bar: Bar): boolean {
  const day = weekday(istDate(bar.start));
  return day >= 1 && day <= 5;
}

const UNDECIDED = {
  reason: null,
  levels: null,
  zones: null,
  margins: null,
  distances: null,
  bias: null,
  signal: null,
  triggeredBar: null,
  barNumber: null,
  firedAt: null,
  stop: null,
  strike: null,
  optionType: null,
  checks: [],
  checkedAt: null,
};
