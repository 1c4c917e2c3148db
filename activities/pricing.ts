/** The price of an order at the moment of sending (CONTROL, "Leaving"). */
import type { Priority } from '../src/brokers/kite-pace.ts';
import type { KiteSession } from '../src/brokers/types.ts';
import type { ContractRef } from '../src/domain/contracts.ts';
import type { Pricing } from '../src/domain/control/facts.ts';
import type { Paise, Side } from '../src/domain/types.ts';
import { BrokerError } from '../src/errors.ts';
import type { Feed } from '../src/market/types.ts';
import type { Book } from './book.ts';
import { crossingPrice, freshTick, type Touch } from './quotes.ts';
import { pause, untilNextSecond, within } from './waiting.ts';

export type PriceDeps = { feed: Feed; book: Book; use: <T>(call: (session: KiteSession) => Promise<T>) => Promise<T> };

export type Priced =
  /** `touch` is what slippage is measured from, `offered` the best price of the other side; null where there is none. */
  | { kind: 'priced'; price: Paise; triggerPrice: Paise; touch: Paise | null; offered: Paise | null }
  | { kind: 'no_price'; message: string }
  | { kind: 'trigger_passed'; lastPrice: Paise };

type PriceQuestion = { contract: ContractRef; side: Side; priority: Priority };

/** Attempts to read a quote where the feed has no fresh depth. */
const QUOTE_ATTEMPTS = 3;
const AGAIN_MS = 500;
const QUOTE_WITHIN_MS = 2_000;

export async function priceOf(
  deps: PriceDeps,
  { pricing, ...of }: PriceQuestion & { pricing: Pricing },
): Promise<Priced> {
  switch (pricing.kind) {
    // A price that a person chose needs no quote, and no slippage is measured from it.
    case 'limit':
      return { kind: 'priced', price: pricing.price, triggerPrice: 0, touch: null, offered: null };
    case 'stop': {
      const { triggerPrice, price } = pricing;
      // A stop whose trigger the last price has reached would be refused or fire at once.
      const isPassed = (last: Paise) => (of.side === 'BUY' ? last >= triggerPrice : last <= triggerPrice);
      const lastPrice = await passedAt(deps, of, isPassed);
      return lastPrice === null
        ? { kind: 'priced', price, triggerPrice, touch: null, offered: null }
        : { kind: 'trigger_passed', lastPrice };
    }
    case 'cross':
      return crossing(deps, of, pricing);
  }
}

/**
 * The last price that has passed a trigger, null where none has. One packet of the ticker leaves no position (TRADING section 8): a quote has to
 * say so too. A stop goes also where no price can be read: it is protection, and the exchange refuses one whose trigger has passed.
 */
async function passedAt(
  deps: PriceDeps,
  of: PriceQuestion,
  isPassed: (lastPrice: Paise) => boolean,
): Promise<Paise | null> {
  const tick = freshTick(deps.feed, of.contract);
  if (tick && !isPassed(tick.lastPrice)) return null;
  const quote = await quoted(deps, of);
  return typeof quote !== 'string' && isPassed(quote.lastPrice) ? quote.lastPrice : null;
}

/** A limit that crosses, inside circuits and price protection; never beyond the worst price that the plan has reserved for. */
export async function crossing(
  deps: PriceDeps,
  of: PriceQuestion,
  { widen, noWorseThan, bound, byLast }: { widen: number; noWorseThan: Paise | null; bound?: Paise; byLast?: boolean },
): Promise<Exclude<Priced, { kind: 'trigger_passed' }>> {
  const { contract, side, priority } = of;
  const circuits = await deps.book.circuits.of(contract.tradingsymbol, priority);
  const quote = await touchOf(deps, of);
  if (typeof quote === 'string') return { kind: 'no_price', message: quote };
  const crossed = crossingPrice({ ...circuits, ...quote }, side, contract.tickSize, widen, noWorseThan, byLast);
  const { price, touch } = crossed;
  if (bound === undefined) return { kind: 'priced', triggerPrice: 0, ...crossed };
  const isBeyond = side === 'BUY' ? touch > bound : touch < bound;
  if (isBeyond) {
    const words = side === 'BUY' ? 'offered at' : 'bid at';
    const message = `${contract.tradingsymbol} is ${words} ${rupees(touch)}, beyond the ${rupees(bound)} that the plan reserves for`;
    return { kind: 'no_price', message };
  }
  const bounded = side === 'BUY' ? Math.min(price, bound) : Math.max(price, bound);
  return { kind: 'priced', triggerPrice: 0, ...crossed, price: bounded };
}

/** The feed's depth when it is fresh, else a quote of this instant; words where there is neither. Throws when the session is dead. */
async function touchOf(deps: PriceDeps, of: PriceQuestion): Promise<Touch | string> {
  const ofFeed = () => freshTick(deps.feed, of.contract);
  return ofFeed() ?? quoted(deps, of, ofFeed);
}

/** `instead` is looked at before each further attempt. */
async function quoted(
  { book, use }: PriceDeps,
  { contract, priority }: PriceQuestion,
  instead: () => Touch | null = () => null,
): Promise<Touch | string> {
  const { tradingsymbol } = contract;
  const key = `NFO:${tradingsymbol}`;
  for (let attempt = 1; ; attempt += 1) {
    const tick = attempt > 1 ? instead() : null;
    if (tick) return tick;
    try {
      const quotes = await within(
        QUOTE_WITHIN_MS,
        use((session) => session.withPriority(priority).quotes([key])),
      );
      if (!quotes) throw new BrokerError('kite', 'doubt', 'the quote took too long');
      const quote = quotes.get(key);
      if (!quote) return `no believable quote for ${tradingsymbol}`;
      book.circuits.take(tradingsymbol, quote);
      return quote;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      if (attempt >= QUOTE_ATTEMPTS) return `no price for ${tradingsymbol}: ${error.message}`;
      // One quote a second is all that Kite gives.
      if (error.kind === 'rate_limited') await untilNextSecond();
      else await pause(AGAIN_MS);
    }
  }
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
