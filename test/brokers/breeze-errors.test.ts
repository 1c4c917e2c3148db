import { describe, expect, test } from 'vitest';
import { type BreezeFailure, breezeError } from '../../src/brokers/breeze-errors.ts';
import type { BrokerErrorKind } from '../../src/errors.ts';

const says = (message: string, bodyStatus = 500, status = 200): BreezeFailure => ({ status, bodyStatus, message });

describe("what Breeze's failures mean", () => {
  test.each<[string, BreezeFailure, BrokerErrorKind]>([
    ['a session of yesterday', says('Invalid session.'), 'token'],
    ['a key that Breeze does not know', says('Public Key does not exist.'), 'token'],
    ['an HTTP 401 without words', { status: 401, bodyStatus: null, message: 'Request failed' }, 'token'],
    ['too many calls in a minute', says('Limit exceed: API call per minute:Try after some time', 5), 'rate_limited'],
    ['too many calls, told by 503', says('Limit exceed: API call per day: ', 5, 503), 'rate_limited'],
    ['too many calls, told by 401', says('Limit exceed: API call per minute', 5, 401), 'rate_limited'],
    ['too many calls without words', { status: 429, bodyStatus: null, message: 'Request failed' }, 'rate_limited'],
    ['another address', says('Registered IP address used does not match'), 'ip_refused'],
    ['a wrong parameter', says('Exchange-Code cannot be empty'), 'refused'],
    ['a resource that is not there', says('Resource not available.', 404, 404), 'refused'],
    ['a server that fails', { status: 502, bodyStatus: null, message: 'Request failed' }, 'doubt'],
    ['a server that is silent', { status: null, bodyStatus: null, message: 'timeout of 10000ms exceeded' }, 'doubt'],
    ['an answer of another shape', { status: 200, bodyStatus: null, message: 'unexpected shape' }, 'doubt'],
    ['nobody there', { status: null, bodyStatus: null, message: 'ECONNREFUSED', notSent: true }, 'refused'],
  ])('%s', (_what, failure, kind) => {
    expect(breezeError(failure)).toMatchObject({ kind, broker: 'breeze', message: failure.message });
  });

  test('what may pass by itself is worth another try', () => {
    expect(breezeError(says('Invalid session.')).retryable).toBe(false);
    expect(breezeError(says('Limit exceed', 5)).retryable).toBe(true);
    expect(breezeError({ ...says('x'), notSent: true }).retryable).toBe(true);
  });
});
