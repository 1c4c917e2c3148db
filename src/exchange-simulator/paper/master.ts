import { createKite } from '../../brokers/kite.ts';
import { istDate } from '../../domain/clock.ts';
import type { IsoDate, MarketMs, OptionContract } from '../../domain/types.ts';
import { BrokerError } from '../../errors.ts';
import { SimRefusal } from '../core/types.ts';
import type { PaperSession } from './sessions.ts';

/** Kite makes its list of instruments once a day, to be fetched from about 08:30 on. */
const LISTED_AT_MS = 8.5 * 3_600_000;

export type MasterOptions = {
  root: string;
  now(): MarketMs;
  /** Contracts that must be found whatever is listed: those of the book. */
  known: readonly OptionContract[];
};

export type Master = ReturnType<typeof createMaster>;

/** NIFTY's options as Kite lists them today. */
export function createMaster({ root, now, known }: MasterOptions) {
  const bySymbol = new Map(known.map((contract) => [contract.tradingsymbol, contract]));
  let loadedFor: IsoDate | null = null;
  let loading: Promise<void> | null = null;

  async function load(day: IsoDate, { apiKey, accessToken }: PaperSession): Promise<void> {
    // Reading the list needs no secret of the app.
    const kite = createKite({ apiKey, apiSecret: '', root });
    try {
      for (const contract of await kite.session(accessToken).optionContracts('NIFTY'))
        bySymbol.set(contract.tradingsymbol, contract);
    } catch (error) {
      throw error instanceof BrokerError ? refusalOf(error) : error;
    }
    loadedFor = day;
  }

  return {
    /** A contract that has not expired. */
    find(tradingsymbol: string): OptionContract | undefined {
      const found = bySymbol.get(tradingsymbol);
      return found && found.expiry >= istDate(now()) ? found : undefined;
    },

    /** Fetches the day's list unless it is here. Throws SimRefusal. */
    async load(session: PaperSession): Promise<void> {
      const day = istDate(now() - LISTED_AT_MS);
      if (loadedFor === day) return;
      loading ??= load(day, session).finally(() => {
        loading = null;
      });
      await loading;
    },
  };
}

/** The broker's own words and status, where it gave any. */
function refusalOf({ message, details }: BrokerError): SimRefusal {
  const status = typeof details?.status === 'number' ? details.status : 503;
  const type = typeof details?.error_type === 'string' ? details.error_type : 'NetworkException';
  return new SimRefusal(status < 400 ? 502 : status, type, message);
}
