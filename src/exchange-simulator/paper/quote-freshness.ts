import type { OptionContract, Paise, WallMs } from '../../domain/types.ts';
import { NIFTY } from '../core/contracts.ts';
import { SimRefusal } from '../core/types.ts';
import { liveBalance, readEquity } from './funds.ts';
import type { Master } from './master.ts';
import type { QuoteFeed } from './quote-feed.ts';
import type { PaperPrices } from './quotes.ts';
import type { PaperSession } from './sessions.ts';
import type { Upstream } from './upstream.ts';

export type QuoteFreshnessOptions = {
  upstream: Upstream;
  master: Master;
  quoteFeed: QuoteFeed;
  prices: PaperPrices;
  /** Cash that does not come from Kite. */
  ownCash: Paise | undefined;
  /** Contracts of live orders and open positions. */
  inUse(): OptionContract[];
  /** Called once, when the market is known for the first time. */
  wakened(): void;
};

/** For how long Kite's word for the account's cash is taken. Wall clock. */
const CASH_BELIEVED_MS = 30_000;
const QUOTE_TRIES = 3;

/** What must be known of the market before an order can be judged by it, asked with the session of the account that orders. */
export function createQuoteFreshness(options: QuoteFreshnessOptions) {
  const { upstream, master, quoteFeed, prices, ownCash, inUse, wakened } = options;
  let kiteCash: { paise: Paise; at: WallMs } | null = null;
  let isAwake = false;
  let waking: Promise<void> | null = null;

  async function askQuotes(session: PaperSession, contracts: readonly OptionContract[]): Promise<void> {
    for (const { instrumentToken } of contracts) quoteFeed.watch(instrumentToken);
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

  async function askCash(session: PaperSession): Promise<void> {
    if (ownCash !== undefined || (kiteCash && Date.now() - kiteCash.at < CASH_BELIEVED_MS)) return;
    const equity = readEquity(await upstream.data('/user/margins/equity', session.authorization));
    kiteCash = { paise: liveBalance(equity), at: Date.now() };
  }

  /** With the first session: what was on its way when the process died goes on its way again, at prices of now. */
  async function wake(session: PaperSession): Promise<void> {
    if (isAwake) return;
    waking ??= (async () => {
      await master.load(session);
      await askQuotes(session, inUse());
      await askCash(session);
      isAwake = true;
      wakened();
    })().finally(() => {
      waking = null;
    });
    await waking;
  }

  return {
    wake,

    /** Makes sure that an order of a contract can be judged: it is listed, priced and can be paid for. Throws SimRefusal. */
    async ready(session: PaperSession, tradingsymbol: string): Promise<void> {
      await wake(session);
      await master.load(session);
      const contract = master.find(tradingsymbol);
      if (!contract)
        throw new SimRefusal(
          400,
          'InputException',
          `The paper exchange takes orders of NIFTY options that are listed today; ${tradingsymbol} is none.`,
        );
      quoteFeed.watch(contract.instrumentToken);
      if (!quoteFeed.isAlive() || !prices.knows(contract)) await askQuotes(session, [contract]);
      if (!prices.knows(contract))
        throw new SimRefusal(400, 'OrderException', `Kite has no price of ${tradingsymbol}: nobody quotes it.`);
      await askCash(session).catch((error: unknown) => {
        if (!kiteCash) throw error;
      });
    },

    cash: (): Paise => ownCash ?? kiteCash?.paise ?? 0,
    /** Kite's live balance, of an answer that passed by. */
    learnCash(paise: Paise): void {
      kiteCash = { paise, at: Date.now() };
    },
  };
}
