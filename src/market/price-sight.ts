/**
 * What of the option prices may be believed (TRADING section 8): one memory a process, which its guards share, so that a guard that begins
 * again still knows what its contracts were worth a second ago.
 */
import type { ContractRef } from '../domain/contracts.ts';
import type { PriceRange } from '../domain/limit-prices.ts';
import {
  type Anchor,
  anchorOf,
  besideNeighbour,
  judgeTouch,
  narrowed,
  possiblePrices,
  type Touch,
} from '../domain/plausibility.ts';
import type { MarketMs, Paise, WallMs } from '../domain/types.ts';
import { createIndexSight } from './index-sight.ts';
import { ageOf, type Heard, heardNow } from './moments.ts';
import { type ClockSource, type Feed, NIFTY_TOKEN, type Tick } from './types.ts';

/** Ticks and quotes older than these decide nothing. */
const TICK_BELIEVED_MS = 5_000;
const QUOTE_BELIEVED_MS = 2_000;
/** An anchor moves at most so often, so that lies that climb step by step do not carry it along. */
const ANCHOR_KEPT_MS = 30_000;
/** Market time. A price of more than an hour ago says little about this one; a replay that runs fast renews it sooner. */
const ANCHOR_OLD_MS = 3_600_000;
const ANCHOR_RENEWED_MS = 900_000;
/**
 * Prices that contradict the anchor, agree with each other and come for so long without a pause, are the market: the anchor was taken from a
 * moment's. Longer where they contradict the price of the entry too, which may have been that moment's as well.
 */
const RIVAL_AFTER_MS = 15_000;
const RIVAL_OF_ENTRY_AFTER_MS = 45_000;
/** Two impossible packets of a contract within this time are a bad feed. */
const BAD_WITHIN_MS = 60_000;
/** A contract whose guard is away for no longer was watched all the time. */
const GUARD_AWAY_MS = 5_000;

export type Believed = Touch & { lastPrice: Paise; heard: Heard };
export type BadFeed = { since: WallMs; last: WallMs; detail: string };
type Packet = Pick<Tick, 'lastPrice' | 'bids' | 'asks'>;

type Watched = {
  contract: ContractRef;
  users: number;
  since: WallMs;
  leftAt: WallMs;
  /** What it was traded at when the position was entered, where that is known. */
  entryPrice: Paise | null;
  circuit: PriceRange | null;
  anchor: Anchor | null;
  anchoredAt: Heard | null;
  /** The first price of a contract that nothing is known of: a second one that agrees with it makes it the anchor. */
  candidate: Anchor | null;
  /** The first price of those that contradict the anchor and agree with each other; when it and the newest of them came, by the monotonic clock. */
  rival: { anchor: Anchor; since: number; last: number } | null;
  believed: (Believed & { goodForMs: number }) | null;
  impossible: { at: WallMs; why: string }[];
};

export type PriceSight = ReturnType<typeof createPriceSight>;

