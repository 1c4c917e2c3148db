/** `npm run soak -- --mutate`: days of the product with one deliberate bug at a time, each until an invariant sees it. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../platform/repository-root.ts';
import type { Case } from './case.ts';
import { type Crew, openCrew } from './crew.ts';
import { drawCase } from './draw.ts';
import { type Finding, INVARIANTS } from './invariants/findings.ts';
import type { Mutation } from './mutations/mutation.ts';
import { applied, MUTATIONS } from './mutations.ts';

/** Below `.cache`, so that packages are found above it and git, linter and tests look past it. */
const MUTANTS = join(repositoryRoot, '.cache', 'mutants');
const COPIED = ['src', 'workflows', 'activities', 'data', 'package.json', 'package-lock.json', 'tsconfig.json'];
const MOST_DAYS = 200;

export type MutateOptions = {
  seed: number;
  json: boolean;
  /** These alone. */
  only?: readonly string[];
};

/**
 * What became of a mutation: the finding that no such day has without it, and after how many days. `dirty`: days on which it was found, and
 * that fail without it as well.
 */
export type Verdict = {
  name: string;
  days: number;
  caught: (Finding & { day: string }) | null;
  dirty: number;
  problem?: string;
};

/** Prints a line a mutation. Answers the exit code: 1 when one is not caught, or does not fit the sources any more. */
export async function mutate({ seed, json, only }: MutateOptions): Promise<number> {
  const chosen = MUTATIONS.filter(({ name }) => !only || only.includes(name));
  const stop = () => {
    removeMutants();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const began = performance.now();
  try {
    const verdicts = await playAll(chosen, seed, (verdict) => console.log(lineOf(verdict)));
    const missed = verdicts.filter(({ caught }) => caught === null).length;
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`\n${verdicts.length - missed} of ${verdicts.length} mutations are caught, in ${seconds} s`);
    if (json) console.log(JSON.stringify({ mutations: verdicts.map(asJson) }));
    return missed > 0 ? 1 : 0;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    removeMutants();
  }
}

/** One mutation a core. The answers are in the order of `mutations`. */
export async function playAll(
  mutations: readonly Mutation[],
  seed: number,
  onVerdict: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const clean = await openClean();
  let next = 0;
  async function lane(): Promise<void> {
    for (let index = next++; index < mutations.length; index = next++) {
      const mutation = mutations[index];
      if (!mutation) return;
      const verdict = await judged(mutation, seed, clean.isClean);
      verdicts[index] = verdict;
      onVerdict(verdict);
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(mutations.length, availableParallelism()) }, lane));
  } finally {
    clean.close();
  }
  return verdicts;
}

async function judged(mutation: Mutation, seed: number, isClean: (of: Case) => Promise<boolean>): Promise<Verdict> {
  const root = join(MUTANTS, mutation.name);
  try {
    copyInto(root, mutation);
    const crew = await openCrew(1, root);
    try {
      return await hunt(mutation, seed, crew, isClean);
    } finally {
      crew.close();
    }
  } catch (error) {
    return {
      name: mutation.name,
      days: 0,
      caught: null,
      dirty: 0,
      problem: error instanceof Error ? error.message : String(error),
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The first finding of the invariant that is meant, on a day that has none at all without the mutation. */
async function hunt(
  { name, by, days }: Mutation,
  seed: number,
  crew: Crew,
  isClean: (of: Case) => Promise<boolean>,
): Promise<Verdict> {
  const own = days && 'cases' in days ? days.cases : null;
  const most = own?.length ?? MOST_DAYS;
  let dirty = 0;
  for (let day = 1; day <= most; day += 1) {
    const of = own?.[day - 1] ?? drawCase(seed, day, { weeks: false, ...(days && 'kinds' in days ? days : {}) });
    const answer = await crew.ask({ kind: 'case', of });
    if (answer.kind !== 'outcome')
      return { name, days: day, caught: null, dirty, problem: answer.kind === 'threw' ? answer.message : 'no outcome' };
    const caught = answer.outcome.findings.find(({ invariant }) => invariant === by);
    if (!caught) continue;
    if (await isClean(of))
      return { name, days: day, caught: { ...caught, day: own ? `its own day ${day}` : `day ${day}` }, dirty };
    dirty += 1;
  }
  return { name, days: most, caught: null, dirty };
}

/** Whether the product as it is has no finding on a day. Each day is played once, by a process that is started when it is needed. */
async function openClean(): Promise<{ isClean(of: Case): Promise<boolean>; close(): void }> {
  const known = new Map<string, Promise<boolean>>();
  let crew: Promise<Crew> | null = null;
  async function look(of: Case): Promise<boolean> {
    crew ??= openCrew(1);
    const answer = await (await crew).ask({ kind: 'case', of });
    return answer.kind === 'outcome' && answer.outcome.findings.length === 0;
  }
  return {
    isClean(of) {
      const key = JSON.stringify(of);
      const looked = known.get(key) ?? look(of);
      known.set(key, looked);
      return looked;
    },
    close() {
      void crew?.then((opened) => opened.close());
    },
  };
}

/** A copy of the sources with one of them changed. Its workflow bundle is built and kept in the copy. */
function copyInto(root: string, mutation: Mutation): void {
  const changed = applied(mutation, readFileSync(join(repositoryRoot, mutation.file), 'utf8'));
  mkdirSync(root, { recursive: true });
  for (const name of COPIED) cpSync(join(repositoryRoot, name), join(root, name), { recursive: true });
  writeFileSync(join(root, mutation.file), changed);
}

function removeMutants(): void {
  rmSync(MUTANTS, { recursive: true, force: true });
}

function lineOf({ name, days, caught, dirty, problem }: Verdict): string {
  if (problem) return `✗ ${name}: ${problem}`;
  if (!caught)
    return `✗ ${name}: not caught by ${days} day(s)${dirty > 0 ? `; ${dirty} of them show it, and fail without it too` : ''}`;
  const { invariant, cause, day } = caught;
  return `✓ ${name}: caught by ${invariant} ${INVARIANTS[invariant]} (${cause}), ${day}, after ${days} day(s)`;
}

function asJson({ name, days, caught }: Verdict) {
  return { name, caught_by: caught?.invariant ?? null, days };
}
