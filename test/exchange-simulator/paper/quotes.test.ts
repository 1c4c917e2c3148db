import { afterEach, describe, expect, it, vi } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import type { OptionContract } from '../../../src/domain/types.ts';
import type { SimDepth, SimLevel } from '../../../src/exchange-simulator/core/types.ts';
import { createPaperConsumedDepth } from '../../../src/exchange-simulator/paper/consumed-depth.ts';
import { createQuoteFeed } from '../../../src/exchange-simulator/paper/quote-feed.ts';
import { createPaperPrices } from '../../../src/exchange-simulator/paper/quotes.ts';

const contract: OptionContract = {
  ...{ exchange: 'NFO', tradingsymbol: 'NIFTY2571725000PE', instrumentToken: 7, name: 'NIFTY', expiry: '2025-07-17' },
  ...{ strike: 2_500_000, optionType: 'PE', lotSize: 75, tickSize: 5 },
};

const noon = istAt('2025-07-14', '12:00');
let now = noon;
const feeds: ReturnType<typeof createQuoteFeed>[] = [];
afterEach(async () => {
  vi.useRealTimers();
  now = noon;
  for (const quoteFeed of feeds.splice(0)) await quoteFeed.close();
});

function open() {
  const quoteFeed = createQuoteFeed({ tickerRoot: 'ws://127.0.0.1:1', now: () => now, onQuote: () => undefined });
  feeds.push(quoteFeed);
  return { quoteFeed, prices: createPaperPrices({ quoteFeed, today: () => '2025-07-14', lastFill: () => 4_200 }) };
}

/** A row of `/quote` as Kite writes it. */
const quote = (changes: Record<string, unknown> = {}) => ({
  'NFO:NIFTY2571725000PE': {
    ...{ instrument_token: 7, timestamp: '2025-07-14 12:00:00', last_trade_time: '2025-07-14 11:58:00' },
    ...{ last_price: 90, lower_circuit_limit: 0.05, upper_circuit_limit: 400.5, ohlc: { close: 80.5 } },
    depth: {
      buy: [
        { price: 99.5, quantity: 75, orders: 1 },
        { price: 0, quantity: 0, orders: 0 },
      ],
      sell: [{ price: 100.5, quantity: 150, orders: 2 }],
    },
    ...changes,
  },
});

describe('a quote of the real market', () => {
  it('is believed for two seconds of the exchange’s clock, and not a millisecond longer', () => {
    const { prices } = open();
    prices.learn(quote());
    now = noon + 2_000;
    expect(prices.depth(contract, now).asks).toEqual([{ price: 10_050, quantity: 150, orders: 0 }]);
    now = noon + 2_001;
    expect(prices.depth(contract, now)).toEqual({ bids: [], asks: [] });
    // What it was worth is still known: for values, never for fills.
    expect(prices.last(contract, now)).toBe(9_000);
  });

  it('is believed for two seconds of ours since it came, whatever it says of itself', () => {
    const { quoteFeed, prices } = open();
    vi.useFakeTimers({ toFake: ['Date'] });
    const level = { price: 10_050, quantity: 150 };
    const seen = { instrumentToken: 7, lastPrice: 9_000, bids: [], asks: [level], exchangeAt: noon, tradedAt: noon };
    quoteFeed.learn({ ...seen, receivedAt: Date.now() - 2_001 });
    expect(prices.depth(contract, now).asks).toEqual([]);
    quoteFeed.learn({ ...seen, receivedAt: Date.now() });
    expect(prices.depth(contract, now).asks).toHaveLength(1);
  });

  it('does not fall back behind a newer one', () => {
    const { prices } = open();
    now = noon + 3_000;
    prices.learn(quote({ timestamp: '2025-07-14 12:00:03', last_price: 95 }));
    prices.learn(quote({ timestamp: '2025-07-14 12:00:01', last_price: 70 }));
    expect(prices.last(contract, now)).toBe(9_500);
  });

  it('shows a trade only to orders that rested before it', () => {
    const { prices } = open();
    prices.learn(quote());
    // The last trade was below a buy at 95, but two minutes before that buy came.
    expect(prices.tradedSince(contract, noon - 1_000, now)).toBeNull();
    prices.learn(quote({ last_trade_time: '2025-07-14 12:00:00' }));
    expect(prices.tradedSince(contract, noon - 1_000, now)).toBe(9_000);
    expect(prices.tradedSince(contract, noon, now)).toBeNull();
    now = noon + 2_001;
    expect(prices.tradedSince(contract, noon - 1_000, now)).toBeNull();
  });

  it('tells the day’s limits and the close before it; what never traded is worth what is bid and asked', () => {
    const { prices } = open();
    expect(prices.knows(contract)).toBe(false);
    expect(prices.last(contract, now)).toBe(4_200);
    prices.learn(quote({ last_price: 0, last_trade_time: null }));
    expect(prices.knows(contract)).toBe(true);
    expect(prices.last(contract, now)).toBe(10_000);
    expect(prices.circuit(contract, '2025-07-14')).toMatchObject({ lower: 5, upper: 40_050 });
    expect(prices.closeBefore(contract, now)).toBe(8_050);
  });

  it('is left out where it cannot be read', () => {
    const { prices } = open();
    prices.learn(quote({ last_price: 'n/a' }));
    prices.learn('nonsense');
    expect(prices.knows(contract)).toBe(false);
  });

  it('averages to the reference of price protection', () => {
    const { prices } = open();
    for (const last_price of [90, 92, 97]) prices.learn(quote({ last_price }));
    expect(prices.reference(contract, now)).toBe(9_300);
  });
});

