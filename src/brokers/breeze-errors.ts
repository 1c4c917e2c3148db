import { BrokerError, type BrokerErrorKind } from '../errors.ts';

/** How a call to Breeze failed, as plain facts. */
export type BreezeFailure = {
  /** HTTP status, null when no answer came. */
  status: number | null;
  /** Breeze's own `Status` in the body, null without one. */
  bodyStatus: number | null;
  /** Breeze's words, or ours. */
  message: string;
  notSent?: boolean;
};

const SESSION =
  /invalid session|session (key )?(is )?(expired|invalid)|public key does not exist|could not authenticate/i;
const LIMIT = /limit exceed|too many requests/i;
const ADDRESS = /ip address/i;
/** Breeze's own status for "limit exceeded". */
const STATUS_LIMIT = 5;

/**
 * The one reading of Breeze's failures. It only gives candles, so a doubt costs nothing but another try.
 * Sources: the official package's messages; Breeze's limits as its staff tell them (Idirect-Tech issue 114).
 */
export function breezeError(failure: BreezeFailure): BrokerError {
  return new BrokerError('breeze', kindOf(failure), failure.message, {
    status: failure.status,
    body_status: failure.bodyStatus,
    ...(failure.notSent ? { not_sent: true } : {}),
  });
}

function kindOf({ status, bodyStatus, message, notSent }: BreezeFailure): BrokerErrorKind {
  if (notSent) return 'refused';
  if (LIMIT.test(message) || status === 429 || bodyStatus === STATUS_LIMIT) return 'rate_limited';
  if (SESSION.test(message)) return 'token';
  if (ADDRESS.test(message)) return 'ip_refused';
  if (status === 401 || status === 403) return 'token';
  if (status === null || status >= 500 || bodyStatus === null) return 'doubt';
  return 'refused';
}

/** "No data" is an answer: nothing was traded in that time, or it is not recorded. */
export function saysNoData(message: string): boolean {
  return /no data/i.test(message);
}
