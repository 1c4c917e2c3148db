import { istDate } from '../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise, WallMs } from '../../domain/types.ts';
import { NIFTY_TOKEN } from '../../market/types.ts';
import { isLive, openBook } from '../core/book.ts';
import { createBrokerage } from '../core/brokerage.ts';
import { INDIA_VIX, NIFTY } from '../core/contracts.ts';
import { createDelays } from '../core/delays.ts';
import { createFaults, PAPER_FAULTS } from '../core/faults.ts';
import { openFiles } from '../core/files.ts';
import { isSquareOffTime } from '../core/hours.ts';
import type { Latency } from '../core/order-entry.ts';
import { brokerDate, movements, netQuantity, positionsOn } from '../core/positions.ts';
import { type Brokerage, SimRefusal } from '../core/types.ts';
import { equityMargins } from '../wire/kite-account.ts';
import { createPaperConsumedDepth } from './consumed-depth.ts';
import { liveBalance, onPaper, readEquity } from './funds.ts';
import { createMaster } from './master.ts';
import { createQuoteFeed } from './quote-feed.ts';
import { createQuoteFreshness } from './quote-freshness.ts';
import { createPaperPrices, depthOf } from './quotes.ts';
import { createPaperSessions, type PaperSession, type PaperSessions } from './sessions.ts';
import { createSettlement } from './settlement.ts';
import { createUpstream, type Upstream } from './upstream.ts';
import { createWallClock } from './wall-clock.ts';

export type PaperExchangeOptions = {
  /** The real Kite: HTTP root, ticker's root and login page. */
  kite: { root: string; tickerRoot: string; loginUrl: string };
  /** Where the book is kept, of one account for ever; nothing is kept without it. */
  dataDir?: string;
  /** Cash to begin with. Kite's own live balance counts where it is absent. */
  cash?: Paise;
  /** Wall milliseconds from acknowledgement to the exchange; 150 by default. */
  latency?: Latency;
  typeChange?: 'allow' | 'refuse';
  /** The market's time: the wall clock, but where a test's market has another. */
  now?: () => MarketMs;
};

/** A book of our own over the real market. What its server needs to know beside orders and positions. */
export interface PaperExchange extends Brokerage {
  readonly kite: PaperExchangeOptions['kite'];
  readonly upstream: Upstream;
  readonly sessions: PaperSessions;
  /** Makes sure that an order of a contract can be judged: it is listed, priced and can be paid for. Throws SimRefusal. */
  ready(session: PaperSession, tradingsymbol: string): Promise<void>;
  /** `data` of an answer to `/quote` that passed by. */
  learnQuotes(data: unknown): void;
  /** The account's funds on paper, of Kite's answer for the segment. Throws SimRefusal. */
  funds(session: PaperSession, kiteEquity: unknown): Promise<unknown>;
}

const LATENCY: Latency = { minMs: 150, maxMs: 150 };
const STEP_MS = 500;
/** Wall milliseconds from one look for what can be settled to the next. */
const SETTLE_MS = 5_000;

/**
 * Opens a paper exchange: prices, sessions and money are Kite's, orders and positions are kept here. It knows nothing of the market until
 * the first request of a session that Kite vouches for. Throws Error for a damaged folder.
 */
