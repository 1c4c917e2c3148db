import type { Paise } from '../types.ts';

/** What of the strategy may be varied. The marks D5 to D11 are those of the strategy's specification, section 9. */
export type StrategyParams = {
  /** Index points x 100 between two strikes. */
  strikeStep: Paise;
  /** D5: `ceil` never sells a call below its stop; `origin` is floor((stop + 49) / 50) * 50. */
  callStrike: 'ceil' | 'origin';
  /** D6: whether touching the resistance zone is enough for S3. As it is, every S6 bar is an S3 bar: S6 cannot fire. */
  resistanceTouch: boolean;
  /** D7: `edge`: a breakout counts on the bar on which it begins; `level`: on every bar while it lasts. */
  breakout: 'edge' | 'level';
  /** D8: 4-hour blocks by the clock (09-11, 12-15), by the session (09:15, 13:15), or four bars in sequence. */
  fourHourBlocks: 'clock' | 'session' | 'sequence';
  /** D10: whether a Saturday or Sunday session belongs to its calendar week. */
  weekendSessions: boolean;
  /** D11: a week is not evaluated after a week of fewer hourly bars. */
  minPreviousBars: number;
  /** Points x 100; the zone's margin is `marginZones` times its height, at least this. */
  leastMargin: Paise;
  marginZones: number;
  /** S7 is refused this close below the previous week's high, in hundredths of a per cent of the bar's close. */
  breakoutGapBps: number;
};

export const DEFAULT_PARAMS: StrategyParams = {
  strikeStep: 50_00,
  callStrike: 'ceil',
  resistanceTouch: true,
  breakout: 'edge',
  fourHourBlocks: 'clock',
  weekendSessions: false,
  minPreviousBars: 20,
  leastMargin: 25,
  marginZones: 3,
  breakoutGapBps: 40,
};
