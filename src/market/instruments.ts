import { setTimeout as sleep } from 'node:timers/promises';
import type { KiteSession } from '../brokers/types.ts';
import { istAt } from '../domain/clock.ts';
import { MASTER_WRITTEN_BY } from '../domain/opening.ts';
import type { MarketMs, OptionContract } from '../domain/types.ts';
import { AppError, BrokerError } from '../errors.ts';
import type { InstrumentMaster } from './types.ts';

const UNDERLYING = 'NIFTY';
const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * NIFTY's option contracts as Kite lists them on a market date: fetched once a date, and once more where that was before Kite had written it, three times at
 * most before it gives up with the broker's error. Callers of the same moment share one fetch. Throws AppError `not_authenticated`
 * without a session, `no_contracts` when the file lists nothing that expires on the date or after it: that is another day's file.
 */
export function createInstrumentMaster(options: {
  session: () => Promise<KiteSession | null>;
  /** The market's. */
  now: () => MarketMs;
  pauseMs?: number;
}): InstrumentMaster {
  const { session, now, pauseMs = PAUSE_MS } = options;
  let kept: { date: string; at: MarketMs; contracts: Promise<OptionContract[]> } | null = null;

  async function fetch(date: string): Promise<OptionContract[]> {
    for (let tried = 1; ; tried++) {
      try {
        return await fetchOnce(date);
      } catch (error) {
        if (tried >= TRIES || !(error instanceof BrokerError) || !error.retryable) throw error;
        await sleep(pauseMs);
      }
    }
  }

  async function fetchOnce(date: string): Promise<OptionContract[]> {
    const kite = await session();
    if (!kite) {
      throw new AppError({
        code: 'not_authenticated',
        message: 'There is no Zerodha session: log in, then the contracts of the day can be read.',
        httpStatus: 409,
        retryable: true,
      });
    }
    const contracts = await kite.optionContracts(UNDERLYING);
    if (contracts.some((contract) => contract.expiry >= date)) return contracts;
    throw new AppError({
      code: 'no_contracts',
      message: `The instrument file lists no ${UNDERLYING} option that expires on ${date} or later: it is another day's file.`,
      httpStatus: 502,
      retryable: true,
    });
  }

  return {
    contracts(date) {
      const at = now();
      const writtenAt = istAt(date, MASTER_WRITTEN_BY);
      // What was read before it was written is the day before's.
      if (kept?.date === date && (kept.at >= writtenAt || at < writtenAt)) return kept.contracts;
      const fresh = { date, at, contracts: fetch(date) };
      kept = fresh;
      // Only a success is kept.
      fresh.contracts.catch(() => {
        if (kept === fresh) kept = null;
      });
      return fresh.contracts;
    },
  };
}
