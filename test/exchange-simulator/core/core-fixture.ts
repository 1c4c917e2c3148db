import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import {
  type Exchange,
  type SimInstrument,
  type SimOrder,
  type SimOrderRequest,
  SimRefusal,
} from '../../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../../src/exchange-simulator/replay/exchange.ts';
import { PATIENCE_MS } from '../../patience.ts';

/** Contracts of the default week: expiry Thursday 17 July 2025, lot 75. */
export const PUT = 'NIFTY2571725000PE';
export const FAR_PUT = 'NIFTY2571724800PE';
export const CALL = 'NIFTY2571725000CE';

/** An empty folder for an exchange's state, gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'exchange-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Monday 14 July 2025, 11:15, the market standing still and nothing taking time, unless told otherwise. It ends with its test. */
export async function open(options: ExchangeOptions & { time?: string } = {}): Promise<Exchange> {
  const { time = '11:15', ...rest } = options;
  const exchange = await createExchange({
    at: istAt('2025-07-14', time),
    speed: 0,
    latency: { minMs: 0, maxMs: 0 },
    ...rest,
  });
  onTestFinished(() => exchange.close());
  return exchange;
}

/** A limit buy of one lot of the put at 100 rupees, MIS. */
export function request(changes: Partial<SimOrderRequest> = {}): SimOrderRequest {
  return {
    variety: 'regular',
    exchange: 'NFO',
    tradingsymbol: PUT,
    side: 'BUY',
    orderType: 'LIMIT',
    product: 'MIS',
    validity: 'DAY',
    quantity: 75,
    price: 8_000,
    triggerPrice: 0,
    disclosedQuantity: 0,
    marketProtection: null,
    tag: null,
    ...changes,
  };
}

const INTERIM = /RECEIVED|VALIDATION|PENDING$/;

/** Waits until an order is no longer on its way: final, open, or waiting for its trigger. */
export async function arrived(exchange: Exchange, orderId: string): Promise<SimOrder> {
  return vi.waitFor(() => {
    const order = exchange.order(orderId);
    if (!order) throw new Error(`no order ${orderId}`);
    if (order.status !== 'TRIGGER PENDING' && INTERIM.test(order.status)) throw new Error(order.status);
    return order;
  }, PATIENCE_MS);
}

export async function place(exchange: Exchange, changes: Partial<SimOrderRequest> = {}): Promise<SimOrder> {
  return arrived(exchange, exchange.place(request(changes)).orderId);
}

export async function modify(exchange: Exchange, ...change: Parameters<Exchange['modify']>): Promise<SimOrder> {
  return arrived(exchange, exchange.modify(...change).orderId);
}

export async function cancel(exchange: Exchange, orderId: string): Promise<SimOrder> {
  return arrived(exchange, exchange.cancel(orderId).orderId);
}

export function statuses(order: SimOrder): string[] {
  return order.history.map(({ status }) => status);
}

/** What a refused call was refused with. */
export function refusal(call: () => unknown): { status: number; errorType: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof SimRefusal)
      return { status: error.status, errorType: error.errorType, message: error.message };
    throw error;
  }
  throw new Error('It was not refused.');
}

export function lastPrice(exchange: Exchange, symbol = PUT): number {
  return quoteOf(exchange, symbol).lastPrice;
}

/** A contract, or an index. */
export function instrument(exchange: Exchange, symbol = PUT): SimInstrument {
  const found = exchange.find('NFO', symbol) ?? exchange.find('NSE', symbol);
  if (!found) throw new Error(`no ${symbol}`);
  return found;
}

export function quoteOf(exchange: Exchange, symbol = PUT) {
  const quote = exchange.quote(instrument(exchange, symbol));
  if (!quote) throw new Error(`no quote of ${symbol}`);
  return quote;
}

/** Moves the market to a time of 14 July, or to a time with a date. */
export function moveTo(exchange: Exchange, time: string, date = '2025-07-14'): void {
  exchange.clock.set({ market: istAt(date, time) });
}
