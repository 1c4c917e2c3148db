export type RateLimits = {
  /** Requests in one calendar second. */
  quote: number;
  historical: number;
  orders: number;
  other: number;
  ordersPerMinute: number;
  ordersPerDay: number;
  breezePerMinute: number;
  breezePerDay: number;
};

/**
 * Kite: documentation (1, 3, 10, 10 a second), counted per calendar second of the server (tradingqna 181989), orders also 400 a minute and
 * 5,000 a day (forum 52882). Breeze: 100 a minute, 5,000 a day (Breeze-Python-SDK issue 114).
 */
export const REAL_LIMITS: RateLimits = {
  quote: 1,
  historical: 3,
  orders: 10,
  other: 10,
  ordersPerMinute: 400,
  ordersPerDay: 5_000,
  breezePerMinute: 100,
  breezePerDay: 5_000,
};

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

export type RateLimiter = {
  /** Counts one request; false when it is over a limit. Refused requests count as well. `/quote`, `/quote/ohlc` and `/quote/ltp` count apart. */
  kite(path: string, method: string): boolean;
  /** Counts one Breeze call: which limit it is over, if any. */
  breeze(): 'minute' | 'day' | null;
};

/** Limits run on the wall clock, as the broker's do, however fast the market is replayed. */
export function createRateLimiter(limits: RateLimits, now: () => number = Date.now): RateLimiter {
  const windows = new Map<string, { window: number; count: number }>();

  const within = (name: string, length: number, limit: number): boolean => {
    const window = Math.floor(now() / length);
    const current = windows.get(name);
    const count = current?.window === window ? current.count + 1 : 1;
    windows.set(name, { window, count });
    return count <= limit;
  };

  return {
    kite(path, method) {
      if (path.startsWith('/quote')) return within(path, SECOND, limits.quote);
      if (path.startsWith('/instruments/historical')) return within('historical', SECOND, limits.historical);
      const changesAnOrder = path.startsWith('/orders') && (method === 'POST' || method === 'PUT');
      if (!changesAnOrder) return within('other', SECOND, limits.other);
      const second = within('orders', SECOND, limits.orders);
      const minute = within('orders/minute', MINUTE, limits.ordersPerMinute);
      const day = within('orders/day', DAY, limits.ordersPerDay);
      return second && minute && day;
    },
    breeze() {
      const minute = within('breeze/minute', MINUTE, limits.breezePerMinute);
      const day = within('breeze/day', DAY, limits.breezePerDay);
      return minute ? (day ? null : 'day') : 'minute';
    },
  };
}
