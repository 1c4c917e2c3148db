/** What of a contract's packets the guards believe, over time: on the simulation's clock. */
import { describe, expect, it } from 'vitest';
import type { Quote } from '../../src/brokers/types.ts';
import { istAt } from '../../src/domain/clock.ts';
import type { ContractRef } from '../../src/domain/contracts.ts';
import type { Paise } from '../../src/domain/types.ts';
import { createPriceSight } from '../../src/market/price-sight.ts';
import { createQuoteLook } from '../../src/market/quote-look.ts';
import { type Feed, NIFTY_TOKEN, type Tick } from '../../src/market/types.ts';
import { later, virtually, virtualNow } from '../virtual.ts';

const OPEN = istAt('2025-07-14', '11:20');
const INDEX = 2_511_000;
const MAIN = contract(1, 25_000_00);
const HEDGE = contract(2, 24_800_00);

function contract(instrumentToken: number, strike: Paise): ContractRef {
  return {
    ...{ tradingsymbol: `NIFTY25717${strike / 100}PE`, instrumentToken, expiry: '2025-07-17', strike },
    ...{
      optionType: 'PE',
      lotSize: 75,
      tickSize: 5,
      maxOrderQuantity: 1800,
      tradesUntil: istAt('2025-07-14', '15:30'),
    },
  };
}

