/** The guard's double: what would a guard see between now and its end? It looks along the deterministic path and answers at once. */
import type { GuardInput, GuardResult, ManualWatchInput, ManualWatchResult } from '../../activities/contract.ts';
import { istDate } from '../../src/domain/clock.ts';
import { closingResult, lossCapHit, targetHit } from '../../src/domain/stops.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';

const STEP_MS = 15_000;
const MANUAL_STEP_MS = 900_000;
/** The time-skipping server loses a workflow task that cancels a timer in the instant in which it fires, as the square-off's and the close's would. */
export const AFTER_THE_INSTANT_MS = 30_000;

/** What it sees at its end it tells `lateMs` later. Milliseconds. */
export async function lookAhead(
  input: GuardInput,
  options: ExchangeOptions,
  exchange: Exchange,
  lateMs = 0,
): Promise<GuardResult> {
  const { main, hedge, exitAt, until } = input;
  const from = exchange.clock.now();
  const [first] = input.stops;
  const stop = first ? exchange.order(first.orderId) : undefined;
  if (stop && ['COMPLETE', 'CANCELLED', 'REJECTED'].includes(stop.status)) {
    return {
      kind: 'triggered',
      reason: 'catastrophe_stop',
      at: from,
      sent: false,
      detail: `the resting stop is ${stop.status}`,
    };
  }
  // The scout looks at prices alone: the day's own book stays closed to it.
  const { dataDir: _, ...market } = options;
  const scout = await createExchange({ ...market, at: from, speed: 0 });
  try {
    const end = Math.min(until, exitAt ?? until);
    for (let at = from; at < end; at += STEP_MS) {
      scout.clock.set({ market: at });
      const quote = (token: number) => {
        const instrument = scout.findToken(token);
        return instrument ? scout.quote(instrument) : undefined;
      };
      const ask = quote(main.contract.instrumentToken)?.depth.asks[0]?.price;
      if (ask === undefined) continue;
      const bid = hedge ? (quote(hedge.contract.instrumentToken)?.depth.bids[0]?.price ?? null) : null;
      const result = closingResult({ date: input.identity.date, main, hedge, ask, bid, paidCharges: input.charges });
      const fired = (reason: 'loss_cap' | 'target'): GuardResult => ({
        kind: 'triggered',
        reason,
        at,
        sent: false,
        detail: reason,
      });
      if (lossCapHit(result, input.maxLoss)) return fired('loss_cap');
      if (targetHit(result, input.target)) return fired('target');
    }
    return exitAt !== null && exitAt <= until
      ? { kind: 'triggered', reason: 'exit_time', at: exitAt + lateMs, sent: false, detail: 'exit time' }
      : { kind: 'quiet', until: until + lateMs };
  } finally {
    await scout.close();
  }
}

/** The double of the watch over a position by hand: one look at its orders, and the next one a quarter of an hour later. */
export async function lookOnce(input: ManualWatchInput, exchange: Exchange): Promise<ManualWatchResult> {
  const changed = input.orders.flatMap((known) => {
    const order = exchange.order(known.orderId);
    const same = order?.status === known.status && order.filledQuantity === known.filledQuantity;
    if (!order || same) return [];
    const final = ['COMPLETE', 'CANCELLED', 'REJECTED'].includes(order.status);
    return {
      orderId: order.orderId,
      tag: order.tag,
      status: order.status,
      state: final ? ('complete' as const) : ('live' as const),
      statusMessage: order.statusMessage,
      orderType: order.orderType,
      price: order.price,
      triggerPrice: order.triggerPrice,
      quantity: order.quantity,
      filledQuantity: order.filledQuantity,
      averagePrice: order.averagePrice,
      modifications: order.modifications,
      fills: order.fills.map(({ tradeId, quantity, price, at }) => ({ tradeId, quantity, price, at })),
    };
  });
  if (changed.length > 0) return { kind: 'changed', orders: changed };
  const { tradingsymbol } = input.contract;
  const isOfIt = (of: { tradingsymbol: string; product: string }) =>
    of.tradingsymbol === tradingsymbol && of.product === input.product;
  const ours = exchange.allOrders().filter((order) => isOfIt(order) && order.source === undefined);
  const today = ours.filter(({ placedAt }) => istDate(placedAt) === input.identity.date);
  const net = today.reduce((sum, { side, filledQuantity }) => sum + (side === 'BUY' ? 1 : -1) * filledQuantity, 0);
  const held = exchange.positions().find(isOfIt)?.quantity ?? 0;
  if (held - net - input.foreign !== input.moved) return { kind: 'traded_outside' };
  return { kind: 'quiet', until: Math.min(input.until, exchange.clock.now() + MANUAL_STEP_MS) };
}
