import { describe, expect, it } from 'vitest';
import { isTheDaysOwn } from '../../src/runtime/clock-keeper.ts';

const segment = (real: number, speed: number) => ({ real, market: real * 60, speed });
const clock = (holds: string[], ...segments: ReturnType<typeof segment>[]) => ({
  holds,
  segments,
  speed: segments.at(-1)?.speed ?? 0,
});

describe('a change of the market’s clock', () => {
  const runs = segment(1, 600);
  const before = clock([], runs);
  const held = clock(['P1'], runs, segment(2, 1));

  it('is the day’s own where it held the market, or let it go', () => {
    expect(isTheDaysOwn(before, held)).toBe(true);
    expect(isTheDaysOwn(held, clock([], runs, segment(2, 1), segment(3, 600)))).toBe(true);
  });

  it('is somebody else’s where nothing is held or let go', () => {
    expect(isTheDaysOwn(before, clock([], runs, segment(2, 60)))).toBe(false);
  });

  it('is not the day’s own alone where somebody changed the speed between the same two looks, before it or after', () => {
    const at1x = clock(['P1'], segment(1, 1));
    expect(isTheDaysOwn(at1x, clock([], segment(1, 1), segment(2, 1), segment(3, 600)))).toBe(false);
  });

  it('is told to a day that waits for a clock which stood still', () => {
    const still = clock(['P1'], segment(1, 0));
    expect(isTheDaysOwn(still, clock([], segment(1, 0), segment(2, 1)))).toBe(false);
    expect(isTheDaysOwn(held, clock([], runs, segment(2, 1), segment(3, 0)))).toBe(false);
  });
});