export function createPriceSight(deps: { feed: Feed; clock: Pick<ClockSource, 'now'>; warn(text: string): void }) {
  const { feed, clock, warn } = deps;
  const watched = new Map<number, Watched>();
  const listeners = new Set<(token: number) => void>();
  const index = createIndexSight();
  let isListening = false;

  function range(of: Watched, anchor: Anchor | null, at: MarketMs): PriceRange {
    const ranges = [possiblePrices(of.contract, index.span(), anchor, at)];
    if (of.circuit) ranges.push(of.circuit);
    for (const other of watched.values()) {
      const touch = other === of ? null : fresh(other);
      const beside = touch && besideNeighbour(of.contract, other.contract, touch);
      if (beside) ranges.push(beside);
    }
    return narrowed(ranges);
  }

  /** The anchor that a price is judged by: none is known at first, and an old one is forgotten. */
  function anchorFor(of: Watched, at: MarketMs): Anchor | null {
    if (of.anchor && at - of.anchor.at > ANCHOR_OLD_MS) of.anchor = null;
    return of.anchor;
  }

  /** Whether a first price is confirmed, by the price of the entry or by the packet before. */
  function isConfirmed(of: Watched, touch: Touch, newer: Anchor): boolean {
    const before = of.candidate;
    of.candidate = newer;
    return [entryOf(of, newer), before].some((by) => by !== null && agrees(of, touch, by, newer.at));
  }

  function agrees(of: Watched, touch: Touch, by: Anchor, at: MarketMs): boolean {
    const verdict = judgeTouch(touch, range(of, by, at));
    return verdict.kind === 'possible' && verdict.bid === touch.bid && verdict.ask === touch.ask;
  }

  /** Whether what contradicts the anchor has outlasted it: then nothing is anchored any more, and this is the first price. */
  function isOutlasted(of: Watched, touch: Touch, { mono }: Heard, at: MarketMs): boolean {
    const before = of.rival;
    of.rival = null;
    const middle = middleOf(touch);
    const here = index.newest();
    if (!of.anchor || middle === null || here === null) return false;
    const newer = anchorOf(of.contract, middle, here, at);
    const entry = entryOf(of, newer);
    if (!agrees(of, touch, newer, at)) return false;
    const goesOn = before && mono - before.last <= TICK_BELIEVED_MS && agrees(of, touch, before.anchor, at);
    of.rival = goesOn ? { ...before, last: mono } : { anchor: newer, since: mono, last: mono };
    const lasts = entry && !agrees(of, touch, entry, at) ? RIVAL_OF_ENTRY_AFTER_MS : RIVAL_AFTER_MS;
    if (mono - of.rival.since < lasts) return false;
    Object.assign(of, { anchor: null, candidate: of.rival.anchor, rival: null });
    return true;
  }

  function take(of: Watched, packet: Packet, goodForMs: number, heard = heardNow()): void {
    const at = clock.now();
    const seen = { bid: packet.bids[0]?.price ?? null, ask: packet.asks[0]?.price ?? null };
    const anchor = anchorFor(of, at);
    const verdict = judgeTouch(seen, range(of, anchor, at));
    if (verdict.kind === 'impossible') {
      if (isOutlasted(of, seen, heard, at)) take(of, packet, goodForMs, heard);
      else reject(of, verdict.why, heard.wall);
      return;
    }
    of.rival = null;
    const { bid, ask } = verdict;
    const middle = middleOf(verdict);
    const here = index.newest();
    // Nobody quotes it, or nothing is known to judge it by.
    if (middle === null || here === null) return;
    const touch = { bid, ask };
    if (!anchor && !isConfirmed(of, touch, anchorOf(of.contract, middle, here, at))) return;
    const isDue = !of.anchoredAt || ageOf(of.anchoredAt) > ANCHOR_KEPT_MS;
    if (!anchor || isDue || at - anchor.at > ANCHOR_RENEWED_MS) {
      of.anchor = anchorOf(of.contract, middle, here, at);
      of.anchoredAt = heard;
      of.candidate = null;
    }
    of.believed = { ...touch, lastPrice: packet.lastPrice, heard, goodForMs };
  }

  function reject(of: Watched, why: string, at: WallMs): void {
    const { tradingsymbol } = of.contract;
    of.impossible = [...of.impossible.filter((one) => at - one.at < BAD_WITHIN_MS), { at, why }].slice(-50);
    if (of.impossible.length <= 2) warn(`an impossible price of ${tradingsymbol} counts for nothing: ${why}`);
  }

  function fresh(of: Watched): Believed | null {
    const { believed } = of;
    return believed && ageOf(believed.heard) <= believed.goodForMs ? believed : null;
  }

  function onTick(tick: Tick): void {
    if (tick.instrumentToken === NIFTY_TOKEN) index.take(tick.lastPrice, tick.exchangeAt);
    const of = watched.get(tick.instrumentToken);
    if (!of) return;
    take(of, tick, TICK_BELIEVED_MS);
    for (const listener of listeners) listener(tick.instrumentToken);
  }

  /** What the feed knew before anybody watched the contract. */
  function takeNewest(token: number): void {
    const tick = feed.last(token);
    if (!tick) return;
    const ago = Date.now() - tick.receivedAt;
    if (ago > TICK_BELIEVED_MS) return;
    if (token === NIFTY_TOKEN) index.take(tick.lastPrice, tick.exchangeAt);
    const of = watched.get(token);
    const heard = { wall: tick.receivedAt, mono: performance.now() - ago };
    if (of && !fresh(of)) take(of, tick, TICK_BELIEVED_MS, heard);
  }

  return {
    index,

    /** Until its answer is called. The entry price helps to judge the first packet. */
    watch(contract: ContractRef, entryPrice: Paise | null): () => void {
      const token = contract.instrumentToken;
      if (!isListening) feed.onTick(onTick);
      isListening = true;
      const now = Date.now();
      const known = watched.get(token);
      const of = known ?? unknown(contract, now);
      if (of.users === 0 && now - of.leftAt > GUARD_AWAY_MS) Object.assign(of, { since: now, impossible: [] });
      Object.assign(of, { contract, entryPrice: entryPrice ?? of.entryPrice, users: of.users + 1 });
      watched.set(token, of);
      if (index.newest() === null) takeNewest(NIFTY_TOKEN);
      takeNewest(token);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        of.users -= 1;
        of.leftAt = Date.now();
      };
    },

    /** The newest touch that is believed and fresh. Sides that nobody quotes, or only far away, are null. */
    touch(token: number): Believed | null {
      const of = watched.get(token);
      return of ? fresh(of) : null;
    },

    /** When a price was last believed; before the first one, since when the contract is watched. */
    seenAt(token: number): WallMs {
      const of = watched.get(token);
      return of ? Math.max(of.since, of.believed?.heard.wall ?? 0) : Date.now();
    },

    circuit: (token: number): PriceRange | null => watched.get(token)?.circuit ?? null,

    /** Two impossible packets or more within the last minute. */
    badFeed(token: number): BadFeed | null {
      const of = watched.get(token);
      const recent = of?.impossible.filter(({ at }) => Date.now() - at < BAD_WITHIN_MS) ?? [];
      const [first, last] = [recent[0], recent.at(-1)];
      if (!of || !first || !last || recent.length < 2) return null;
      const detail = `${recent.length} impossible prices of ${of.contract.tradingsymbol}, the last one: ${last.why}`;
      return { since: first.at, last: last.at, detail };
    },

    /** Contracts that need a quote: no fresh price, or the day's circuits are not known yet. */
    lacking(): { contract: ContractRef; isUrgent: boolean }[] {
      const used = [...watched.values()].filter(({ users }) => users > 0);
      return used
        .filter((of) => !fresh(of) || of.circuit === null)
        .map((of) => ({ contract: of.contract, isUrgent: !fresh(of) }));
    },

    takeQuote(token: number, quote: Packet & { lowerCircuit: Paise | null; upperCircuit: Paise | null }): void {
      const of = watched.get(token);
      if (!of) return;
      const { lowerCircuit: lower, upperCircuit: upper } = quote;
      // Limits that the broker does not tell are no limits, and are not asked for again.
      of.circuit = { lower: lower ?? 0, upper: upper ?? Number.POSITIVE_INFINITY };
      if (fresh(of)) return;
      take(of, quote, QUOTE_BELIEVED_MS);
      for (const listener of listeners) listener(token);
    },

    /** After every packet of a watched contract, whatever it was worth. */
    onPacket(listener: (token: number) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function middleOf({ bid, ask }: Touch): Paise | null {
  return bid !== null && ask !== null ? (bid + ask) / 2 : (ask ?? bid);
}

/** What the price of the entry says where the other one is; null where it is not known. */
function entryOf({ contract, entryPrice }: Watched, { index, at }: Anchor): Anchor | null {
  return entryPrice === null ? null : anchorOf(contract, entryPrice, index, at);
}

function unknown(contract: ContractRef, now: WallMs): Watched {
  return {
    ...{ contract, users: 0, since: now, leftAt: now, entryPrice: null, circuit: null },
    ...{ anchor: null, anchoredAt: null, candidate: null, rival: null, believed: null, impossible: [] },
  };
}
