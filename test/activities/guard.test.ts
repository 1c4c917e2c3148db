import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { exitPrice, type GuardBook } from '../../activities/guard-exit.ts';
import type { GuardInput } from '../../src/contract/activities.ts';
import type { SimOrder } from '../../src/exchange-simulator/core/types.ts';
import { type GuardDesk, HEDGE, MAIN, openGuardDesk } from './guard-desk.ts';

let desk: GuardDesk;
afterEach(() => desk?.close());

const modifications = ({ orderId }: SimOrder) =>
  desk.order(orderId).history.filter(({ status }) => status === 'MODIFY VALIDATION PENDING').length;
const UNREADABLE: GuardBook = { newest: () => null, look: async () => null };
const briefly = (input: GuardInput, ms: number) => ({ ...input, until: desk.exchange.clock.now() + ms });

describe('the guard of a position', () => {
  it.each([
    { main: MAIN, hedge: null, lots: 1 },
    { main: MAIN, hedge: HEDGE, lots: 24 },
    { main: 'NIFTY2571725200CE', hedge: 'NIFTY2571725400CE', lots: 10 },
    { main: 'NIFTY2571724900PE', hedge: 'NIFTY2571724700PE', lots: 2 },
    { main: 'NIFTY2571725100CE', hedge: null, lots: 5 },
  ])('turns the stop of $lots lots of $main into the exit at the loss cap, with one modification', async (of) => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open(of);
    const watching = desk.guard(input);
    desk.shift(26, of.main);
    const seen = await watching;
    expect(seen).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: true, epoch: 7 });
    const exit = await desk.eventually('the exit', () => {
      const order = desk.order(stop.orderId);
      return order.status === 'COMPLETE' && order;
    });
    expect(exit).toMatchObject({ orderType: 'LIMIT', price: seen.kind === 'triggered' && seen.price });
    expect(modifications(stop)).toBe(1);
  });

  it('leaves when the target is earned', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const watching = desk.guard({ ...input, target: 500_00 });
    desk.shift(-12);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'target', sent: true });
  });

  it('leaves at the exit time, not before it', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const exitAt = desk.exchange.clock.now() + 2_500;
    const seen = await desk.guard({ ...input, exitAt });
    expect(seen).toMatchObject({ kind: 'triggered', reason: 'exit_time', sent: true });
    expect(seen.kind === 'triggered' && seen.at).toBeGreaterThanOrEqual(exitAt);
  });

  it('does not leave before the exit time of a market that was slowed down a moment ago', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    const { clock } = desk.exchange;
    clock.set({ speed: 600 });
    await sleep(600);
    clock.set({ speed: 1 });
    const seen = desk.guard({ ...input, exitAt: clock.now() + 20_000, until: clock.now() + 40_000 });
    expect(await Promise.race([seen, sleep(1_500, 'waits')])).toBe('waits');
  });

  it('ends quietly at its end when nothing happens, with its epoch', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open({ hedge: HEDGE });
    const brief = briefly(input, 2_000);
    expect(await desk.guard(brief)).toEqual({ kind: 'quiet', until: brief.until, epoch: 7 });
    expect(modifications(stop)).toBe(0);
  });

  it('ends promptly when it is cancelled, and sends nothing', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const environment = new MockActivityEnvironment();
    let beats = 0;
    environment.on('heartbeat', () => {
      beats += 1;
    });
    const watching = desk.guard(input, environment);
    await desk.eventually('a heartbeat', () => beats > 0);
    environment.cancel();
    await expect(watching).rejects.toBeInstanceOf(CancelledFailure);
    expect(modifications(stop)).toBe(0);
  });
});

