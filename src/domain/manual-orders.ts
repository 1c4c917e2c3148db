/** What a manual order would do, and why it may not be made. Pure; quantities in units, money in paise. */
import { contractLastMinute, sessionOf, timetable } from './calendar/index.ts';
import { istAt, istDate, istTime } from './clock.ts';
import { type PriceRange, triggerRange } from './limit-prices.ts';
import { LAST_ENTRY_ON_EXPIRY_DAY } from './risk.ts';
import type { MarketMs, OptionContract, OptionType, Paise, Product, Side } from './types.ts';

type ManualOrderType = 'MARKET' | 'LIMIT' | 'SL';

/** As a person gives it; `product` null takes that of the plan. */
export type ManualOrder = {
  symbol: string;
  side: Side;
  quantity: number;
  orderType: ManualOrderType;
  price: Paise | null;
  triggerPrice: Paise | null;
  product: Product | null;
};

export type ManualRefusalCode =
  | 'unknown_symbol'
  | 'lot_size_mismatch'
  | 'price_not_allowed'
  | 'limit_exceeded'
  | 'insufficient_margin'
  | 'naked_sell'
  | 'short_is_open'
  | 'already_closing'
  | 'market_closed'
  | 'too_late'
  | 'no_price';
/** A sentence that says what to do, and its numbers: money in paise. */
export type ManualRefusal = { code: ManualRefusalCode; message: string; details: Record<string, unknown> };

/** An open manual position: one contract in one product. */
export type ManualHolding = {
  id: string;
  tradingsymbol: string;
  expiry: string;
  strike: Paise;
  optionType: OptionType;
  product: Product;
  /** Of its fills; a short is negative. */
  net: number;
  /** Of its orders that may still sell. */
  selling: number;
  /** It is being closed: nothing is added to it any more. */
  leaving: boolean;
};

/** What the order does to the manual positions. */
export type ManualEffect = 'opens_long' | 'closes_long' | 'opens_short' | 'closes_short';

type Series = Pick<ManualHolding, 'expiry' | 'optionType' | 'product'>;

/** Of one type, expiry and product: any of its longs bounds what any of its shorts can lose. */
export function seriesOf(holdings: readonly ManualHolding[], of: Series): ManualHolding[] {
  return holdings.filter(
    ({ expiry, optionType, product }) => expiry === of.expiry && optionType === of.optionType && product === of.product,
  );
}

/** Units of a series that are bought and that neither a short nor an order under way needs. Negative: somebody is uncovered. */
export function freeLongs(series: readonly ManualHolding[]): number {
  return series.reduce((sum, { net, selling }) => sum + net - selling, 0);
}

/**
 * What the shorts of a series can lose between their strikes and those of the longs that cover them, by id, in paise: the nearest long
 * first, as it leaves the least between the strikes. Premiums aside; what nothing covers is not counted here.
 */
export function gapLosses(
  series: readonly Pick<ManualHolding, 'id' | 'strike' | 'optionType' | 'net'>[],
): Map<string, Paise> {
  const longs = series.filter(({ net }) => net > 0).map(({ strike, net }) => ({ strike, left: net }));
  const losses = new Map<string, Paise>();
  for (const short of series.filter(({ net }) => net < 0)) {
    const gap = (strike: Paise) =>
      Math.max(0, short.optionType === 'PE' ? short.strike - strike : strike - short.strike);
    let uncovered = -short.net;
    let loss = 0;
    for (const long of [...longs].sort((x, y) => gap(x.strike) - gap(y.strike))) {
      const units = Math.min(uncovered, long.left);
      long.left -= units;
      uncovered -= units;
      loss += units * gap(long.strike);
    }
    losses.set(short.id, loss);
  }
  return losses;
}

/** Whether a sale closes what is held or opens a short; a purchase likewise. */
export function effectOf(side: Side, held: ManualHolding | undefined): ManualEffect {
  const net = held?.net ?? 0;
  if (side === 'BUY') return net < 0 ? 'closes_short' : 'opens_long';
  return net > 0 ? 'closes_long' : 'opens_short';
}

/** Symbols of the master that look like a wrong one, nearest first. */
export function nearSymbols(master: readonly OptionContract[], symbol: string, most = 5): string[] {
  const wanted = symbol.trim().toUpperCase();
  return master
    .map(({ tradingsymbol }) => ({ tradingsymbol, away: distance(wanted, tradingsymbol) }))
    .sort((a, b) => a.away - b.away || (a.tradingsymbol < b.tradingsymbol ? -1 : 1))
    .slice(0, most)
    .map(({ tradingsymbol }) => tradingsymbol);
}

/** Edits between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (before[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[b.length] ?? 0;
}

/** Lots, freeze quantity and price of the order itself; `range` is what the exchange accepts now, `last` the last price. */
export function checkTerms(
  order: ManualOrder,
  contract: { tradingsymbol: string; lotSize: number; tickSize: Paise; maxOrderQuantity: number },
  market: { last: Paise; range: PriceRange },
): ManualRefusal[] {
  const { quantity } = order;
  const { lotSize, maxOrderQuantity } = contract;
  const refusals: ManualRefusal[] = [];
  if (quantity % lotSize !== 0) {
    refusals.push(
      refusal(
        'lot_size_mismatch',
        `the lot of ${contract.tradingsymbol} is ${lotSize}, ${quantity} is not a multiple of it: send ${Math.max(1, Math.round(quantity / lotSize)) * lotSize}`,
        { lot_size: lotSize, sent: quantity },
      ),
    );
  }
  if (quantity > maxOrderQuantity) {
    refusals.push(
      refusal(
        'limit_exceeded',
        `the exchange freezes orders above ${maxOrderQuantity} units: send ${quantity} in parts`,
        { limit: 'freeze_quantity', freeze_quantity: maxOrderQuantity, sent: quantity },
      ),
    );
  }
  const wrong = order.orderType === 'MARKET' ? null : wrongPrice(order, contract.tickSize, market);
  if (wrong) refusals.push(refusal('price_not_allowed', wrong.message, wrong.details));
  return refusals;
}

