/** `npm run chaos`: the invariants of a day on real processes that are killed and stopped, by a plan from a seed. */
import { parseArgs } from 'node:util';
import type { DayOutcome } from '../simulation/chaos/day.ts';
import { killInWords } from '../simulation/chaos/plan.ts';
import type { ChaosResult } from '../simulation/chaos/run.ts';

const USAGE = `Usage: npm run chaos -- [--kills N] [--seed N] [--json]

Plays days on real processes (workers, API, Temporal server, exchange) and sends them SIGKILL and SIGSTOP, at random
moments and right before and after orders. Holds each day's book and report against what must be true.

  --kills  how many, 1 or more (default: 50); at most eight of them in a day
  --seed   the plan of the kills, a whole number (default: drawn, and printed)
  --json   ends with one line of JSON

Ctrl-C ends it and all its processes. Exit code: 0 nothing failed, 1 something did, 2 options that cannot be.`;

type Options = { kills: number; seed: number; json: boolean };

class BadOption extends Error {}

function readOptions(args: string[]): Options | 'help' {
  let values: { kills?: string; seed?: string; json?: boolean; help?: boolean };
  try {
    values = parseArgs({
      args,
      options: {
        kills: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new BadOption(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return 'help';
  return {
    kills: wholeNumber('--kills', values.kills, 1) ?? 50,
    seed: wholeNumber('--seed', values.seed, 0) ?? Date.now() % 1_000_000,
    json: values.json ?? false,
  };
}

/** Chance is drawn from so many bits. */
const MOST = 2 ** 32 - 1;

function wholeNumber(option: string, text: string | undefined, least: number): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= MOST) return number;
  throw new BadOption(`${option} "${text}" is not a whole number from ${least} to ${MOST}.`);
}

async function run({ kills, seed, json }: Options): Promise<number> {
  const interrupted = new AbortController();
  let code = 0;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (!interrupted.signal.aborted) console.log('Ending all processes …');
      code = 128 + number;
      interrupted.abort();
    });
  }
  // Options are refused, and explained, without loading all that a day needs.
  const { runChaos } = await import('../simulation/chaos/run.ts');
  const result = await runChaos({
    ...{ kills, seed, signal: interrupted.signal },
    starting: () => console.log(`Seed ${seed}, ${kills} kills. Starting PostgreSQL and Temporal …`),
    day: (day) => console.log(`Day ${day}: starting exchange, workers and API …`),
    kill: (kill) => console.log(`  ${killInWords(kill)}`),
    outcome: (outcome) => console.log(inWords(outcome)),
  });
  console.log(summary(result));
  if (json) console.log(JSON.stringify(result));
  return code || (result.failures.length > 0 ? 1 : 0);
}

function inWords({ day, kills, seconds, result, traded, failures }: DayOutcome): string {
  const failed = failures.map(({ invariant, message }) => `\n  FAILED, ${invariant}: ${message}`).join('');
  return `Day ${day}: ${kills.length} kills, ${traded ? 'traded' : 'nothing traded'}, report ${result ?? 'missing'}, ${seconds.toFixed(0)} s${failed}`;
}

function summary({ kills, days, seconds, seed, failures, ...counts }: ChaosResult): string {
  const kept = [...new Set(failures.map((failure) => failure.kept))].filter((folder) => folder !== null);
  return [
    `${kills} kills on ${days} days in ${seconds} s, seed ${seed}.`,
    `Tags twice ${counts.duplicates}, naked seconds ${counts.naked_seconds}, days not flat ${counts.not_flat}, failures ${failures.length}.`,
    ...failures.map(({ day, invariant, message }) => `Day ${day}, ${invariant}: ${message}`),
    ...kept.map((folder) => `What its processes said: ${folder}`),
  ].join('\n');
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') console.log(USAGE);
  else process.exit(await run(options));
} catch (error) {
  if (!(error instanceof BadOption)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exit(2);
}
