/** Days on real processes, one after the other, until so many kills have happened. */
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DayOutcome, playDay } from './day.ts';
import type { Installation } from './installation.ts';
import { type Kill, killInWords, planDay } from './plan.ts';
import { type Servers, startServers } from './servers.ts';

type ChaosFailure = { day: number; invariant: string; message: string; kills: string[]; kept: string | null };

/** Names as the command prints them. */
export type ChaosResult = {
  kills: number;
  days: number;
  /** Of the wall clock. */
  seconds: number;
  seed: number;
  duplicates: number;
  /** Of the market. */
  naked_seconds: number;
  not_flat: number;
  failures: ChaosFailure[];
};

export type ChaosEvents = {
  starting(): void;
  day(day: number): void;
  kill(kill: Kill): void;
  outcome(outcome: DayOutcome): void;
};

/**
 * Runs until `kills` have happened, or the signal is aborted; answers what there is by then. Leaves no process, and only the folders of
 * days with failures.
 */
export async function runChaos(
  options: { kills: number; seed: number; signal: AbortSignal } & ChaosEvents,
): Promise<ChaosResult> {
  const { kills, seed, signal } = options;
  const began = performance.now();
  const result: ChaosResult = {
    kills: 0,
    days: 0,
    seconds: 0,
    seed,
    duplicates: 0,
    naked_seconds: 0,
    not_flat: 0,
    failures: [],
  };
  const folder = await mkdtemp(join(tmpdir(), 'trading-day-chaos-'));
  const house = new House(folder);
  options.starting();
  try {
    const servers = await house.open();
    for (let day = 1; result.kills < kills && !signal.aborted; day++) {
      options.day(day);
      const plan = planDay(seed, day);
      const most = kills - result.kills;
      const onStart = (installation: Installation) => house.add(installation);
      const outcome = await playDay({ servers, plan, most, folder, signal, onStart, onKill: options.kill });
      count(result, outcome);
      options.outcome(outcome);
    }
  } catch (error) {
    if (!signal.aborted) result.failures.push(broken(result.days + 1, error, folder));
  } finally {
    await house.close();
    const isKept = result.failures.some(({ kept }) => kept !== null);
    if (!isKept) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    else await rmOthers(folder, result.failures);
  }
  return { ...result, seconds: Math.round((performance.now() - began) / 1_000) };
}

function count(result: ChaosResult, outcome: DayOutcome): void {
  result.days += 1;
  result.kills += outcome.kills.length;
  result.duplicates += outcome.duplicates;
  result.naked_seconds += outcome.nakedSeconds;
  result.not_flat += outcome.notFlat ? 1 : 0;
  const { day, kept } = outcome;
  const kills = outcome.kills.map(killInWords);
  result.failures.push(...outcome.failures.map((failure) => ({ day, ...failure, kills, kept })));
}

/** The day could not be played to its end: no verdict, and no further day. */
function broken(day: number, error: unknown, folder: string): ChaosFailure {
  const message = error instanceof Error ? error.message : String(error);
  const said = join(folder, `day-${day}`);
  return { day, invariant: 'the day can be played', message, kills: [], kept: existsSync(said) ? said : null };
}

async function rmOthers(folder: string, failures: readonly ChaosFailure[]): Promise<void> {
  const kept = new Set(failures.map(({ day }) => `day-${day}`));
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Everything that runs, so that nothing of it outlives this process, however that ends (but for SIGKILL). */
class House {
  private readonly folder: string;
  private servers: Servers | null = null;
  private installations: Installation[] = [];
  private readonly atExit = () => {
    for (const installation of this.installations) installation.endAtOnce();
    this.servers?.stopAtOnce();
    if (this.servers) rmSync(this.folder, { recursive: true, force: true });
  };

  constructor(folder: string) {
    this.folder = folder;
    process.on('exit', this.atExit);
  }

  async open(): Promise<Servers> {
    this.servers = await startServers(this.folder);
    return this.servers;
  }

  add(installation: Installation): void {
    this.installations = [installation];
  }

  async close(): Promise<void> {
    await Promise.all(this.installations.map((installation) => installation.end()));
    await this.servers?.stop();
    this.servers = null;
    process.off('exit', this.atExit);
  }
}