type Wrong = { message: string; details: Record<string, unknown> } | null;

function wrongPrice(order: ManualOrder, tick: Paise, { last, range }: { last: Paise; range: PriceRange }): Wrong {
  const { side, orderType } = order;
  const price = order.price ?? 0;
  const trigger = order.triggerPrice ?? 0;
  const buys = side === 'BUY';
  const offTick = [price, ...(orderType === 'SL' ? [trigger] : [])].find((given) => given <= 0 || given % tick !== 0);
  if (offTick !== undefined) {
    return {
      message: `${rupees(offTick)} is not on the tick: prices are multiples of ${rupees(tick)}`,
      details: { tick_size: tick },
    };
  }
  if (orderType === 'LIMIT') return beyond(side, price, range);
  if (buys ? trigger <= last : trigger >= last) {
    return {
      message: `the trigger ${rupees(trigger)} is ${buys ? 'not above' : 'not below'} the last price ${rupees(last)}: it would fire at once`,
      details: { last_price: last },
    };
  }
  const away = buys ? price - trigger : trigger - price;
  const most = triggerRange(trigger);
  if (away >= 0 && away <= most) return null;
  const [from, to] = buys ? [trigger, trigger + most] : [trigger - most, trigger];
  return {
    message: `with the trigger ${rupees(trigger)} the limit lies from ${rupees(from)} to ${rupees(to)}`,
    details: { least_price: from, most_price: to },
  };
}

function beyond(side: Side, price: Paise, { lower, upper }: PriceRange): Wrong {
  if (side === 'BUY' ? price <= upper : price >= lower) return null;
  return {
    message: `the exchange takes prices from ${rupees(lower)} to ${rupees(upper)} now`,
    details: { least_price: lower, most_price: upper },
  };
}

/** Hours of the contract; no manual order once the square-off has begun, nothing opened late on expiry day. Throws CalendarError. */
export function checkHours(at: MarketMs, expiry: string, opens: boolean): ManualRefusal | null {
  const date = istDate(at);
  const session = sessionOf(date);
  if (session.kind === 'holiday') {
    return refusal('market_closed', `market holiday: ${session.reason}; the next trading day is ${session.next}`, {
      next_trading_day: session.next,
    });
  }
  const { open, squareOff } = timetable(date);
  if (at < open || at >= contractLastMinute(expiry, date) || expiry < date) {
    return refusal('market_closed', `it is ${istTime(at)}: orders are taken from ${istTime(open)} on`, {});
  }
  if (at >= squareOff) {
    return refusal('too_late', `the square-off began at ${istTime(squareOff)}: no manual order is taken after it`, {});
  }
  if (!opens) return null;
  if (session.special === 'short') return refusal('market_closed', 'nothing is opened in a special session', {});
  const last = istAt(date, LAST_ENTRY_ON_EXPIRY_DAY);
  if (expiry !== date || at <= last) return null;
  return refusal('too_late', `${istTime(last)} is the last time to open anything on its expiry day`, {});
}

/** Whether there is enough to sell, so that no sale leaves anything naked; a short is bought back whole and at once. */
export function checkCover(
  order: Pick<ManualOrder, 'side' | 'quantity' | 'orderType'>,
  contract: Pick<OptionContract, 'tradingsymbol' | 'expiry' | 'optionType'>,
  product: Product,
  holdings: readonly ManualHolding[],
): ManualRefusal | null {
  const { quantity } = order;
  const held = holdings.find(
    (one) => one.tradingsymbol === contract.tradingsymbol && one.product === product && !one.leaving,
  );
  const effect = effectOf(order.side, held);
  if (effect === 'opens_long') return null;
  if (effect === 'closes_short') {
    const short = -(held?.net ?? 0);
    if (order.orderType === 'MARKET' && quantity === short) return null;
    return refusal(
      'short_is_open',
      `${held?.id} is short ${short} ${contract.tradingsymbol}: buy it back whole with MARKET and quantity ${short}, or close ${held?.id}`,
      { position: held?.id, quantity: short },
    );
  }
  const series = seriesOf(holdings, { ...contract, product }).filter(({ leaving }) => !leaving);
  const free = Math.max(0, freeLongs(series));
  const most = effect === 'closes_long' ? Math.min(free, (held?.net ?? 0) - (held?.selling ?? 0)) : free;
  if (quantity <= most) return null;
  const { tradingsymbol, expiry, optionType } = contract;
  const message =
    effect === 'closes_long'
      ? `${most} of ${tradingsymbol} (${product}) can be sold: the rest is being sold already, or covers a manual short`
      : `selling ${quantity} ${tradingsymbol} would be naked: ${most} units of ${optionType} of ${expiry} (${product}) are bought manually and free. Buy a further ${optionType} of that expiry first; hedges of signals do not count`;
  return refusal('naked_sell', message, { covered: most, sent: quantity });
}

function refusal(code: ManualRefusalCode, message: string, details: Record<string, unknown>): ManualRefusal {
  return { code, message, details };
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
