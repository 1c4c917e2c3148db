/** Keeps this process below Kite's rate limits, so that a look never costs an exit its turn. */

/** What Kite counts apart. `order` is each call that changes an order. */
export type PacedKind = 'quote' | 'historical' | 'other' | 'order';

/** Whose turn comes first where several wait, most urgent last. */
const PRIORITIES = ['routine', 'entry', 'stop', 'exit'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** `reserved` calls of a span are not for routine ones; `perMinute` holds beside the second. */
export type PaceLimit = { perSecond: number; reserved?: number; perMinute?: number };

/**
 * Calls in any span of a second. Kite counts by its own calendar second: one below its ten leaves room for the way there. Of its 400 order
 * calls a minute the simulated and the real clock may disagree about ten.
 */
export const KITE_PACE: Readonly<Record<PacedKind, PaceLimit>> = {
  quote: { perSecond: 1 },
  historical: { perSecond: 3 },
  other: { perSecond: 9, reserved: 3 },
  order: { perSecond: 9, perMinute: 390 },
};

/** A little longer than Kite's: two calls that leave a second apart may arrive closer together. */
const SECOND_MS = 1_050;
const MINUTE_MS = 60_050;

/** Resolves when it is this call's turn; `routine` unless said. */
export type Pace = (kind: PacedKind, priority?: Priority) => Promise<void>;

/** Each kind waits for itself; within one the more urgent go first, and those of one priority in the order in which they came. */
export function createPace(limits: Readonly<Record<PacedKind, PaceLimit>> = KITE_PACE): Pace {
  const queues: Record<PacedKind, PacedQueue> = {
    quote: new PacedQueue(limits.quote),
    historical: new PacedQueue(limits.historical),
    other: new PacedQueue(limits.other),
    order: new PacedQueue(limits.order),
  };
  return (kind, priority = 'routine') => queues[kind].turn(priority);
}

class PacedQueue {
  private readonly limit: PaceLimit;
  private readonly waiting: Record<Priority, (() => void)[]> = { routine: [], entry: [], stop: [], exit: [] };
  /** Monotonic instants of the calls that still count, oldest first. */
  private sent: number[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(limit: PaceLimit) {
    this.limit = limit;
  }

  turn(priority: Priority): Promise<void> {
    const turn = new Promise<void>((go) => this.waiting[priority].push(go));
    this.letGo();
    return turn;
  }

  private letGo(): void {
    for (;;) {
      const priority = [...PRIORITIES].reverse().find((candidate) => this.waiting[candidate].length > 0);
      if (priority === undefined) return;
      const wait = this.waitFor(priority);
      if (wait > 0) {
        // A more urgent call may have come since the timer was set.
        if (this.timer) clearTimeout(this.timer);
        this.timer = setTimeout(() => this.letGo(), wait);
        return;
      }
      this.sent.push(performance.now());
      this.waiting[priority].shift()?.();
    }
  }

  /** Milliseconds until a call of this priority may go. */
  private waitFor(priority: Priority): number {
    const { perSecond, perMinute, reserved = 0 } = this.limit;
    const now = performance.now();
    this.sent = this.sent.filter((at) => at + (perMinute === undefined ? SECOND_MS : MINUTE_MS) > now);
    const waits = [this.fullFor(priority === 'routine' ? perSecond - reserved : perSecond, SECOND_MS, now)];
    if (perMinute !== undefined) waits.push(this.fullFor(perMinute, MINUTE_MS, now));
    return Math.max(...waits);
  }

  private fullFor(most: number, spanMs: number, now: number): number {
    const place = this.sent.length - most;
    const last = place < 0 ? undefined : this.sent[place];
    return last === undefined ? 0 : last + spanMs - now;
  }
}

/** Kite's own counting, by path and method. */
export function paceOf(method: string, path: string): PacedKind {
  if (path.startsWith('/quote')) return 'quote';
  if (path.startsWith('/instruments/historical')) return 'historical';
  if (path.startsWith('/orders') && method.toUpperCase() !== 'GET') return 'order';
  return 'other';
}
