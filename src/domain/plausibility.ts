/**
 * Whether a price of an option can be true (TRADING section 8). Until prices are calibrated the bounds are wide: no true price of
 * options_1m_2021_2024.csv lies outside them, not even judged by a price of the same contract an hour before.
 */
import { blackPrice } from './black-scholes.ts';
import { istAt } from './clock.ts';
import { type ContractRef, settlementPrice } from './contracts.ts';
import type { PriceRange } from './limit-prices.ts';
import type { MarketMs, Paise } from './types.ts';

export type OptionTerms = Pick<ContractRef, 'strike' | 'optionType' | 'expiry' | 'tickSize'>;

/** What the index was lately: lowest and highest, and whether that is of the last seconds. */
export type IndexSpan = { low: Paise; high: Paise; isFresh: boolean };

/** A price that was believed, and what the model makes of it. */
export type Anchor = {
  price: Paise;
  index: Paise;
  at: MarketMs;
  /** A year, as a fraction. */
  volatility: number;
  /** Points that the model cannot explain: a price below its intrinsic value on the modelled forward. */
  offset: number;
};

/** The best bid and ask, null where nobody quotes. */
export type Touch = { bid: Paise | null; ask: Paise | null };

export type Verdict =
  /** Sides too far away to be the market are null. */
  { kind: 'possible'; bid: Paise | null; ask: Paise | null } | { kind: 'impossible'; why: string };

const YEAR_MS = 365 * 86_400_000;
const EXPIRY_TIME = '15:30';

/** Yearly drift of the forward that an anchored price is modelled with. Its error is the same before and after: it cancels. */
const CARRY = 0.08;
/** Without an anchor the forward may lie anywhere between these. */
const LEAST_CARRY = -0.25;
const MOST_CARRY = 0.5;

/** The highest implied volatility in the years 2021 to 2024 is 0.6. */
const MOST_VOLATILITY = 1.5;
const LEAST_VOLATILITY = 0.01;
/** In an hour the real ones changed by factors of 0.56 to 1.53. */
const VOLATILITY_FACTOR = 2.5;
/** In the money a price says little about its volatility: an upper bound reckons with at least so much before the factor. */
const LEAST_ANCHORED = 0.12;

/** Share of the index by which an option's market may be ahead of the last index packets. */
const INDEX_AHEAD = 0.002;
/** While the index is not heard: it may have moved that far. */
const INDEX_UNHEARD = 0.03;

/** Rupees that no bound is finer than: near expiry a few ticks are a multiple of the price. */
const SLACK: Paise = 5_00;
/** Real closes of one minute never contradicted each other; ticks of different seconds and wide spreads may. */
const NEIGHBOUR_SLACK: Paise = 50_00;

function years(expiry: string, at: MarketMs): number {
  return Math.max(0, istAt(expiry, EXPIRY_TIME) - at) / YEAR_MS;
}

/** Points. `index` is in paise. */
function modelled(terms: OptionTerms, index: Paise, carry: number, volatility: number, at: MarketMs): number {
  const left = years(terms.expiry, at);
  return blackPrice(terms.optionType, (index / 100) * (1 + carry * left), terms.strike / 100, volatility, left);
}

/** The implied volatility of a believed price, by bisection: the price rises with it. */
export function anchorOf(terms: OptionTerms, price: Paise, index: Paise, at: MarketMs): Anchor {
  const points = price / 100;
  let [low, high] = [LEAST_VOLATILITY, MOST_VOLATILITY];
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (modelled(terms, index, CARRY, middle, at) < points) low = middle;
    else high = middle;
  }
  return { price, index, at, volatility: low, offset: points - modelled(terms, index, CARRY, low, at) };
}

/**
 * The range that a contract's price can be in, paise: by its strike and the index alone, narrowed by the last believed price where there
 * is one. A price may be anything between zero and the most that an option can be worth where the index is unknown.
 */
