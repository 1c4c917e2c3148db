/** Many days: drawn, played on all cores, added up; what fails is grouped, and the first day of a group made small. */
import { createHash } from 'node:crypto';
import type { Crew } from './crew.ts';
import { type DrawOptions, drawCase } from './draw.ts';
import type { Finding } from './invariants/findings.ts';
import type { Outcome } from './run-case.ts';

export type SoakOptions = {
  seed: number;
  days: number;
  from?: number;
  draw: DrawOptions;
  /** After each day: how many are done, and what has failed so far. */
  onDay(done: number, failures: readonly Failure[]): void;
};

export type Failure = Finding & { day: number };
/** Failures of one kind: how many days, and the first of them. */
export type Group = { invariant: number; cause: string; days: number; first: Failure };

export type SoakResult = {
  days: number;
  seconds: number;
  seed: number;
  orders: number;
  duplicates: number;
  nakedSeconds: number;
  lateOrders: number;
  lateNakedSeconds: number;
  lateExits: number[];
  results: Record<string, number>;
  notFlatCauses: Record<string, number>;
  pages: number;
  /** Days on which each kind met an open position or order. */
  faults: Record<string, number>;
  /** The same for pairs: `a + b`. */
  pairs: Record<string, number>;
  digest: string;
  failures: Failure[];
  groups: Group[];
};

export async function soak(crew: Crew, options: SoakOptions): Promise<SoakResult> {
  const { seed, days, from = 1, draw } = options;
  const began = performance.now();
  const outcomes: (Outcome | { threw: string })[] = [];
  const failures: Failure[] = [];
  let next = 0;
  let done = 0;

  async function work(): Promise<void> {
    for (let index = next++; index < days; index = next++) {
      const day = from + index;
      const answer = await crew.ask({ kind: 'day', seed, day, options: draw });
      if (answer.kind === 'outcome') {
        outcomes[index] = answer.outcome;
        for (const finding of answer.outcome.findings) failures.push({ ...finding, day });
      } else {
        const message = answer.kind === 'threw' ? answer.message : 'no outcome';
        outcomes[index] = { threw: message };
        failures.push({ invariant: 4, cause: 'the simulation threw', message, at: 0, day });
      }
      done += 1;
      options.onDay(done, failures);
    }
  }

  await Promise.all(Array.from({ length: crew.size }, work));
  const seconds = (performance.now() - began) / 1_000;
  failures.sort((a, b) => a.day - b.day || a.invariant - b.invariant || a.cause.localeCompare(b.cause));
  return { ...added(outcomes), days, seconds, seed, failures, groups: groupsOf(failures) };
}

/** The first day of a group, made small; null when that could not be done. */
export async function shrunk(crew: Crew, { seed, draw }: Pick<SoakOptions, 'seed' | 'draw'>, group: Group) {
  const { invariant, cause, day } = group.first;
  const answer = await crew.ask({ kind: 'shrink', of: drawCase(seed, day, draw), finding: { invariant, cause } });
  return answer.kind === 'shrunk' ? answer.of : null;
}

function groupsOf(failures: readonly Failure[]): Group[] {
  const groups = new Map<string, Group>();
  for (const failure of failures) {
    const key = `${failure.invariant} ${failure.cause}`;
    const known = groups.get(key);
    if (known) known.days += 1;
    else groups.set(key, { invariant: failure.invariant, cause: failure.cause, days: 1, first: failure });
  }
  return [...groups.values()].sort((a, b) => a.invariant - b.invariant || b.days - a.days);
}

function added(outcomes: readonly (Outcome | { threw: string })[]) {
  const sums = { orders: 0, duplicates: 0, nakedSeconds: 0, lateOrders: 0, lateNakedSeconds: 0, pages: 0 };
  const [results, notFlatCauses, faults, pairs]: Record<string, number>[] = [{}, {}, {}, {}];
  const lateExits: number[] = [];
  const digest = createHash('sha256');
  const count = (of: Record<string, number> | undefined, key: string) => {
    if (of) of[key] = (of[key] ?? 0) + 1;
  };
  for (const outcome of outcomes) {
    if ('threw' in outcome) {
      digest.update('threw');
      continue;
    }
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += outcome[key];
    for (const result of outcome.results) count(results, result);
    for (const cause of outcome.notFlat) count(notFlatCauses, cause || 'no warning');
    lateExits.push(...outcome.lateExits);
    const met = [...outcome.met].sort();
    for (const [index, kind] of met.entries()) {
      count(faults, kind);
      for (const other of met.slice(index + 1)) count(pairs, `${kind} + ${other}`);
    }
    digest.update(outcome.digest);
  }
  lateExits.sort((a, b) => a - b);
  return {
    ...sums,
    ...{ results: results ?? {}, notFlatCauses: notFlatCauses ?? {}, faults: faults ?? {}, pairs: pairs ?? {} },
    lateExits,
    digest: digest.digest('hex').slice(0, 16),
  };
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
