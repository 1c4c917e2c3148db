/** How often a guard looks where nothing wakes it. Wall milliseconds. */
export type GuardPace = {
  /** At the newest prices and at the clock. */
  lookMs: number;
  heartbeatMs: number;
  /** At the broker's quotes, while ticks are old. Kite allows one such call a second for the whole account. */
  quoteLookMs: number;
};

export const GUARD_PACE: GuardPace = { lookMs: 200, heartbeatMs: 1_000, quoteLookMs: 1_000 };
