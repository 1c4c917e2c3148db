/** The only code that sends, changes or cancels an order. Each call answers what is known, never what is hoped. */
import { Context } from '@temporalio/activity';
import type { BrokerOrder, KiteSession } from '../src/brokers/types.ts';
import { BrokerError } from '../src/errors.ts';
import type { Account } from '../src/journal/types.ts';
import type { Feed } from '../src/market/types.ts';
import type {
  ChangeInput,
  ChangeResult,
  DayActivities,
  FindResult,
  FollowInput,
  OrderIntent,
  OrderSnapshot,
  SendResult,
} from './contract.ts';
import type { Deps } from './deps.ts';
import { crossingPrice, freshQuote } from './quotes.ts';

/** An order is sent only within this time of having looked for its tag (TRADING section 4). Monotonic milliseconds. */
const LOOK_IS_FRESH_MS = 2_000;
/** A modification that could not be sent by then is left: the workflow would not be waiting for it any more. */
const CHANGE_WITHIN_MS = 10_000;
const POLL_MS = 400;
const HEARTBEAT_MS = 1_000;
const CANCEL_WAIT_MS = 5_000;
const BROKER_MODIFICATIONS = 25;
const CHANGING = new Set(['MODIFY VALIDATION PENDING', 'MODIFY PENDING', 'CANCEL PENDING']);

type OrderActivities = Pick<DayActivities, 'sendOrder' | 'findOrder' | 'followOrder' | 'changeOrder' | 'cancelOrder'>;

export function createOrderActivities(deps: Deps & { account: Account }): OrderActivities {
  const kite = <T>(call: (session: KiteSession) => Promise<T>) => deps.sessions.use(deps.account, call);

  return {
    sendOrder: (intent) => kite((session) => send(deps.feed, session, intent)),
    findOrder: ({ intent, expectedNet }) => kite((session) => find(session, intent, expectedNet)),
    followOrder: (input) => heartbeating(() => followOrder(deps, kite, input)),
    changeOrder: (input) => kite((session) => changeOrder(deps.feed, session, input)),
    cancelOrder: ({ orderId }) => heartbeating(() => cancelOrder(kite, orderId)),
  };
}

async function send(feed: Feed, session: KiteSession, intent: OrderIntent): Promise<SendResult> {
  for (;;) {
    let looked: number;
    let priced: Priced;
    try {
      // Priced before the look: a quote may have to wait its turn, and the look has to be fresh.
      priced = await price(feed, session, intent);
      looked = performance.now();
      const known = (await session.orders()).find((order) => order.tag === intent.tag);
      if (known) return await adopt(session, intent, known);
    } catch (error) {
      // A look that failed is no doubt: nothing was sent, so it is looked again while the intent holds.
      if (!(error instanceof BrokerError) || error.kind === 'token') throw error;
      if (Date.now() > intent.sendBy) return { kind: 'too_late' };
      await nextSecond();
      continue;
    }
    if ('refusal' in priced) return priced.refusal;
    if (Date.now() > intent.sendBy) return { kind: 'too_late' };
    if (performance.now() - looked > LOOK_IS_FRESH_MS) continue;
    const { contract, side, quantity, product, tag } = intent;
    const stop = intent.pricing.kind === 'stop';
    try {
      const { orderId } = await session.placeOrder({
        tradingsymbol: contract.tradingsymbol,
        exchange: 'NFO',
        side,
        quantity,
        product,
        orderType: stop ? 'SL' : 'LIMIT',
        price: priced.price,
        ...(priced.triggerPrice > 0 ? { triggerPrice: priced.triggerPrice } : {}),
        tag,
      });
      return { kind: 'sent', orderId, price: priced.price, triggerPrice: priced.triggerPrice, touch: priced.touch };
    } catch (error) {
      if (!(error instanceof BrokerError) || error.kind === 'token') throw error;
      if (error.kind === 'rate_limited' || error.details?.not_sent === true) {
        await nextSecond();
        continue;
      }
      return { kind: error.kind, message: error.message };
    }
  }
}

type Priced = { price: number; triggerPrice: number; touch: number | null } | { refusal: SendResult };

