/**
 * Deliberate bugs: each an exact change of a source, made in a copy of it, that an invariant has to see. Most of them lost money once, or
 * take a guard away that stands because of it.
 */
import { transformSync } from 'esbuild';
import { CHOICE_MUTATIONS } from './mutations/choices.ts';
import { COVER_MUTATIONS } from './mutations/cover.ts';
import { DAY_MUTATIONS } from './mutations/days.ts';
import { ENTRY_MUTATIONS } from './mutations/entries.ts';
import { EXIT_MUTATIONS } from './mutations/exits.ts';
import { LEAVING_MUTATIONS } from './mutations/leaving.ts';
import { LOST_RUN_MUTATIONS } from './mutations/lost-runs.ts';
import type { Mutation } from './mutations/mutation.ts';
import { ORDER_MUTATIONS } from './mutations/orders.ts';
import { SLIP_MUTATIONS } from './mutations/slips.ts';
import { WEEK_MUTATIONS } from './mutations/weeks.ts';

export const MUTATIONS: readonly Mutation[] = [
  ...ENTRY_MUTATIONS,
  ...ORDER_MUTATIONS,
  ...EXIT_MUTATIONS,
  ...DAY_MUTATIONS,
  ...CHOICE_MUTATIONS,
  ...COVER_MUTATIONS,
  ...LEAVING_MUTATIONS,
  ...SLIP_MUTATIONS,
  ...WEEK_MUTATIONS,
  ...LOST_RUN_MUTATIONS,
];

/**
 * The source with the mutation in it. Throws RangeError where what it replaces does not stand there exactly once, where the code is the same
 * with it, and where it is no code.
 */
export function applied({ name, file, find, replace }: Mutation, source: string): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new RangeError(`the mutation ${name} does not fit: its text stands ${parts.length - 1} times in ${file}`);
  const changed = parts.join(replace);
  if (codeOf(name, changed) === codeOf(name, source)) throw new RangeError(`the mutation ${name} changes nothing`);
  return changed;
}

/** Without comments, types and layout. */
function codeOf(name: string, source: string): string {
  try {
    return transformSync(source, { loader: 'ts', minify: true, logLevel: 'silent' }).code;
  } catch (error) {
    throw new RangeError(`the mutation ${name} is no code`, { cause: error });
  }
}
