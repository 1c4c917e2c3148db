import { z } from 'zod';
import { orderSchema } from '../brokers/kite-schemas.ts';
import type { BrokerOrder } from '../brokers/types.ts';
import type { Paise, WallMs } from '../domain/types.ts';
import { createTickBars, type TickBars } from './tick-bars.ts';
import { createTicker } from './ticker.ts';
import type { ClockSource, Feed, Tick } from './types.ts';

export type FeedOptions = {
  apiKey: string;
  /** `wss://ws.kite.trade`, or the simulated exchange's. */
  tickerRoot: string;
  now: () => WallMs;
  clock: Pick<ClockSource, 'now'>;
  /** Hears of a listener that threw and of messages that were not understood. */
  warn?: (message: string) => void;
  /** Another ticker than Kite's, where no socket is wanted. */
  createTicker?: typeof createTicker;
  pace?: FeedPace;
};

/** Wall milliseconds. */
export type FeedPace = {
  /** From one look at the connection to the next. */
  lookMs: number;
  /** A connection without any frame for this long is dead. */
  muteMs: number;
};

/** Kite sends a heartbeat "every couple of seconds". */
const PACE: FeedPace = { lookMs: 1_000, muteMs: 5_000 };
/** A connection that is asked for is given so long to tell prices: several guards ask for it at once. */
const REPLACED_PAUSE_MS = 5_000;
/** After the server has refused the session, which only a login can change. */
const REFUSED_PAUSE_MS = 30_000;

/**
 * The one ticker of this process. It looks at its connection each second and makes a new one when it is closed or mute, for ever; asks
 * for every instrument again on each connection; never throws, never ends the process.
 */