export function possiblePrices(
  terms: OptionTerms,
  index: IndexSpan | null,
  anchor: Anchor | null,
  at: MarketMs,
): PriceRange {
  const span = index ?? (anchor && { low: anchor.index, high: anchor.index, isFresh: false });
  // A put is never worth more than its strike; a call never more than the index, which nobody knows here.
  if (!span) return { lower: 0, upper: terms.optionType === 'PE' ? terms.strike : Number.POSITIVE_INFINITY };
  const ahead = span.isFresh ? INDEX_AHEAD : INDEX_UNHEARD;
  const ends = [span.low * (1 - ahead), span.high * (1 + ahead)];
  const atEnds = (volatility: number, carries: readonly number[]) =>
    ends.flatMap((end) => carries.map((carry) => modelled(terms, end, carry, volatility, at)));
  const most = Math.max(...atEnds(MOST_VOLATILITY, [LEAST_CARRY, MOST_CARRY]));
  const least = Math.min(...atEnds(0, [LEAST_CARRY, MOST_CARRY]));
  const wide = inPaise(least, most);
  if (!anchor) return wide;
  const isInTheMoney = settlementPrice(terms, anchor.index) > 0;
  const known = isInTheMoney ? Math.max(anchor.volatility, LEAST_ANCHORED) : anchor.volatility;
  const high = Math.min(MOST_VOLATILITY, known * VOLATILITY_FACTOR);
  const low = anchor.volatility / VOLATILITY_FACTOR;
  const upper = Math.max(...atEnds(high, [CARRY]));
  const lower = Math.min(...atEnds(low, [CARRY]));
  const narrow = inPaise(lower + anchor.offset, upper + anchor.offset);
  // An anchor cannot make possible what no anchor would allow.
  return { lower: Math.max(wide.lower, narrow.lower), upper: Math.min(wide.upper, narrow.upper) };
}

function inPaise(lower: number, upper: number): PriceRange {
  return { lower: Math.max(0, lower * 100 - SLACK), upper: upper * 100 + SLACK };
}

/**
 * What another contract of the same expiry and type, believed now, leaves possible: the one that is deeper in the money is worth at least
 * as much, and at most the distance of the strikes more. Free of any model; null where it says nothing.
 */
export function besideNeighbour(terms: OptionTerms, neighbour: OptionTerms, touch: Touch): PriceRange | null {
  if (neighbour.expiry !== terms.expiry || neighbour.optionType !== terms.optionType) return null;
  const deeper = terms.optionType === 'PE' ? terms.strike - neighbour.strike : neighbour.strike - terms.strike;
  const upper = touch.ask === null ? Number.POSITIVE_INFINITY : touch.ask + Math.max(0, deeper) + NEIGHBOUR_SLACK;
  const lower = touch.bid === null ? 0 : touch.bid + Math.min(0, deeper) - NEIGHBOUR_SLACK;
  return { lower: Math.max(0, lower), upper };
}

/** What lies in all of the ranges; a range may be empty. */
export function narrowed(ranges: readonly PriceRange[]): PriceRange {
  return {
    lower: Math.max(...ranges.map(({ lower }) => lower)),
    upper: Math.min(...ranges.map(({ upper }) => upper)),
  };
}

/**
 * Judges a touch. Somebody who bids more than an option can be worth, or offers it for less, gives money away: such a packet is garbage,
 * and so is a crossed one. An ask far above, or a bid far below, is only the edge of a thin book: that side counts as absent.
 */
export function judgeTouch(touch: Touch, range: PriceRange): Verdict {
  const { bid, ask } = touch;
  const { lower, upper } = range;
  if (bid !== null && ask !== null && bid > ask) return impossible(`bid ${rupees(bid)} above ask ${rupees(ask)}`);
  const possible = `possible ${rupees(lower)} to ${rupees(upper)}`;
  if (bid !== null && bid > upper) return impossible(`bid ${rupees(bid)}, ${possible}`);
  if (ask !== null && ask < lower) return impossible(`ask ${rupees(ask)}, ${possible}`);
  const kept = {
    bid: bid !== null && bid < lower ? null : bid,
    ask: ask !== null && ask > upper ? null : ask,
  };
  // A packet of which nothing is left was not the edge of a market.
  if (kept.bid === null && kept.ask === null && ask !== null) return impossible(`ask ${rupees(ask)}, ${possible}`);
  return { kind: 'possible', ...kept };
}

function impossible(why: string): Verdict {
  return { kind: 'impossible', why };
}

const rupees = (price: Paise): string => (price / 100).toFixed(2);
