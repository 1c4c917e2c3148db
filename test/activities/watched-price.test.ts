import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { watched } from '../../activities/watched-price.ts';
import type { ChangeInput, ChangeResult } from '../../src/contract/activities.ts';

const input = (crossed: number, forMs = 60_000) =>
  ({
    how: {
      ...{ kind: 'reprice', widen: 5, noWorseThan: null, shown: 100, crossed },
      watch: { everyMs: 10, forMs, crossings: 3 },
    },
  }) as ChangeInput;
const unchanged = (crossed: number): ChangeResult => ({ kind: 'unchanged', price: 100, crossed });
const crossedOf = ({ how }: ChangeInput) => (how.kind === 'cancel' ? 0 : (how.crossed ?? 0));

/** What each look finds, the last one again and again. */
function watch(of: ChangeInput, ...looks: (ChangeResult | ((input: ChangeInput) => ChangeResult))[]) {
  const environment = new MockActivityEnvironment();
  const asked: ChangeInput[] = [];
  const look = async (one: ChangeInput): Promise<ChangeResult> => {
    const next = looks[Math.min(asked.length, looks.length - 1)];
    asked.push(one);
    if (!next) throw new Error('no look');
    return typeof next === 'function' ? next(one) : next;
  };
  return { asked, environment, ended: environment.run(() => watched(of, look)) };
}

describe('an order whose price is watched', () => {
  it('is looked at until another price is sent', async () => {
    const sent: ChangeResult = { kind: 'sent', price: 105, row: null };
    const { asked, ended } = watch(input(0), unchanged(0), unchanged(0), sent);
    expect(await ended).toEqual(sent);
    expect(asked).toHaveLength(3);
  });

  it('is looked at until so many looks in a row have found it crossed, those before included', async () => {
    const crossing = (one: ChangeInput) => unchanged(crossedOf(one) + 1);
    const { asked, ended } = watch(input(1), unchanged(0), crossing);
    expect(await ended).toEqual(unchanged(3));
    expect(asked.map(crossedOf)).toEqual([1, 0, 1, 2]);
  });

  it('is looked at for no longer than is asked for', async () => {
    const { asked, ended } = watch(input(0, 100), unchanged(0));
    expect(await ended).toEqual(unchanged(0));
    expect(asked.length).toBeGreaterThan(1);
  });

  it('tells what it found last when it is called off', async () => {
    const { environment, ended } = watch(input(0), unchanged(0));
    setTimeout(() => environment.cancel(), 50);
    expect(await ended).toEqual(unchanged(0));
  });
});
