import type { MarketMs, Paise } from '../../domain/types.ts';
import { createFeed } from '../../market/feed.ts';
import { type Feed, NIFTY_TOKEN, type Tick } from '../../market/types.ts';
import type { PaperSession } from './sessions.ts';

export type QuoteFeedOptions = {
  tickerRoot: string;
  now(): MarketMs;
  /** After each new quote of an instrument. */
  onQuote(instrumentToken: number): void;
};

/** Nothing is filled on a quote older than this: by the exchange's clock, and by ours since it came. */
const FRESH_MS = 2_000;
/** Heartbeats come about every second: a connection that is silent for longer says nothing about the market. */
const SILENT_MS = 5_000;
const AVERAGE_MS = 30_000;

export type QuoteFeed = ReturnType<typeof createQuoteFeed>;

/** The live prices of what is traded on paper: a ticker connection of our own, and quotes that passed by over HTTP. */
export function createQuoteFeed({ tickerRoot, now, onQuote }: QuoteFeedOptions) {
  const watched = new Set<number>([NIFTY_TOKEN]);
  const newest = new Map<number, Tick>();
  const lately = new Map<number, Tick[]>();
  let connection: { apiKey: string; feed: Feed; releases: Map<number, () => void> } | null = null;

  function take(quote: Tick): void {
    const { instrumentToken, receivedAt } = quote;
    newest.set(instrumentToken, quote);
    const recent = (lately.get(instrumentToken) ?? []).filter((one) => receivedAt - one.receivedAt < AVERAGE_MS);
    lately.set(instrumentToken, [...recent, quote]);
    onQuote(instrumentToken);
  }

  function subscribe(instrumentToken: number): void {
    connection?.releases.set(instrumentToken, connection.feed.subscribe([instrumentToken]));
  }

  return {
    /** Connects, or connects anew, with a session. */
    use({ apiKey, accessToken }: PaperSession): void {
      if (connection?.apiKey !== apiKey) {
        void connection?.feed.stop();
        const feed = createFeed({ apiKey, tickerRoot, now: Date.now, clock: { now } });
        connection = { apiKey, feed, releases: new Map() };
        for (const token of watched) subscribe(token);
        feed.onTick((tick) => {
          if (watched.has(tick.instrumentToken)) take(tick);
        });
      }
      connection.feed.use(accessToken);
    },

    watch(instrumentToken: number): void {
      if (watched.has(instrumentToken)) return;
      watched.add(instrumentToken);
      subscribe(instrumentToken);
    },

    /** Lets go of everything else but the index. */
    watchOnly(tokens: ReadonlySet<number>): void {
      for (const token of new Set([...watched, ...newest.keys()])) {
        if (token === NIFTY_TOKEN || tokens.has(token)) continue;
        watched.delete(token);
        newest.delete(token);
        lately.delete(token);
        connection?.releases.get(token)?.();
        connection?.releases.delete(token);
      }
    },

    /** A quote from elsewhere, unless a newer one is known. */
    learn(quote: Tick): void {
      const known = newest.get(quote.instrumentToken);
      if (known && (known.exchangeAt ?? 0) > (quote.exchangeAt ?? 0)) return;
      take(quote);
    },

    quote: (instrumentToken: number): Tick | undefined => newest.get(instrumentToken),

    isFresh(instrumentToken: number): boolean {
      const quote = newest.get(instrumentToken);
      if (!quote || Date.now() - quote.receivedAt > FRESH_MS) return false;
      return quote.exchangeAt === null || now() - quote.exchangeAt <= FRESH_MS;
    },

    /** The average last price of half a minute, null where none is known. */
    average(instrumentToken: number): Paise | null {
      const since = Date.now() - AVERAGE_MS;
      const recent = (lately.get(instrumentToken) ?? []).filter(({ receivedAt }) => receivedAt >= since);
      const sum = recent.reduce((total, { lastPrice }) => total + lastPrice, 0);
      return recent.length > 0 ? Math.round(sum / recent.length) : null;
    },

    /** Whether the market speaks to us at this moment. */
    isAlive(): boolean {
      const status = connection?.feed.status();
      return status?.connected === true && Date.now() - (status.lastMessageAt ?? 0) < SILENT_MS;
    },

    async close(): Promise<void> {
      await connection?.feed.stop();
    },
  };
}
