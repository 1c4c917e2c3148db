/** The guard's double: what would a guard see between now and its end? It looks along the deterministic path and answers at once. */
import type { GuardInput, GuardResult } from '../../activities/contract.ts';
import { closingResult, lossCapHit, targetHit } from '../../src/domain/stops.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/exchange.ts';
import type { Exchange } from '../../src/exchange-simulator/types.ts';

const STEP_MS = 15_000;
const AFTER_SQUARE_OFF_MS = 1_000;

export async function lookAhead(input: GuardInput, options: ExchangeOptions, exchange: Exchange): Promise<GuardResult> {
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
  const scout = await createExchange({ ...options, at: from, speed: 0 });
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
    // This server loses a workflow task that cancels a timer in the instant in which it fires, as the square-off's own would.
    return exitAt !== null && exitAt <= until
      ? { kind: 'triggered', reason: 'exit_time', at: exitAt + AFTER_SQUARE_OFF_MS, sent: false, detail: 'exit time' }
      : { kind: 'quiet', until };
  } finally {
    await scout.close();
  }
}
