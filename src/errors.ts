export type AppErrorOptions = {
  /** Stable, machine-readable, snake_case: what API clients match on. */
  code: string;
  /** Says what happened and what to do. */
  message: string;
  /** HTTP status for the API. */
  httpStatus: number;
  /** Whether doing the same again can help: becomes Temporal's retry decision. */
  retryable: boolean;
  details?: Record<string, unknown>;
  cause?: unknown;
};

/** The one base class. Anything else that is thrown is a defect. */
export class AppError extends Error {
  override readonly name: string = 'AppError';
  readonly code: string;
  readonly httpStatus: number;
  readonly retryable: boolean;
  readonly details: Record<string, unknown> | undefined;

  constructor(options: AppErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.httpStatus = options.httpStatus;
    this.retryable = options.retryable;
    this.details = options.details;
  }
}

/**
 * What a broker's failure means for an order, decided in one place (TRADING section 4):
 * - `token`: the session is dead; a new login is needed.
 * - `rate_limited`: wait for the next second and go on.
 * - `ip_refused`: this machine's address is not on the broker's list; nothing was done.
 * - `refused`: a definite no to this attempt, with the broker's words; nothing was done.
 * - `doubt`: it may or may not have happened. Look before doing anything again.
 */
export type BrokerErrorKind = 'token' | 'rate_limited' | 'ip_refused' | 'refused' | 'doubt';

export class BrokerError extends AppError {
  override readonly name = 'BrokerError';
  readonly kind: BrokerErrorKind;
  readonly broker: 'kite' | 'breeze';

  constructor(broker: 'kite' | 'breeze', kind: BrokerErrorKind, message: string, details?: Record<string, unknown>) {
    super({
      code: `${broker}_${kind}`,
      message,
      httpStatus: kind === 'token' ? 409 : 502,
      // A request that was never sent is a definite no, but one that another try may change.
      retryable: kind === 'rate_limited' || kind === 'doubt' || details?.not_sent === true,
      ...(details ? { details } : {}),
    });
    this.kind = kind;
    this.broker = broker;
  }
}
