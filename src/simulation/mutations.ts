/**
 * Deliberate bugs: each an exact change of a source, made in a copy of it, that an invariant has to see. Most of them lost money once, or
 * take a guard away that stands because of it.
 */
import { CHOICE_MUTATIONS } from './mutations/choices.ts';
import { DAY_MUTATIONS } from './mutations/days.ts';
import { ENTRY_MUTATIONS } from './mutations/entries.ts';
import { EXIT_MUTATIONS } from './mutations/exits.ts';
import { LEAVING_MUTATIONS } from './mutations/leaving.ts';
import type { Mutation } from './mutations/mutation.ts';
import { ORDER_MUTATIONS } from './mutations/orders.ts';
import { WEEK_MUTATIONS } from './mutations/weeks.ts';

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
