/** Orders by hand: what they would take is looked at before one is placed, and followed as long as a position by hand is open. */
import { Context } from '@temporalio/activity';
import type { KiteSession } from '../src/brokers/types.ts';
import { orderCharges } from '../src/domain/charges.ts';
import { realAt } from '../src/domain/clock.ts';
import { priceProtection } from '../src/domain/limit-prices.ts';
import {
  checkCover,
  checkHours,
  checkTerms,
  effectOf,
  gapLosses,
  type ManualHolding,
  type ManualRefusal,
  nearSymbols,
  seriesOf,
} from '../src/domain/manual-orders.ts';
import { checkReservation, type Refusal } from '../src/domain/risk.ts';
import type { Paise } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import type {
  ContractRef,
  DayActivities,
  GuardActivities,
  ManualCheck,
  ManualCheckInput,
  ManualWatchInput,
  ManualWatchResult,
  OrderSnapshot,
  Pricing,
} from './contract.ts';
import type { Deps } from './deps.ts';
import { GUARD_PACE, type GuardDeps } from './guard.ts';
import { refOf } from './margins.ts';
import { snapshot } from './orders.ts';
import { crossingPrice, freshQuote, type Touch } from './quotes.ts';
import { readByHand } from './reconcile.ts';

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
    ...(order.side === 'SELL' ? await soldOutside(session, input, contract) : []),
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

/** What somebody sold in the app cannot be sold again, nor does it cover anything: that would be naked. */
async function soldOutside(
  session: KiteSession,
  { identity, order, product, holdings, heldBefore }: ManualCheckInput,
  contract: ContractRef,
): Promise<ManualRefusal[]> {
  const longs = seriesOf(holdings, { ...contract, product }).filter(({ net }) => net > 0);
  const contracts = longs.map(({ tradingsymbol }) => ({ tradingsymbol, foreign: heldBefore[tradingsymbol] ?? 0 }));
  const moved = await readByHand(session, { identity, product, contracts });
  const soldOf = ({ tradingsymbol }: ManualHolding) => Math.max(0, -(moved[tradingsymbol] ?? 0));
  const sold = longs.filter((long) => soldOf(long) > 0);
  if (sold.length === 0) return [];
  const left = holdings.map((one) => (sold.includes(one) ? { ...one, net: Math.max(0, one.net - soldOf(one)) } : one));
  const held = heldOf(left, contract.tradingsymbol, product);
  const own = Math.max(0, (held?.net ?? 0) - (held?.selling ?? 0));
  const words = `somebody sold ${sold.map((long) => `${soldOf(long)} ${long.tradingsymbol}`).join(', ')} outside`;
  if (effectIn({ order, product, holdings }, contract) === 'closes_long' && order.quantity > own) {
    const message = `${words}: ${own} of it are left to sell`;
    return [{ code: 'naked_sell', message, details: { covered: own, sent: order.quantity } }];
  }
  const naked = checkCover(order, contract, product, left);
  return naked ? [{ ...naked, message: `${words}: ${naked.message}` }] : [];
}

function rupees(paise: Paise): string {
  return (paise / 100).toFixed(2);
}

export function createManualWatch(deps: GuardDeps): Pick<GuardActivities, 'watchManual'> {
  return { watchManual: (input) => watchManual(deps, input) };
}

async function watchManual(deps: GuardDeps, input: ManualWatchInput): Promise<ManualWatchResult> {
  const { heartbeatMs, stopLookMs, handsLookAgainMs } = deps.guardPace ?? GUARD_PACE;
  let wake = () => {};
  const ends = [
    deps.feed.subscribe([input.contract.instrumentToken]),
    deps.feed.onOrderUpdate((order) => {
      if (input.orders.some(({ orderId }) => orderId === order.orderId)) wake();
    }),
  ];
  const beat = setInterval(() => Context.current().heartbeat(), heartbeatMs);
  let moved = input.moved;
  try {
    for (;;) {
      const changed = await lookAtOrders(deps, input);
      if (changed.length > 0) return { kind: 'changed', orders: changed };
      const before = moved;
      moved = await movedByOthers(deps, input);
      if (moved !== input.moved && moved === before) return { kind: 'traded_outside' };
      if (deps.clock.now() >= input.until) return { kind: 'quiet', until: input.until };
      const due = realAt(deps.clock.current(), input.until, Date.now());
      // Order updates wake it at once. Positions may lag behind the orders for a moment: what somebody else moved is believed when it
      // is still so.
      const next = moved === input.moved ? stopLookMs : handsLookAgainMs;
      const ms = due === null ? next : Math.max(1, Math.min(next, due - Date.now()));
      let timer: NodeJS.Timeout | undefined;
      const slept = new Promise<void>((done) => {
        timer = setTimeout(done, ms);
        wake = done;
      });
      await Promise.race([slept, Context.current().cancelled]).finally(() => clearTimeout(timer));
    }
  } finally {
    clearInterval(beat);
    for (const end of ends) end();
  }
}

async function movedByOthers(deps: Deps & { account: Account }, input: ManualWatchInput): Promise<number> {
  const { identity, product, foreign, contract } = input;
  const contracts = [{ tradingsymbol: contract.tradingsymbol, foreign }];
  const moved = await deps.sessions.use(deps.account, (session) =>
    readByHand(session, { identity, product, contracts }),
  );
  return moved[contract.tradingsymbol] ?? 0;
}

async function lookAtOrders(deps: Deps & { account: Account }, { orders }: ManualWatchInput): Promise<OrderSnapshot[]> {
  const changed: OrderSnapshot[] = [];
  for (const known of orders) {
    const seen = await deps.sessions.use(deps.account, (session) => snapshot(session, known.orderId));
    const same = seen.status === known.status && seen.filledQuantity === known.filledQuantity;
    if (seen.state !== 'live' || !same) changed.push(seen);
  }
  return changed;
}
