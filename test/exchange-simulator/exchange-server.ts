import { KiteConnect } from 'kiteconnect';
import { istAt } from '../../src/domain/clock.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import { createExchange } from '../../src/exchange-simulator/replay/exchange.ts';
import { type ExchangeServer, startExchangeServer } from '../../src/exchange-simulator/replay/server.ts';
import { DEFAULT_KEYS } from '../../src/exchange-simulator/wire/keys.ts';
import type { RateLimits } from '../../src/exchange-simulator/wire/rate-limits.ts';
import { PATIENCE_MS } from '../patience.ts';

/** A put of the default week, ten lots of which are 750 units. */
export const PUT = 'NIFTY2571725000PE';
export const NIFTY = 256_265;

/** No limits but those that a test asks for. */
const WIDE: Partial<RateLimits> = {
  quote: 1_000,
  historical: 1_000,
  orders: 1_000,
  other: 10_000,
  breezePerMinute: 10_000,
};

/** The class that the package exports; its type of the same name is another one. */
export type KiteClient = InstanceType<typeof KiteConnect>;

export type Simulator = { exchange: Exchange; server: ExchangeServer; root: string; stop(): Promise<void> };

/** The real exchange behind the real server on a free port, on Monday 14 July 2025 at 09:30 unless told otherwise. */
export async function startSimulator(
  options: { at?: string; speed?: number; limits?: Partial<RateLimits> } = {},
): Promise<Simulator> {
  const exchange = await createExchange({
    at: istAt('2025-07-14', options.at ?? '09:30'),
    speed: options.speed ?? 1,
    latency: { minMs: 5, maxMs: 20 },
  });
  const server = await startExchangeServer({
    exchange,
    port: 0,
    redirectUrl: 'http://127.0.0.1:8000/live/auth/complete',
    keys: DEFAULT_KEYS,
    limits: options.limits ?? WIDE,
  });
  return {
    exchange,
    server,
    root: server.addresses.kite_root,
    async stop() {
      await server.close();
      await exchange.close();
    },
  };
}

/** Posts the login page's form as a browser does and gives the redirect's query. */
export async function postLogin({ server }: Simulator, redirectParams = ''): Promise<URL> {
  const { api_key, login_url } = server.addresses;
  const answer = await fetch(login_url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ api_key, redirect_params: redirectParams }),
  });
  return new URL(answer.headers.get('location') ?? `http://no.redirect/${answer.status}`);
}

/** A logged-in official client. */
export async function login(simulator: Simulator): Promise<KiteClient> {
  const { api_key, api_secret, kite_root } = simulator.server.addresses;
  const kite = new KiteConnect({ api_key, root: kite_root, timeout: PATIENCE_MS });
  const requestToken = (await postLogin(simulator)).searchParams.get('request_token') ?? '';
  await kite.generateSession(requestToken, api_secret);
  return kite;
}

export function accessToken(kite: KiteClient): string {
  // Private in the types, the only place where the client keeps it.
  return (kite as unknown as { access_token: string }).access_token;
}

/** Of a call that a test sends itself, to see what the client would hide; the root may be another's before the same Kite. */
export const headersOf = ({ server }: Simulator, kite: KiteClient) => ({
  'X-Kite-Version': '3',
  Authorization: `token ${server.addresses.api_key}:${accessToken(kite)}`,
});

type Order = Parameters<KiteClient['placeOrder']>[1];

/** A limit order of a lot of the put for the day. Price in rupees. */
export const order = (changes: Partial<Order> = {}): Order => ({
  ...{ exchange: 'NFO', tradingsymbol: PUT, transaction_type: 'BUY', quantity: 75, product: 'MIS' },
  ...{ order_type: 'LIMIT', price: 20, validity: 'DAY' },
  ...changes,
});

/** Polls until the answer is there. */
export async function eventually<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; ) {
    const answer = await look();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited ${PATIENCE_MS} ms in vain for ${look}`);
}

/** What the official client rejects with: a plain object. */
export type KiteFailure = { message: string; error_type: string };

export async function refusal(call: Promise<unknown>): Promise<KiteFailure> {
  return call.then(
    () => Promise.reject(new Error('it was not refused')),
    (failure: KiteFailure) => failure,
  );
}
