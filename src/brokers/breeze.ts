import { z } from 'zod';
import { addDays, istAt, istDate, istTime } from '../domain/clock.ts';
import type { Bar, MarketMs, Paise } from '../domain/types.ts';
import { BrokerError } from '../errors.ts';
import { type BreezeClient, type Called, loadBreeze, type Outcome } from './breeze-client.ts';
import { breezeError, saysNoData } from './breeze-errors.ts';
import type { Breeze } from './types.ts';

export type BreezeOptions = {
  apiKey: string;
  apiSecret: string;
  /** `API_Session` of the day's login at ICICI Direct; valid until midnight. */
  session: string;
  /** One root for both of Breeze's addresses (`/breezeapi/api/v1/` and `/api/v2/`): the simulated exchange. */
  root?: string;
  /** Where a login downloads the list of contracts. Left out, it is not downloaded: only the package's sockets would need it. */
  securityMasterUrl?: string;
  /** Wall clock, for each call. */
  timeoutMs?: number;
};

type Interval = '5minute' | '30minute';

/** Trading days that one call may span: Breeze gives at most 1,000 candles (75 or 13 a day; more in the longer sessions of 2026). */
const SPAN_DAYS: Record<Interval, number> = { '5minute': 10, '30minute': 60 };

/**
 * ICICI's Breeze by its official client, for candles only. Prices in paise, times in epoch ms. Logs in by itself before the first call,
 * once, and again after a failure. Rejects with BrokerError only.
 */
export function createBreeze(options: BreezeOptions): Breeze {
  const { apiKey, apiSecret, session, root, securityMasterUrl, timeoutMs = 10_000 } = options;
  const client = loadBreeze(apiKey, urlsOf(root, securityMasterUrl), timeoutMs);
  let login: Promise<void> | null = null;

  function loggedIn(): Promise<void> {
    login ??= logIn(client, apiSecret, session).catch((error: unknown) => {
      login = null;
      throw error;
    });
    return login;
  }

  async function asked<T>(schema: z.ZodType<T>, method: Parameters<typeof client.call>[0]): Promise<T | null> {
    await loggedIn();
    try {
      return understand(schema, await client.call(method));
    } catch (error) {
      if (error instanceof BrokerError && error.kind === 'token') login = null;
      throw error;
    }
  }

  async function candles(
    query: Record<string, string>,
    from: MarketMs,
    to: MarketMs,
    interval: Interval,
  ): Promise<Bar[]> {
    const bars = new Map<MarketMs, Bar>();
    const lastDate = istDate(to);
    for (let date = istDate(from); date <= lastDate; date = addDays(date, SPAN_DAYS[interval])) {
      const end = addDays(date, SPAN_DAYS[interval] - 1);
      const fromDate = falseZulu(Math.max(from, istAt(date, '00:00')));
      const toDate = falseZulu(Math.min(to, istAt(end, '23:59:59')));
      const rows = await asked(candlesSchema, (breeze) =>
        breeze.getHistoricalDatav2({ ...query, interval, fromDate, toDate }),
      );
      for (const bar of rows ?? []) if (bar.start >= from && bar.start <= to) bars.set(bar.start, bar);
    }
    return [...bars.values()].sort((a, b) => a.start - b.start);
  }

  return {
    indexCandles: (from, to, interval) =>
      candles({ stockCode: 'NIFTY', exchangeCode: 'NSE', productType: 'cash' }, from, to, interval),
    optionCandles: (contract, from, to, interval) =>
      candles(
        {
          stockCode: 'NIFTY',
          exchangeCode: 'NFO',
          productType: 'options',
          expiryDate: `${contract.expiry}T07:00:00.000Z`,
          right: contract.optionType === 'CE' ? 'call' : 'put',
          strikePrice: String(contract.strike / 100),
        },
        from,
        to,
        interval,
      ),
    async check() {
      try {
        await asked(z.unknown(), (breeze) => breeze.getCustomerDetails(session));
        return { authenticated: true, reason: null };
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        return { authenticated: false, reason: error.message };
      }
    },
  };
}

