/** How often the book is looked at where nothing wakes the watcher. Wall milliseconds. */
export type BookPace = {
  heartbeatMs: number;
  /** While an order of ours is in an interim state or works, a tag is in doubt, or something was sent less than a minute ago. */
  busyMs: number;
  /** While something is open or may fill. */
  openMs: number;
  idleMs: number;
  /** Before the market opens nothing can fill. */
  beforeOpenMs: number;
  /** News are gathered for so long. */
  gatherMs: number;
  /** An order update may ask for a look so soon after the last one. */
  leastMs: number;
  /** Without a whole look for so long, the day is told. */
  unreadableMs: number;
};

export const BOOK_PACE: BookPace = {
  heartbeatMs: 1_000,
  busyMs: 1_000,
  openMs: 2_000,
  idleMs: 5_000,
  beforeOpenMs: 30_000,
  gatherMs: 100,
  leastMs: 200,
  unreadableMs: 10_000,
};
