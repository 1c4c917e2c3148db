import { istDate } from '../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise, Side } from '../../domain/types.ts';
import type { Account } from './account.ts';
import type { OrderRecord, Phase } from './book.ts';
import { concerns, type Faults, faultNumber, faultText } from './faults.ts';
import { isTrading } from './hours.ts';
import { isTriggered } from './matching.ts';
import { isBeyond, priceProtection, triggerRange } from './price-rules.ts';
import type { Prices } from './prices.ts';
import type { SimOrder, SimOrderRequest } from './types.ts';

export type AdmissionOptions = { account: Account; prices: Prices; faults: Faults; index(at: MarketMs): Paise };

const FAR_HEDGE_POINTS = 150;

/** What broker and exchange say against an order once its form is right: in their words, null for nothing. */
export function createAdmission({ account, prices, faults, index }: AdmissionOptions) {
  function farHedge(order: SimOrderRequest, contract: OptionContract, at: MarketMs): string | null {
    if (order.side !== 'BUY' || order.product !== 'NRML') return null;
    const distance = Math.abs(contract.strike - index(at));
    const fault = faults.take(
      'refuse_far_hedge',
      (candidate) =>
        concerns(candidate, order) &&
        distance > faultNumber(candidate, 'points', FAR_HEDGE_POINTS) * 100 &&
        !account.covers(contract, at),
    );
    // support.zerodha.com, "why did my option order get rejected": overnight longs of far strikes need a position that they cover.
    return fault ? faultText(fault, 'message', STRIKE_RANGE) : null;
  }

  return {
    farHedge,

    /**
     * What the broker looks at before an order, or its change, goes anywhere: what it refuses here is in no book
     * (support.zerodha.com, kite-order-rejections).
     */
    terms(order: SimOrderRequest, contract: OptionContract, phase: Phase, at: MarketMs): string | null {
      // A market order has no price yet.
      if (order.orderType === 'MARKET') return null;
      return beyondCircuit(order, contract, at) ?? triggerPassed(order, contract, phase, at);
    },

    /** The broker's checks of an order that it has acknowledged: margin above all. */
    broker(record: OrderRecord, at: MarketMs): string | null {
      const fault = faults.take('reject_order', (candidate) => concerns(candidate, record.order));
      if (fault) return faultText(fault, 'message', 'Rejected on request of a fault.');
      const lack = account.shortfall(record, at);
      if (!lack) return null;
      // The words of Kite's order book, seen in its documentation's sample of a rejected order.
      return `Insufficient funds. Required margin is ${rupees(lack.required)} but available margin is ${rupees(lack.available)}. Check the orderbook for open orders.`;
    },

    /** The exchange's checks, of new orders and of modified ones. */
    exchange(order: SimOrder, record: OrderRecord, at: MarketMs): string | null {
      const { contract, phase } = record;
      if (!isTrading(contract, at)) return 'The market for this contract is closed.';
      const circuit = beyondCircuit(order, contract, at);
      if (circuit) return circuit;
      if (!isStop(order, phase)) return protection(order, record, at) ? PROTECTION_REJECTS : null;
      // The last price may have moved since the broker looked at it.
      const passed = triggerPassed(order, contract, phase, at);
      if (passed) return passed;
      const range = triggerRange(order.triggerPrice);
      if (Math.abs(order.price - order.triggerPrice) > range)
        return `The limit price must be within ${rupees(range)} of the trigger price.`;
      return null;
    },

    /** Price protection of a stop that has become a limit. */
    triggered: (order: SimOrder, record: OrderRecord, at: MarketMs): string | null =>
      protection(order, record, at) ? PROTECTION_CANCELS : null,
  };

  function beyondCircuit(order: SimOrderRequest, contract: OptionContract, at: MarketMs): string | null {
    const { lower, upper } = prices.circuit(contract, istDate(at));
    if (order.orderType === 'SL') {
      const bound = order.side === 'BUY' ? upper : lower;
      const isBeyondIt = (price: Paise) => (order.side === 'BUY' ? price > bound : price < bound);
      if (isBeyondIt(order.triggerPrice)) return stopBeyond('Trigger price', order.side, bound);
      if (isBeyondIt(order.price)) return stopBeyond('Price', order.side, bound);
    }
    if (order.price > upper) return limitBeyond('higher', 'upper', upper);
    return order.price < lower ? limitBeyond('lower', 'lower', lower) : null;
  }

  function triggerPassed(order: SimOrderRequest, contract: OptionContract, phase: Phase, at: MarketMs): string | null {
    if (!isStop(order, phase)) return null;
    const last = prices.last(contract, at);
    if (!isTriggered(order.side, order.triggerPrice, last)) return null;
    const [kind, where] = order.side === 'BUY' ? ['buy', 'higher'] : ['sell', 'lower'];
    return `Trigger price for stoploss ${kind} orders should be ${where} than the last traded price (${rupees(last)}). Try limit order.`;
  }

  function protection(order: SimOrder, { contract }: OrderRecord, at: MarketMs): boolean {
    return isBeyond(order.side, order.price, priceProtection(prices.reference(contract, at)));
  }
}

export type Admission = ReturnType<typeof createAdmission>;

/** A stop that was triggered is a limit order for the exchange, whatever the book calls it. */
function isStop(order: SimOrderRequest, phase: Phase): boolean {
  return order.orderType === 'SL' && phase !== 'working';
}

/** support.zerodha.com, "why did my Bank Nifty option order get rejected". */
const STRIKE_RANGE = 'Strike price is outside the allowed range. Try a strike closer to the spot price.';
/** tradingqna.com thread 193460: it is about price protection, and speaks of the circuit. */
const PROTECTION_REJECTS = 'Price exceeds circuit limits for the instrument. Place an order within the daily range.';
/** Kite forum 13838. */
const PROTECTION_CANCELS =
  'The order was cancelled by the exchange because the price is outside the current allowed limit price protection range. [Read more.](https://zrd.sh/lpp-range-rejection)';

const SUPPORT = 'https://support.zerodha.com/category/trading-and-markets';
const BANDS = `${SUPPORT}/trading-faqs/articles/what-does-circuit-limits-i-e-price-bands-mean`;
const GTT = `${SUPPORT}/gtt/articles/what-is-the-good-till-triggered-gtt-feature`;

/** Word for word from Zerodha's account of its rule engine (zerodha.tech, "A lesson in creating and using niche business DSLs at scale"). */
function limitBeyond(word: string, limit: string, price: Paise): string {
  return `Your order price is ${word} than the current [${limit} circuit limit](${BANDS}) of ${price / 100}. You can place an order within the range or [use GTT](${GTT}) for long-standing orders.`;
}

/** As public programs match it, with status 400. */
function stopBeyond(which: 'Trigger price' | 'Price', side: Side, price: Paise): string {
  const [kind, where, limit, instead] =
    side === 'BUY' ? ['buy', 'above', 'upper', 'below'] : ['sell', 'below', 'lower', 'above'];
  return `${which} for stoploss ${kind} orders cannot be ${where} the ${limit} circuit price. Please try placing the order with ${which.toLowerCase()} ${instead} ${rupees(price)}.`;
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