describe('what paper orders took', () => {
  const side = (...levels: [number, number][]): SimLevel[] =>
    levels.map(([price, quantity]) => ({ price, quantity, orders: 0 }));
  const asks = (...levels: [number, number][]): SimDepth => ({ bids: side([9_900, 75]), asks: side(...levels) });
  const left = (taken: ReturnType<typeof createPaperConsumedDepth>, depth: SimDepth) =>
    taken.left(depth, contract, now).asks.map(({ price, quantity }) => [price, quantity]);

  function having(...sizes: number[]) {
    const taken = createPaperConsumedDepth();
    const depth = asks([10_000, 150], [10_005, 75], [10_010, 300]);
    taken.left(depth, contract, now);
    for (const size of sizes) taken.take(7, 'BUY', size, now);
    return { taken, depth };
  }

  it('is missing from the best price on, for as long as it is quoted', () => {
    const { taken, depth } = having(75, 150);
    expect(left(taken, depth)).toEqual([[10_010, 300]]);
    expect(left(taken, depth)).toEqual([[10_010, 300]]);
  });

  it('does not hide what is quoted beyond it', () => {
    const { taken } = having(150);
    expect(left(taken, asks([10_000, 225], [10_005, 75]))).toEqual([
      [10_000, 75],
      [10_005, 75],
    ]);
  });

  it('shrinks with its price: what has gone from there was partly ours', () => {
    const { taken } = having(150);
    expect(left(taken, asks([10_000, 75], [10_005, 75]))).toEqual([[10_005, 75]]);
    expect(left(taken, asks([10_000, 150], [10_005, 75]))).toEqual([
      [10_000, 75],
      [10_005, 75],
    ]);
  });

  it('is forgotten once its price has left the book, but not while that is only out of sight', () => {
    const { taken, depth } = having(225);
    taken.see(7, asks([9_990, 75], [9_995, 75]));
    expect(left(taken, depth)).toEqual([[10_010, 300]]);
    taken.see(7, asks([10_010, 300]));
    expect(left(taken, depth)).toEqual([
      [10_000, 150],
      [10_005, 75],
      [10_010, 300],
    ]);
  });

  it('outlives a moment without quotes, and does not touch the other side', () => {
    const { taken, depth } = having(225);
    taken.see(7, { bids: [], asks: [] });
    expect(left(taken, depth)).toEqual([[10_010, 300]]);
    expect(taken.left(depth, contract, now).bids).toEqual(side([9_900, 75]));
  });
});
