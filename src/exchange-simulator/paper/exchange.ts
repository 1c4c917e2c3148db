import { istDate } from '../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise, WallMs } from '../../domain/types.ts';
import { NIFTY_TOKEN } from '../../market/types.ts';
import { isLive, openBook } from '../book.ts';
import { createBrokerage } from '../brokerage.ts';
import { INDIA_VIX, NIFTY } from '../contracts.ts';
import { createDelays } from '../delays.ts';
import type { Latency } from '../desk.ts';
import { createFaults, PAPER_FAULTS } from '../faults.ts';
import { openFiles } from '../files.ts';
import { isSquareOffTime } from '../hours.ts';
import { brokerDate, movements, netQuantity, positionsOn } from '../positions.ts';
import { type Brokerage, SimRefusal } from '../types.ts';
import { equityMargins } from '../wire/kite-account.ts';
import { liveBalance, onPaper, readEquity } from './funds.ts';
import { createMaster } from './master.ts';
import { createPaperPrices, depthOf } from './quotes.ts';
import { createPaperSessions, type PaperSession, type PaperSessions } from './sessions.ts';
import { createSettlement } from './settlement.ts';
import { createTaken } from './taken.ts';
import { createTape } from './tape.ts';
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
const RETRY_MS = 10_000;
/** For how long Kite's word for the account's cash is taken. Wall clock. */
const CASH_BELIEVED_MS = 30_000;
const QUOTE_TRIES = 3;

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
  const tape = createTape({ tickerRoot: options.kite.tickerRoot, now, onQuote });
  const prices = createPaperPrices({ tape, today: () => istDate(now()), lastFill });
  const taken = createTaken();
  const faults = createFaults(PAPER_FAULTS);
  const delays = createDelays();
  const clock = createWallClock(now);
  let kiteCash: { paise: Paise; at: WallMs } | null = null;

  const { floor, desk, events, trading } = createBrokerage({
    ...{ book, prices, consumption: taken, faults, delays, latency, seed: 1, typeChange, now },
    cash: () => options.cash ?? kiteCash?.paise ?? 0,
    index: () => tape.quote(NIFTY_TOKEN)?.lastPrice ?? 0,
    settlement: () => null,
    listed: master.find,
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
    const quote = tape.quote(token);
    if (!quote || !tape.isFresh(token)) return;
    taken.see(token, depthOf(quote));
    floor.second(now(), (contract) => contract.instrumentToken === token);
  }

  async function askQuotes(session: PaperSession, contracts: readonly OptionContract[]): Promise<void> {
    for (const { instrumentToken } of contracts) tape.watch(instrumentToken);
    const keys = [`${NIFTY.exchange}:${NIFTY.tradingsymbol}`, ...contracts.map((one) => `NFO:${one.tradingsymbol}`)];
    const query = new URLSearchParams(keys.map((key): [string, string] => ['i', key]));
    for (let tries = 1; ; tries++) {
      try {
        prices.learn(await upstream.data(`/quote?${query}`, session.authorization));
        return;
      } catch (error) {
        const isOver = error instanceof SimRefusal && error.status === 429;
        if (!isOver || tries === QUOTE_TRIES) throw error;
        // One quote a second is all Kite gives, to its other callers as well: wait for the next one.
        await new Promise((done) => setTimeout(done, 1_000 - (Date.now() % 1_000) + 20));
      }
    }
  }

  let isAwake = false;
  let waking: Promise<void> | null = null;
  /** With the first session: what was on its way when the process died goes on its way again, at prices of now. */
  async function wake(session: PaperSession): Promise<void> {
    if (isAwake) return;
    waking ??= (async () => {
      await master.load(session);
      await askQuotes(session, inUse());
      await refreshCash(session);
      isAwake = true;
      desk.resume();
    })().finally(() => {
      waking = null;
    });
    await waking;
  }

  function onSession(session: PaperSession): void {
    tape.use(session);
    // Failing here costs nothing: the first order tries again, and is told why.
    wake(session).catch(() => undefined);
  }

  async function refreshCash(session: PaperSession): Promise<void> {
    if (options.cash !== undefined || (kiteCash && Date.now() - kiteCash.at < CASH_BELIEVED_MS)) return;
    const equity = readEquity(await upstream.data('/user/margins/equity', session.authorization));
    kiteCash = { paise: liveBalance(equity), at: Date.now() };
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
      tape.watchOnly(new Set(inUse().map(({ instrumentToken }) => instrumentToken)));
    }
    passed = at;
    if (isSquareOffTime(at)) events.squareOff(at, ({ instrumentToken }) => tape.isFresh(instrumentToken));
    if (sessions.newest() && Date.now() >= settleAfter && settlement.isDue()) {
      settleAfter = Date.now() + RETRY_MS;
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
    lastPrice: ({ instrumentToken }) => tape.quote(instrumentToken)?.lastPrice,
    takeFault: faults.take,
    addFault: faults.add,
    clearFaults: faults.clear,
    faults: faults.list,

    async ready(session, tradingsymbol) {
      await wake(session);
      await master.load(session);
      const contract = master.find(tradingsymbol);
      if (!contract)
        throw new SimRefusal(
          400,
          'InputException',
          `The paper exchange takes orders of NIFTY options that are listed today; ${tradingsymbol} is none.`,
        );
      tape.watch(contract.instrumentToken);
      if (!tape.isAlive() || !prices.knows(contract)) await askQuotes(session, [contract]);
      if (!prices.knows(contract))
        throw new SimRefusal(400, 'OrderException', `Kite has no price of ${tradingsymbol}: nobody quotes it.`);
      await refreshCash(session).catch((error: unknown) => {
        if (!kiteCash) throw error;
      });
    },

    learnQuotes: prices.learn,

    async funds(session, kiteEquity) {
      await wake(session);
      if (options.cash !== undefined) return equityMargins(trading.cash());
      const equity = readEquity(kiteEquity);
      kiteCash = { paise: liveBalance(equity), at: Date.now() };
      return onPaper(equity, trading.cash());
    },

    async close() {
      clearInterval(step);
      delays.cancel();
      await tape.close();
    },
  };
}