function opened(known: Tick[] = []) {
  const listeners = new Set<(tick: Tick) => void>();
  const last = new Map(known.map((tick) => [tick.instrumentToken, tick]));
  const feed = {
    last: (token: number) => last.get(token),
    onTick: (listener: (tick: Tick) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Feed;
  const warnings: string[] = [];
  const clock = { now: () => OPEN + virtualNow() };
  const sight = createPriceSight({ feed, clock, warn: (text) => warnings.push(text) });
  const send = (tick: Tick) => {
    for (const listener of listeners) listener(tick);
  };
  return {
    ...{ sight, clock, warnings },
    index: (price: Paise) => send(tick(NIFTY_TOKEN, price)),
    price: (of: ContractRef, price: Paise) => send(tick(of.instrumentToken, price)),
    /** The bid that is believed, in rupees. */
    bid: (of: ContractRef) => {
      const bid = sight.touch(of.instrumentToken)?.bid;
      return bid === undefined || bid === null ? null : bid / 100;
    },
  };
}

/** Bid and ask 5 paise around. */
function tick(instrumentToken: number, lastPrice: Paise): Tick {
  const side = (price: Paise) => (instrumentToken === NIFTY_TOKEN ? [] : [{ price, quantity: 75 }]);
  const receivedAt = virtualNow();
  return {
    ...{ instrumentToken, lastPrice, receivedAt, exchangeAt: OPEN + receivedAt },
    ...{ bids: side(lastPrice), asks: side(lastPrice + 5) },
  };
}

describe('the first price of a contract', () => {
  it(
    'is believed at once beside the price of its entry',
    virtually(async () => {
      const { sight, index, price, bid } = opened();
      sight.watch(MAIN, 63_00);
      index(INDEX);
      price(MAIN, 108_00);
      expect(bid(MAIN)).toBe(108);
    }),
  );

  it(
    'is believed with the second one where the entry says nothing about it',
    virtually(async () => {
      const { sight, index, price, bid } = opened();
      sight.watch(MAIN, 640_00);
      index(INDEX);
      price(MAIN, 63_00);
      expect(bid(MAIN)).toBeNull();
      price(MAIN, 64_00);
      expect(bid(MAIN)).toBe(64);
    }),
  );

  it(
    'that is a lie is believed by nobody, and keeps nobody from the truth',
    virtually(async () => {
      const { sight, index, price, bid } = opened();
      sight.watch(MAIN, null);
      index(INDEX);
      price(MAIN, 640_00);
      price(MAIN, 63_00);
      expect(bid(MAIN)).toBeNull();
      price(MAIN, 63_50);
      expect(bid(MAIN)).toBe(63.5);
      price(MAIN, 640_00);
      expect(bid(MAIN)).toBe(63.5);
    }),
  );

  it(
    'says nothing while the index was never heard',
    virtually(async () => {
      const { sight, index, price, bid } = opened();
      sight.watch(MAIN, 63_00);
      price(MAIN, 63_00);
      price(MAIN, 63_00);
      expect(bid(MAIN)).toBeNull();
      index(INDEX);
      price(MAIN, 63_00);
      expect(bid(MAIN)).toBe(63);
    }),
  );

  it(
    'is what the feed knew already, as old as it is there',
    virtually(async () => {
      const known = [tick(NIFTY_TOKEN, INDEX), tick(1, 63_00)];
      await later(3_000);
      const { sight, bid } = opened(known);
      sight.watch(MAIN, 63_00);
      expect(bid(MAIN)).toBe(63);
      expect(sight.seenAt(1)).toBe(3_000);
      await later(2_500);
      expect(bid(MAIN)).toBeNull();
    }),
  );
});

describe('an anchor that was taken from a moment', () => {
  const WRONG = 3_00;
  /** Two packets of a dip have made it, at what may be the price of an entry far from there. */
  const dipped = (entryPrice: Paise | null) => {
    const open = opened();
    open.sight.watch(MAIN, entryPrice);
    open.index(INDEX);
    open.price(MAIN, WRONG);
    open.price(MAIN, WRONG + 50);
    expect(open.bid(MAIN)).toBe(3.5);
    return open;
  };
  const goOn = async ({ index, price }: ReturnType<typeof opened>, worth: Paise, seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await later(1_000);
      index(INDEX);
      price(MAIN, worth);
    }
  };

  it.each([
    ['the price of the entry', 63_00],
    ['nothing that is known', null],
  ])('gives way to the market within twenty seconds, where that contradicts no entry: %s', async (_, entryPrice) => {
    await virtually(async () => {
      const open = dipped(entryPrice);
      await goOn(open, 66_00, 10);
      expect(open.bid(MAIN)).toBeNull();
      await goOn(open, 66_00, 10);
      expect(open.bid(MAIN)).toBe(66);
    })();
  });

  it(
    'gives way within fifty seconds where the entry was bought in that moment too',
    virtually(async () => {
      const open = dipped(WRONG);
      await goOn(open, 66_00, 40);
      expect(open.bid(MAIN)).toBeNull();
      await goOn(open, 66_00, 10);
      expect(open.bid(MAIN)).toBe(66);
    }),
  );

  it(
    'stays where what contradicts it pauses, or does not agree with itself',
    virtually(async () => {
      const open = dipped(63_00);
      await goOn(open, 66_00, 10);
      await later(6_000);
      await goOn(open, 66_00, 10);
      expect(open.bid(MAIN)).toBeNull();
      for (let second = 0; second < 30; second++) await goOn(open, second % 2 === 0 ? 66_00 : 630_00, 1);
      expect(open.bid(MAIN)).toBeNull();
    }),
  );
});

describe('a price', () => {
  const calm = () => {
    const open = opened();
    open.sight.watch(MAIN, 63_00);
    open.index(INDEX);
    open.price(MAIN, 63_00);
    return open;
  };

  it(
    'is believed for five seconds',
    virtually(async () => {
      const { bid } = calm();
      await later(5_000);
      expect(bid(MAIN)).toBe(63);
      await later(1);
      expect(bid(MAIN)).toBeNull();
    }),
  );

  it(
    'of ten times as much is never believed, a hundred times and for ten minutes',
    virtually(async () => {
      const { sight, index, price, bid } = calm();
      for (let packet = 0; packet < 100; packet++) {
        await later(6_000);
        index(INDEX);
        price(MAIN, 630_00);
        expect(bid(MAIN)).toBeNull();
      }
      expect(sight.badFeed(1)).toMatchObject({ last: 600_000, detail: expect.stringContaining('bid 630.00') });
    }),
  );

  it(
    'that climbs step by step within seconds does not take its bounds along',
    virtually(async () => {
      const { index, price, bid } = calm();
      for (let lie = 63_00; lie <= 2_000_00; lie *= 1.3) {
        await later(500);
        index(INDEX);
        price(MAIN, Math.round(lie / 5) * 5);
      }
      expect(bid(MAIN)).toBeLessThan(300);
    }),
  );

  it(
    'follows an index that moves, up and down',
    virtually(async () => {
      const { index, price, bid } = calm();
      for (const [move, worth] of [
        [0.98, 410_00],
        [1, 63_00],
        [1.02, 2_00],
      ] as const) {
        await later(1_000);
        index(INDEX * move);
        price(MAIN, worth);
        expect(bid(MAIN)).toBe(worth / 100);
        await later(5_000);
      }
    }),
  );

  it(
    'is still judged by the other leg while the index is silent',
    virtually(async () => {
      const { sight, price, bid } = calm();
      sight.watch(HEDGE, 18_00);
      price(HEDGE, 18_00);
      await later(60_000);
      price(HEDGE, 18_00);
      price(MAIN, 630_00);
      expect(bid(MAIN)).toBeNull();
      price(MAIN, 90_00);
      expect(bid(MAIN)).toBe(90);
    }),
  );

  it(
    'beyond the day’s circuits is impossible',
    virtually(async () => {
      const { sight, index, price, bid } = calm();
      const quote = { lastPrice: 63_00, bids: [], asks: [], lowerCircuit: 5, upperCircuit: 120_00 };
      sight.takeQuote(1, quote);
      index(INDEX);
      price(MAIN, 121_00);
      expect(bid(MAIN)).toBe(63);
    }),
  );

  it(
    'is one bad packet until there is a second one within a minute',
    virtually(async () => {
      const { sight, index, price } = calm();
      price(MAIN, 24_150_00);
      expect(sight.badFeed(1)).toBeNull();
      await later(61_000);
      index(INDEX);
      price(MAIN, 24_150_00);
      expect(sight.badFeed(1)).toBeNull();
      price(MAIN, 24_151_00);
      expect(sight.badFeed(1)).toMatchObject({ since: 61_000, last: 61_000 });
    }),
  );
});

describe('a halt', () => {
  const asked = (times: (number | null)[]) => {
    const { sight, clock, index } = opened();
    sight.watch(MAIN, 63_00);
    const none = { lastPrice: 63_00, bids: [], asks: [], lowerCircuit: null, upperCircuit: null };
    const ask = async () =>
      new Map(times.map((at, token): [string, Quote] => [`${token}`, { ...none, at, instrumentToken: token }]));
    return { index, look: createQuoteLook({ ask, sight, clock, everyMs: 1_000, warn: () => {} }) };
  };

  it.each([
    ['where the broker answers with times of more than a minute ago', [OPEN - 61_000, OPEN - 300_000], true],
    ['not where one contract is traded', [OPEN - 61_000, OPEN - 1_000], false],
    ['not where a quote has no time', [OPEN - 61_000, null], false],
    ['not where nothing is answered', [], false],
  ])('%s', async (_name, times, halted) => {
    await virtually(async () => {
      const { look } = asked(times);
      look.lookIfNeeded(() => {});
      await later(10);
      expect(look.isHalted()).toBe(halted);
      // An answer says nothing about a market that is asked in vain since.
      await later(5_000);
      expect(look.isHalted()).toBe(false);
    })();
  });

  it(
    'not where the index goes on',
    virtually(async () => {
      const { look, index } = asked([OPEN - 61_000]);
      index(INDEX);
      look.lookIfNeeded(() => {});
      await later(10);
      expect(look.isHalted()).toBe(false);
    }),
  );
});
