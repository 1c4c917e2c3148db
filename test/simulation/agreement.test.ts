/**
 * The simulation against a real server: the same days, the same guard's double, a market that stands still within each minute. What the
 * workflow asks for is the same command by command; all that may differ is listed in differences.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { recordedDays } from '../replay/recorded-days.ts';
import { openStage as openServer } from '../workflows/replayed-day.ts';
import { openStage } from '../workflows/simulated-day.ts';
import type { ReplayedStage } from '../workflows/stage.ts';
import { passed } from '../workflows/surroundings.ts';
import { differencesBetween } from './differences.ts';
import { type Played, playedInSimulation, playedOnServer } from './played.ts';

const AT_LEAST = 20;

/** Days whose way is decided by real milliseconds, and in which. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  'login-lost': 'its login comes in the instant of the square-off: a guard still begins before it, or does not',
  'closed-manually':
    'an update that waits is now and then never answered by the time-skipping server; test/api and test/workflows close positions so',
  'external-trade': 'others trade at whichever step of the entry the test has come to',
  'filled-in-parts':
    'its two stops become exits in one instant: the one that reaches the exchange first takes the better prices',
  'live-one-lot': 'its pre-flight waits for a tick, and a market that stands still sends none in the simulation',
};
const days = Object.entries(recordedDays).filter(([name]) => !(name in NOT_COMPARED));

/** Wall time; a day takes seconds. */
const STANDS_STILL_AFTER_MS = 45_000;

const onServer = new Map<string, Played>();
const failed = new Map<string, unknown>();
/** Before any virtual time: a server's clients have timers of their own. A day on which the server stands still is left out, and said so. */
beforeAll(async () => {
  let server: ReplayedStage | null = null;
  for (const [name, recorded] of days) {
    server ??= await openServer();
    try {
      const played = await Promise.race([playedOnServer(server, name, recorded), passed(STANDS_STILL_AFTER_MS)]);
      if (played) onServer.set(name, played);
    } catch (error) {
      failed.set(name, error);
    }
    if (onServer.has(name)) continue;
    if (!failed.has(name)) console.warn(`The time-skipping server stood still on ${name}: not compared.`);
    await Promise.race([server.close().catch(() => undefined), passed(STANDS_STILL_AFTER_MS)]);
    server = null;
  }
  await server?.close();
}, 1_800_000);

describe('a day in the simulation asks for what it asks a Temporal server for', () => {
  it(`on at least ${AT_LEAST} days`, () => {
    expect(onServer.size).toBeGreaterThanOrEqual(AT_LEAST);
  });

  it.each(days)('%s', async (name, recorded) => {
    if (failed.has(name)) throw failed.get(name);
    const real = onServer.get(name);
    if (!real) return;
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
