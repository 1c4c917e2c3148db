import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { istAt } from '../../src/domain/clock.ts';
import { createLiveClock, createSimulatorClock } from '../../src/market/clock-source.ts';
import { failureOf, json, scriptedServer } from '../brokers/scripted-server.ts';
import { eventually } from './scripted-ticker.ts';

const opening = istAt('2025-07-14', '09:15');
let simulator: Awaited<ReturnType<typeof scriptedServer>>;
let speed: number;
let real: number;

beforeEach(async () => {
  speed = 60;
  real = Date.now();
  simulator = await scriptedServer();
  simulator.answer = (request, response) => {
    if (request.url.endsWith('/holds')) speed = JSON.parse(request.body).on ? 1 : 60;
    const segments = [{ real, market: opening, speed }];
    json(response, 200, { market_time: 'not read', segments, speed, holds: speed === 1 ? ['entry:P1'] : [] });
  };
});
afterEach(() => simulator.close());

describe("the replayed market's clock", () => {
  test('is known as soon as it is there, and runs at the market speed', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    const before = clock.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(clock.now() - before).toBeGreaterThanOrEqual(100 * 60 - 120);
    await clock.stop();
  });

  test('hears of a change by itself', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    speed = 5;
    await eventually(() => clock.current()[0]?.speed === 5);
    await clock.stop();
  });

  test('a hold is told by its key, and its answer is the clock after it', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    expect(await clock.hold('entry:P1', true)).toEqual([{ real, market: opening, speed: 1 }]);
    expect(clock.current()).toEqual([{ real, market: opening, speed: 1 }]);
    const asked = simulator.seen.find((request) => request.method === 'POST');
    expect(asked?.url).toBe('/simulator/clock/holds');
    expect(JSON.parse(asked?.body ?? '')).toEqual({ key: 'entry:P1', on: true });
    expect((await clock.hold('entry:P1', false))[0]?.speed).toBe(60);
    await clock.stop();
  });

  test('a look that was answered before a hold does not undo it, though it was asked after it', async () => {
    const { answer } = simulator;
    const clock = await createSimulatorClock({ root: simulator.root });
    let reachHold = () => {};
    simulator.answer = (request, response) => {
      if (request.method === 'POST') reachHold = () => answer(request, response);
      else answer(request, response);
    };
    const held = clock.hold('entry:P1', true);
    await eventually(() => simulator.seen.some((request) => request.method === 'POST'));
    expect(await clock.look()).toMatchObject({ speed: 60 });
    reachHold();
    await held;
    expect(clock.current()).toMatchObject([{ speed: 1 }]);
    await clock.stop();
  });

  test('is looked at and leased as its keeper needs', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    expect(await clock.look()).toMatchObject({ segments: [{ market: opening }], speed: 60, holds: [] });
    await clock.lease(2);
    const asked = simulator.seen.find((request) => request.method === 'POST');
    expect(asked?.url).toBe('/simulator/clock/lease');
    expect(JSON.parse(asked?.body ?? '')).toEqual({ seconds: 2 });
    await clock.stop();
  });

  test('stands still while the exchange is down', async () => {
    const clock = await createSimulatorClock({ root: simulator.root });
    simulator.close();
    await eventually(() => clock.current()[0]?.speed === 0);
    const stood = clock.now();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(clock.now()).toBe(stood);
    expect(await failureOf(clock.read())).toMatchObject({ code: 'market_clock_unreachable', retryable: true });
    await clock.stop();
  });

  test('cannot begin without an exchange', async () => {
    simulator.close();
    expect(await failureOf(createSimulatorClock({ root: simulator.root }))).toMatchObject({
      code: 'market_clock_unreachable',
    });
  });
});

test('live, the market clock is the wall clock and a hold changes nothing', async () => {
  const clock = createLiveClock();
  expect(await clock.read()).toEqual([]);
  expect(await clock.hold('entry', true)).toEqual([]);
  const before = Date.now();
  const now = clock.now();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});
