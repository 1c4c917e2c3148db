import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { type Exchange, type SimOrder, SimRefusal } from '../../../src/exchange-simulator/core/types.ts';
import { createExchange } from '../../../src/exchange-simulator/replay/exchange.ts';
import { FAR_PUT, PUT, request } from './core-fixture.ts';

type Command =
  | { do: 'place'; symbol: string; side: 'BUY' | 'SELL'; lots: number; offset: number; stop: boolean; ioc: boolean }
  | { do: 'modify'; which: number; offset: number }
  | { do: 'cancel'; which: number }
  | { do: 'wait'; seconds: number };

const offsets = fc.integer({ min: -400, max: 400 }).map((ticks) => ticks * 5);
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('place' as const),
    symbol: fc.constantFrom(PUT, FAR_PUT),
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    lots: fc.integer({ min: 1, max: 24 }),
    offset: offsets,
    stop: fc.boolean(),
    ioc: fc.boolean(),
  }),
  fc.record({ do: fc.constant('modify' as const), which: fc.nat(20), offset: offsets }),
  fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 1_800 }) }),
);

function run(exchange: Exchange, command: Command): void {
  const orders = exchange.allOrders();
  const priced = (symbol: string, offset: number) => {
    const instrument = exchange.find('NFO', symbol);
    return Math.max(5, ((instrument && exchange.quote(instrument)?.lastPrice) ?? 5) + offset);
  };
  switch (command.do) {
    case 'place': {
      const { symbol, side, lots, offset, stop, ioc } = command;
      const price = priced(symbol, offset);
      exchange.place(
        request({
          ...{ tradingsymbol: symbol, side, quantity: lots * 75, price, validity: ioc ? 'IOC' : 'DAY' },
          ...(stop ? { orderType: 'SL', triggerPrice: price } : {}),
        }),
      );
      return;
    }
    case 'modify': {
      const order = orders[command.which];
      if (order) exchange.modify(order.orderId, { price: priced(order.tradingsymbol, command.offset) });
      return;
    }
    case 'cancel': {
      const order = orders[command.which];
      if (order) exchange.cancel(order.orderId);
      return;
    }
    case 'wait':
      // Moving the market also finishes what is on its way.
      exchange.clock.set({ market: exchange.clock.now() + command.seconds * 1_000 });
  }
}

function checkOrder(order: SimOrder): void {
  const filled = order.fills.reduce((sum, fill) => sum + fill.quantity, 0);
  expect(order.filledQuantity).toBe(filled);
  expect(filled).toBeLessThanOrEqual(order.quantity);
  expect(order.fills.every(({ quantity }) => quantity > 0 && quantity % 75 === 0)).toBe(true);
  if (order.status === 'COMPLETE') expect(filled).toBe(order.quantity);
  if (order.status === 'REJECTED') expect([filled, order.pendingQuantity]).toEqual([0, 0]);
  else expect(filled + order.pendingQuantity).toBe(order.quantity);
  const times = order.history.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
}

describe('whatever is ordered, changed and cancelled, and however the market moves', () => {
  it('no order fills beyond its quantity or its limit, positions are the sum of the fills, and MIS is flat after the square-off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), fc.array(commands, { minLength: 5, maxLength: 25 }), async (seed, list) => {
        const exchange = await createExchange({
          ...{ at: istAt('2025-07-14', '09:30'), speed: 0, seed, latency: { minMs: 5_000, maxMs: 5_000 } },
        });
        try {
          const limits = new Map<string, number>();
          exchange.onOrder((order) => {
            for (const { tradeId, price } of order.fills) {
              if (limits.has(tradeId)) continue;
              limits.set(tradeId, price);
              if (order.side === 'BUY') expect(price).toBeLessThanOrEqual(order.price);
              else expect(price).toBeGreaterThanOrEqual(order.price);
            }
          });
          for (const command of list) {
            try {
              run(exchange, command);
            } catch (error) {
              if (!(error instanceof SimRefusal)) throw error;
            }
          }
          exchange.clock.set({ market: exchange.clock.now() + 1_000 });
          for (const order of exchange.allOrders()) checkOrder(order);
          for (const position of exchange.positions()) {
            const net = exchange
              .allOrders()
              .filter(({ tradingsymbol }) => tradingsymbol === position.tradingsymbol)
              .reduce((sum, order) => sum + (order.side === 'BUY' ? 1 : -1) * order.filledQuantity, 0);
            expect(position.quantity).toBe(net);
          }
          exchange.clock.set({ market: istAt('2025-07-15', '07:00') });
          expect(exchange.positions()).toEqual([]);
          for (const order of exchange.allOrders()) {
            checkOrder(order);
            expect(['COMPLETE', 'CANCELLED', 'REJECTED']).toContain(order.status);
          }
        } finally {
          await exchange.close();
        }
      }),
      { numRuns: 25 },
    );
  });
});
