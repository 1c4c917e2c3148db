/** Asks the broker for quotes beside the guards' loops, for all of them at once: Kite allows one such call a second. */
import type { Quote } from '../brokers/types.ts';
import { ageOf, type Heard, heardNow } from './moments.ts';
import type { PriceSight } from './price-sight.ts';
import type { ClockSource } from './types.ts';
import { NIFTY_TOKEN } from './types.ts';

const INDEX = 'NSE:NIFTY 50';
/** The day's circuits can wait: the account's other quotes come first. */
const CIRCUITS_LOOK_MS = 10_000;
/** An answer older than this says nothing about the market of now. */
const ANSWER_COUNTS_MS = 5_000;
/** Market time. While the exchange trades, some contract or the index has a newer time than this. */
const HALTED_AFTER_MS = 60_000;

export type QuoteLook = ReturnType<typeof createQuoteLook>;

export function createQuoteLook(deps: {
  ask(keys: string[]): Promise<Map<string, Quote>>;
  sight: PriceSight;
  clock: Pick<ClockSource, 'now'>;
  everyMs: number;
  warn(text: string): void;
}) {
  const { sight, clock, everyMs } = deps;
  let isLooking = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  /** Of the last answer: the newest time of the exchange in it. */
  let answer: { heard: Heard; newest: number | null } | null = null;
  let failure: string | null = null;

  async function look(tradingsymbols: string[]): Promise<void> {
    const quotes = await deps.ask([...tradingsymbols.map((symbol) => `NFO:${symbol}`), INDEX]);
    answer = { heard: heardNow(), newest: newestTime([...quotes.values()]) };
    failure = null;
    const index = quotes.get(INDEX);
    // The ticker's index is newer: a quote only stands in for it.
    if (index && !sight.index.span()?.isFresh) sight.index.take(index.lastPrice, index.at);
    for (const quote of quotes.values()) {
      if (quote.instrumentToken !== NIFTY_TOKEN) sight.takeQuote(quote.instrumentToken, quote);
    }
  }

  return {
    /** Begins a look where a contract has no fresh price, or unknown circuits. Never waits, never throws. */
    lookIfNeeded(done: () => void): void {
      const lacking = sight.lacking();
      const pause = lacking.some(({ isUrgent }) => isUrgent) ? everyMs : Math.max(everyMs, CIRCUITS_LOOK_MS);
      if (isLooking || lacking.length === 0 || performance.now() - lookedAt < pause) return;
      isLooking = true;
      lookedAt = performance.now();
      look(lacking.map(({ contract }) => contract.tradingsymbol))
        .catch((error: unknown) => {
          const words = error instanceof Error ? error.message : String(error);
          if (words !== failure) deps.warn(`quotes for the guards failed: ${words}`);
          failure = words;
        })
        .finally(() => {
          isLooking = false;
          done();
        });
    },

    /** Why the last look gave nothing, null when it was answered. */
    failure: () => failure,

    /**
     * Decided cautiously: only where the broker answers now, and every time of the exchange in its answer, and the index's on the ticker,
     * is more than a minute old. A broker that does not answer may hide a market that trades: that is no halt.
     */
    isHalted(): boolean {
      if (!answer || answer.newest === null || ageOf(answer.heard) > ANSWER_COUNTS_MS) return false;
      const newest = Math.max(answer.newest, sight.index.exchangeAt() ?? 0);
      return clock.now() - newest > HALTED_AFTER_MS;
    },
  };
}

/** Null where nothing was quoted, or without a time. */
function newestTime(quotes: readonly Quote[]): number | null {
  const times = quotes.flatMap(({ at }) => at ?? []);
  return times.length > 0 && times.length === quotes.length ? Math.max(...times) : null;
}
