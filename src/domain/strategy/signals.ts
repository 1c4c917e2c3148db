import type { Bar, OptionType, Paise, SignalName } from '../types.ts';
import type { BarState } from './breakouts.ts';
import type { WeekContext } from './levels.ts';
import type { StrategyParams } from './params.ts';

/** What a rule looks at: the bar just completed, number `n` of its week, and the week's first bar. */
export type Facts = WeekContext & {
  n: number;
  bar: Bar;
  first: Bar;
  state: BarState;
  /** Some bar of this week, this one included, has reached the resistance zone. */
  resistanceSeen: boolean;
  params: StrategyParams;
};

/** A rule's conditions in order, each with the words for "not met", and the stop that it gives. */
type Rule = { optionType: OptionType; stop: Paise; conditions: readonly (readonly [met: boolean, whyNot: string])[] };

export type Judged = { optionType: OptionType; stop: Paise; whyNot: string | null };

/** The order in which the rules are asked: the first that is true wins. */
export const SIGNALS: readonly SignalName[] = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8'];

const SECOND_BAR = 'only the second bar of the week decides it';

const RULES: Record<SignalName, (facts: Facts) => Rule> = {
  S1: bearTrap,
  S2: supportHold,
  S3: resistanceHold,
  S4: biasFailureBullish,
  S5: biasFailureBearish,
  S6: weaknessConfirmed,
  S7: breakoutConfirmed,
  S8: breakdownConfirmed,
};

/** One rule on one bar: null or the first condition that it fails (STRATEGY section 6). Comparisons are exact. */
export function judge(signal: SignalName, facts: Facts): Judged {
  const { optionType, stop, conditions } = RULES[signal](facts);
  return { optionType, stop, whyNot: conditions.find(([met]) => !met)?.[1] ?? null };
}

function bearTrap({ n, bar, first, zones }: Facts): Rule {
  return {
    optionType: 'PE',
    stop: first.low - Math.abs(first.open - first.close),
    conditions: [
      [n === 2, SECOND_BAR],
      [first.open >= zones.lowerBottom, 'the first bar opened below the support zone'],
      [first.close < zones.lowerBottom, 'the first bar did not close below the support zone'],
      [bar.close > first.low, "the bar did not close above the first bar's low"],
    ],
  };
}

function supportHold({ n, bar, first, levels, zones, margins, bias }: Facts): Rule {
  const touched = first.low <= zones.lowerTop;
  const near =
    Math.abs(levels.close - zones.lowerBottom) <= margins.low &&
    Math.abs(first.open - zones.lowerBottom) <= margins.low;
  return {
    optionType: 'PE',
    stop: zones.lowerBottom,
    conditions: [
      [n === 2, SECOND_BAR],
      [bias === 'BULLISH', `the week's bias is ${bias}`],
      [first.open > levels.low, "the first bar did not open above last week's low"],
      [touched || near, 'the first bar neither touched the support zone nor opened near it'],
      [first.close >= zones.lowerBottom, 'the first bar closed below the support zone'],
      [first.close >= levels.close, "the first bar closed below last week's close"],
      [bar.close >= first.low, "the bar closed below the first bar's low"],
      [bar.close > levels.close, "the bar did not close above last week's close"],
      [bar.close > zones.lowerBottom, 'the bar did not close above the bottom of the support zone'],
    ],
  };
}

function resistanceHold(facts: Facts): Rule {
  const { n, bar, first, levels, zones, margins, bias, params } = facts;
  const touched = params.resistanceTouch && first.high >= zones.upperBottom;
  const near =
    Math.abs(levels.close - zones.upperBottom) <= margins.high &&
    Math.abs(first.open - zones.upperBottom) <= margins.high;
  const reached = first.high >= zones.upperBottom || bar.high >= zones.upperBottom;
  const rejected = n === 2 && closedBelowFirstHigh(facts) && reached;
  return {
    optionType: 'CE',
    stop: levels.high,
    conditions: [
      [bias === 'BEARISH', `the week's bias is ${bias}`],
      [touched || near, 'the first bar neither touched the resistance zone nor opened near it'],
      [first.close <= levels.high, "the first bar closed above last week's high"],
      [rejected || brokeDown(facts), 'neither a rejected second bar nor a new low below the first bar'],
    ],
  };
}

function biasFailureBullish({ first, zones, bias, state, params }: Facts): Rule {
  return {
    optionType: 'PE',
    stop: first.low,
    conditions: [
      [bias === 'BEARISH', `the week's bias is ${bias}`],
      [first.open > zones.upperTop, 'the first bar did not open above the resistance zone'],
      [state.up[params.breakout], 'no breakout begins on this bar'],
    ],
  };
}

function biasFailureBearish({ n, bar, first, levels, zones, bias }: Facts): Rule {
  return {
    optionType: 'CE',
    stop: first.high,
    conditions: [
      [bias === 'BULLISH', `the week's bias is ${bias}`],
      [first.open < zones.lowerBottom, 'the first bar did not open below the support zone'],
      [first.close < zones.lowerBottom, 'the first bar did not close below the support zone'],
      [first.close < levels.low, "the first bar did not close below last week's low"],
      [n >= 2 && bar.close < first.low, "the bar did not close below the first bar's low"],
    ],
  };
}

function weaknessConfirmed(facts: Facts): Rule {
  const { n, first, levels, zones, bias } = facts;
  const rejected = n === 2 && closedBelowFirstHigh(facts);
  return {
    optionType: 'CE',
    stop: levels.high,
    conditions: [
      [bias === 'BEARISH', `the week's bias is ${bias}`],
      [first.high >= zones.upperBottom, 'the first bar did not touch the resistance zone'],
      [first.close <= zones.upperTop, 'the first bar closed above the resistance zone'],
      [first.close <= levels.high, "the first bar closed above last week's high"],
      [rejected || brokeDown(facts), 'neither a rejected second bar nor a new low below the first bar'],
    ],
  };
}

function breakoutConfirmed({ bar, first, levels, state, params }: Facts): Rule {
  const gapBelowHigh = levels.high - bar.close;
  const tooClose = gapBelowHigh > 0 && gapBelowHigh * 10_000 < params.breakoutGapBps * bar.close;
  return {
    optionType: 'PE',
    stop: first.low,
    conditions: [
      [state.up[params.breakout], 'no breakout begins on this bar'],
      [state.newHigh, "the bar did not close above the week's earlier highs"],
      [!tooClose, "the bar closed too closely below last week's high"],
    ],
  };
}

function breakdownConfirmed({ bar, first, zones, state, resistanceSeen, params }: Facts): Rule {
  return {
    optionType: 'CE',
    stop: first.high,
    conditions: [
      [state.down[params.breakout], 'no breakdown begins on this bar'],
      [state.newLow, "the bar did not close below the week's earlier lows"],
      [resistanceSeen, 'no bar of the week reached the resistance zone'],
      [bar.close < zones.upperBottom, 'the bar did not close below the resistance zone'],
    ],
  };
}

function closedBelowFirstHigh({ bar, first, zones }: Facts): boolean {
  return bar.close < first.high && bar.close < zones.upperBottom;
}

/** Alternative B of S3 and S6. */
function brokeDown({ bar, first, zones, state }: Facts): boolean {
  return state.newLow && bar.close < first.low && bar.close < zones.upperBottom;
}