async function price(feed: Feed, session: KiteSession, intent: OrderIntent): Promise<Priced> {
  const quote = await freshQuote(feed, session, intent.contract);
  if (intent.pricing.kind === 'stop') {
    const { triggerPrice, price } = intent.pricing;
    // A stop whose trigger the last price has reached would be refused or fire at once.
    const passed = (last: number) => (intent.side === 'BUY' ? last >= triggerPrice : last <= triggerPrice);
    if (quote && passed(quote.lastPrice)) return { refusal: { kind: 'trigger_passed', lastPrice: quote.lastPrice } };
    return { price, triggerPrice, touch: null };
  }
  if (!quote)
    return { refusal: { kind: 'no_price', message: `no believable quote for ${intent.contract.tradingsymbol}` } };
  if (intent.pricing.kind === 'limit') {
    // No slippage is measured of a price that a person chose.
    return { price: intent.pricing.price, triggerPrice: 0, touch: null };
  }
  const { noWorseThan, widen } = intent.pricing;
  const crossing = crossingPrice(quote, intent.side, intent.contract.tickSize, widen, noWorseThan);
  return { price: crossing.price, triggerPrice: 0, touch: crossing.touch };
}

/** An order that carries our tag must be ours in every respect. */
async function adopt(session: KiteSession, intent: OrderIntent, known: BrokerOrder): Promise<SendResult> {
  const mismatch = differs(intent, known);
  if (mismatch) return { kind: 'doubt', message: mismatch };
  return { kind: 'found', order: await snapshot(session, known.orderId) };
}

function differs(intent: OrderIntent, known: BrokerOrder): string | null {
  const same =
    known.tradingsymbol === intent.contract.tradingsymbol &&
    known.side === intent.side &&
    known.quantity === intent.quantity &&
    known.product === intent.product;
  if (same) return null;
  return `an order with tag ${intent.tag} is in the book, but it is ${known.side} ${known.quantity} ${known.tradingsymbol} ${known.product}`;
}

async function find(session: KiteSession, intent: OrderIntent, expectedNet: number | null): Promise<FindResult> {
  const orders = await session.orders();
  const known = orders.find((order) => order.tag === intent.tag);
  if (known) {
    const message = differs(intent, known);
    if (message) return { kind: 'mismatch', message };
    return { kind: 'found', order: await snapshot(session, known.orderId) };
  }
  if (expectedNet === null) return { kind: 'absent' };
  const { net, day } = await session.positions();
  const sameContract = ({ tradingsymbol, product }: { tradingsymbol: string; product: string }) =>
    tradingsymbol === intent.contract.tradingsymbol && product === intent.product;
  const sum = (of: readonly { quantity: number }[]) => of.reduce((total, { quantity }) => total + quantity, 0);
  const held = sum(net.filter(sameContract));
  if (held === expectedNet) return { kind: 'absent' };
  // Every unit that moved today is in an order of this list, and none of them is the one that is looked for.
  const listed = orders.filter(sameContract).map(({ side, filledQuantity }) => ({
    quantity: side === 'BUY' ? filledQuantity : -filledQuantity,
  }));
  if (sum(day.filter(sameContract)) === sum(listed)) return { kind: 'absent' };
  return {
    kind: 'unclear',
    message: `${intent.tag} is in no list, but Zerodha holds ${held} ${intent.contract.tradingsymbol} where the ledger says ${expectedNet}`,
  };
}

type WithSession = <T>(call: (session: KiteSession) => Promise<T>) => Promise<T>;

async function followOrder(deps: Deps, kite: WithSession, input: FollowInput): Promise<OrderSnapshot> {
  const end = performance.now() + input.waitMs;
  let wake = () => {};
  const unsubscribe = deps.feed.onOrderUpdate((order) => {
    if (order.orderId === input.orderId) wake();
  });
  try {
    for (;;) {
      const seen = await kite((session) => snapshot(session, input.orderId));
      if (seen.state !== 'live' || reached(seen, input.until) || performance.now() >= end) return seen;
      await pause(Math.min(POLL_MS, Math.max(1, end - performance.now())), (listener) => {
        wake = listener;
      });
    }
  } finally {
    unsubscribe();
  }
}

function reached(seen: OrderSnapshot, until: FollowInput['until']): boolean {
  if (until === 'resting') return seen.status === 'TRIGGER PENDING' || seen.status === 'OPEN';
  return until === 'limit' && seen.orderType === 'LIMIT' && seen.status === 'OPEN';
}

