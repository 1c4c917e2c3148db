/** A guard's double that sees trades of others, as a real one does: it says at once what the day does not know of them yet. */
import type { GuardInput, GuardResult } from '../../activities/contract.ts';
import { istDate } from '../../src/domain/clock.ts';
import type { Exchange } from '../../src/exchange-simulator/core/types.ts';
import { ours } from './soundness.ts';

const LOOK_EVERY_MS = 600_000;

export function seeOthers(exchange: Exchange, input: GuardInput): GuardResult {
  const filled = (symbol: string) =>
    ours(exchange.allOrders())
      .filter(({ tradingsymbol, placedAt }) => tradingsymbol === symbol && istDate(placedAt) === input.identity.date)
      .reduce((sum, { side, filledQuantity }) => sum + (side === 'BUY' ? filledQuantity : -filledQuantity), 0);
  for (const { tradingsymbol, quantity } of exchange.positions()) {
    const moved = quantity - filled(tradingsymbol) - (input.foreign[tradingsymbol] ?? 0);
    if (moved !== (input.moved[tradingsymbol] ?? 0)) return { kind: 'traded_outside', at: exchange.clock.now() };
  }
  return { kind: 'quiet', until: Math.min(input.until, exchange.clock.now() + LOOK_EVERY_MS) };
}
