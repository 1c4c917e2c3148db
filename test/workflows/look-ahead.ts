/** The guard's double: what would a guard see between now and its end? It looks along the deterministic path and answers at once. */
import type { GuardInput } from '../../src/contract/activities.ts';
import { closingResult, lossCapHit, targetHit } from '../../src/domain/stops.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../src/exchange-simulator/replay/exchange.ts';
import type { GuardAnswer } from './stage.ts';

const STEP_MS = 15_000;
/** Of a market that stands still within each minute. */
const STILL_STEP_MS = 60_000;
/** The time-skipping server loses a workflow task that cancels a timer in the instant in which it fires, as the square-off's and the close's would. */
export const AFTER_THE_INSTANT_MS = 30_000;

/** Quiet until something is reached, and fires when it is asked then. What it sees at its end it tells `lateMs` later. Milliseconds. */
export async function lookAhead(
  input: GuardInput,
  options: ExchangeOptions,
  exchange: Exchange,
  lateMs = 0,
): Promise<GuardAnswer> {
  const { main, hedge, exitAt, until } = input;
  const from = exchange.clock.now();
  // The scout looks at prices alone: the day's own book stays closed to it.
  const { dataDir: _, ...market } = options;
  const scout = await createExchange({ ...market, at: from, speed: 0 });
  try {
    const end = Math.min(until, exitAt ?? until);
    const step = options.speed === 0 ? STILL_STEP_MS : STEP_MS;
    for (let at = from; at < end; at += step) {
      scout.clock.set({ market: at });
      const quote = (token: number) => {
        const instrument = scout.findToken(token);
        return instrument ? scout.quote(instrument) : undefined;
      };
      const ask = quote(main.contract.instrumentToken)?.depth.asks[0]?.price;
      if (ask === undefined) continue;
      const bid = hedge ? (quote(hedge.contract.instrumentToken)?.depth.bids[0]?.price ?? null) : null;
      const result = closingResult({ date: input.identity.date, main, hedge, ask, bid, paidCharges: input.charges });
      const reason = lossCapHit(result, input.maxLoss) ? 'loss_cap' : targetHit(result, input.target) ? 'target' : null;
      if (reason === null) continue;
      if (at > from) return { kind: 'quiet', until: at };
      return { kind: 'triggered', reason, at, sent: false, price: null, detail: reason };
    }
    return { kind: 'quiet', until: until + lateMs };
  } finally {
    await scout.close();
  }
}
