/**
 * Deliberate bugs: each an exact change of a source, made in a copy of it, that an invariant has to see. Most of them lost money once, or
 * take a guard away that stands because of it.
 */
import type { Case } from './case.ts';
import type { InvariantNumber } from './invariants/findings.ts';
import { CHOICE_MUTATIONS } from './mutations/choices.ts';
import { DAY_MUTATIONS } from './mutations/days.ts';
import { ENTRY_MUTATIONS } from './mutations/entries.ts';
import { EXIT_MUTATIONS } from './mutations/exits.ts';
import { LEAVING_MUTATIONS } from './mutations/leaving.ts';
import { ORDER_MUTATIONS } from './mutations/orders.ts';
import { WEEK_MUTATIONS } from './mutations/weeks.ts';

export type Mutation = {
  /** As a folder can be named. */
  name: string;
  /** What is wrong with it. */
  why: string;
  /** Of `workflows`, `activities`, or `src` but for the simulation. */
  file: string;
  /** Stands exactly once in the file. */
  find: string;
  replace: string;
  /** The invariant that has to see it. What another one finds is not counted: a changed day takes another course, and may fail by chance. */
  by: InvariantNumber;
  /** Where it shows: drawn days of these kinds of fault, or days of its own. Absent are drawn days of all kinds. */
  days?: { kinds: readonly string[] } | { cases: readonly Case[] };
};

export const MUTATIONS: readonly Mutation[] = [
  ...ENTRY_MUTATIONS,
  ...ORDER_MUTATIONS,
  ...EXIT_MUTATIONS,
  ...DAY_MUTATIONS,
  ...CHOICE_MUTATIONS,
  ...LEAVING_MUTATIONS,
  ...WEEK_MUTATIONS,
];

/** The source with the mutation in it. Throws RangeError where what it replaces does not stand there exactly once. */
export function applied({ name, file, find, replace }: Mutation, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new RangeError(`the mutation ${name} does not fit: its text stands ${parts.length - 1} times in ${file}`);
  return parts.join(replace);
}
