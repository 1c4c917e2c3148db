/** Prices at the moment of sending: fresh or not at all (TRADING section 8). */
import type { KiteSession, Quote } from '../src/brokers/types.ts';
import type { ContractRef } from '../src/contract/ledger.ts';
import { isBelievable, priceProtection, protectedLimit } from '../src/domain/limit-prices.ts';
import type { Paise, Side } from '../src/domain/types.ts';
import { BrokerError } from '../src/errors.ts';
import type { Feed } from '../src/market/types.ts';
import type { CircuitLimits } from './circuits.ts';

/** A quote older than this is not believed for a decision. Wall milliseconds. */
const QUOTE_BELIEVED_MS = 2_000;

/** Ticks carry no circuit limits. */
export type Touch = Pick<Quote, 'lastPrice' | 'bids' | 'asks'> & Partial<CircuitLimits>;

/** The feed's newest depth, null when it is not fresh. */
export function freshTick(feed: Feed, { instrumentToken }: Pick<ContractRef, 'instrumentToken'>): Touch | null {
  const tick = feed.last(instrumentToken);
  const hasDepth = tick !== undefined && (tick.bids.length > 0 || tick.asks.length > 0);
  return hasDepth && Date.now() - tick.receivedAt <= QUOTE_BELIEVED_MS ? tick : null;
}

/** The feed's newest depth when it is fresh, else a quote of this instant; null where the broker has none. */
export async function freshQuote(feed: Feed, session: KiteSession, contract: ContractRef): Promise<Touch | null> {
  const tick = freshTick(feed, contract);
  if (tick) return tick;
  const key = `NFO:${contract.tradingsymbol}`;
  for (;;) {
    try {
      return (await session.quotes([key])).get(key) ?? null;
    } catch (error) {
      // One quote a second is all Kite gives: wait for the next one.
      if (!(error instanceof BrokerError) || error.kind !== 'rate_limited') throw error;
      await new Promise((done) => setTimeout(done, 1_000 - (Date.now() % 1_000) + 20));
    }
  }
}

/**
 * A limit that crosses: the far touch plus a protection band, wider with each step of a chase, inside the exchange's price
 * protection and, where the quote has them, the circuit limits. Without a far touch the last price stands in for it. A price once shown is
 * not taken back. Price protection is measured from the last price, and from the touch where that is stale; `byLast`: from the last price
 * all the same, since the exchange has refused the other one.
 */
export function crossingPrice(
  quote: Touch,
  side: Side,
  tick: Paise,
  widen: number,
  noWorseThan: Paise | null,
  byLast = false,
): { price: Paise; touch: Paise; offered: Paise | null } {
  const offered = (side === 'BUY' ? quote.asks[0]?.price : quote.bids[0]?.price) ?? null;
  const touch = offered ?? quote.lastPrice;
  const circuit = { lower: quote.lowerCircuit ?? null, upper: quote.upperCircuit ?? null };
  const isStale = !byLast && !isBelievable(touch, quote.lastPrice, tick);
  const range = priceProtection(isStale ? touch : quote.lastPrice, tick, circuit);
  return { price: protectedLimit({ side, touch, widen, tick, range, noWorseThan }), touch, offered };
}
