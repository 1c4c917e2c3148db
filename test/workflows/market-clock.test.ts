import { expect, it } from 'vitest';
import type { Day } from '../../workflows/day/day.ts';
import { keepMarketClock } from '../../workflows/day/market-clock.ts';

it('an order that is over before the loop goes on leaves nobody without a market clock: the next one holds it, and lets it go', async () => {
  // Of each look: what runs when it wakes the loop, and what runs when the loop goes on.
  const looks = [
    [true, false],
    [true, true],
    [false, false],
  ] as const;
  const told: boolean[] = [];
  let running = false;
  let at = 0;
  const facts = {
    clock: [{ real: 0, market: 0, speed: 60 }],
    positions: [],
    timetable: null,
    over: false,
    step: 'trading',
    held: false,
  };
  const day = {
    facts,
    ending: false,
    now: () => 0,
    anyRunning: () => running,
    async until(_key: string, met: () => boolean) {
      const look = looks[at++];
      if (!look) {
        facts.step = 'done';
        return;
      }
      running = look[0];
      expect(met()).toBe(true);
      running = look[1];
    },
    async calls() {
      told.push(running);
      return facts.clock;
    },
    setClock() {},
    changed() {},
  };
  await keepMarketClock(day as unknown as Day);
  expect(told).toEqual([true, false]);
});
