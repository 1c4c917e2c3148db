/** One day on real processes: started, logged in, killed by plan, waited out, judged. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportBody } from '../../api/report-schema.ts';
import { DATE, Installation } from './installation.ts';
import { judge, type Verdict } from './judge.ts';
import { comes } from './moments.ts';
import { api, book, logIn, type Ports, post, type SimulatorBook, steer } from './outside.ts';
import { type DayPlan, type Kill, killInWords, type Victim } from './plan.ts';
import { until } from './process-group.ts';
import type { Servers } from './servers.ts';

const SPEED = 600;
const READY_WITHIN_MS = 120_000;
/** A day takes half a minute, and some seconds more for each kill. */
const OVER_WITHIN_MS = 300_000;
const LOOK_MS = 500;

export type DayOutcome = Verdict & {
  day: number;
  /** Those that happened: a day may be over before the last of its plan. */
  kills: Kill[];
  seconds: number;
  result: string | null;
  /** The folder with what all processes said, for a day with failures. */
  kept: string | null;
};

type Status = { state: string; authenticated: boolean };

/** Plays the day with at most `most` kills. Rejects with the signal's reason when it is aborted; then nothing of it runs any more. */
export async function playDay(options: {
  servers: Servers;
  plan: DayPlan;
  most: number;
  folder: string;
  signal: AbortSignal;
  onStart(installation: Installation): void;
  onKill(kill: Kill): void;
}): Promise<DayOutcome> {
  const { servers, plan, signal } = options;
  const began = performance.now();
  const folder = join(options.folder, `day-${plan.day}`);
  const installation = await Installation.prepare({ servers, folder, account: `chaos${plan.day}` });
  options.onStart(installation);
  try {
    await begin(installation, plan, signal);
    const kills: Kill[] = [];
    const { shown, report } = await live(installation, { ...options, done: kills });
    const verdict = judge(shown, report);
    verdict.failures.push(...installation.deserters().map((message) => ({ invariant: 'processes live', message })));
    const kept = verdict.failures.length > 0 ? folder : null;
    if (kept) await keep(kept, installation, { shown, report, plan, kills });
    const seconds = (performance.now() - began) / 1_000;
    return { ...verdict, day: plan.day, kills, seconds, result: report?.result ?? null, kept };
  } catch (error) {
    if (!signal.aborted) await keep(folder, installation, { plan });
    throw error;
  } finally {
    await installation.end();
  }
}

async function begin(installation: Installation, plan: DayPlan, signal: AbortSignal): Promise<void> {
  const { at } = installation;
  installation.start('exchange');
  installation.start('worker 1');
  if (plan.workers === 2) installation.start('worker 2');
  installation.start('api');
  await until('the processes to be well', () => api(at, '/health'), READY_WITHIN_MS, signal);
  await until('the login', () => attempt(() => logIn(at)), READY_WITHIN_MS, signal);
  await until('trading', () => attempt(() => startTrading(at)), READY_WITHIN_MS, signal);
}

async function startTrading(at: Ports): Promise<boolean> {
  const answer = (await post(at, '/live/start-trading', { enabled: true })) as { state?: string };
  return answer.state === 'trading';
}

/** From the first market second to the report. */
async function live(
  installation: Installation,
  options: { plan: DayPlan; most: number; signal: AbortSignal; done: Kill[]; onKill(kill: Kill): void },
): Promise<{ shown: SimulatorBook; report: ReportBody | null }> {
  const { at } = installation;
  const { signal, done } = options;
  let report: ReportBody | null = null;
  const deadline = performance.now() + OVER_WITHIN_MS;
  const over = () => report !== null || signal.aborted || performance.now() > deadline;
  const watching = (async () => {
    while (!over()) {
      await sleep(LOOK_MS);
      report ??= await api<ReportBody>(at, `/live/report/${DATE}`);
      if (!report) await stayLoggedIn(at);
    }
  })();
  await until(
    'the market to run',
    () => attempt(() => steer(at, '/clock', { speed: SPEED }).then(() => true)),
    READY_WITHIN_MS,
  );

  const away = new Map<Victim, Promise<void>>();
  for (const kill of options.plan.kills.slice(0, options.most)) {
    await away.get(kill.victim);
    if (!(await comes(at, kill.moment, over))) break;
    away.set(kill.victim, installation.strike(kill));
    done.push(kill);
    options.onKill(kill);
  }
  await Promise.all(away.values());
  await watching;
  signal.throwIfAborted();
  return { shown: await until('the book', () => book(at), READY_WITHIN_MS, signal), report };
}

/** A person who sees that the login is gone logs in again. */
async function stayLoggedIn(at: Ports): Promise<void> {
  const status = await api<Status>(at, '/live/status');
  if (status?.authenticated === false) await attempt(() => logIn(at));
}

/** False for a process that is away at the moment. */
async function attempt(act: () => Promise<boolean>): Promise<boolean> {
  return act().catch(() => false);
}

async function keep(
  folder: string,
  installation: Installation,
  facts: { shown?: SimulatorBook; report?: ReportBody | null; plan: DayPlan; kills?: readonly Kill[] },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'day.json'),
    `${JSON.stringify({ ...facts, words: facts.kills?.map(killInWords) }, null, 2)}\n`,
  );
  for (const [index, { what, group }] of installation.said.entries()) {
    await writeFile(join(folder, `${index + 1}-${what.replace(' ', '-')}.log`), group.output());
  }
}
