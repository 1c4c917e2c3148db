/** How often a guard looks where nothing wakes it. Wall milliseconds. */
export type GuardPace = {
  /** At the newest ticks and at the clock. */
  lookMs: number;
  heartbeatMs: number;
  /** At its orders and positions at the broker. */
  stopLookMs: number;
  /** At the broker's quotes, while ticks are old. */
  quoteLookMs: number;
  /** Once more at what somebody else seems to have moved. */
  handsLookAgainMs: number;
};

export const GUARD_PACE: GuardPace = {
  lookMs: 200,
  heartbeatMs: 1_000,
  stopLookMs: 5_000,
  quoteLookMs: 1_000,
  handsLookAgainMs: 1_000,
};
