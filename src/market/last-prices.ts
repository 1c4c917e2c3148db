import type { LastPrice } from '../domain/types.ts';
import type { Feed } from './types.ts';

const EVERY_MS = 500;

/**
 * Writes the newest price of each instrument to the journal, at most twice a second (wall clock), so that other processes can show
 * live profit. A write that fails is told once until one succeeds; the next prices replace it anyway. stop() writes what is left.
 */
export function keepLastPrices(options: {
  feed: Pick<Feed, 'onTick'>;
  journal: { saveLastPrices(prices: LastPrice[]): Promise<void> };
  log: { warn(data: object, text: string): void };
}): { stop(): Promise<void> } {
  const { feed, journal, log } = options;
  const fresh = new Map<number, LastPrice>();
  let writing: Promise<void> | null = null;
  let failing = false;

  const end = feed.onTick((tick) => {
    fresh.set(tick.instrumentToken, {
      instrumentToken: tick.instrumentToken,
      price: tick.lastPrice,
      bid: tick.bids[0]?.price ?? null,
      ask: tick.asks[0]?.price ?? null,
      at: tick.receivedAt,
    });
  });

  async function write(): Promise<void> {
    if (fresh.size === 0) return;
    const prices = [...fresh.values()];
    fresh.clear();
    try {
      await journal.saveLastPrices(prices);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ error: String(error) }, 'last prices could not be written');
      failing = true;
    }
  }

  // One write at a time: a slow database is not flooded.
  const timer = setInterval(() => {
    writing ??= write().finally(() => {
      writing = null;
    });
  }, EVERY_MS);

  return {
    async stop() {
      clearInterval(timer);
      end();
      await writing;
      await write();
    },
  };
}
