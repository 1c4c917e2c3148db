/** The options of `npm run soak`, and what is said of those that cannot be. */
import { parseArgs } from 'node:util';
import { FAULTS } from '../simulation/draw-faults.ts';
import { MUTATIONS } from '../simulation/mutations.ts';

export const USAGE = `Usage: npm run soak -- [options]

Plays days of the whole product on virtual time, with faults, and judges each by the exchange's own book.

  --days N       how many days (default 1000)
  --seed N       which days: the same seed draws the same ones (default 1)
  --weeks        several days in a row, positions carried overnight
  --day K        this day of the seed alone
  --case FILE    the day of a file that was kept, such as .cache/soak/1-naked.json
  --explain      with --day or --case: everything that happened, line by line
  --faults a,b   only these kinds of fault (--faults list shows them)
  --mutate       deliberate bugs: each has to be caught by an invariant
  --only a,b     with --mutate: these bugs alone
  --no-shrink    leave failing days as they are
  --json         the last line is the result as JSON
  --help

A failing day is repeated alone by its seed and number. The first of each kind is made small and written to .cache/soak/.`;

export type Options = {
  seed: number;
  days: number;
  weeks: boolean;
  day: number | null;
  /** A file with a case. */
  file: string | null;
  explain: boolean;
  kinds: string[] | null;
  mutate: boolean;
  only: string[] | null;
  shrink: boolean;
  json: boolean;
};

/** Chance is drawn from so many bits. */
const MOST_SEED = 2 ** 32 - 1;
const MOST_DAYS = 10_000_000;
/** Options that contradict each other: refused together. */
const ALONE = {
  mutate: ['days', 'day', 'weeks', 'faults', 'explain', 'case', 'no-shrink'],
  case: ['days', 'day', 'weeks', 'faults', 'seed', 'no-shrink'],
  day: ['days', 'no-shrink'],
} as const;

/** Null when only help was asked for. Throws RangeError, or parseArgs' TypeError, with words for the user. */
export function readOptions(args: string[]): Options | null {
  const { values } = parseArgs({
    args,
    options: {
      days: { type: 'string' },
      seed: { type: 'string' },
      day: { type: 'string' },
      case: { type: 'string' },
      faults: { type: 'string' },
      weeks: { type: 'boolean' },
      explain: { type: 'boolean' },
      mutate: { type: 'boolean' },
      only: { type: 'string' },
      'no-shrink': { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  for (const [option, others] of Object.entries(ALONE)) {
    if (values[option as keyof typeof ALONE] === undefined) continue;
    const other = others.find((name) => values[name] !== undefined);
    if (other) throw new RangeError(`--${option} does not go with --${other}`);
  }
  if (values.only !== undefined && !values.mutate) throw new RangeError('--only names deliberate bugs: give --mutate');
  const day = wholeNumber('day', values.day, 1, MOST_DAYS);
  const file = values.case ?? null;
  if (values.explain && day === null && file === null)
    throw new RangeError('--explain tells of one day: give --day K or --case FILE');
  const mutations = MUTATIONS.map(({ name }) => name);
  return {
    seed: wholeNumber('seed', values.seed, 0, MOST_SEED) ?? 1,
    days: wholeNumber('days', values.days, 1, MOST_DAYS) ?? 1_000,
    weeks: values.weeks ?? false,
    explain: values.explain ?? false,
    mutate: values.mutate ?? false,
    only: namesOf('only', values.only, mutations),
    shrink: !(values['no-shrink'] ?? false),
    json: values.json ?? false,
    ...{ day, file },
    kinds: values.faults === 'list' ? ['list'] : namesOf('faults', values.faults, Object.keys(FAULTS)),
  };
}

function wholeNumber(name: string, text: string | undefined, least: number, most: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new RangeError(`--${name} is a whole number from ${least} to ${most}, not "${text}"`);
}

function namesOf(option: string, text: string | undefined, known: readonly string[]): string[] | null {
  if (text === undefined) return null;
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new RangeError(`--${option} knows no "${unknown}". Known: ${known.join(', ')}`);
}
