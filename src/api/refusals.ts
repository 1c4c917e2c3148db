import { AppError } from '../errors.ts';

/** Every code that a refusal of the API can carry: its status, and when it comes. Answers and documentation are made from it. */
export const REFUSALS = {
  malformed: { status: 400, when: 'not the JSON that the route takes: no JSON, or a field of another type' },
  unknown_field: { status: 400, when: 'a field or parameter that the route does not know' },
  unauthorized: { status: 401, when: 'no token, a wrong one, or a session that has ended' },
  auth_refused: { status: 401, when: 'the broker refused the login; its reason is in the details' },
  foreign_host: { status: 403, when: 'a host name that this API does not answer to: ALLOWED_HOSTS names further ones' },
  foreign_origin: { status: 403, when: 'a page of another site asked' },
  unknown_route: { status: 404, when: 'nothing is at this path' },
  unknown_position: { status: 404, when: 'no position of the day has this id' },
  unknown_warning: { status: 404, when: 'no warning of the day has this id' },
  unknown_order: { status: 404, when: 'no order of the day has this id' },
  no_report: { status: 404, when: 'no day was traded on this date, or it has not ended' },
  method_not_allowed: { status: 405, when: 'the path is there, for another method: see the header Allow' },
  not_acceptable: { status: 406, when: 'no form of the answer is one that Accept asks for' },
  not_authenticated: { status: 409, when: 'nobody is logged in at Zerodha' },
  no_day: { status: 409, when: 'no trading day is open' },
  market_closed: {
    status: 409,
    when: 'a holiday, of which the details name the next trading day, or not within trading hours',
  },
  too_late: {
    status: 409,
    when: 'the square-off has begun, everything was to be closed meanwhile, or nothing is opened any more on the expiry day',
  },
  day_over: { status: 409, when: 'the trading day has ended' },
  day_lost: {
    status: 409,
    when: 'the trading day ended without a report, by a person or a defect: nothing of it is watched any more; look at Kite',
  },
  entries_off: { status: 409, when: 'no new entries today: after an emergency, or at the day’s loss limit' },
  hands_off: { status: 409, when: 'hands off: no order is sent, changed or cancelled until it is switched off' },
  not_in_doubt: { status: 409, when: 'it is known what became of the order: only one in doubt can be settled' },
  not_acknowledged: { status: 409, when: 'a warning that keeps anything from being opened: acknowledge it first' },
  already_closed: { status: 409, when: 'the position is closed' },
  already_closing: { status: 409, when: 'the position of this contract is being closed' },
  naked_sell: { status: 409, when: 'a sale that no manual purchase covers; the message says what to buy first' },
  short_is_open: { status: 409, when: 'a manual short is bought back whole, or its position closed' },
  protective_order: { status: 409, when: 'the order protects or closes a position: close the position instead' },
  signal_order: { status: 409, when: 'the order belongs to the position of a signal: close the position instead' },
  already_final: { status: 409, when: 'the order is complete, cancelled or rejected' },
  idempotency_key_reused: { status: 409, when: 'the Idempotency-Key came with another order before' },
  no_price: { status: 409, when: 'the broker has no quote of the contract' },
  too_large: { status: 413, when: 'the body is larger than any command needs to be' },
  invalid_value: { status: 422, when: 'a value that cannot be; the details name the fields' },
  lot_size_mismatch: {
    status: 422,
    when: 'another lot size than that of the date, or not whole lots; the details name the right one',
  },
  unknown_symbol: { status: 422, when: 'the day’s instrument master has no such contract; the details name near ones' },
  price_not_allowed: {
    status: 422,
    when: 'a price or trigger that the exchange would refuse; the message says which it takes',
  },
  insufficient_margin: { status: 422, when: 'not enough money; the details name the shortfall' },
  limit_exceeded: {
    status: 422,
    when: 'a limit of the plan, or a plan that no position could keep; the details name the limit',
  },
  unhedged_not_allowed: { status: 422, when: 'no hedge, and not said that it is meant' },
  unknown_date: { status: 422, when: 'a date outside the market calendar' },
  kite_rate_limited: { status: 429, when: 'Zerodha takes no more requests at the moment' },
  breeze_rate_limited: { status: 429, when: 'Breeze takes no more requests at the moment' },
  kite_refused: { status: 502, when: 'Zerodha refused it; its words are in the details' },
  kite_ip_refused: { status: 502, when: 'Zerodha does not know this machine’s address' },
  kite_doubt: { status: 502, when: 'Zerodha gave no clear answer' },
  breeze_refused: { status: 502, when: 'Breeze refused it, or could not be reached; its words are in the details' },
  breeze_ip_refused: { status: 502, when: 'Breeze does not know this machine’s address' },
  breeze_doubt: { status: 502, when: 'Breeze gave no clear answer' },
  breeze_away: { status: 503, when: 'Breeze is not set up, or its session of the day is missing' },
  temporal_away: { status: 503, when: 'the Temporal server cannot be reached' },
  worker_away: { status: 503, when: 'no worker answers for the day' },
  not_confirmed: { status: 503, when: 'it may have arrived: look before you send it again' },
  expired: { status: 503, when: 'nobody took the command up in time; it will not be carried out' },
  journal_unavailable: { status: 503, when: 'the journal’s database does not answer' },
} as const satisfies Record<string, { status: number; when: string }>;

export type RefusalCode = keyof typeof REFUSALS;
export type RefusalStatus<Code extends RefusalCode = RefusalCode> = (typeof REFUSALS)[Code]['status'];

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

/** A refusal of the API itself, with the status of its code. */
export function refuse(code: RefusalCode, message: string, details?: Record<string, unknown>): AppError {
  const { status } = REFUSALS[code];
  return new AppError({
    code,
    message,
    httpStatus: status,
    retryable: status === 503,
    ...(details ? { details } : {}),
  });
}
