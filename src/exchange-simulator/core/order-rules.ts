import { BROKER_SQUARE_OFF, freezeQuantity } from '../../domain/calendar/index.ts';
import { istAt, istDate } from '../../domain/clock.ts';
import type { MarketMs, OptionContract, Paise } from '../../domain/types.ts';
import type { OrderRecord } from './book.ts';
import { isTrading } from './hours.ts';
import { type SimOrderChange, type SimOrderRequest, SimRefusal } from './types.ts';

/** Kite forum 52970: longer tags are refused, never cut. */
const LONGEST_TAG = 20;
/** Kite forum 9201. */
const MOST_MODIFICATIONS = 25;

/**
 * What the broker refuses at once, without an order id. Throws SimRefusal in Kite's error types; where no source is named, the rule is
 * known and the words are not official.
 */
export function checkRequest(request: SimOrderRequest, contract: OptionContract, at: MarketMs): void {
  if (request.variety !== 'regular') throw input(`Only regular orders are taken here, not \`${request.variety}\`.`);
  if (request.product !== 'MIS' && request.product !== 'NRML') throw input('Invalid `product`.');
  if (request.validity !== 'DAY' && request.validity !== 'IOC') throw input('Invalid `validity`.');
  if ((request.tag ?? '').length > LONGEST_TAG) throw input('Invalid `tag`. It must be at most 20 characters.');
  if (!isTrading(contract, at)) throw refused('Markets are closed right now. Orders are taken in market hours only.');
  // From its own square-off on the broker takes no new MIS order (support.zerodha.com, MIS square-off).
  if (request.product === 'MIS' && at >= istAt(istDate(at), BROKER_SQUARE_OFF))
    throw refused(`Intraday orders (MIS) are allowed only till ${BROKER_SQUARE_OFF}.`);
  checkQuantity(request.quantity, contract, at);
  checkTerms(request, contract);
}

/** What the broker refuses of a modification at once. `changed` is the order as it would be. */
export function checkChange(record: OrderRecord, change: SimOrderChange, changed: SimOrderRequest, at: MarketMs): void {
  const { order, contract } = record;
  checkBusy(record, 'modified');
  // Kite forum 9201: a NetworkException that is not transient.
  if (order.modifications >= MOST_MODIFICATIONS)
    throw new SimRefusal(400, 'NetworkException', 'Maximum allowed order modifications exceeded.');
  if (change.quantity !== undefined) {
    checkQuantity(change.quantity, contract, at);
    if (change.quantity <= order.filledQuantity)
      throw refused(`Quantity cannot be less than the filled quantity (${order.filledQuantity}).`);
  }
  if (changed.validity !== 'DAY' && changed.validity !== 'IOC') throw input('Invalid `validity`.');
  if (changed.orderType === 'SL' && order.orderType !== 'SL') throw refused('The order type cannot be changed to SL.');
  checkTerms(changed, contract);
}

/**
 * Refuses a change of an order that is final or still being processed, in the same words: the caller cannot tell which (Kite forum
 * 8106; the words for a modification as seen in public logs).
 */
export function checkBusy({ phase, pending }: OrderRecord, verb: 'modified' | 'cancelled'): void {
  if (phase === 'done' || phase === 'received' || phase === 'validated' || pending)
    throw input(`Order cannot be ${verb} as it is being processed. Try later.`);
}

function checkQuantity(quantity: number, contract: OptionContract, at: MarketMs): void {
  if (!Number.isInteger(quantity) || quantity <= 0) throw input('Invalid `quantity`.');
  if (quantity % contract.lotSize !== 0)
    throw input(`Invalid \`quantity\`. It should be in multiples of the lot size ${contract.lotSize}.`);
  // NSE/FAOP/75521: the freeze quantity of a single order.
  const freeze = freezeQuantity(istDate(at));
  if (quantity > freeze)
    throw input(`Order quantity ${quantity} exceeds the freeze quantity of ${freeze}. Slice the order.`);
}

function checkTerms(request: SimOrderRequest, contract: OptionContract): void {
  const { orderType, side, price, triggerPrice } = request;
  switch (orderType) {
    case 'LIMIT':
      checkPrice('price', price, contract.tickSize);
      return;
    case 'MARKET':
      // Kite forum 52970: since 1 April 2026 an omitted protection is not defaulted and 0 is refused.
      if (request.marketProtection === null || request.marketProtection === 0)
        throw input(
          'Market orders without market protection are not allowed via API. Please set market protection or use a Limit order.',
        );
      if (request.marketProtection !== -1 && !(request.marketProtection > 0 && request.marketProtection <= 100))
        throw input('Invalid `market_protection`.');
      return;
    case 'SL':
      checkPrice('price', price, contract.tickSize);
      checkPrice('trigger_price', triggerPrice, contract.tickSize);
      if (side === 'BUY' ? triggerPrice > price : triggerPrice < price)
        throw input(
          `Trigger price for stoploss ${side.toLowerCase()} orders cannot be ${side === 'BUY' ? 'above' : 'below'} the limit price.`,
        );
      return;
    case 'SL-M':
      // Withdrawn for index options on 27 September 2021 (support.pocketful.in).
      throw refused('SL-M orders are not allowed for options. Use an SL order with a limit price.');
    default:
      throw input('Invalid `order_type`.');
  }
}

function checkPrice(name: string, price: Paise, tick: Paise): void {
  if (!(price > 0)) throw input(`Invalid \`${name}\`.`);
  if (price % tick !== 0) {
    const step = (tick / 100).toFixed(2);
    throw input(
      `Tick size for this script is ${step}. Kindly enter price in the multiple of tick size for this script.`,
    );
  }
}

export function input(message: string): SimRefusal {
  return new SimRefusal(400, 'InputException', message);
}

export function refused(message: string): SimRefusal {
  return new SimRefusal(400, 'OrderException', message);
}