describe('at its trigger the guard sends nothing', () => {
  type Case = { name: string; of?: (input: GuardInput) => Partial<GuardInput>; before?: (stop: SimOrder) => unknown };
  const external = { tradingsymbol: MAIN, product: 'MIS', side: 'BUY', quantity: 75 } as const;
  const cases: Case[] = [
    { name: 'without a stop that equals the short', of: () => ({ stop: null }) },
    { name: 'of 40 lots that rest in slices', of: ({ main }) => ({ main: { ...main, quantity: 3_000 }, stop: null }) },
    {
      name: 'when the stop was modified eight times',
      of: ({ stop }) => ({ stop: stop && { ...stop, modifications: 8 } }),
    },
    {
      name: 'when the short is more than its stop',
      of: ({ main }) => ({ main: { ...main, quantity: 150 }, maxLoss: 3_000_00 }),
    },
    {
      name: 'when the day knows of less than the book shows',
      of: ({ main, stop }) => ({ main: { ...main, quantity: 50 }, stop: stop && { ...stop, quantity: 50 } }),
    },
    { name: 'when an external trade has bought the contract', before: () => desk.exchange.foreignTrade(external) },
    {
      name: 'when the stop is cancelled in the book',
      before: async ({ orderId }) => {
        desk.exchange.cancel(orderId);
        await desk.eventually('the end of the stop', () => desk.order(orderId).status === 'CANCELLED');
      },
    },
    { name: 'when the book cannot be read', before: () => Object.assign(desk.book, UNREADABLE) },
    {
      name: 'when the book is older than three seconds',
      before: () => {
        const { newest } = desk.book;
        const old = () => ({ rows: newest()?.rows ?? [], ageMs: 3_001 });
        Object.assign(desk.book, { newest: old, look: async () => old() });
      },
    },
    {
      name: 'when the broker refuses it for its rate',
      before: () => desk.exchange.addFault({ kind: 'rate_limit', path: '/orders', count: 10_000 }),
    },
  ];

  it.each(cases)('$name', async ({ of, before }) => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    await before?.(stop);
    const watching = desk.guard({ ...input, ...of?.(input) });
    desk.shift(35);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap', sent: false, price: null });
    expect(modifications(stop)).toBe(0);
  });

  it('when the exchange refuses changes of type: the stop rests on', async () => {
    desk = await openGuardDesk({ typeChange: 'refuse' });
    const { stop, input } = await desk.open();
    const watching = desk.guard(input);
    desk.shift(25);
    expect(await watching).toMatchObject({ kind: 'triggered', reason: 'loss_cap' });
    expect(desk.order(stop.orderId).status).toBe('TRIGGER PENDING');
  });

  it('when the machine slept between its packet and the write', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const { newest } = desk.book;
    let slept = 0;
    const real = Date.now;
    desk.book.newest = () => {
      // The wall clock goes on while a machine sleeps; the monotonic one does not.
      slept = 60_000;
      return newest();
    };
    Date.now = () => real() + slept;
    try {
      const watching = desk.guard(input);
      desk.shift(25);
      expect(await watching).toMatchObject({ kind: 'triggered', sent: false });
    } finally {
      Date.now = real;
    }
    expect(modifications(stop)).toBe(0);
  });

  it('when its look at the book takes longer than its packet counts', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const { newest } = desk.book;
    const late = async () => {
      await new Promise((done) => setTimeout(done, 2_500));
      return newest();
    };
    Object.assign(desk.book, { newest: () => null, look: late });
    const watching = desk.guard(input);
    desk.shift(25);
    expect(await watching).toMatchObject({ kind: 'triggered', sent: false });
    expect(modifications(stop)).toBe(0);
  });

  it('when it is called off while it looks at the book', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const environment = new MockActivityEnvironment();
    const { newest } = desk.book;
    let looks = 0;
    desk.book.newest = () => {
      looks += 1;
      environment.cancel();
      return newest();
    };
    const watching = desk.guard(input, environment);
    desk.shift(25);
    await Promise.allSettled([watching]);
    expect(looks).toBe(1);
    expect(modifications(stop)).toBe(0);
  });
});

describe('at its trigger the guard sends', () => {
  it('after a look of its own, where the newest book is old', async () => {
    desk = await openGuardDesk();
    const { stop, input } = await desk.open();
    const { newest } = desk.book;
    desk.book.newest = () => ({ rows: [], ageMs: 3_001 });
    desk.book.look = async () => newest();
    const watching = desk.guard(input);
    desk.shift(25);
    expect(await watching).toMatchObject({ kind: 'triggered', sent: true });
    expect(modifications(stop)).toBe(1);
  });

  it('and counts what was never answered as sent: the change may be on its way', async () => {
    desk = await openGuardDesk();
    const { input } = await desk.open();
    desk.exchange.addFault({ kind: 'http_error', path: '/orders', count: 10_000, status: 503 });
    const watching = desk.guard(input);
    desk.shift(25);
    expect(await watching).toMatchObject({ sent: true, detail: expect.stringContaining('no clear answer') });
  });

  it.each([
    { name: "at the day's limit", touch: { ask: 2_295_20, lastPrice: 2_291_65 }, upper: 2_315_10, price: 2_315_10 },
    { name: 'two per cent beyond the ask', touch: { ask: 108_00, lastPrice: 107_00 }, upper: 2_000_00, price: 110_20 },
    { name: 'inside the price protection', touch: { ask: 139_00, lastPrice: 100_00 }, upper: 2_000_00, price: 140_00 },
    {
      name: 'by the touch where the last is stale',
      touch: { ask: 108_00, lastPrice: 60_00 },
      upper: null,
      price: 110_20,
    },
    { name: 'by the bid where nobody offers', touch: { ask: null, lastPrice: 107_00 }, upper: null, price: 109_15 },
  ])('a limit $name', ({ touch, upper, price }) => {
    const circuit = upper === null ? null : { lower: 0, upper };
    expect(exitPrice({ bid: 107_00, ...touch }, circuit, 5)).toBe(price);
  });
});
