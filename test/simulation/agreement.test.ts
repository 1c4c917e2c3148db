/**
 * The simulation against a real server: the same days, the same guard's double, a market that stands still within each minute. What the
 * workflow asks for is the same command by command; all that may differ is listed in differences.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { recordedDays } from '../replay/recorded-days.ts';
import { onFreshServers } from '../workflows/on-fresh-servers.ts';
import { openStage } from '../workflows/simulated-day.ts';
import type { ReplayedStage } from '../workflows/stage.ts';
import { differencesBetween } from './differences.ts';
import { type Played, playedInSimulation, playedOnServer } from './played.ts';

/** Days whose way is decided by real milliseconds, and in which. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  'login-lost': 'its login comes in the instant of the square-off: a guard still begins before it, or does not',
  'live-one-lot': 'its pre-flight waits for a tick, and a market that stands still sends none in the simulation',
};
const days = Object.entries(recordedDays).filter(([name]) => !(name in NOT_COMPARED));

const onServer = new Map<string, Played | Error>();
beforeAll(async () => {
  const servers = onFreshServers();
  for (const [name, recorded] of days) {
    const play = (stage: ReplayedStage, attempt: number, withinMs: number) =>
      playedOnServer(stage, name, recorded, { account: `agreed-${name}-${attempt}`, withinMs });
    onServer.set(name, await servers.play(play).catch((error: Error) => error));
  }
  await servers.close();
}, 1_800_000);

describe('a day in the simulation asks for what it asks a Temporal server for', () => {
  it('on at least twenty days', () => {
    expect(days.length).toBeGreaterThanOrEqual(20);
  });

  it.each(days)('%s', async (name, recorded) => {
    const real = onServer.get(name);
    if (!real || real instanceof Error) throw real ?? new Error('it was not played');
    const stage = await openStage();
    try {
      const simulated = await playedInSimulation(stage, name, recorded);
      expect(differencesBetween(real, simulated)).toEqual([]);
      for (const { report, kept } of [real, simulated]) expect(kept).toEqual(report);
    } finally {
      await stage.close();
    }
  });
});
