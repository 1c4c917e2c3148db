import { describe, expect, it } from 'vitest';
import { istAt, marketAt } from '../../src/domain/clock.ts';
import { type ClockState, createClock } from '../../src/exchange-simulator/clock.ts';
import { moveTo, open, place, refusal } from './exchange-fixture.ts';

const market = istAt('2025-07-14', '11:15');
const quiet = { jumping() {}, changed() {} };
const clockOf = (state: Partial<ClockState> = {}) =>
  createClock({ market, speed: 60, holds: [], leased: false, ...state }, quiet);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the market’s clock', () => {
  it('runs at its speed, as its segments say to everybody who reads them', async () => {
    const clock = clockOf();
    const began = Date.now();
    await pause(120);
    const passed = clock.now() - market;
    expect(passed).toBeGreaterThanOrEqual(60 * 100);
    expect(passed).toBeLessThanOrEqual(60 * (Date.now() - began + 5));
    const real = Date.now();
    expect(marketAt(clock.segments(), real)).toBeGreaterThanOrEqual(market + passed);
  });

  it('stands still at speed 0', async () => {
    const clock = clockOf({ speed: 0 });
    await pause(30);
    expect(clock.now()).toBe(market);
  });

  it('goes on from where it is when the speed changes', async () => {
    const clock = clockOf({ speed: 600 });
    await pause(50);
    clock.set({ speed: 0 });
    const stopped = clock.now();
    expect(stopped).toBeGreaterThan(market);
    await pause(20);
    expect(clock.now()).toBe(stopped);
    clock.set({ market: istAt('2025-07-14', '12:00') });
    expect(clock.now()).toBe(istAt('2025-07-14', '12:00'));
  });

  it('runs at 1x at most while anybody holds it', () => {
    const clock = clockOf();
    clock.hold('entry', true);
    clock.hold('entry', true);
    clock.hold('exit', true);
    expect(clock.speed()).toBe(1);
    expect(clock.holds()).toEqual(['entry', 'exit']);
    clock.hold('entry', false);
    expect(clock.speed()).toBe(1);
    clock.hold('exit', false);
    clock.hold('never taken', false);
    expect(clock.speed()).toBe(60);
  });

  it('runs at 1x for three seconds from a slow instant on, reached to the millisecond however late anybody looks', async () => {
    const squareOff = market + 30_000;
    const clock = createClock({ market, speed: 600, holds: [], leased: false }, quiet, [squareOff]);
    await pause(150);
    expect(clock.speed()).toBe(1);
    expect(clock.segments().at(-1)).toMatchObject({ market: squareOff, speed: 1 });
    expect(clock.now() - squareOff).toBeLessThan(3_000);
    clock.hold('exit', true);
    clock.hold('exit', false);
    expect(clock.speed()).toBe(1);
    await expect.poll(() => clock.speed(), { timeout: 10_000 }).toBe(600);
    expect(clock.segments().at(-1)).toMatchObject({ market: squareOff + 3_000 });
  });

  it('stops where its lease ran out, also when a slow instant lies beyond', async () => {
    const clock = createClock({ market, speed: 600, holds: [], leased: false }, quiet, [market + 60_000]);
    clock.lease(0.03);
    await pause(200);
    expect(clock.speed()).toBe(0);
    expect(clock.now()).toBeLessThan(market + 30_000);
  });

  it('has its three slow seconds anew when it stood still in the middle of them', async () => {
    const squareOff = market - 2_500;
    const clock = createClock({ market, speed: 600, holds: [], leased: true }, quiet, [squareOff]);
    clock.lease(20);
    expect(clock.speed()).toBe(1);
    await expect.poll(() => clock.speed(), { timeout: 10_000 }).toBe(600);
    expect(clock.segments().at(-1)).toMatchObject({ market: market + 3_000 });
  });

  it('is not made faster by a hold', () => {
    const clock = clockOf({ speed: 0.5 });
    clock.hold('entry', true);
    expect(clock.speed()).toBe(0.5);
  });

  it('stops at the instant at which a lease ran out, and goes on from there when it is renewed', async () => {
    const clock = clockOf({ speed: 100 });
    clock.lease(0.05);
    await pause(200);
    const stopped = clock.now();
    expect(clock.speed()).toBe(0);
    expect(stopped - market).toBeGreaterThanOrEqual(5_000);
    expect(stopped - market).toBeLessThan(15_000);
    await pause(50);
    expect(clock.now()).toBe(stopped);
    clock.lease(10);
    expect(clock.speed()).toBe(100);
    expect(clock.now() - stopped).toBeLessThan(2_000);
  });

  it('needs no lease as long as nobody has taken one', async () => {
    const clock = clockOf();
    await pause(30);
    expect(clock.speed()).toBe(60);
  });

  it('starts frozen after a lease, until it is renewed', () => {
    const clock = clockOf({ leased: true });
    expect(clock.speed()).toBe(0);
    expect(clock.now()).toBe(market);
    clock.lease(10);
    expect(clock.speed()).toBe(60);
  });

  it('is unfrozen by whoever sets a speed', () => {
    const clock = clockOf({ leased: true });
    clock.set({ market: market + 1_000 });
    expect(clock.speed()).toBe(0);
    clock.set({ speed: 30 });
    expect(clock.speed()).toBe(30);
    expect(clock.state()).toMatchObject({ leased: false, speed: 30 });
  });

  it('writes down the speed that was wanted, not the one that a hold or a freeze allows', () => {
    const clock = clockOf({ leased: true, holds: ['entry'] });
    expect(clock.state()).toEqual({ market, speed: 60, holds: ['entry'], leased: true });
  });

  it.each([
    ['a negative speed', { speed: -1 }],
    ['a speed that is no number', { speed: Number.NaN }],
    ['a time that is no time', { market: Number.NaN }],
  ])('refuses %s', (_what, change) => {
    expect(refusal(() => clockOf().set(change))).toMatchObject({ status: 400 });
  });
});

describe('the exchange’s clock', () => {
  it('lets the market pass while it runs, without anybody asking', async () => {
    const exchange = await open({ speed: 200 });
    let steps = 0;
    exchange.onStep((now) => {
      expect(now).toBeGreaterThan(market);
      steps += 1;
    });
    await expect.poll(() => steps).toBeGreaterThan(2);
    expect(exchange.clock.now()).toBeGreaterThan(market + 30_000);
  });

  it('can wait for its owner’s lease from the beginning', async () => {
    const exchange = await open({ speed: 60, leased: true });
    expect(exchange.clock.speed()).toBe(0);
    exchange.clock.lease(10);
    expect(exchange.clock.speed()).toBe(60);
  });

  it('may go back while the book is empty, and not behind what is in it', async () => {
    const exchange = await open();
    moveTo(exchange, '10:00');
    await place(exchange, { price: 9_000 });
    moveTo(exchange, '11:00');
    expect(refusal(() => moveTo(exchange, '09:30')).message).toContain('cannot go back');
    expect(exchange.clock.now()).toBe(istAt('2025-07-14', '11:00'));
  });
});
