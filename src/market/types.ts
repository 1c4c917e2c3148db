import type { BrokerOrder, DepthLevel } from '../brokers/types.ts';
import type { ClockSegments } from '../domain/clock.ts';
import type { Bar, MarketMs, OptionContract, Paise, WallMs } from '../domain/types.ts';

/** Kite's token of the NIFTY 50 index. */
export const NIFTY_TOKEN = 256_265;

export type Tick = {
  instrumentToken: number;
  lastPrice: Paise;
  /** Best first, five levels in full mode; empty for an index. */
  bids: DepthLevel[];
  asks: DepthLevel[];
  /** When this process received it: staleness is judged by it. */
  receivedAt: WallMs;
  /** The exchange's own time of it, null where the packet has none. */
  exchangeAt: MarketMs | null;
  /** When the last price was traded, to the second; null where the packet has none. */
  tradedAt?: MarketMs | null;
};

/** `longestHole` is the longest time of the market without a tick, both ends of the bar included. */
export type OwnBar = Bar & { longestHole: number };

export type FeedStatus = {
  connected: boolean;
  subscribed: number;
  lastTickAt: WallMs | null;
  /** Heartbeats count: prices are frozen when this is old, not when one contract is quiet. */
  lastMessageAt: WallMs | null;
  reconnects: number;
  /** The server does not take the session: only a login can help. */
  refused: boolean;
};

/** The one ticker of this process. Never throws to its users; it reconnects by itself for ever. */
export interface Feed {
  /** Starts, or reconnects with a newer session's token. */
  use(accessToken: string): void;
  /** Full mode. Counted: a token leaves the wire when its last user has unsubscribed. */
  subscribe(tokens: readonly number[]): () => void;
  last(instrumentToken: number): Tick | undefined;
  onTick(listener: (tick: Tick) => void): () => void;
  onOrderUpdate(listener: (order: BrokerOrder) => void): () => void;
  status(): FeedStatus;
  /**
   * Replaces a connection that is open and tells no prices. False where that is of no use: before a login, while the server refuses the
   * session, while one is being made, or within 5 s of the last one.
   */
  reconnect(why: string): boolean;
  /** Our own bar of the index from ticks, undefined when ticks do not cover it. */
  ownBar(instrumentToken: number, start: MarketMs, end: MarketMs): OwnBar | undefined;
  stop(): Promise<void>;
}

/** The day's instrument master, cached per market date. */
export interface InstrumentMaster {
  contracts(date: string): Promise<OptionContract[]>;
}

/** Where the market's time comes from. Live: the identity. Replay: the simulator, looked up and cached for an instant. */
export interface ClockSource {
  /** Fresh from the source. */
  read(): Promise<ClockSegments>;
  /** The last known segments, at most about a second old in replay. */
  current(): ClockSegments;
  now(): MarketMs;
  /**
   * While at least one hold is on, the replayed market runs at 1x at most, as entries and exits take seconds of the market.
   * Idempotent by key; answers the segments after it. A no-op in live and paper mode.
   */
  hold(key: string, on: boolean): Promise<ClockSegments>;
}