export function createPaperExchange(options: PaperExchangeOptions): PaperExchange {
  const { now = Date.now, latency = LATENCY, typeChange = 'allow' } = options;
  const files = openFiles(options.dataDir);
  const book = openBook(files);
  const upstream = createUpstream(options.kite.root);
  const sessions = createPaperSessions({ upstream, files, now, onSession });
  const master = createMaster({ root: options.kite.root, now, known: book.all().map(({ contract }) => contract) });
  const quoteFeed = createQuoteFeed({ tickerRoot: options.kite.tickerRoot, now, onQuote });
  const prices = createPaperPrices({ quoteFeed, today: () => istDate(now()), lastFill });
  const taken = createPaperConsumedDepth();
  const faults = createFaults(PAPER_FAULTS);
  const delays = createDelays();
  const clock = createWallClock(now);

  const { matchingLoop, orderEntry, events, trading } = createBrokerage({
    ...{ book, prices, consumedDepth: taken, faults, delays, latency, seed: 1, typeChange, now },
    cash: () => quoteFreshness.cash(),
    index: () => quoteFeed.quote(NIFTY_TOKEN)?.lastPrice ?? 0,
    settlement: () => null,
    listed: master.find,
  });
  const quoteFreshness = createQuoteFreshness({
    ...{ upstream, master, quoteFeed, prices, inUse },
    ownCash: options.cash,
    wakened: () => orderEntry.resume(),
  });
  const settlement = createSettlement({
    ...{ book, now },
    ask(path) {
      const session = sessions.newest();
      if (!session) throw new SimRefusal(403, 'TokenException', 'Nobody is logged in.');
      return upstream.data(path, session.authorization);
    },
  });

  function lastFill(contract: OptionContract): Paise {
    const fills = movements(book).filter((move) => move.contract.tradingsymbol === contract.tradingsymbol);
    return fills.at(-1)?.price ?? 0;
  }

  /** Contracts of live orders and open positions. */
  function inUse(): OptionContract[] {
    const held = positionsOn(movements(book), brokerDate(now())).filter((position) => netQuantity(position) !== 0);
    return [...book.all().filter(isLive), ...held]
      .map(({ contract }) => contract)
      .filter(({ expiry }) => expiry >= istDate(now()));
  }

  function onQuote(token: number): void {
    const quote = quoteFeed.quote(token);
    if (!quote || !quoteFeed.isFresh(token)) return;
    taken.see(token, depthOf(quote));
    matchingLoop.second(now(), (contract) => contract.instrumentToken === token);
  }

  function onSession(session: PaperSession): void {
    quoteFeed.use(session);
    // Failing here costs nothing: the first order tries again, and is told why.
    quoteFreshness.wake(session).catch(() => undefined);
  }

  const earliest = Math.min(
    now(),
    ...book
      .all()
      .filter(isLive)
      .map(({ order }) => order.placedAt),
  );
  let passed: MarketMs = earliest;
  let settleAfter: WallMs = 0;
  const step = setInterval(() => {
    const at = now();
    for (const event of events.between(passed, at)) {
      if (event.kind !== 'close') continue;
      event.run();
      quoteFeed.watchOnly(new Set(inUse().map(({ instrumentToken }) => instrumentToken)));
    }
    passed = at;
    if (isSquareOffTime(at)) events.squareOff(at, ({ instrumentToken }) => quoteFeed.isFresh(instrumentToken));
    if (sessions.newest() && Date.now() >= settleAfter) {
      settleAfter = Date.now() + SETTLE_MS;
      // Kite does not tell the close yet, or cannot be reached: asked again.
      settlement.settle().catch(() => undefined);
    }
  }, STEP_MS);

  return {
    ...trading,
    kite: options.kite,
    upstream,
    sessions,
    clock,
    get userId() {
      return sessions.userId();
    },
    provenance:
      'The prices of the real market, by Kite. Orders and positions are on paper, and their fills are optimistic.',
    find(exchange, tradingsymbol) {
      const contract = exchange === 'NFO' ? master.find(tradingsymbol) : undefined;
      if (contract) return { ...contract, kind: 'option' };
      return [NIFTY, INDIA_VIX].find((one) => one.exchange === exchange && one.tradingsymbol === tradingsymbol);
    },
    lastPrice: ({ instrumentToken }) => quoteFeed.quote(instrumentToken)?.lastPrice,
    takeFault: faults.take,
    addFault: faults.add,
    clearFaults: faults.clear,
    faults: faults.list,

    ready: quoteFreshness.ready,
    learnQuotes: prices.learn,

    async funds(session, kiteEquity) {
      await quoteFreshness.wake(session);
      if (options.cash !== undefined) return equityMargins(trading.cash());
      const equity = readEquity(kiteEquity);
      quoteFreshness.learnCash(liveBalance(equity));
      return onPaper(equity, trading.cash());
    },

    async close() {
      clearInterval(step);
      delays.cancel();
      await quoteFeed.close();
    },
  };
}
