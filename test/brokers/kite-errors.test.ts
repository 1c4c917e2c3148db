import { describe, expect, test } from 'vitest';
import { failedToConnect, type KiteFailure, kiteError } from '../../src/brokers/kite-errors.ts';
import type { BrokerErrorKind } from '../../src/errors.ts';

type Row = [what: string, failure: KiteFailure, kind: BrokerErrorKind, retryable: boolean];

const envelope = (status: number, errorType: string, message: string): KiteFailure => ({ status, errorType, message });
const silent = (code: string): KiteFailure => ({ status: null, errorType: null, message: 'no answer', code });

const rows: Row[] = [
  ['a dead session', envelope(403, 'TokenException', 'Incorrect `api_key` or `access_token`.'), 'token', false],
  ['a 403 that is not Kite speaking', { status: 403, errorType: null, message: 'Forbidden' }, 'doubt', true],
  ['a rate limit', envelope(429, 'NetworkException', 'Too many requests'), 'rate_limited', true],
  [
    'a rate limit without the envelope',
    { status: 429, errorType: null, message: 'Kite answered 429' },
    'rate_limited',
    true,
  ],
  ['a rate limit under another status', envelope(400, 'GeneralException', 'Too many requests'), 'rate_limited', true],
  [
    'no addresses on the list',
    envelope(
      403,
      'PermissionException',
      'No IPs configured for this app. Add allowed IPs on the Kite developer console.',
    ),
    'ip_refused',
    false,
  ],
  [
    'another address, as a general failure',
    envelope(500, 'GeneralException', 'IP (10.1.2.3) is not allowed to place orders for this app'),
    'ip_refused',
    false,
  ],
  [
    'too little margin',
    envelope(400, 'MarginException', 'Insufficient funds. Required margin is 1.'),
    'refused',
    false,
  ],
  [
    'a margin refusal with a server status',
    envelope(500, 'MarginException', 'Margin exceeds available'),
    'refused',
    false,
  ],
  ['a circuit limit', envelope(400, 'OrderException', 'Price is outside the circuit limits'), 'refused', false],
  ['a circuit limit with a server status', envelope(500, 'OrderException', 'beyond circuit limits'), 'refused', false],
  ['a freeze quantity', envelope(400, 'InputException', 'Quantity exceeds the freeze limit of 1800'), 'refused', false],
  [
    'an unknown symbol',
    envelope(
      400,
      'InputException',
      'The instrument you are placing an order for has either expired or does not exist.',
    ),
    'refused',
    false,
  ],
  ['a bad parameter', envelope(400, 'InputException', 'Invalid `order_type`.'), 'refused', false],
  [
    'a user without the segment',
    envelope(403, 'UserException', 'User is not enabled for the exchange'),
    'refused',
    false,
  ],
  [
    'a missing permission',
    envelope(403, 'PermissionException', 'Insufficient permission for that call.'),
    'refused',
    false,
  ],
  [
    '25 modifications',
    envelope(400, 'NetworkException', 'Maximum allowed order modifications exceeded.'),
    'refused',
    false,
  ],
  [
    '25 modifications with a server status',
    envelope(503, 'NetworkException', 'Maximum allowed order modifications exceeded.'),
    'refused',
    false,
  ],
  [
    'a judgement under a general type',
    envelope(400, 'GeneralException', 'Price is outside the circuit limits'),
    'refused',
    false,
  ],
  [
    "a server's own failure in like words",
    envelope(503, 'NetworkException', 'The backend does not exist'),
    'doubt',
    true,
  ],
  [
    'an order system that did not answer Kite',
    envelope(503, 'NetworkException', 'Request failed (kitetrade-oms)'),
    'doubt',
    true,
  ],
  [
    'the same words with a client status',
    envelope(400, 'NetworkException', 'Request failed (kitetrade-oms)'),
    'doubt',
    true,
  ],
  ['an order failure of the server', envelope(500, 'OrderException', 'Something went wrong'), 'doubt', true],
  [
    'an answer of the order system that Kite did not understand',
    envelope(502, 'DataException', 'Could not read'),
    'doubt',
    true,
  ],
  ['an unclassified failure', envelope(500, 'GeneralException', 'Something unexpected happened.'), 'doubt', true],
  [
    'an unclassified failure with a client status',
    envelope(400, 'GeneralException', 'Order could not be placed'),
    'doubt',
    true,
  ],
  ['an error type that nobody knows', envelope(400, 'SurpriseException', 'Surprise'), 'doubt', true],
  ['a bad gateway', { status: 502, errorType: null, message: 'Kite answered 502 Bad Gateway' }, 'doubt', true],
  ['a gateway timeout', { status: 504, errorType: null, message: 'Kite answered 504' }, 'doubt', true],
  ['a redirect', { status: 302, errorType: null, message: 'Kite answered 302' }, 'doubt', true],
  ['a 200 that was not understood', { status: 200, errorType: null, message: 'not understood' }, 'doubt', true],
  ['a timeout', silent('ECONNABORTED'), 'doubt', true],
  ['a reset connection', silent('ECONNRESET'), 'doubt', true],
  ['a hang-up', silent('EPIPE'), 'doubt', true],
  ['a connection that was never made', { ...silent('ECONNREFUSED'), notSent: true }, 'refused', true],
];

