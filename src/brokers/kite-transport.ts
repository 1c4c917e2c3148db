import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { KiteConnect } from 'kiteconnect';
import { BrokerError } from '../errors.ts';
import { failedToConnect, kiteError } from './kite-errors.ts';
import { type Pace, type Priority, paceOf } from './kite-pace.ts';

const INSTRUMENTS = /^\/instruments(\/[A-Z]+)?$/;
/** The instruments CSV has tens of thousands of rows. */
const INSTRUMENTS_TIMEOUT_MS = 60_000;

/**
 * kiteconnect builds every request (paths, form encoding, authorisation, checksum), but reads the answers in a way that loses what an
 * order depends on: the HTTP status, the difference between "refused" and "not understood" (a 200 of an unexpected content type
 * resolves), and times, which it parses in the process's own zone. Its axios instance is the hook: its answers are read here instead.
 * Resolves with the envelope's `data`, or the text of a CSV; rejects with BrokerError only.
 */
export function readAnswersHere(
  client: InstanceType<typeof KiteConnect>,
  root: string,
  timeoutMs: number,
  pace: Pace,
  priority: Priority,
): void {
  const axios = axiosOf(client);
  // Following a redirect could send an order twice.
  axios.defaults.maxRedirects = 0;
  if (isLoopback(root)) axios.defaults.proxy = false;
  axios.interceptors.response.clear();
  axios.interceptors.request.use(async (request) => {
    const { pathname } = new URL(request.url ?? '', root);
    const kind = paceOf(request.method ?? 'GET', pathname);
    // A change of an order waits before it is built: only its caller can say whether it is still wanted.
    if (kind !== 'order') await pace(kind, priority);
    return prepare(request, timeoutMs);
  });
  // kiteconnect's methods are typed by what its own reading returned: the value is narrowed by our schemas anyway.
  axios.interceptors.response.use(readAnswer as never, readFailure);
}

function axiosOf(client: object): AxiosInstance {
  const axios: unknown = Reflect.get(client, 'requestInstance');
  if (typeof axios !== 'function' || !('interceptors' in axios)) {
    throw new TypeError(
      'kiteconnect has changed: it has no requestInstance any more, which the Kite adapter builds on',
    );
  }
  return axios as AxiosInstance;
}

function prepare(request: InternalAxiosRequestConfig, timeoutMs: number): InternalAxiosRequestConfig {
  const timeout = INSTRUMENTS.test(request.url ?? '') ? INSTRUMENTS_TIMEOUT_MS : timeoutMs;
  // `timeout` counts silence only; the signal ends an answer that trickles.
  request.timeout = timeout;
  request.signal = AbortSignal.timeout(timeout);
  request.transformResponse = (data: unknown, headers) =>
    String(headers['content-type'] ?? '').includes('application/json') ? parseJson(data) : data;
  return request;
}

function parseJson(data: unknown): unknown {
  if (typeof data !== 'string') return data;
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

function readAnswer(response: AxiosResponse<unknown>): unknown {
  const { data, status } = response;
  const type = String(response.headers['content-type'] ?? '');
  if (type.includes('text/csv') && typeof data === 'string') return data;
  if (isObject(data) && typeof data.error_type === 'string') throw envelopeError(data, response);
  if (type.includes('application/json') && isObject(data) && data.data !== undefined) return data.data;
  throw kiteError({
    status,
    errorType: null,
    message: `Kite's answer was not understood (${status}, ${type || 'no type'})`,
  });
}

function readFailure(error: unknown): never {
  if (error instanceof BrokerError) throw error;
  const code = stringField(error, 'code');
  const response = isObject(error) && isObject(error.response) ? (error.response as unknown as AxiosResponse) : null;
  if (!response) {
    const notSent = failedToConnect(error);
    const reason = error instanceof Error ? error.message : String(error);
    const message = notSent ? `Kite could not be reached: ${reason}` : `No answer from Kite: ${reason}`;
    throw kiteError({ status: null, errorType: null, message, code, notSent });
  }
  if (isObject(response.data) && typeof response.data.error_type === 'string') {
    throw envelopeError(response.data, response);
  }
  const message = `Kite answered ${response.status} ${response.statusText}`.trim();
  throw kiteError({ status: response.status, errorType: null, message, retryAfter: retryAfter(response) });
}

function envelopeError(body: Record<string, unknown>, response: AxiosResponse): BrokerError {
  return kiteError({
    status: response.status,
    errorType: String(body.error_type),
    message: stringField(body, 'message') ?? 'Kite gave no reason',
    retryAfter: retryAfter(response),
  });
}

function retryAfter(response: AxiosResponse): number | null {
  const seconds = Number(response.headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/** The client's own CSV reader, which it applies only when the content type carries no charset. */
export function readInstruments(client: object, csv: string): unknown {
  const read: unknown = Reflect.get(client, 'transformInstrumentsResponse');
  if (typeof read !== 'function') throw new TypeError('kiteconnect has changed: it reads no instruments any more');
  return read.call(client, csv, { 'content-type': 'text/csv' });
}

/** A proxy of the environment would swallow calls to the simulated exchange. */
export function isLoopback(root: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(root).hostname);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function stringField(value: unknown, field: string): string | null {
  const found = isObject(value) ? value[field] : undefined;
  return typeof found === 'string' ? found : null;
}
