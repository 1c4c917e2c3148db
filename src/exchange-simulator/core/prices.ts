import { istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import { concernsContract, type Faults, faultNumber, faultText } from './faults.ts';
import { segmentHours } from './hours.ts';
import { depthAround } from './market/depth.ts';
import type { Market } from './market/market.ts';
import { premium, SMALLEST_PREMIUM } from './market/premium.ts';
import type { SimDepth } from './types.ts';

/** The reference of the exchange's price protection: the average of so many seconds' last prices. */
const REFERENCE_SECONDS = 30;
/** The index move that the daily price range of an option allows for. A model: the exchange's own range is wider or narrower by day. */
const CIRCUIT_MOVE = 0.1;

export type Prices = ReturnType<typeof createPrices>;

/** Prices as the exchange shows them: the modelled ones, bent by the faults that were asked for. */
export function createPrices(market: Market, faults: Faults, seed: number) {
  function last(contract: OptionContract, at: MarketMs): Paise {
    const modelled = market.premium(contract, at);
    const shift = faults.take('price_shift', (fault) => concernsContract(fault, contract));
    if (!shift) return modelled;
    const points = Math.round((faultNumber(shift, 'points', 0) * 100) / contract.tickSize) * contract.tickSize;
    return Math.max(SMALLEST_PREMIUM, modelled + points);
  }

  function depth(contract: OptionContract, at: MarketMs): SimDepth {
    const quoted = depthAround(contract, last(contract, at), market.index.priceAt(at), at, seed);
    const dry = faults.take('no_liquidity', (fault) => concernsContract(fault, contract));
    if (!dry) return quoted;
    const side = faultText(dry, 'side', 'both');
    return { bids: side === 'asks' ? quoted.bids : [], asks: side === 'bids' ? quoted.asks : [] };
  }

  const closeOn = daily((contract, date) => {
    const before = market.index.dateBefore(date);
    return market.premium(contract, before ? Date.parse(`${before}T10:00:00Z`) : market.index.first);
  });

  return {
    last,
    depth,
    /** The last price if it is of a trade after `since`: what has gone through a resting order. The modelled market never stops trading. */
    tradedSince: (contract: OptionContract, _since: MarketMs, at: MarketMs): Paise | null => last(contract, at),

    /** What price protection is measured from. At the open it is what the index makes of the contract: no trade of the day before counts. */
    reference(contract: OptionContract, at: MarketMs): Paise {
      const open = Math.min(at, segmentHours(istDate(at))?.open ?? at);
      let sum = 0;
      for (let back = 0; back < REFERENCE_SECONDS; back++) sum += last(contract, Math.max(open, at - back * 1000));
      return Math.round(sum / REFERENCE_SECONDS);
    },

    /** The day's price range: what the contract would be worth had the index moved 10 % from its last close, either way. */
    circuit: daily((contract, date): { lower: Paise; upper: Paise } => {
      const close = market.closeBefore(date);
      const open = Date.parse(`${date}T03:45:00Z`);
      const vix = market.vix(open);
      const worth = [1 - CIRCUIT_MOVE, 1 + CIRCUIT_MOVE].map((move) => premium(contract, close * move, vix, open));
      return { lower: Math.min(...worth), upper: Math.max(...worth) };
    }),

    closeBefore: (contract: OptionContract, at: MarketMs): Paise => closeOn(contract, istDate(at)),
  };
}

/** What a contract has for a whole date: asked for with every price, and the same all day. */
function daily<Value>(make: (contract: OptionContract, date: IsoDate) => Value) {
  const known = new Map<number, { date: IsoDate; value: Value }>();
  return (contract: OptionContract, date: IsoDate): Value => {
    const found = known.get(contract.instrumentToken);
    if (found?.date === date) return found.value;
    const value = make(contract, date);
    known.set(contract.instrumentToken, { date, value });
    return value;
  };
}
