/** Exchanges that do nothing by themselves: a test moves the time and steps them. */
import { afterEach, beforeEach, vi } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import type { Exchange } from '../../../src/exchange-simulator/core/types.ts';
import { createExchange, type ExchangeOptions } from '../../../src/exchange-simulator/replay/exchange.ts';

export const MONDAY = '2025-07-14';
export const LATENCY_MS = 200;

/** Each test of the file has a wall clock of its own from Monday 11:15 on, at which the market runs at 1x. */
export function stepByHand(): void {
  beforeEach(() => {
    vi.useFakeTimers({ now: istAt(MONDAY, '11:15') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export function openStepped(options: ExchangeOptions = {}): Promise<Exchange> {
  const latency = { minMs: LATENCY_MS, maxMs: LATENCY_MS };
  return createExchange({ at: Date.now(), steps: 'manual', latency, ...options });
}