export function createFeed(options: FeedOptions): Feed {
  const { apiKey, tickerRoot, now, clock, warn = () => undefined, pace = PACE } = options;
  const openTicker = options.createTicker ?? createTicker;
  const users = new Map<number, number>();
  const lastTicks = new Map<number, Tick>();
  const bars = new Map<number, TickBars>();
  const tickListeners = new Set<(tick: Tick) => void>();
  const orderListeners = new Set<(order: BrokerOrder) => void>();

  let accessToken: string | null = null;
  let look: NodeJS.Timeout | undefined;
  let notBefore: WallMs = 0;
  let heardAt: WallMs = 0;
  let lastTickAt: WallMs | null = null;
  let lastMessageAt: WallMs | null = null;
  let opened = 0;
  let refused = false;
  let replacedAt = Number.NEGATIVE_INFINITY;

  const ticker = openTicker(apiKey, tickerRoot.endsWith('/') ? tickerRoot : `${tickerRoot}/`, {
    onOpen() {
      opened += 1;
      refused = false;
      heardAt = now();
      if (users.size > 0) ticker.subscribe([...users.keys()]);
    },
    onFrame() {
      heardAt = now();
      lastMessageAt = heardAt;
    },
    onTicks(raw) {
      for (const each of raw) take(each);
    },
    onOrder(raw) {
      const order = orderSchema.safeParse(raw);
      if (order.success) tellAll(orderListeners, order.data);
      else warn(`an order update was not understood: ${z.prettifyError(order.error)}`);
    },
    onClose(byTheServer) {
      refused = byTheServer;
      notBefore = refused ? now() + REFUSED_PAUSE_MS : 0;
    },
  });

  function take(raw: unknown): void {
    const receivedAt = now();
    const parsed = tickSchema.safeParse(raw);
    if (!parsed.success) return;
    const { tradable, depth, instrument_token: instrumentToken, exchange_timestamp, last_trade_time } = parsed.data;
    const lastPrice = paise(parsed.data.last_price);
    // Bytes that mean nothing decode to instruments that nobody asked for.
    if (!users.has(instrumentToken) || lastPrice <= 0) return;
    // Only a full packet tells who quotes: without depth it must not look like an empty book.
    if (tradable && !depth) return;
    const tick: Tick = {
      instrumentToken,
      lastPrice,
      bids: quoted(depth?.buy ?? []),
      asks: quoted(depth?.sell ?? []),
      exchangeAt: exchange_timestamp?.getTime() ?? null,
      tradedAt: last_trade_time?.getTime() ?? null,
      receivedAt,
    };
    lastTickAt = receivedAt;
    lastTicks.set(tick.instrumentToken, tick);
    const own = bars.get(tick.instrumentToken) ?? createTickBars();
    bars.set(tick.instrumentToken, own);
    own.add(tick.exchangeAt ?? clock.now(), tick.lastPrice);
    tellAll(tickListeners, tick);
  }

  function tellAll<T>(listeners: Set<(value: T) => void>, value: T): void {
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        warn(`a listener of the feed threw: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  function lookAfter(): void {
    if (accessToken === null) return;
    const state = ticker.state();
    if (state === 'connecting' || (state === 'open' && now() - heardAt < pace.muteMs)) return;
    if (state === 'closed' && now() < notBefore) return;
    ticker.connect(accessToken);
  }

  return {
    use(token) {
      if (token === accessToken && ticker.state() !== 'closed') return;
      accessToken = token;
      refused = false;
      notBefore = 0;
      ticker.connect(token);
      look ??= setInterval(lookAfter, pace.lookMs);
    },
    subscribe(tokens) {
      const fresh = tokens.filter((token) => !users.has(token));
      for (const token of tokens) users.set(token, (users.get(token) ?? 0) + 1);
      if (fresh.length > 0) ticker.subscribe(fresh);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        const gone = tokens.filter((token) => {
          const left = (users.get(token) ?? 1) - 1;
          if (left > 0) users.set(token, left);
          else users.delete(token);
          return left <= 0;
        });
        for (const token of gone) {
          lastTicks.delete(token);
          bars.delete(token);
        }
        if (gone.length > 0) ticker.unsubscribe(gone);
      };
    },
    last: (instrumentToken) => lastTicks.get(instrumentToken),
    onTick: (listener) => listen(tickListeners, listener),
    onOrderUpdate: (listener) => listen(orderListeners, listener),
    status: () => ({
      connected: ticker.state() === 'open',
      subscribed: users.size,
      lastTickAt,
      lastMessageAt,
      reconnects: Math.max(0, opened - 1),
      refused,
    }),
    reconnect(why) {
      if (accessToken === null || ticker.state() === 'connecting') return false;
      if (ticker.state() === 'closed' && now() < notBefore) return false;
      if (performance.now() - replacedAt < REPLACED_PAUSE_MS) return false;
      replacedAt = performance.now();
      warn(`the ticker gets a new connection: ${why}`);
      ticker.connect(accessToken);
      return true;
    },
    ownBar: (instrumentToken, start, end) => bars.get(instrumentToken)?.bar(start, end),
    stop() {
      clearInterval(look);
      look = undefined;
      accessToken = null;
      ticker.leave();
      return Promise.resolve();
    },
  };
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Rupees, as KiteTicker decodes a packet; its times are true instants, whatever the process's zone. Plain: it runs for every tick. */
const levels = z.array(z.object({ price: z.number(), quantity: z.number() }));
const tickSchema = z.object({
  tradable: z.boolean(),
  instrument_token: z.number().int(),
  last_price: z.number(),
  depth: z.object({ buy: levels, sell: levels }).optional(),
  exchange_timestamp: z.date().nullish(),
  last_trade_time: z.date().nullish(),
});

const paise = (rupees: number): Paise => Math.round(rupees * 100);

function quoted(all: z.infer<typeof levels>): Tick['bids'] {
  return all.map(({ price, quantity }) => ({ price: paise(price), quantity })).filter(isQuoted);
}

const isQuoted = ({ price, quantity }: Tick['bids'][number]): boolean => price > 0 && quantity > 0;