async function changeOrder(feed: Feed, session: KiteSession, input: ChangeInput): Promise<ChangeResult> {
  const began = performance.now();
  const seen = await snapshot(session, input.orderId);
  if (seen.state !== 'live') return { kind: 'final', order: seen };
  // While a change is on its way nobody sends another.
  if (CHANGING.has(seen.status)) return { kind: 'refused', message: `a change is under way (${seen.status})` };
  if (seen.modifications >= Math.min(input.budget, BROKER_MODIFICATIONS)) return { kind: 'budget' };
  const quote = await freshQuote(feed, session, input.contract);
  if (!quote) return { kind: 'no_price', message: `no believable quote for ${input.contract.tradingsymbol}` };
  const { price } = crossingPrice(quote, input.side, input.contract.tickSize, input.widen, input.noWorseThan);
  if (input.how === 'reprice' && seen.orderType === 'LIMIT') {
    // A price above what the exchange accepts now is better than any that it would take: it stays.
    const worse = input.noWorseThan !== null && input.side === 'BUY' && price < input.noWorseThan;
    if (worse || seen.price === price) return { kind: 'unchanged', price: seen.price };
  }
  if (performance.now() - began > CHANGE_WITHIN_MS) return { kind: 'refused', message: 'the broker was too slow' };
  try {
    await session.modifyOrder(
      input.orderId,
      input.how === 'to_limit' ? { orderType: 'LIMIT', price, triggerPrice: 0 } : { price },
    );
    return { kind: 'modified', price };
  } catch (error) {
    if (!(error instanceof BrokerError) || error.kind === 'token') throw error;
    const { kind, message } = error;
    if (kind === 'doubt' || kind === 'ip_refused') return { kind, message };
    if (kind === 'rate_limited') await nextSecond();
    return { kind: 'refused', message };
  }
}

/** Asks for the cancellation and waits for a final state. A refusal is no answer: the order itself is read again. */
async function cancelOrder(kite: WithSession, orderId: string): Promise<OrderSnapshot> {
  const end = performance.now() + CANCEL_WAIT_MS;
  const before = await kite((session) => snapshot(session, orderId));
  if (before.state !== 'live') return before;
  try {
    await kite((session) => session.cancelOrder(orderId));
  } catch (error) {
    if (!(error instanceof BrokerError) || error.kind === 'token') throw error;
    if (error.kind === 'rate_limited') await nextSecond();
  }
  for (;;) {
    const seen = await kite((session) => snapshot(session, orderId));
    if (seen.state !== 'live' || performance.now() >= end) return seen;
    await pause(POLL_MS);
  }
}

/** The order as its history's last state, with its trades: money comes from trades, never from an average. */
export async function snapshot(session: KiteSession, orderId: string): Promise<OrderSnapshot> {
  const history = await session.orderHistory(orderId);
  const last = history.at(-1);
  if (!last) throw new BrokerError('kite', 'doubt', `the broker has no history of order ${orderId}`);
  const trades = last.filledQuantity > 0 ? await session.orderTrades(orderId) : [];
  const fills = trades.map(({ tradeId, quantity, price, at }) => ({ tradeId, quantity, price, at }));
  const filled = fills.reduce((sum, fill) => sum + fill.quantity, 0);
  // The book may show a fill before its trade: not believed as final until both agree.
  const settled = filled >= last.filledQuantity;
  return {
    orderId,
    tag: last.tag,
    status: last.status,
    state: settled ? last.state : 'live',
    statusMessage: last.statusMessage,
    orderType: last.orderType,
    price: last.price,
    triggerPrice: last.triggerPrice,
    quantity: last.quantity,
    filledQuantity: filled,
    averagePrice: last.averagePrice,
    modifications: history.filter((state) => state.status === 'MODIFY VALIDATION PENDING').length,
    fills,
  };
}

/** Beats whatever the work waits for: a slow broker must not look like a dead worker. */
async function heartbeating<T>(work: () => Promise<T>): Promise<T> {
  const beat = setInterval(() => Context.current().heartbeat(), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}

async function pause(ms: number, onWaker: (wake: () => void) => void = () => {}): Promise<void> {
  const { promise, resolve } = withResolvers();
  const timer = setTimeout(resolve, ms);
  onWaker(resolve);
  try {
    await Promise.race([promise, Context.current().cancelled]);
  } finally {
    clearTimeout(timer);
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Kite counts requests per calendar second. */
async function nextSecond(): Promise<void> {
  await new Promise((done) => setTimeout(done, 1_000 - (Date.now() % 1_000) + 20));
}