function urlsOf(root: string | undefined, securityMasterUrl: string | undefined) {
  const base = root?.replace(/\/$/, '');
  return {
    ...(base ? { API_URL: `${base}/breezeapi/api/v1/`, BREEZE_NEW_URL: `${base}/api/v2/` } : {}),
    ...(securityMasterUrl ? { SECURITY_MASTER_URL: securityMasterUrl } : {}),
  };
}

async function logIn(client: BreezeClient, apiSecret: string, session: string): Promise<void> {
  if (!session) {
    throw breezeError({ status: null, bodyStatus: null, message: 'invalid session: there is no API session of today' });
  }
  client.breeze.apiSession = '';
  const { thrown, outcome } = await client.call((breeze) => breeze.generateSession(apiSecret, session));
  // The session stands as soon as the customer's details have answered, whatever becomes of the download after it.
  if (thrown === undefined || client.breeze.apiSession) return;
  if (!outcome)
    throw breezeError({ status: null, bodyStatus: null, message: `Breeze's login failed: ${firstLine(thrown)}` });
  throw errorOf(outcome);
}

/** Breeze's clock time in India with a Z that is not true: `2025-07-14T09:15:00.000Z` is 09:15 IST. */
function falseZulu(ms: MarketMs): string {
  return `${istDate(ms)}T${istTime(ms)}.000Z`;
}

const rupees = z.coerce.number().transform((value): Paise => Math.round(value * 100));

/** A row's `datetime` is its bar's first instant, clock time in India. Some answers spell numbers as text. */
const candlesSchema = z.array(
  z
    .object({
      datetime: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      open: rupees,
      high: rupees,
      low: rupees,
      close: rupees,
      volume: z.coerce.number().catch(0),
    })
    .transform(
      ({ datetime, ...prices }): Bar => ({ start: istAt(datetime.slice(0, 10), datetime.slice(11)), ...prices }),
    ),
);

const envelopeSchema = z.object({ Success: z.unknown(), Status: z.number(), Error: z.string().nullish() });

/** `Success: []` with status 200, and "no data", are normal empty answers: null then. */
function understand<T>(schema: z.ZodType<T>, { value, thrown, outcome }: Called<unknown>): T | null {
  if (outcome?.failed) return nothingOr(errorOf(outcome));
  if (thrown !== undefined) {
    throw breezeError({ status: 200, bodyStatus: null, message: `Breeze's client gave up: ${firstLine(thrown)}` });
  }
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) throw notUnderstood(z.prettifyError(envelope.error));
  const { Success, Status, Error: words } = envelope.data;
  if (Status !== 200 || words) return nothingOr(refusal(200, Status, words));
  if (Success === null || Success === undefined) return null;
  const parsed = schema.safeParse(Success);
  if (!parsed.success) throw notUnderstood(z.prettifyError(parsed.error));
  return parsed.data;
}

function nothingOr(error: BrokerError): null {
  if (saysNoData(error.message)) return null;
  throw error;
}

function errorOf(outcome: Outcome): BrokerError {
  const envelope = envelopeSchema.safeParse(outcome.body);
  if (envelope.success) return refusal(outcome.status, envelope.data.Status, envelope.data.Error);
  const words = typeof outcome.body === 'string' && outcome.body ? ` (${outcome.body.slice(0, 200)})` : '';
  const message = outcome.notSent ? `Breeze could not be reached: ${outcome.message}` : `${outcome.message}${words}`;
  return breezeError({ status: outcome.status, bodyStatus: null, message, notSent: outcome.notSent });
}

function refusal(status: number | null, bodyStatus: number, words: string | null | undefined): BrokerError {
  return breezeError({ status, bodyStatus, message: words || `Breeze answered ${bodyStatus} without a reason` });
}

function notUnderstood(issues: string): BrokerError {
  const message = `Breeze's answer has an unexpected shape: ${issues.slice(0, 500)}`;
  return breezeError({ status: 200, bodyStatus: null, message });
}

function firstLine(thrown: unknown): string {
  return String(thrown).split('\n', 1)[0] ?? '';
}
