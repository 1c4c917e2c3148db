/** Manual orders: what one would take is looked at before it is placed. */
import type { KiteSession } from '../src/brokers/types.ts';
import type { DayActivities, ManualCheck, ManualCheckInput } from '../src/contract/activities.ts';
import type { ContractRef, Pricing } from '../src/contract/ledger.ts';
import { orderCharges } from '../src/domain/charges.ts';
import { priceProtection } from '../src/domain/limit-prices.ts';
import {
  checkCover,
  checkHours,
  checkTerms,
  effectOf,
  gapLosses,
  type ManualRefusal,
  nearSymbols,
  seriesOf,
} from '../src/domain/manual-orders.ts';
import { checkReservation, type Refusal } from '../src/domain/risk.ts';
import type { Paise } from '../src/domain/types.ts';
import type { Deps } from './deps.ts';
import { refOf } from './plan-entry.ts';
import { crossingPrice, freshQuote, type Touch } from './quotes.ts';

export function createManualActivities(deps: Deps): Pick<DayActivities, 'checkManualOrder'> {
  return {
    async checkManualOrder(input): Promise<ManualCheck> {
      const master = await deps.master.contracts(input.identity.date);
      const listed = master.find(({ tradingsymbol }) => tradingsymbol === input.order.symbol);
      if (!listed) {
        const near = nearSymbols(master, input.order.symbol);
        const message = `no NIFTY option is called ${input.order.symbol} today. Near ones: ${near.join(', ')}`;
        return { kind: 'refused', refusals: [{ code: 'unknown_symbol', message, details: { near } }] };
      }
      const contract = refOf(listed, input.identity.date);
      const known = checksWithoutBroker(input, contract);
      if (known.length > 0) return { kind: 'refused', refusals: known };
      return deps.sessions.use(input.identity, (session) => checkAtBroker(deps, session, input, contract));
    },
  };
}

function checksWithoutBroker(input: ManualCheckInput, contract: ContractRef): ManualRefusal[] {
  const { at, order, product, holdings } = input;
  const hours = checkHours(at, contract.expiry, effectIn(input, contract).startsWith('opens'));
  const cover = checkCover(order, contract, product, holdings);
  return [hours, cover].filter((refusal) => refusal !== null);
}

function effectIn(
  { order, product, holdings }: Pick<ManualCheckInput, 'order' | 'product' | 'holdings'>,
  { tradingsymbol }: ContractRef,
) {
  return effectOf(order.side, heldOf(holdings, tradingsymbol, product));
}

function heldOf(holdings: ManualCheckInput['holdings'], tradingsymbol: string, product: string) {
  return holdings.find((one) => one.tradingsymbol === tradingsymbol && one.product === product && !one.leaving);
}

async function checkAtBroker(
  deps: Deps,
  session: KiteSession,
  input: ManualCheckInput,
  contract: ContractRef,
): Promise<ManualCheck> {
  const { identity, order, product, plan, book, holdings } = input;
  const touch = await freshQuote(deps.feed, session, contract);
  if (!touch) {
    const message = `Zerodha has no quote for ${contract.tradingsymbol}: try again, or choose a contract that trades`;
    return { kind: 'refused', refusals: [{ code: 'no_price', message, details: {} }] };
  }
  const range = priceProtection(touch.lastPrice, contract.tickSize);
  const terms = checkTerms(order, contract, { last: touch.lastPrice, range });
  if (terms.length > 0) return { kind: 'refused', refusals: terms };

  const { pricing, price } = priced(input, contract, touch);
  const effect = effectIn(input, contract);
  const charges = orderCharges({ date: identity.date, side: order.side, turnover: price * order.quantity });
  const premium = price * order.quantity;
  const reserved = reservation(input, contract, price);
  const opens = effect.startsWith('opens');
  const { available } = await session.funds();
  const required = await requiredFor(session, input, contract, price, charges.total);
  const refusals: ManualRefusal[] = [
    ...(reserved > 0
      ? checkReservation({
          loss: reserved,
          opens: opens && heldOf(holdings, contract.tradingsymbol, product) === undefined,
          limits: plan,
          book,
        }).map(limitExceeded)
      : []),
    ...shortOfFunds(required, available),
  ];
  if (refusals.length > 0) return { kind: 'refused', refusals };
  // From here on its depth is at hand when an order is priced.
  deps.feed.subscribe([contract.instrumentToken]);
  return {
    kind: 'allowed',
    contract,
    pricing,
    checks: {
      tradingsymbol: contract.tradingsymbol,
      expiry: contract.expiry,
      lotSize: contract.lotSize,
      product,
      effect,
      price,
      premium,
      available,
      marginRequired: required,
      reserved,
      charges,
    },
  };
}

