import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { istAt } from '../../../src/domain/clock.ts';
import { CALL, PUT, quoteOf, request } from './core-fixture.ts';
import { LATENCY_MS, MONDAY, openStepped, stepByHand } from './stepped-exchange.ts';

stepByHand();

describe('an exchange that is stepped from outside', () => {
  it('never steps by itself', async () => {
    const [byHand, byItself] = await Promise.all([openStepped(), openStepped({ steps: 'timer' })]);
    const stepped = { byHand: 0, byItself: 0 };
    byHand.onStep(() => {
      stepped.byHand += 1;
    });
    byItself.onStep(() => {
      stepped.byItself += 1;
    });
    vi.advanceTimersByTime(10_000);
    await byItself.close();
    expect(stepped.byHand).toBe(0);
    expect(stepped.byItself).toBeGreaterThan(1);
  });

  it('fills a resting order when it is stepped over the second in which the market goes through it', async () => {
    const exchange = await openStepped();
    const { lastPrice } = quoteOf(exchange, CALL);
    const { orderId } = exchange.place(request({ tradingsymbol: CALL, price: lastPrice - 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.order(orderId)).toMatchObject({ status: 'OPEN', filledQuantity: 0 });
    const told: string[] = [];
    exchange.onOrder((order) => told.push(order.status));
    exchange.onStep(() => told.push('step'));

    vi.setSystemTime(istAt(MONDAY, '12:15'));
    expect(told).toEqual([]);
    exchange.step();
    expect(told).toEqual(['COMPLETE', 'step']);
    const [fill] = exchange.order(orderId)?.fills ?? [];
    expect(fill?.at).toBeLessThan(istAt(MONDAY, '12:15'));
  });

  it('comes to the same orders whether it is stepped each second or asked once at the end', async () => {
    const histories: unknown[] = [];
    for (const eachSecond of [true, false]) {
      vi.setSystemTime(istAt(MONDAY, '11:15'));
      const exchange = await openStepped({ cash: 1_000_000_000 });
      const { lastPrice } = quoteOf(exchange, CALL);
      const call = { tradingsymbol: CALL, quantity: 750 };
      exchange.place(request({ ...call, price: lastPrice - 500 }));
      const [triggerPrice, price] = [lastPrice - 1_000, lastPrice - 1_200];
      exchange.place(request({ ...call, orderType: 'SL', side: 'SELL', triggerPrice, price }));
      vi.advanceTimersByTime(LATENCY_MS);
      for (let at = Date.now(); eachSecond && at < istAt(MONDAY, '12:15'); at += 1000) {
        vi.setSystemTime(at);
        exchange.step();
      }
      vi.setSystemTime(istAt(MONDAY, '12:15'));
      histories.push(exchange.allOrders());
    }
    expect(histories[0]).toEqual(histories[1]);
    expect(histories[0]).toMatchObject([{ status: 'COMPLETE' }, { status: 'COMPLETE' }]);
  });

  it('knows when something could next happen by itself', async () => {
    const exchange = await openStepped();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    const { orderId } = exchange.place(request({ price: 100 }));
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '11:15:01'));
    vi.setSystemTime(istAt(MONDAY, '11:20') + 300);
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '11:20:01'));
    exchange.cancel(orderId);
    vi.advanceTimersByTime(LATENCY_MS);
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));

    vi.setSystemTime(istAt(MONDAY, '15:25'));
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:30'));
    vi.setSystemTime(istAt(MONDAY, '15:30'));
    exchange.step();
    expect(exchange.nextAt()).toBe(istAt('2025-07-15', '15:25'));
  });

  it('has nothing coming on a Friday evening, and goes on when the clock is moved into the next session', async () => {
    vi.setSystemTime(istAt('2025-07-11', '16:00'));
    const exchange = await openStepped();
    expect(exchange.nextAt()).toBe(Number.POSITIVE_INFINITY);
    exchange.clock.set({ market: istAt('2025-07-12', '12:00') });
    expect(exchange.nextAt()).toBe(istAt(MONDAY, '15:25'));
    exchange.clock.set({ market: istAt('2025-07-11', '10:00') });
    expect(exchange.nextAt()).toBe(istAt('2025-07-11', '15:25'));
  });

  it('squares off and closes a day that is passed over in one step', async () => {
    const exchange = await openStepped();
    exchange.place(request({ price: quoteOf(exchange, PUT).lastPrice + 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    exchange.place(request({ price: 100, product: 'NRML' }));
    vi.advanceTimersByTime(LATENCY_MS);
    vi.setSystemTime(istAt('2025-07-17', '10:00'));
    exchange.step();
    expect(exchange.allOrders()).toMatchObject([
      { status: 'COMPLETE', side: 'BUY' },
      { status: 'CANCELLED', updatedAt: istAt(MONDAY, '15:30') },
      { status: 'COMPLETE', side: 'SELL', source: 'broker' },
    ]);
  });

  it('settles what expired in days that are passed over in one step, though the first of them have no session', async () => {
    vi.setSystemTime(istAt('2025-07-11', '11:15'));
    const exchange = await openStepped();
    exchange.place(request({ product: 'NRML', price: quoteOf(exchange, PUT).lastPrice + 500 }));
    vi.advanceTimersByTime(LATENCY_MS);
    vi.setSystemTime(istAt('2025-07-11', '16:00'));
    exchange.step();
    expect(exchange.positions()).toMatchObject([{ tradingsymbol: PUT, quantity: 75 }]);
    vi.setSystemTime(istAt('2025-07-18', '10:00'));
    exchange.step();
    expect(exchange.positions()).toEqual([]);
  });

  it.each(['modify', 'cancel'] as const)(
    'loses no fill of the second that passes while a %s is on its way',
    async (kind) => {
      const exchange = await openStepped();
      const seen: string[][] = [];
      const { orderId } = exchange.place(
        request({ quantity: 1_800, price: quoteOf(exchange, PUT).depth.asks[1]?.price ?? 0 }),
      );
      vi.advanceTimersByTime(LATENCY_MS);
      exchange.step();
      const began = exchange.order(orderId);
      expect(began).toMatchObject({ status: 'OPEN' });
      exchange.onOrder((order) => seen.push(order.fills.map(({ tradeId }) => tradeId)));
      // Just before a whole second; the book fills up again within five of them.
      vi.setSystemTime(Math.ceil(Date.now() / 1_000) * 1_000 + 1_950);
      if (kind === 'modify') exchange.modify(orderId, { price: (began?.price ?? 0) + 5 });
      else exchange.cancel(orderId);
      const filledBefore = exchange.order(orderId)?.filledQuantity ?? 0;
      vi.advanceTimersByTime(LATENCY_MS);
      expect(exchange.order(orderId)?.filledQuantity, 'the second filled some').toBeGreaterThan(filledBefore);
      let known: string[] = [];
      for (const fills of seen) {
        expect(fills.slice(0, known.length)).toEqual(known);
        known = fills;
      }
    },
  );

  it('keeps its clock where it has a folder, from its close to its next opening', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stepped-'));
    try {
      const exchange = await openStepped({ dataDir });
      vi.setSystemTime(istAt(MONDAY, '11:40'));
      exchange.step();
      await exchange.close();
      expect(readdirSync(dataDir)).toContain('clock.json');
      vi.setSystemTime(istAt(MONDAY, '12:00'));
      expect((await openStepped({ dataDir })).clock.now()).toBe(istAt(MONDAY, '11:40'));
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });

  it('takes its tokens from the source that it is given', async () => {
    let made = 0;
    const exchange = await openStepped({ randomToken: () => `token-${++made}` });
    const requestToken = exchange.newRequestToken();
    expect(requestToken).toBe('token-1');
    expect(exchange.exchangeRequestToken(requestToken)).toMatchObject({
      accessToken: 'token-2',
      publicToken: 'token-3',
    });
    expect(exchange.sessionAlive('token-2')).toBe(true);
  });
});
