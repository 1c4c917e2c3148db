import { describe, expect, it } from 'vitest';
import { istAt, marketAt } from '../../../src/domain/clock.ts';
import { type ClockState, createClock } from '../../../src/exchange-simulator/core/clock.ts';
import { later, virtually } from '../../virtual.ts';
import { moveTo, open, place, refusal } from './core-fixture.ts';

const market = istAt('2025-07-14', '11:15');
const quiet = { jumping() {}, changed() {} };
const clockOf = (state: Partial<ClockState> = {}) =>
  createClock({ market, speed: 60, holds: [], leased: false, ...state }, quiet);

describe('the market’s clock', () => {
  it(
    'runs at its speed, as its segments say to everybody who reads them',
    virtually(async () => {
      const clock = clockOf();
      await later(120);
      expect(clock.now()).toBe(market + 60 * 120);
      expect(marketAt(clock.segments(), Date.now())).toBe(market + 60 * 120);
    }),
  );

  it(
    'stands still at speed 0',
    virtually(async () => {
      const clock = clockOf({ speed: 0 });
      await later(30);
      expect(clock.now()).toBe(market);
    }),
  );

  it(
    'goes on from where it is when the speed changes',
    virtually(async () => {
      const clock = clockOf({ speed: 600 });
      await later(50);
      clock.set({ speed: 0 });
      expect(clock.now()).toBe(market + 30_000);
      await later(20);
      expect(clock.now()).toBe(market + 30_000);
      clock.set({ market: istAt('2025-07-14', '12:00') });
      expect(clock.now()).toBe(istAt('2025-07-14', '12:00'));
    }),
  );

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

  it(
    'runs at 1x for three seconds from a slow instant on, reached to the millisecond however late anybody looks',
    virtually(async () => {
      const squareOff = market + 30_000;
      const clock = createClock({ market, speed: 600, holds: [], leased: false }, quiet, [squareOff]);
      await later(150);
      expect(clock.speed()).toBe(1);
      expect(clock.segments().at(-1)).toMatchObject({ market: squareOff, speed: 1 });
      // 50 ms to the instant at 600x, 100 ms of it at 1x.
      expect(clock.now()).toBe(squareOff + 100);
      clock.hold('exit', true);
      clock.hold('exit', false);
      await later(2_899);
      expect(clock.speed()).toBe(1);
      await later(1);
      expect(clock.speed()).toBe(600);
      expect(clock.segments().at(-1)).toMatchObject({ market: squareOff + 3_000 });
    }),
  );

  it(
    'stops where its lease ran out, also when a slow instant lies beyond',
    virtually(async () => {
      const clock = createClock({ market, speed: 600, holds: [], leased: false }, quiet, [market + 60_000]);
      clock.lease(0.03);
      await later(200);
      expect(clock.speed()).toBe(0);
      expect(clock.now()).toBe(market + 18_000);
    }),
  );

  it(
    'has its three slow seconds anew when it stood still in the middle of them',
    virtually(async () => {
      const squareOff = market - 2_500;
      const clock = createClock({ market, speed: 600, holds: [], leased: true }, quiet, [squareOff]);
      clock.lease(20);
      await later(2_999);
      expect(clock.speed()).toBe(1);
      await later(1);
      expect(clock.speed()).toBe(600);
      expect(clock.segments().at(-1)).toMatchObject({ market: market + 3_000 });
    }),
  );

  it('is not made faster by a hold', () => {
    const clock = clockOf({ speed: 0.5 });
    clock.hold('entry', true);
    expect(clock.speed()).toBe(0.5);
  });

  it(
    'stops at the instant at which a lease ran out, and goes on from there when it is renewed',
    virtually(async () => {
      const clock = clockOf({ speed: 100 });
      clock.lease(0.05);
      await later(200);
      expect(clock.speed()).toBe(0);
      expect(clock.now()).toBe(market + 5_000);
      await later(50);
      expect(clock.now()).toBe(market + 5_000);
      clock.lease(10);
      expect(clock.speed()).toBe(100);
      expect(clock.now()).toBe(market + 5_000);
    }),
  );

  it(
    'needs no lease as long as nobody has taken one',
    virtually(async () => {
      const clock = clockOf();
      await later(30);
      expect(clock.speed()).toBe(60);
    }),
  );

  it('starts frozen after a lease, until it is renewed', () => {
    const clock = clockOf({ leased: true });
    expect(clock.speed()).toBe(0);
    expect(clock.now()).toBe(market);
    clock.lease(10);
    expect(clock.speed()).toBe(60);
  });

  it('is unfrozen by a caller that sets a speed', () => {
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
