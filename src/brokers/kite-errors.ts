import { BrokerError, type BrokerErrorKind } from '../errors.ts';

/** How a call to Kite failed, as plain facts. */
export type KiteFailure = {
  /** HTTP status, null when no answer came. */
  status: number | null;
  /** Kite's `error_type`, null when the answer was not Kite's envelope. */
  errorType: string | null;
  message: string;
  /** Node's error code when no answer came, e.g. `ECONNRESET`. */
  code?: string | null;
  /** The request failed before a connection stood: not one byte of it was sent. */
  notSent?: boolean;
  /** Kite's `Retry-After`, in seconds. */
  retryAfter?: number | null;
};

/** The error type has varied, the words have not: "No IPs configured for this app. Add allowed IPs …", "IP (…) is not allowed to place orders for this app". */
const IP_REFUSED = /no ips? configured|\bip\b.*not allowed|allowed ips/i;

const TOO_MANY = /too many requests/i;

/**
 * Which of its rules broker or exchange names in a definite no:
 * - `being_processed`: the order is final, or a request for it is on its way. The words do not tell which: the book does.
 * - `trigger_passed`: a stop that the last price has reached already.
 * - `circuit`, `freeze`, `strike_range`: refused at placement, so no order of that tag is in the book, nor will one be
 *   (support.zerodha.com, kite-order-rejections).
 * - `modifications`: the order can only be cancelled. Under whatever type and status (Kite forum 9201).
 */
type KiteRule =
  | 'being_processed'
  | 'trigger_passed'
  | 'circuit'
  | 'freeze'
  | 'strike_range'
  | 'margin'
  | 'modifications'
  | 'lot_or_tick'
  | 'closed'
  | 'instrument';

/** Words by which broker or exchange judge an order. A server's own failure must not pass for them: see kindOf. */
const WORDS: readonly [KiteRule, RegExp][] = [
  ['being_processed', /cannot be (modified|cancelled) as it is being processed/i],
  ['modifications', /maximum allowed order modifications exceeded/i],
  ['trigger_passed', /trigger price .*(higher|lower) than the last traded price/i],
  ['strike_range', /strike price is outside the allowed range/i],
  ['margin', /insufficient (funds|margin|balance)|margin exceeds|required margin/i],
  ['circuit', /circuit (limit|price)|price (band|range)|execution range/i],
  ['freeze', /freeze (quantity|qty|limit)|exceeds (the )?freeze/i],
  ['lot_or_tick', /multiple of (the )?(lot|tick)|lot size|tick size/i],
  ['closed', /markets? (is|are) closed|outside (of )?market hours/i],
  ['instrument', /invalid (tradingsymbol|instrument)|instrument.*expired|does not exist/i],
];

/** Error types that judge the request itself. Below 500 they are an answer, not an accident. */
const JUDGEMENTS = new Set([
  'InputException',
  'OrderException',
  'MarginException',
  'HoldingException',
  'PermissionException',
  'UserException',
]);

/**
 * The one reading of Kite's failures (TRADING section 4). Whatever is not known to be a definite no is doubt: then the order may stand
 * at the exchange. Sources: Kite Connect v3 documentation on exceptions; the forum threads named above; static IP refusals as seen in
 * public repositories in 2026. `rule` in the details of a refusal is a KiteRule, where its words name one.
 */
export function kiteError(failure: KiteFailure): BrokerError {
  const rule = WORDS.find(([, words]) => words.test(failure.message))?.[0];
  const kind = kindOf(failure, rule);
  return new BrokerError('kite', kind, failure.message, {
    status: failure.status,
    error_type: failure.errorType,
    ...(kind === 'refused' && rule ? { rule } : {}),
    ...(failure.code ? { code: failure.code } : {}),
    ...(failure.notSent ? { not_sent: true } : {}),
    ...(failure.retryAfter ? { retry_after: failure.retryAfter } : {}),
  });
}

function kindOf({ status, errorType, message, notSent }: KiteFailure, rule: KiteRule | undefined): BrokerErrorKind {
  if (notSent) return 'refused';
  if (status === null) return 'doubt';
  if (errorType === 'TokenException') return 'token';
  if (IP_REFUSED.test(message)) return 'ip_refused';
  if (status === 429 || TOO_MANY.test(message)) return 'rate_limited';
  if (errorType === null) return 'doubt';
  if (errorType === 'MarginException' || rule === 'modifications') return 'refused';
  const judgement = JUDGEMENTS.has(errorType);
  if (status < 500) return judgement || rule ? 'refused' : 'doubt';
  return judgement && rule ? 'refused' : 'doubt';
}

const CONNECT_SYSCALLS = new Set(['connect', 'getaddrinfo']);

/** Whether the connection was never made: refused, unreachable, no such host, or a certificate that was not accepted. */
export function failedToConnect(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(failedToConnect);
  if (!(error instanceof Error)) return false;
  if ('syscall' in error && CONNECT_SYSCALLS.has(String(error.syscall))) return true;
  if ('code' in error && CERTIFICATE.test(String(error.code))) return true;
  return error.cause !== undefined && error.cause !== error && failedToConnect(error.cause);
}

/** Node's codes for a certificate that it does not accept: the handshake ends before the request is written. */
const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH)/;

/** The caller's own reason not to write a request whose turn came too late. Nothing was sent. */
export function noLongerWanted(): BrokerError {
  return new BrokerError('kite', 'refused', 'It was not sent: its turn came too late', {
    ...{ not_sent: true, no_longer_wanted: true },
  });
}

export function isNoLongerWanted(error: unknown): boolean {
  return error instanceof BrokerError && error.details?.no_longer_wanted === true;
}
