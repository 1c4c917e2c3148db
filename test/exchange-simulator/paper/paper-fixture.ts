import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KiteConnect } from 'kiteconnect';
import type { SimQuote } from '../../../src/exchange-simulator/core/types.ts';
import {
  createPaperExchange,
  type PaperExchange,
  type PaperExchangeOptions,
} from '../../../src/exchange-simulator/paper/exchange.ts';
import { type PaperServer, startPaperServer } from '../../../src/exchange-simulator/paper/server.ts';
import { PATIENCE_MS } from '../../patience.ts';
import { eventually, type KiteClient, PUT, postLogin, type Simulator } from '../exchange-server.ts';

export type Paper = { exchange: PaperExchange; server: PaperServer; root: string; stop(): Promise<void> };

/** A paper exchange before a simulator that plays Kite; its clock is the other's. */
export async function startPaper(kite: Simulator, options: Partial<PaperExchangeOptions> = {}): Promise<Paper> {
  const { kite_root, ticker_root, login_url } = kite.server.addresses;
  const exchange = createPaperExchange({
    kite: { root: kite_root, tickerRoot: ticker_root, loginUrl: login_url },
    now: () => kite.exchange.clock.now(),
    ...options,
  });
  const limits = { orders: 1_000, other: 10_000 };
  const server = await startPaperServer({ exchange, port: 0, limits });
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

/** A client of the paper exchange, logged in at the Kite behind it. */
export async function paperLogin(paper: Paper, kite: Simulator): Promise<KiteClient> {
  const { api_key, api_secret } = kite.server.addresses;
  const client = new KiteConnect({ api_key, root: paper.root, timeout: PATIENCE_MS });
  const requestToken = (await postLogin(kite)).searchParams.get('request_token') ?? '';
  await client.generateSession(requestToken, api_secret);
  return client;
}

type Params = Parameters<KiteClient['placeOrder']>[1];
type Row = Awaited<ReturnType<KiteClient['getOrders']>>[number];

/** A limit order of a lot of the put. Price in rupees. */
export const order = (changes: Partial<Params> = {}): Params => ({
  ...{ exchange: 'NFO', tradingsymbol: PUT, transaction_type: 'BUY', quantity: 75, product: 'NRML' },
  ...{ order_type: 'LIMIT', validity: 'DAY' },
  ...changes,
});

export async function place(client: KiteClient, changes: Partial<Params> = {}): Promise<string> {
  return (await client.placeOrder('regular', order(changes))).order_id;
}

export async function row(client: KiteClient, id: string): Promise<Row> {
  const found = (await client.getOrders()).find((one) => one.order_id === id);
  if (!found) throw new Error(`no order ${id}`);
  return found;
}

/** The order's row once it has the status. */
export function reached(client: KiteClient, id: string, status: string): Promise<Row> {
  return eventually(async () => {
    const found = await row(client, id);
    return found.status === status && found;
  });
}

/** What the real market quotes at this moment. */
export function quoted({ exchange }: Simulator, symbol = PUT): SimQuote {
  const instrument = exchange.find('NFO', symbol) ?? exchange.find('NSE', symbol);
  const quote = instrument && exchange.quote(instrument);
  if (!quote) throw new Error(`no quote of ${symbol}`);
  return quote;
}

/** In rupees, `ticks` above (or below) a price in paise. */
export const rupees = (paise = 0, ticks = 0): number => (paise + ticks * 5) / 100;

/** A folder that `remove` takes away. */
export function folder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'paper-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
