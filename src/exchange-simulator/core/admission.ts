import { istDate } from '../../domain/clock.ts';
import type { MarketMs, Paise } from '../../domain/types.ts';
import type { Account } from './account.ts';
import type { OrderRecord } from './book.ts';
import { concerns, type Faults, faultNumber, faultText } from './faults.ts';
import { isTrading } from './hours.ts';
import { isTriggered } from './matching.ts';
import { isBeyond, priceProtection, triggerRange } from './price-rules.ts';
import type { Prices } from './prices.ts';
import type { SimOrder } from './types.ts';

export type AdmissionOptions = { account: Account; prices: Prices; faults: Faults; index(at: MarketMs): Paise };

const FAR_HEDGE_POINTS = 150;

/** What is refused only after the broker has acknowledged the order: reasons for REJECTED in its words, null for none. */
export function createAdmission({ account, prices, faults, index }: AdmissionOptions) {
  function farHedge(record: OrderRecord, at: MarketMs): string | null {
    const { order, contract } = record;
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
    return (
      (fault &&
        faultText(
          fault,
          'message',
          'Buying this far strike is restricted in NRML. Use MIS, or hedge a position you hold.',
        )) ??
      null
    );
  }

  return {
    /** The broker's own checks: margin above all. */
    broker(record: OrderRecord, at: MarketMs): string | null {
      const fault = faults.take('reject_order', (candidate) => concerns(candidate, record.order));
      if (fault) return faultText(fault, 'message', 'Rejected on request of a fault.');
      const far = farHedge(record, at);
      if (far) return far;
      const lack = account.shortfall(record, at);
      if (!lack) return null;
      // The words of Kite's order book, seen in its documentation's sample of a rejected order.
      return `Insufficient funds. Required margin is ${rupees(lack.required)} but available margin is ${rupees(lack.available)}. Check the orderbook for open orders.`;
    },

    /** The exchange's checks, of new orders and of modified ones. */
    exchange(order: SimOrder, record: OrderRecord, at: MarketMs): string | null {
      const { contract } = record;
      if (!isTrading(contract, at)) return 'The market for this contract is closed.';
      const circuit = prices.circuit(contract, istDate(at));
      if (order.price > circuit.upper) return beyond('higher', 'upper', circuit.upper);
      if (order.price < circuit.lower) return beyond('lower', 'lower', circuit.lower);
      // A stop that was triggered is a limit order for the exchange, whatever the book calls it.
      if (order.orderType !== 'SL' || record.phase === 'working') return protection(order, record, at);
      const last = prices.last(contract, at);
      if (isTriggered(order.side, order.triggerPrice, last)) {
        const [kind, where] = order.side === 'BUY' ? ['buy', 'higher'] : ['sell', 'lower'];
        return `Trigger price for stoploss ${kind} orders should be ${where} than the last traded price (${rupees(last)}). Try limit order.`;
      }
      const range = triggerRange(order.triggerPrice);
      if (Math.abs(order.price - order.triggerPrice) > range)
        return `The limit price must be within ${rupees(range)} of the trigger price.`;
      return null;
    },

    /** Price protection of a limit, at acceptance and when a stop is triggered. */
    protection,
  };

  function protection(order: SimOrder, { contract }: OrderRecord, at: MarketMs): string | null {
    const range = priceProtection(prices.reference(contract, at));
    if (!isBeyond(order.side, order.price, range)) return null;
    return order.side === 'BUY' ? beyond('higher', 'upper', range.upper) : beyond('lower', 'lower', range.lower);
  }
}

export type Admission = ReturnType<typeof createAdmission>;

function beyond(word: string, limit: string, price: Paise): string {
  return `Your order price is ${word} than the current [${limit} circuit limit] of ${rupees(price)}. Place an order within the daily range.`;
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
