import { istAt, istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, Paise } from '../../domain/types.ts';
import { openBook } from '../core/book.ts';
import { createBrokerage } from '../core/brokerage.ts';
import { type ClockState, createClock } from '../core/clock.ts';
import { createConsumedDepth } from '../core/consumed-depth.ts';
import { createListing, INDIA_VIX, NIFTY } from '../core/contracts.ts';
import { createDelays } from '../core/delays.ts';
import { createFaults } from '../core/faults.ts';
import { openFiles } from '../core/files.ts';
import { type Market, openMarket } from '../core/market/market.ts';
import type { Latency } from '../core/order-entry.ts';
import { createPrices } from '../core/prices.ts';
import { type Exchange, type SimInstrument, type SimQuote, SimRefusal, type SimTouch } from '../core/types.ts';
import { createQuotes } from './quotes.ts';
import { openSessions } from './sessions.ts';

export type ExchangeOptions = {
  /** A ready market, which exchanges may share one after the other: nothing is read then, and candles, from and to do not count. */
  market?: Market;
  /** CSV of index candles; the bundled week when absent. */
  candles?: string;
  /** Where book, clock and sessions are kept; nothing is kept without it. */
  dataDir?: string;
  /** Where the market begins, unless the folder says where it stood. */
  at?: MarketMs;
  /** Market seconds in a wall second; 0 stands still. */
  speed?: number;
  /** The market stands still until its owner takes a lease of the clock. */
  leased?: boolean;
  /** From each of these instants the market runs at 1x for three seconds. */
  slowAt?: readonly MarketMs[];
  seed?: number;
  /** Wall milliseconds from acknowledgement to the exchange. */
  latency?: Latency;
  cash?: Paise;
  /** First and last date wanted, for a generated market. */
  from?: IsoDate;
  to?: IsoDate;
  typeChange?: 'allow' | 'refuse';
  userId?: string;
  /** What lets the market happen: a timer of about 100 ms of wall time, or only calls of `step` and questions. */
  steps?: 'timer' | 'manual';
  /** Where request, access and public tokens come from; 16 random bytes in hex unless given. */
  randomToken?: () => string;
};

const STEP_MS = 100;
const CLOCK_FILE = 'clock.json';
const DEFAULT_START = istAt('2025-07-14', '08:45');

/** `began` is where the run began: a generated market is made around it, also when the clock has gone on. */
type SavedClock = ClockState & { processed: MarketMs; began: MarketMs };

