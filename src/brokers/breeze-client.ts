import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import type { AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { failedToConnect } from './kite-errors.ts';
import { isLoopback } from './kite-transport.ts';

/** What the product uses of the official package, which has no types. */
type BreezeConnect = {
  /** base64 of `user:key`, empty before a login. */
  apiSession: string;
  generateSession(secretKey: string, apiSession: string): Promise<void>;
  getCustomerDetails(apiSession: string): Promise<unknown>;
  getHistoricalDatav2(query: Record<string, string>): Promise<unknown>;
};

export type BreezeUrls = { API_URL: string; BREEZE_NEW_URL: string; SECURITY_MASTER_URL: string };

/** How a call's last request really ended: the package itself rejects with a text that has lost it. */
export type Outcome = { failed: boolean; status: number | null; body: unknown; message: string; notSent: boolean };

export type Called<T> = { value?: T; thrown?: unknown; outcome?: Outcome };

export type BreezeClient = {
  breeze: BreezeConnect;
  /** Runs one call of the package under the time-out, and tells how its last request ended. */
  call<T>(method: (breeze: BreezeConnect) => Promise<T>): Promise<Called<T>>;
};

type Call = { timeoutMs: number; urls: BreezeUrls; wantsMaster: boolean; outcome?: Outcome };
const calls = new AsyncLocalStorage<Call>();

const require = createRequire(import.meta.url);
const packageFile = require.resolve('breezeconnect');
const requireOfBreeze = createRequire(packageFile);
let watching = false;

/**
 * Loads the official package without what it does to its process:
 * - it switches TLS verification off for everybody (`NODE_TLS_REJECT_UNAUTHORIZED`): restored before anything else can run;
 * - it writes `String.prototype.format` where every `for … in` over a string finds it: it needs it, so it stays, but invisible;
 * - it keeps its addresses in a module global: each client gets a copy of the module, so that two never share them;
 * - its calls have no time-out, and lose status and body of a failure: both are added in its axios, for these calls only;
 * - it assigns undeclared globals (`headers`, `body`, `decodedKey`, with the session in them): removed after each call.
 */
export function loadBreeze(appKey: string, change: Partial<BreezeUrls>, timeoutMs: number): BreezeClient {
  const tls = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  try {
    const config = requireOfBreeze.resolve('./config');
    delete require.cache[packageFile];
    delete require.cache[config];
    const { BreezeConnect } = require(packageFile) as { BreezeConnect: new (app: { appKey: string }) => BreezeConnect };
    const { urls } = require(config) as { urls: BreezeUrls };
    Object.assign(urls, change);
    if (!watching) watchRequests(requireOfBreeze('axios') as AxiosInstance);
    watching = true;
    const breeze = new BreezeConnect({ appKey });
    Object.defineProperty(String.prototype, 'format', { enumerable: false });
    const wantsMaster = change.SECURITY_MASTER_URL !== undefined;
    return { breeze, call: (method) => run({ timeoutMs, urls, wantsMaster }, () => method(breeze)) };
  } finally {
    if (tls === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = tls;
  }
}

const LEAKED = ['headers', 'body', 'decodedKey'];

async function run<T>(call: Call, method: () => Promise<T>): Promise<Called<T>> {
  const leaks = LEAKED.filter((name) => !Object.hasOwn(globalThis, name));
  try {
    const value = await calls.run(call, method);
    return { value, ...(call.outcome ? { outcome: call.outcome } : {}) };
  } catch (thrown) {
    return { thrown, ...(call.outcome ? { outcome: call.outcome } : {}) };
  } finally {
    for (const name of leaks) Reflect.deleteProperty(globalThis, name);
  }
}

/** Requests that are not made within one of our calls pass untouched. */
function watchRequests(axios: AxiosInstance): void {
  axios.interceptors.request.use((request) => {
    const call = calls.getStore();
    if (!call) return request;
    if (request.url === call.urls.SECURITY_MASTER_URL && !call.wantsMaster) return withEmptyMaster(request);
    // A proxy of the environment would swallow calls to the simulated exchange.
    if (isLoopback(request.url ?? '')) request.proxy = false;
    request.timeout = call.timeoutMs;
    request.signal = AbortSignal.timeout(call.timeoutMs);
    return request;
  });
  const record = (outcome: Outcome) => {
    const call = calls.getStore();
    if (call) call.outcome = outcome;
  };
  axios.interceptors.response.use(
    (response) => {
      // The download after a login says nothing about the login.
      const master = response.config.url === calls.getStore()?.urls.SECURITY_MASTER_URL;
      if (!master) record({ failed: false, status: response.status, body: response.data, message: '', notSent: false });
      return response;
    },
    (error: unknown) => {
      record(failureOf(error));
      return Promise.reject(error);
    },
  );
}

/** A zip without entries: its end-of-directory record alone. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);

/**
 * A login downloads tens of megabytes of contract names, which only the package's sockets need. Parsing them would hold the event loop,
 * and every guard with it, for seconds.
 */
function withEmptyMaster(request: InternalAxiosRequestConfig): InternalAxiosRequestConfig {
  request.adapter = (config) =>
    Promise.resolve({ data: EMPTY_ZIP, status: 200, statusText: 'OK', headers: {}, config } satisfies AxiosResponse);
  return request;
}

function failureOf(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const response = (error as { response?: AxiosResponse }).response;
  return {
    failed: true,
    status: response?.status ?? null,
    body: response?.data,
    message,
    notSent: failedToConnect(error),
  };
}