/** What MARKET means is a limit at the far touch and a protection band (TRADING section 3). */
function priced({ order }: ManualCheckInput, contract: ContractRef, touch: Touch): { pricing: Pricing; price: Paise } {
  const { orderType } = order;
  if (orderType === 'MARKET') {
    const { price } = crossingPrice(touch, order.side, contract.tickSize, 0, null);
    return { pricing: { kind: 'cross', widen: 0, noWorseThan: null }, price };
  }
  const price = order.price ?? 0;
  if (orderType === 'LIMIT') return { pricing: { kind: 'limit', price }, price };
  return { pricing: { kind: 'stop', triggerPrice: order.triggerPrice ?? 0, price }, price };
}

/**
 * What the order can lose, with the charges of a round trip: a long its premium, a covered short the gap to its long less its credit. Selling
 * a long that other shorts lean on reserves what these can lose more without it.
 */
function reservation(input: ManualCheckInput, contract: ContractRef, price: Paise): Paise {
  const { identity, order, product, holdings } = input;
  const effect = effectIn(input, contract);
  const turnover = price * order.quantity;
  const sides = ['BUY', 'SELL'] as const;
  const charges = sides.reduce((sum, side) => sum + orderCharges({ date: identity.date, side, turnover }).total, 0);
  if (effect === 'closes_short') return 0;
  if (effect === 'opens_long') return turnover + charges;
  const series = seriesOf(holdings, { ...contract, product });
  const sold =
    effect === 'opens_short'
      ? [...series, { ...contract, id: 'this order', net: -order.quantity }]
      : series.map((one) =>
          one.tradingsymbol === contract.tradingsymbol ? { ...one, net: one.net - order.quantity } : one,
        );
  const more = sumOf(gapLosses(sold)) - sumOf(gapLosses(series));
  return effect === 'opens_short' ? Math.max(0, more - turnover) + charges : Math.max(0, more);
}

function sumOf(losses: ReadonlyMap<string, Paise>): Paise {
  return [...losses.values()].reduce((sum, loss) => sum + loss, 0);
}

/** A purchase is paid, with its charges; a sale needs 1.1 times the broker's margin; closing needs nothing. */
async function requiredFor(
  session: KiteSession,
  input: ManualCheckInput,
  contract: ContractRef,
  price: Paise,
  charges: Paise,
): Promise<Paise> {
  const { quantity, side } = input.order;
  const effect = effectIn(input, contract);
  if (effect === 'opens_long') return price * quantity + charges;
  if (effect !== 'opens_short') return 0;
  const { tradingsymbol } = contract;
  const order = {
    tradingsymbol,
    exchange: 'NFO',
    side,
    quantity,
    price,
    product: input.product,
    orderType: 'LIMIT',
  } as const;
  const { initial, final } = await session.basketMargin([order]);
  return Math.ceil((Math.max(initial, final) * 11) / 10);
}

function shortOfFunds(required: Paise, available: Paise): ManualRefusal[] {
  if (required <= available) return [];
  const shortfall = required - available;
  const message = `it takes ${rupees(required)}, available are ${rupees(available)}: ${rupees(shortfall)} short`;
  return [{ code: 'insufficient_margin', message, details: { required, available, shortfall } }];
}

function limitExceeded({ code, message, numbers }: Refusal): ManualRefusal {
  return { code: 'limit_exceeded', message, details: { ...numbers, allowed: numbers.limit, limit: code } };
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}