describe("what Kite's failures mean for an order", () => {
  test.each(rows)('%s', (_what, failure, kind, retryable) => {
    const error = kiteError(failure);
    expect({ kind: error.kind, retryable: error.retryable }).toEqual({ kind, retryable });
    expect(error.message).toBe(failure.message);
  });

  test('a request that was not sent says so in its details', () => {
    expect(kiteError({ ...silent('ECONNREFUSED'), notSent: true }).details).toMatchObject({ not_sent: true });
    expect(kiteError(silent('ECONNRESET')).details).not.toHaveProperty('not_sent');
  });

  test.each<[rule: string, errorType: string, words: string]>([
    ['being_processed', 'InputException', 'Order cannot be cancelled as it is being processed. Try later.'],
    ['being_processed', 'InputException', 'Order cannot be modified as it is being processed. Try later.'],
    [
      'trigger_passed',
      'InputException',
      'Trigger price for stoploss buy orders should be higher than the last traded price (63.45). Try limit order.',
    ],
    [
      'circuit',
      'InputException',
      'Your order price is higher than the current [upper circuit limit](https://support.zerodha.com/category) of 2315.1. You can place an order within the range or [use GTT](https://support.zerodha.com/category) for long-standing orders.',
    ],
    [
      'circuit',
      'InputException',
      'Trigger price for stoploss buy orders cannot be above the upper circuit price. Please try placing the order with trigger price below 2315.10.',
    ],
    ['freeze', 'InputException', 'Order quantity 1875 exceeds the freeze quantity of 1800. Slice the order.'],
    [
      'strike_range',
      'InputException',
      'Strike price is outside the allowed range. Try a strike closer to the spot price.',
    ],
    ['modifications', 'NetworkException', 'Maximum allowed order modifications exceeded.'],
    ['margin', 'MarginException', 'Insufficient funds. Required margin is 95417.84 but available margin is 74251.80.'],
  ])('a refusal names its rule: %s, %s', (rule, errorType, words) => {
    const error = kiteError(envelope(400, errorType, words));
    expect(error).toMatchObject({ kind: 'refused', retryable: false, details: { rule } });
  });

  test('words of a rule in a failure that is no refusal name none', () => {
    const error = kiteError(envelope(503, 'NetworkException', 'The backend does not exist'));
    expect(error.details).toEqual({ status: 503, error_type: 'NetworkException' });
  });

  test('the status, the error type and the wait that Kite asks for are kept', () => {
    const error = kiteError({ ...envelope(429, 'NetworkException', 'Too many requests'), retryAfter: 2 });
    expect(error.details).toEqual({ status: 429, error_type: 'NetworkException', retry_after: 2 });
  });
});

describe('whether a request was sent at all', () => {
  const failure = (fields: Record<string, unknown>) => Object.assign(new Error('failed'), fields);

  test.each<[string, unknown, boolean]>([
    ['a refused connection', failure({ code: 'ECONNREFUSED', syscall: 'connect' }), true],
    ['an unreachable host', failure({ code: 'EHOSTUNREACH', syscall: 'connect' }), true],
    ['an unknown host', failure({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), true],
    ['a bad certificate', failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), true],
    [
      'all addresses of a host refused',
      new AggregateError([failure({ code: 'ECONNREFUSED', syscall: 'connect' })]),
      true,
    ],
    ['the same, wrapped', new Error('axios', { cause: failure({ code: 'ECONNREFUSED', syscall: 'connect' }) }), true],
    ['a reset while reading', failure({ code: 'ECONNRESET', syscall: 'read' }), false],
    ['a timeout', failure({ code: 'ECONNABORTED' }), false],
    ['something that is no error', 'ECONNREFUSED', false],
  ])('%s', (_what, error, expected) => {
    expect(failedToConnect(error)).toBe(expected);
  });
});
