import { z } from 'zod';
import type { IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import type { Tick } from '../../market/types.ts';
import type { Prices } from '../core/prices.ts';
import type { SimDepth, SimLevel } from '../core/types.ts';
import { parseBrokerTime } from '../wire/format.ts';
import type { QuoteFeed } from './quote-feed.ts';

const paise = z.number().transform((rupees): Paise => Math.round(rupees * 100));
const time = z
  .string()
  .nullish()
  .transform((text): MarketMs | null => (text ? parseBrokerTime(text) : null));
const levels = z
  .array(z.object({ price: paise, quantity: z.number().int() }))
  .transform((all) => all.filter(({ price, quantity }) => price > 0 && quantity > 0));

/** A row of `/quote` (K-docs: "Market quotes"). An index has no depth and no limits. */
const row = z.object({
  instrument_token: z.number().int(),
  timestamp: time,
  last_trade_time: time,
  last_price: paise,
  depth: z.object({ buy: levels, sell: levels }).optional(),
  lower_circuit_limit: paise.optional(),
  upper_circuit_limit: paise.optional(),
  ohlc: z.object({ close: paise }).optional(),
});
const rows = z.record(z.string(), z.unknown());

/** What only `/quote` tells of a contract, and what stays for the day. */
type DayFacts = { date: IsoDate; lower: Paise; upper: Paise; close: Paise };

export type PaperPricesOptions = {
  quoteFeed: QuoteFeed;
  /** The market date. */
  today(): IsoDate;
  /** What a contract was traded at on paper, for a value where no price of the market is known. */
  lastFill(contract: OptionContract): Paise;
};

export type PaperPrices = Prices & {
  /** `data` of an answer to `/quote`: what cannot be read is left out. */
  learn(data: unknown): void;
  /** Whether an order can be judged: its price and today's limits are known. */
  knows(contract: OptionContract): boolean;
};

/** The market's own prices, as the matching loop asks for them. */
export function createPaperPrices({ quoteFeed, today, lastFill }: PaperPricesOptions): PaperPrices {
  const facts = new Map<number, DayFacts>();
  const last = (contract: OptionContract): Paise => {
    const quote = quoteFeed.quote(contract.instrumentToken);
    return (quote && worth(quote)) || lastFill(contract);
  };

  return {
    learn(data) {
      for (const each of Object.values(rows.safeParse(data).data ?? {})) {
        const quote = row.safeParse(each).data;
        if (!quote) continue;
        const { instrument_token: instrumentToken, lower_circuit_limit: lower, upper_circuit_limit: upper } = quote;
        if (lower !== undefined && upper !== undefined)
          facts.set(instrumentToken, { date: today(), lower, upper, close: quote.ohlc?.close ?? 0 });
        quoteFeed.learn({
          instrumentToken,
          lastPrice: quote.last_price,
          bids: quote.depth?.buy ?? [],
          asks: quote.depth?.sell ?? [],
          receivedAt: Date.now(),
          exchangeAt: quote.timestamp,
          tradedAt: quote.last_trade_time,
        });
      }
    },

    knows: (contract) => facts.get(contract.instrumentToken)?.date === today() && last(contract) > 0,

    last,
    depth(contract) {
      const quote = quoteFeed.isFresh(contract.instrumentToken) ? quoteFeed.quote(contract.instrumentToken) : undefined;
      return quote ? depthOf(quote) : { bids: [], asks: [] };
    },
    tradedSince(contract, since) {
      const quote = quoteFeed.isFresh(contract.instrumentToken) ? quoteFeed.quote(contract.instrumentToken) : undefined;
      return quote && (quote.tradedAt ?? 0) > since ? quote.lastPrice : null;
    },
    reference: (contract) => quoteFeed.average(contract.instrumentToken) || last(contract),
    circuit(contract) {
      const known = facts.get(contract.instrumentToken);
      return known ?? { lower: 0, upper: Number.MAX_SAFE_INTEGER };
    },
    closeBefore: (contract) => facts.get(contract.instrumentToken)?.close ?? 0,
  };
}

export function depthOf({ bids, asks }: Pick<Tick, 'bids' | 'asks'>): SimDepth {
  // How many orders make a level plays no part in a fill.
  const shown = (side: Tick['bids']): SimLevel[] => side.map((level) => ({ ...level, orders: 0 }));
  return { bids: shown(bids), asks: shown(asks) };
}

/** The last price, or between the touches of what has not traded yet. */
function worth({ lastPrice, bids, asks }: Tick): Paise {
  if (lastPrice > 0) return lastPrice;
  const touches = [bids[0]?.price, asks[0]?.price].filter((price) => price !== undefined);
  return touches.length > 0 ? Math.round(touches.reduce((sum, price) => sum + price, 0) / touches.length) : 0;
}