/** Opens a simulated exchange and lets its market run. Throws AppError for candles that cannot be read, Error for a damaged folder. */
export async function createExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  const { seed = 1, latency = { minMs: 30, maxMs: 300 }, cash = 150_000_000, typeChange = 'allow' } = options;
  const files = openFiles(options.dataDir);
  const saved = files.read(CLOCK_FILE) as SavedClock | undefined;
  const book = openBook(files);
  const begin = saved?.began ?? options.at;
  const market =
    options.market ?? (await openMarket({ ...options, ...(begin === undefined ? {} : { at: begin }), seed }));
  const start = begin ?? (options.market || options.candles ? istAt(market.firstDate, '08:45') : DEFAULT_START);
  let processed = saved?.processed ?? start;

  const faults = createFaults();
  const delays = createDelays();
  const prices = createPrices(market, faults, seed);
  const quotes = createQuotes(market, prices, seed);
  const consumedDepth = createConsumedDepth();
  const listing = createListing(
    market.closeBefore,
    book.all().map(({ contract }) => contract),
  );
  const stepListeners = new Set<(now: MarketMs) => void>();
  const { account, matchingLoop, orderEntry, events, contractOf, trading } = createBrokerage({
    ...{ book, prices, consumedDepth, faults, delays, latency, seed, typeChange },
    cash: () => cash,
    index: (at) => market.index.priceAt(at),
    settlement: market.settlement,
    listed: (tradingsymbol) => listing.find(clock.now(), tradingsymbol),
    now: caughtUp,
  });

  // Fills that happened after the clock was last written down are in the book: time never falls behind them.
  const stoodAt = saved ? Math.max(saved.market, book.lastAt()) : start;
  const clock = createClock(
    {
      market: stoodAt,
      speed: options.speed ?? saved?.speed ?? 1,
      holds: saved?.holds ?? [],
      leased: options.leased ?? saved?.leased ?? false,
    },
    {
      jumping(to) {
        delays.flush();
        if (to >= clock.now()) return;
        if (book.lastAt() > to)
          throw new SimRefusal(400, 'InputException', 'The market cannot go back to before what is in its book.');
        processed = to;
      },
      changed() {
        caughtUp();
        save();
      },
    },
    options.slowAt,
  );
  const sessions = openSessions(files, () => clock.now(), options.randomToken);

  function save(): void {
    if (options.dataDir === undefined) return;
    files.write(CLOCK_FILE, { ...clock.state(), processed, began: start } satisfies SavedClock);
  }

  let advancing = false;
  /** Lets everything happen that lies between the last look and now, in its order; answers the market time. */
  function caughtUp(): MarketMs {
    const to = clock.now();
    if (advancing || to <= processed) return to;
    advancing = true;
    try {
      for (const event of events.between(processed, to)) {
        passSeconds(event.at);
        event.run();
      }
      passSeconds(to);
    } finally {
      advancing = false;
    }
    return to;
  }

  const nextSecond = (): MarketMs => Math.floor(processed / 1000) * 1000 + 1000;

  function passSeconds(to: MarketMs): void {
    for (let at = nextSecond(); at <= to; at += 1000) {
      if (matchingLoop.working().length === 0) break;
      matchingLoop.second(at);
    }
    processed = to;
  }

  function step(): void {
    const now = caughtUp();
    // Who steps an exchange closes it before it is opened again: only a process of its own may die between two steps.
    if (options.steps !== 'manual' && clock.speed() > 0) save();
    for (const listener of stepListeners) listener(now);
  }
  const timer = options.steps === 'manual' ? undefined : setInterval(step, STEP_MS);
  orderEntry.resume();
  save();

  /** What is shown of an instrument now: as it was when a fault froze it, less what our own orders took. */
  function shown<Shown extends SimTouch>(
    instrument: SimInstrument,
    look: (instrument: SimInstrument, at: MarketMs) => Shown,
  ): Shown | undefined {
    const now = caughtUp();
    if (instrument.kind === 'option' && instrument.expiry < istDate(now)) return undefined;
    const frozen = faults.take('freeze_quotes', ({ tradingsymbol }) =>
      [undefined, instrument.tradingsymbol].includes(tradingsymbol as string | undefined),
    );
    const seen = look(instrument, typeof frozen?.since === 'number' ? frozen.since : now);
    return instrument.kind === 'option' ? { ...seen, depth: consumedDepth.left(seen.depth, instrument, now) } : seen;
  }

  function quote(instrument: SimInstrument): SimQuote | undefined {
    return shown(instrument, quotes.quote);
  }

  return {
    clock,
    userId: options.userId ?? 'SIM001',
    provenance: market.provenance,
    instruments: (date) => [NIFTY, INDIA_VIX, ...listing.on(date)],
    find(exchange, tradingsymbol): SimInstrument | undefined {
      if (exchange === 'NFO') return listing.find(clock.now(), tradingsymbol);
      return [NIFTY, INDIA_VIX].find((one) => one.exchange === exchange && one.tradingsymbol === tradingsymbol);
    },
    findToken: (token) =>
      [NIFTY, INDIA_VIX].find((one) => one.instrumentToken === token) ?? listing.find(clock.now(), token),
    quote,
    touch: (instrument) => shown(instrument, quotes.touch),
    lastPrice: (instrument) => shown(instrument, quotes.touch)?.lastPrice,
    candles: (instrument, from, to, minutes) => quotes.candles(instrument, from, to, minutes, clock.now()),
    ...trading,
    margin(orders, withPositions) {
      const basket = orders.map((request) => ({
        request,
        contract: contractOf(request.exchange, request.tradingsymbol),
      }));
      return account.basket(basket, withPositions, caughtUp());
    },
    step,
    nextAt: () => (matchingLoop.working().length > 0 ? nextSecond() : events.nextAfter(processed)),
    onStep(listener) {
      stepListeners.add(listener);
      return () => stepListeners.delete(listener);
    },
    takeFault: faults.take,
    addFault: (fault) => faults.add(fault.kind === 'freeze_quotes' ? { ...fault, since: clock.now() } : fault),
    clearFaults: faults.clear,
    faults: faults.list,
    newRequestToken: sessions.newRequestToken,
    exchangeRequestToken: sessions.exchange,
    sessionAlive: sessions.isAlive,
    killSessions: sessions.kill,
    async close() {
      clearInterval(timer);
      delays.cancel();
      caughtUp();
      save();
    },
  };
}
